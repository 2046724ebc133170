"""Runs clusters to look at, until Ctrl-C: the shop of one environment, its ops twin, and a management cluster."""

import argparse
import base64
import shutil
import socket
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import yaml

from stacks.resources.settings import MANAGEMENT

from .bed import Bed, BedCluster
from .cluster_api import ClusterApi
from .forward import forward
from .manifests import apply, objects
from .process import until
from .programs.build import program

ROOT = Path(__file__).resolve().parents[1]
KUBECONFIGS = ROOT / ".scratch" / "kubeconfigs"
"""The folder with one kubeconfig for each running cluster, for use from outside of the namespaces."""
CLUSTERS = 3
"""How many clusters run: the shop, its ops twin, and the management cluster."""
_FOREVER = threading.Event()


def main() -> None:
    """Called by `make cluster`, within the namespaces."""
    parser = argparse.ArgumentParser(prog="make cluster")
    parser.add_argument("-e", "--environment", default="staging")
    parser.add_argument("--sockets", type=int, nargs=CLUSTERS, required=True)
    options = parser.parse_args()
    folders = ROOT / "manifests"
    if not (folders / f"{options.environment}-apps").is_dir():
        known = ", ".join(sorted(path.name.removesuffix("-apps") for path in folders.glob("*-apps")))
        parser.error(f"there is no environment {options.environment!r}; the environments are {known}")
    with ExitStack() as running:
        try:
            sockets = [running.enter_context(socket.socket(fileno=each)) for each in options.sockets]
            _show(running, options.environment, sockets)
            _FOREVER.wait()
        except KeyboardInterrupt:
            print("\nstopping the clusters")
        finally:
            shutil.rmtree(KUBECONFIGS, ignore_errors=True)


def _show(running: ExitStack, environment: str, sockets: Sequence[socket.socket]) -> None:
    apps, ops = f"{environment}-apps", f"{environment}-ops"
    print("starting three control planes …", flush=True)
    bed = Bed.here()
    clusters = {name: running.enter_context(bed.cluster(name, kwok=name == apps)) for name in (apps, ops, MANAGEMENT)}
    running.enter_context(ClusterApi(clusters[MANAGEMENT]))
    for name in (ops, apps):
        print(f"applying the manifests of {name} …", flush=True)
        apply(clusters[name].api, objects(ROOT / "manifests" / name))
    until(lambda: _available(clusters[apps]), f"the shop of {apps} is available", 120)
    for outside, (name, cluster) in zip(sockets, clusters.items(), strict=True):
        forward(outside, (cluster.address, 6443))
        _write_kubeconfig(cluster, KUBECONFIGS / name, outside.getsockname()[1])
    kubectl = shutil.which("kubectl") or str(program("kubectl"))
    print(
        f"""
{apps} runs: a real control plane with Kubernetes' own admission, scheduling and controllers. Its nodes are simulated
by kwok: pods are reported as running, but no container runs. {ops} and a management cluster with Cluster API run too.
Its machines exist in memory only: run `make stack-up ENV={environment}` in another terminal to bring up the pair.

    export KUBECONFIG={KUBECONFIGS / apps}
    {kubectl} -n shop get deployments,pods,httproutes

Press Ctrl-C to stop them.""",
        flush=True,
    )


def _available(cluster: BedCluster) -> bool | str:
    deployments = cluster.api.list("apps/v1", "Deployment")
    waiting = [d for d in deployments if d["status"].get("availableReplicas", 0) < d["spec"]["replicas"]]
    return not waiting or f"{len(waiting)} of {len(deployments)} Deployments are not available"


def _write_kubeconfig(cluster: BedCluster, file: Path, port: int) -> None:
    content = yaml.safe_load(cluster.kubeconfig.read_text(encoding="utf-8"))
    reached = content["clusters"][0]["cluster"]
    authority = Path(reached.pop("certificate-authority")).read_bytes()
    reached["certificate-authority-data"] = base64.b64encode(authority).decode()
    reached["server"], reached["tls-server-name"] = f"https://127.0.0.1:{port}", "kubernetes.default"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600)
    file.write_text(yaml.safe_dump(content), encoding="utf-8")


if __name__ == "__main__":
    main()
