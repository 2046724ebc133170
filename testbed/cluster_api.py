"""Cluster API on one cluster, which makes it a management cluster. The managers run as processes.

The infrastructure is the one in memory: machines are entries in a table, and the API server of each workload cluster
is a small server within the infrastructure's manager, which knows only the kinds that Cluster API itself needs. It
listens on all addresses; therefore the managers share a network of their own, as the containers of a pod do.
"""

import os
from functools import partial
from pathlib import Path
from typing import NamedTuple

import httpx

from . import own_network
from .api import ApiError, Object
from .bed import BedCluster, define
from .process import Process, until
from .programs.build import program
from .programs.crds import PROVIDERS, webhooks
from .webhooks import certificate, configurations

VERSION = "cluster.x-k8s.io/v1beta2"
"""The version of Cluster API's objects. No webhook converts older versions here."""
# ReconcilerRateLimiting allows one reconcile of an object each second. Without it, an upgrade is five times as fast.
_GATES = "ClusterTopology=true,MachinePool=true,ReconcilerRateLimiting=false"
_FIRST_NETWORK = 100
"""Above those of the gateways, of which there are few."""
_WEBHOOKS, _HEALTH = 9443, 9543
"""The first port of each; the managers share an address."""


class _Manager(NamedTuple):
    program: str
    prefix: str
    """Of its namespace and of its webhooks' names, as it is released."""


MANAGERS = (
    _Manager("capd-manager", "capd"),
    _Manager("kubeadm-bootstrap-controller", "capi-kubeadm-bootstrap"),
    _Manager("kubeadm-control-plane-controller", "capi-kubeadm-control-plane"),
    _Manager("cluster-api-controller", "capi"),
)
"""The managers, the core last: once its webhooks answer, all webhooks do."""


class ClusterApi:
    """The managers of core, kubeadm bootstrap, kubeadm control plane and in-memory infrastructure of a cluster.

    When it is made their webhooks answer. Kubeconfigs of workload clusters (Secrets `<cluster>-kubeconfig`) hold
    addresses that are reached from here too.
    """

    def __init__(self, cluster: BedCluster) -> None:
        self.cluster = cluster
        number = _FIRST_NETWORK + int(cluster.address.rsplit(".", 1)[1])
        self.address = own_network.address(number)
        self._folder = cluster.folder / "cluster-api"
        self._processes: dict[str, Process] = {}
        try:
            self._start(number)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stops all of them, and the API servers of the workload clusters in them. Objects keep their status."""
        for process in reversed(self._processes.values()):
            process.stop(gently=False)

    def __enter__(self) -> "ClusterApi":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _start(self, number: int) -> None:
        define(self.cluster.api, PROVIDERS)
        self._folder.mkdir()
        authority = certificate(self._folder / "certificates", self.address)
        network = self._network(number)
        for manager in MANAGERS:
            self.cluster.api.apply(_namespace(manager))
            self._processes[manager.program] = self._process(manager, network)
        for manager in MANAGERS:
            self._processes[manager.program].ready(partial(self._ready, manager))
            address = self._at(_WEBHOOKS, manager.program)
            for item in configurations(webhooks(manager.program), manager.prefix, address, authority):
                self.cluster.api.apply(item)
        until(self._admits, "the API server calls the webhooks of Cluster API")

    def _network(self, number: int) -> Path:
        """What a pod's `pause` container is for: a process that holds the network which the others join."""
        name = f"capi-{number}"
        pause = own_network.start(name, number, ["sleep", "infinity"], self._log("pause"), {"PATH": os.environ["PATH"]})
        self._processes["pause"] = pause
        command = Path(f"/proc/{pause.pid}/comm")
        pause.ready(lambda: command.read_text(encoding="utf-8") == "sleep\n")  # by then its network is set up
        return Path(f"/proc/{pause.pid}/ns/net")

    def _process(self, manager: _Manager, network: Path) -> Process:
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(self._folder),
            "KUBECONFIG": str(self.cluster.kubeconfig),
            "POD_NAMESPACE": f"{manager.prefix}-system",
            "POD_NAME": manager.program,
            "POD_IP": self.address,
        }
        options = [
            f"--feature-gates={_GATES}",
            f"--webhook-port={self._port(_WEBHOOKS, manager.program)}",
            f"--webhook-cert-dir={self._folder / 'certificates'}",
            f"--health-addr={self._at(_HEALTH, manager.program)}",
            "--diagnostics-address=0",  # none
            "--insecure-diagnostics",
            # The defaults make tests slow.
            "--kube-api-qps=500",
            "--kube-api-burst=1000",
            "--clustercache-client-qps=500",
            "--clustercache-client-burst=1000",
        ]
        command: list[str | Path] = ["nsenter", f"--net={network}", program(manager.program), *options]
        return Process(command, self._log(manager.program), env)

    def _ready(self, manager: _Manager) -> bool:
        try:
            answer = httpx.get(f"http://{self._at(_HEALTH, manager.program)}/readyz", trust_env=False)
        except httpx.TransportError:
            return False
        return answer.status_code == 200

    def _admits(self) -> bool:
        """Whether the API server calls the last of the mutating, and of the validating, webhooks."""
        good, nonsense = self._said_of("v1.36.3"), self._said_of("nonsense")
        return not isinstance(good, ApiError) and "replicas" in good["spec"] and "admission webhook" in str(nonsense)

    def _said_of(self, version: str) -> Object | ApiError:
        try:
            return self.cluster.api.apply(_machines(version), dry_run=True).object
        except ApiError as refusal:
            return refusal

    def _port(self, first: int, manager: str) -> int:
        return first + [known.program for known in MANAGERS].index(manager)

    def _at(self, first: int, manager: str) -> str:
        return f"{self.address}:{self._port(first, manager)}"

    def _log(self, name: str) -> Path:
        return self.cluster.folder / "logs" / f"{name}.log"


def _namespace(manager: _Manager) -> Object:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"{manager.prefix}-system"}}


def _machines(version: str) -> Object:
    """A MachineDeployment to try the webhooks with."""
    bootstrap = {"dataSecretName": "none"}
    infrastructure = {"apiGroup": "infrastructure.cluster.x-k8s.io", "kind": "DevMachineTemplate", "name": "none"}
    machine = {"clusterName": "none", "version": version, "bootstrap": bootstrap, "infrastructureRef": infrastructure}
    return {
        "apiVersion": VERSION,
        "kind": "MachineDeployment",
        "metadata": {"name": "none", "namespace": "default"},
        "spec": {"clusterName": "none", "selector": {}, "template": {"spec": machine}},
    }
