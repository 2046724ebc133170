"""The objects of a unit or of a cluster, found by what rules ask for. Everything is looked through once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ..parts.names import PREFIX, SERVICE_LABEL, SLOT_LABEL
from .facts import Facts, Object
from .selectors import Labels, chosen, selects

Found = Iterator[tuple[str, str]]
"""What a rule yields: the subject, and what is wrong with it, with the remedy."""
Container = dict[str, Any]
NAMESPACE_LABEL = "kubernetes.io/metadata.name"
_OWNER_LABEL = f"{PREFIX}/owner"


def subject(each: Object) -> str:
    """The service that an object belongs to, or `Kind/name` for one of the platform."""
    labels = each["metadata"].get("labels") or {}
    if _OWNER_LABEL in labels and SERVICE_LABEL in labels:
        return str(labels[SERVICE_LABEL])
    return f"{each['kind']}/{each['metadata']['name']}"


def named(each: Object) -> str:
    """An object as a sentence names it: `Deployment checkout-blue`."""
    return f"{each['kind']} {each['metadata']['name']}"


def namespace_of(each: Object) -> str:
    """The namespace of an object; nothing for one of the whole cluster."""
    return str(each["metadata"].get("namespace") or "")


@dataclass(frozen=True, eq=False)
class Workload:
    """An object that makes pods."""

    object: Object
    template: dict[str, Any]

    @cached_property
    def subject(self) -> str:
        """The service, or `Kind/name`."""
        return subject(self.object)

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

    @cached_property
    def labels(self) -> Labels:
        """The labels of its pods."""
        labels: Labels = (self.template.get("metadata") or {}).get("labels") or {}
        return labels

    @property
    def service(self) -> str:
        """The service that its pods say they are of."""
        return self.labels.get(SERVICE_LABEL, "")

    @property
    def slot(self) -> str:
        """The slot that its pods say they are of; nothing for kinds without slots."""
        return self.labels.get(SLOT_LABEL, "")

    @property
    def pod(self) -> dict[str, Any]:
        """The specification of its pods."""
        pod: dict[str, Any] = self.template["spec"]
        return pod

    @cached_property
    def containers(self) -> list[Container]:
        """All containers: those that run first, the sidecars, and the main ones."""
        return [*(self.pod.get("initContainers") or ()), *self.pod["containers"]]

    @cached_property
    def ports(self) -> Mapping[str, int]:
        """The numbers of its named ports."""
        return {port["name"]: port["containerPort"] for port in self._ports() if "name" in port}

    @cached_property
    def numbers(self) -> frozenset[int]:
        """The numbers of all ports that it declares."""
        return frozenset(port["containerPort"] for port in self._ports())

    def _ports(self) -> Iterator[dict[str, Any]]:
        return (port for container in self.containers for port in container.get("ports") or ())

    def port(self, asked: str | int) -> int | None:
        """The number behind a port's name or number; None where no container declares it."""
        if isinstance(asked, str):
            return self.ports.get(asked)
        return asked if asked in self.numbers else None


class Index:
    """Facts, by kind, by name, and by the pods that they make."""

    def __init__(self, facts: Facts) -> None:
        self.unit = facts.unit
        self.declared = {service["name"]: service for service in facts.services}
        self.objects = facts.objects
        self._kinds: dict[str, list[Object]] = defaultdict(list)
        for each in facts.objects:
            self._kinds[str(each.get("kind"))].append(each)

    def kinds(self, *kinds: str) -> Iterator[Object]:
        """The objects of these kinds."""
        for kind in kinds:
            yield from self._kinds.get(kind, ())

    def get(self, kind: str, namespace: str, name: str) -> Object | None:
        """The object of that kind and name, or None. The namespace is empty for one of the whole cluster."""
        return self._named.get((kind, namespace, name))

    @cached_property
    def _named(self) -> dict[tuple[str, str, str], Object]:
        return {(each["kind"], namespace_of(each), each["metadata"]["name"]): each for each in self.objects}

    def namespace_labels(self, name: str) -> Labels:
        """The labels of a namespace, with the one that Kubernetes adds."""
        made = self.get("Namespace", "", name) or {"metadata": {}}
        return {**(made["metadata"].get("labels") or {}), NAMESPACE_LABEL: name}

    @cached_property
    def autoscalers(self) -> dict[tuple[str, str], list[Object]]:
        """The autoscalers by namespace and name of what they scale."""
        found: dict[tuple[str, str], list[Object]] = defaultdict(list)
        for each in self.kinds("HorizontalPodAutoscaler"):
            found[namespace_of(each), each["spec"]["scaleTargetRef"]["name"]].append(each)
        return found

    @cached_property
    def workloads(self) -> list[Workload]:
        """Everything that makes pods."""
        direct = [Workload(each, each["spec"]["template"]) for each in self.kinds(*_TEMPLATED)]
        jobs = [Workload(each, each["spec"]["jobTemplate"]["spec"]["template"]) for each in self.kinds("CronJob")]
        return [*direct, *jobs, *(Workload(each, each) for each in self.kinds("Pod"))]

    @cached_property
    def _by_service(self) -> dict[tuple[str, str], list[Workload]]:
        found: dict[tuple[str, str], list[Workload]] = defaultdict(list)
        for workload in self.workloads:
            found[workload.namespace, workload.service].append(workload)
        return found

    @cached_property
    def _by_namespace(self) -> dict[str, list[Workload]]:
        found: dict[str, list[Workload]] = defaultdict(list)
        for workload in self.workloads:
            found[workload.namespace].append(workload)
        return found

    def pods(self, namespace: str, selector: Mapping[str, Any] | None) -> list[Workload]:
        """The workloads whose pods a label selector picks."""
        service = chosen(selector, SERVICE_LABEL)
        among = self._by_namespace.get(namespace) if service is None else self._by_service.get((namespace, service))
        return [workload for workload in among or () if selects(selector, workload.labels)]

    def pods_behind(self, service: Object) -> list[Workload]:
        """The workloads whose pods a Service leads to."""
        asked = service["spec"].get("selector")
        return self.pods(namespace_of(service), {"matchLabels": asked}) if asked else []

    def service_pods(self, namespace: str, service: str) -> list[Workload]:
        """The workloads of one service, in all of its slots."""
        return self._by_service.get((namespace, service), [])

    @cached_property
    def _services(self) -> dict[tuple[str, str], list[Object]]:
        found: dict[tuple[str, str], list[Object]] = defaultdict(list)
        for each in self.kinds("Service"):
            labels = each["metadata"].get("labels") or {}
            found[namespace_of(each), labels.get(SERVICE_LABEL, "")].append(each)
        return found

    def services_like(self, namespace: str, selector: Mapping[str, Any]) -> list[Object]:
        """The Services of a namespace that a label selector picks."""
        name = chosen(selector, SERVICE_LABEL)
        among = [self._services.get((namespace, name), [])] if name is not None else self._services.values()
        return [
            each
            for services in among
            for each in services
            if namespace_of(each) == namespace and selects(selector, each["metadata"].get("labels") or {})
        ]

    @cached_property
    def service_workloads(self) -> list[Workload]:
        """The workloads of the services, without those of the platform."""
        return [workload for workload in self.workloads if workload.subject in self.declared]


_TEMPLATED = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job")
