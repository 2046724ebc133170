"""Nodes without machines: kwok reports the status of their pods, as a kubelet would.

What it cannot show: images are never pulled, nothing runs, probes are not asked, and there is no network.
"""

from collections.abc import Iterable
from typing import Any

import yaml

from .api import Object
from .control_plane import ControlPlane
from .process import Process
from .programs.build import program
from .programs.crds import stages

NEVER_READY = "never-ready"
"""A pod whose image name contains this runs, but never becomes ready."""
_KWOKS_STORAGE = "kwok-volume"
_ROOM = {"cpu": "64", "memory": "256Gi", "pods": "500", "ephemeral-storage": "500Gi"}
_IMAGES_NEVER_READY = f'.spec.containers.[].image | select(test("{NEVER_READY}"))'
_STATUS_NEVER_READY = """
conditions:
- {type: Initialized, status: "True", lastTransitionTime: {{ Now | Quote }}}
- {type: Ready, status: "False", reason: ContainersNotReady, lastTransitionTime: {{ Now | Quote }}}
- {type: ContainersReady, status: "False", reason: ContainersNotReady, lastTransitionTime: {{ Now | Quote }}}
containerStatuses:
{{ range .spec.containers }}
- image: {{ .image | Quote }}
  name: {{ .name | Quote }}
  ready: false
  started: false
  restartCount: 0
  state: {running: {startedAt: {{ Now | Quote }}}}
{{ end }}
podIP: {{ PodIPWith .spec.nodeName false .metadata.uid .metadata.name .metadata.namespace | Quote }}
phase: Running
startTime: {{ Now | Quote }}
"""


def node(name: str, zone: str) -> Object:
    """A node of a zone, with room for many pods."""
    ready = {"type": "Ready", "status": "True", "reason": "KubeletReady"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {"topology.kubernetes.io/zone": zone, "kubernetes.io/hostname": name}},
        "status": {"capacity": _ROOM, "allocatable": _ROOM, "conditions": [ready]},
    }


class Kwok:
    """kwok, which looks after all nodes of one cluster, their pods and their volumes."""

    def __init__(
        self, cluster: ControlPlane, zones: Iterable[str] = ("a", "b", "c"), storage: str = "standard"
    ) -> None:
        """`storage` names the class of volumes that the nodes have."""
        texts = [path.read_text(encoding="utf-8") for path in sorted(stages().rglob("*.yaml"))]
        documents = [yaml.safe_load(text.replace(_KWOKS_STORAGE, storage)) for text in texts]
        cluster.api.create(next(d for d in documents if d["kind"] == "StorageClass"))
        for zone in ("a", "b", "c"):
            cluster.api.create(node(f"node-{zone}", zone))
        config = cluster.folder / "kwok.yaml"
        config.write_text(yaml.safe_dump_all(_stages(documents)), encoding="utf-8")
        options = [f"--kubeconfig={cluster.kubeconfig}", f"--config={config}", "--manage-all-nodes"]
        options += [f"--cidr={_pods(cluster)}", f"--node-ip={cluster.address}"]
        # Without leases, Kubernetes treats a node as dead after 50 seconds, and its pods as not ready.
        options += ["--node-lease-duration-seconds=40"]
        self._process = Process([program("kwok"), *options], cluster.folder / "logs" / "kwok.log")

    def stop(self) -> None:
        """Stops it. Nodes and pods keep their status."""
        self._process.stop(gently=False)


def _pods(cluster: ControlPlane) -> str:
    """A network for each cluster, so that two clusters never use the same pod address."""
    return f"10.{64 + int(cluster.address.rsplit('.', 1)[1])}.0.1/16"


def _stages(documents: Iterable[Any]) -> list[Any]:
    found = {stage["metadata"]["name"]: stage for stage in documents if stage["kind"] == "Stage"}
    ready = found["pod-ready"]
    never = {**ready, "metadata": {"name": "pod-never-ready"}, "spec": {**ready["spec"]}}
    never["spec"] |= {"selector": _also(ready, "Exists"), "next": {"statusTemplate": _STATUS_NEVER_READY}}
    ready["spec"]["selector"] = _also(ready, "DoesNotExist")
    return [*found.values(), never]


def _also(stage: Any, operator: str) -> Any:
    return {
        "matchExpressions": [
            *stage["spec"]["selector"]["matchExpressions"],
            {"key": _IMAGES_NEVER_READY, "operator": operator},
        ]
    }
