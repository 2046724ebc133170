"""A cluster for a person to look at, with the shop of one environment on it, until Ctrl-C."""

import argparse
import base64
import shutil
import socket
import threading
from pathlib import Path

import yaml

from .bed import Bed, Cluster
from .forward import forward
from .manifests import apply, objects
from .process import until
from .programs.build import program

ROOT = Path(__file__).resolve().parents[1]
KUBECONFIG = ROOT / ".scratch" / "kubeconfig"
"""With it the cluster is reached from outside of the namespaces, as long as it runs."""
_FOREVER = threading.Event()


def main() -> None:
    """Called by `make cluster`, within the namespaces."""
    parser = argparse.ArgumentParser(prog="make cluster")
    parser.add_argument("-e", "--environment", default="staging")
    parser.add_argument("--socket", type=int, required=True)
    options = parser.parse_args()
    folder = ROOT / "manifests" / f"{options.environment}-apps"
    if not folder.is_dir():
        known = ", ".join(sorted(path.name.removesuffix("-apps") for path in folder.parent.glob("*-apps")))
        parser.error(f"there is no environment {options.environment!r}; there are {known}")
    print("a control plane starts …", flush=True)
    with Bed.here().cluster(folder.name) as cluster, socket.socket(fileno=options.socket) as outside:
        try:
            _show(cluster, folder, outside)
            _FOREVER.wait()
        except KeyboardInterrupt:
            print("\nit is taken down")
        finally:
            KUBECONFIG.unlink(missing_ok=True)


def _show(cluster: Cluster, folder: Path, outside: socket.socket) -> None:
    print(f"the manifests of {folder.name} are applied …", flush=True)
    apply(cluster.api, objects(folder))
    until(lambda: _available(cluster), f"the shop of {folder.name} is available", 120)
    forward(outside, (cluster.address, 6443))
    _write_kubeconfig(cluster, outside.getsockname()[1])
    kubectl = shutil.which("kubectl") or str(program("kubectl"))
    print(
        f"""
{folder.name} runs: a real control plane with Kubernetes' own admission, scheduling and controllers. Its nodes are
kwok's: they say that pods run, and nothing does.

    export KUBECONFIG={KUBECONFIG}
    {kubectl} -n shop get deployments,pods,httproutes

Ctrl-C takes it down.""",
        flush=True,
    )


def _available(cluster: Cluster) -> bool | str:
    deployments = cluster.api.list("apps/v1", "Deployment")
    waiting = [d for d in deployments if d["status"].get("availableReplicas", 0) < d["spec"]["replicas"]]
    return not waiting or f"{len(waiting)} of {len(deployments)} Deployments are not available"


def _write_kubeconfig(cluster: Cluster, port: int) -> None:
    content = yaml.safe_load(cluster.kubeconfig.read_text(encoding="utf-8"))
    reached = content["clusters"][0]["cluster"]
    authority = Path(reached.pop("certificate-authority")).read_bytes()
    reached["certificate-authority-data"] = base64.b64encode(authority).decode()
    reached["server"], reached["tls-server-name"] = f"https://127.0.0.1:{port}", "kubernetes.default"
    KUBECONFIG.parent.mkdir(exist_ok=True)
    KUBECONFIG.write_text(yaml.safe_dump(content), encoding="utf-8")


if __name__ == "__main__":
    main()
