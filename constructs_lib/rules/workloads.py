"""What makes pods, and what selectors and network policies see of these pods."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from ..parts.names import SERVICE_LABEL, SLOT_LABEL
from ..values.data import Json, Object
from .objects import namespace_of, subject
from .selectors import Labels

Container = Json
WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob", "Pod")
"""The kinds that make pods, in the order in which rules look at them."""


@dataclass(frozen=True)
class Pods:
    """What selectors and network policies see of a workload's pods: another image makes no other `Pods`."""

    name: str
    """The workload's name, or another one by which a sentence can call the pods."""
    namespace: str
    labels: Labels
    ports: Mapping[str, int] = field(default_factory=dict)
    """Numbers of named ports."""
    numbers: tuple[int, ...] = ()
    """The numbers of all ports that the containers declare."""
    kind: str = ""

    @property
    def service(self) -> str:
        """The service that the pods say they are of."""
        return self.labels.get(SERVICE_LABEL, "")

    @property
    def slot(self) -> str:
        """The slot that the pods say they are of; nothing for kinds without slots."""
        return self.labels.get(SLOT_LABEL, "")

    @property
    def declared_ports(self) -> str:
        """The ports that the containers declare, as a sentence lists them."""
        return ", ".join(map(str, (*self.ports, *self.numbers))) or "no ports"

    @cached_property
    def place(self) -> str:
        """By what policies select the pods, as one word: the namespace and the labels."""
        return repr((self.namespace, sorted(self.labels.items())))

    @cached_property
    def port_names(self) -> str:
        """The named ports, as one word."""
        return repr(sorted(self.ports.items()))

    def port(self, asked: str | int) -> int | None:
        """The number behind a port's name or number; None where no container declares it."""
        if isinstance(asked, str):
            return self.ports.get(asked)
        return asked if asked in self.numbers else None


@dataclass(frozen=True, eq=False)
class Workload:
    """An object that makes pods."""

    object: Object
    template: Json

    @classmethod
    def of(cls, each: Object) -> Workload:
        """A workload from its object, which must be of one of the kinds in `WORKLOADS`."""
        if each["kind"] == "Pod":
            return cls(each, each)
        spec = each["spec"]["jobTemplate"]["spec"] if each["kind"] == "CronJob" else each["spec"]
        return cls(each, spec["template"])

    @cached_property
    def subject(self) -> str:
        """The service, or `Kind/name`."""
        return subject(self.object)

    @cached_property
    def pods(self) -> Pods:
        """What selectors and policies see of its pods."""
        ports = [port for container in self.containers for port in container.get("ports") or ()]
        return Pods(
            name=self.name,
            namespace=self.namespace,
            labels=(self.template.get("metadata") or {}).get("labels") or {},
            ports={port["name"]: port["containerPort"] for port in ports if "name" in port},
            numbers=tuple(port["containerPort"] for port in ports),
            kind=self.kind,
        )

    @cached_property
    def namespace(self) -> str:
        """Where its pods run."""
        return namespace_of(self.object)

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.object["metadata"]["name"])

    @property
    def kind(self) -> str:
        """Its kind."""
        return str(self.object["kind"])

    @property
    def service(self) -> str:
        """The service that its pods say they are of."""
        return self.pods.service

    @property
    def slot(self) -> str:
        """The slot that its pods say they are of; nothing for kinds without slots."""
        return self.pods.slot

    @property
    def pod(self) -> Json:
        """The specification of its pods."""
        pod: Json = self.template["spec"]
        return pod

    @cached_property
    def containers(self) -> list[Container]:
        """All containers: those that run first, the sidecars, and the main ones."""
        return [*(self.pod.get("initContainers") or ()), *self.pod["containers"]]


def workloads_of(objects: Mapping[str, list[Object]]) -> Iterator[Workload]:
    """The workloads among objects by kind, in the order of the kinds."""
    return (Workload.of(each) for kind in WORKLOADS for each in objects.get(kind, ()))
