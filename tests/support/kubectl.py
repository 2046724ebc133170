"""What `kubectl` answers about a management cluster and the clusters that it made, without any of them."""

from __future__ import annotations

import json
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

from constructs_lib.parts.names import DATABASES
from stacks.resources.cluster_spec import INPUTS

MANAGEMENT = "server: https://management.example.com\ntoken: planted-token-of-management\n"
SERVED = ("v1", "postgresql.cnpg.io/v1", "monitoring.coreos.com/v1", "barmancloud.cnpg.io/v1")


class Kubectl:
    """Take something away, and it is not there."""

    def __init__(self) -> None:
        self.clusters: dict[str, dict[str, Any]] = {}
        self.kubeconfigs: dict[str, str] = {}
        self.namespaces: dict[str, set[str]] = {MANAGEMENT: set()}
        self.served: dict[str, set[str]] = {MANAGEMENT: {"cluster.x-k8s.io/v1beta2"}}
        self.unreachable: set[str] = set()
        """Kubeconfigs with which nothing is reached."""

    def made(self, name: str, inputs: str = "") -> None:
        """A cluster that is what its topology says, with all that its database needs."""
        kubeconfig = f"server: https://{name}.example.com\ntoken: planted-token-of-{name}\n"
        self.clusters[name] = cluster(inputs)
        self.kubeconfigs[name] = kubeconfig
        self.namespaces[MANAGEMENT].add(name)
        self.namespaces[kubeconfig] = {DATABASES}
        self.served[kubeconfig] = set(SERVED)

    def __call__(self, *words: str) -> CompletedProcess[str]:
        """Stands for `stacks.resources.observed._kubectl`."""
        if words[0] == "config":
            return CompletedProcess(words, 0, MANAGEMENT, "")
        kubeconfig = Path(words[0].removeprefix("--kubeconfig=")).read_text(encoding="utf-8")
        if kubeconfig in self.unreachable:
            return CompletedProcess(words, 1, "", "Unable to connect to the server: EOF\n")
        return CompletedProcess(words, 0, self._answer(kubeconfig, *words[2:]), "")

    def _answer(self, kubeconfig: str, *words: str) -> str:
        match words:
            case ("api-versions",):
                return "\n".join(sorted(self.served[kubeconfig]))
            case ("get", "--raw", _):
                return "{}"
            case ("get", "namespace", name, *_):
                return f"namespace/{name}\n" if name in self.namespaces[kubeconfig] else ""
            case ("get", "secret", name, *_):
                return self.kubeconfigs.get(name.removesuffix("-kubeconfig"), "")
            case ("get", _, name, *_):
                return json.dumps(self.clusters[name]) if name in self.clusters else ""
        raise AssertionError(f"kubectl is asked for {words}")


def cluster(inputs: str = "", **status: Any) -> dict[str, Any]:
    """A Cluster as Cluster API has it, healthy unless the status says otherwise."""
    return {
        "metadata": {"generation": 3, "annotations": {INPUTS: inputs}},
        "spec": {"controlPlaneEndpoint": {"host": "10.0.0.7", "port": 6443}},
        "status": {
            "observedGeneration": 3,
            "initialization": {"controlPlaneInitialized": True},
            "conditions": conditions(),
            **status,
        },
    }


def conditions(**others: dict[str, Any]) -> list[dict[str, Any]]:
    """The conditions of a healthy cluster, but for those that are given."""
    healthy = {"TopologyReconciled": "True", "RollingOut": "False", "Available": "True"}
    return [
        {"type": kind, "status": status, "observedGeneration": 3, **others.get(kind, {})}
        for kind, status in healthy.items()
    ]
