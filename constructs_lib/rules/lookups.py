"""What rules can look up, in one unit or in a whole cluster.

Every look-up has a key. A unit says what its objects answer under which key (`entries`); a cluster joins the answers
of its units, and notes which keys a rule asked for (see `cluster.py`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, TypeVar, TypeVarTuple

from ..parts.names import SERVICE_LABEL
from ..values.data import Json, Object
from .facts import DeclaredService
from .objects import namespace_of
from .selectors import Labels, chosen, selects
from .workloads import WORKLOADS, Pods, Workload

Key = tuple[Hashable, ...]
Entries = Mapping[Key, list[Any]]
NAMESPACE_LABEL = "kubernetes.io/metadata.name"
T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class Lookups(ABC):
    """Finds objects by what rules ask for."""

    @abstractmethod
    def answers(self, key: Key) -> Sequence[Any]:
        """Everything under a key, in the order of units and objects."""

    @abstractmethod
    def kept(self, key: Key, make: Callable[[*Ts], T], *about: *Ts) -> T:
        """What `make` made of look-ups, made once for a key as long as these look-ups have the same answers."""

    def get(self, kind: str, namespace: str, name: str) -> Object | None:
        """The object of that kind and name, or None. The namespace is empty for one of the whole cluster."""
        found = self.answers(("object", kind, namespace, name))
        return found[-1] if found else None

    def twins(self, each: Object) -> Sequence[Object]:
        """All objects of the same kind, namespace and name, the object itself among them."""
        return self.answers(("object", each["kind"], namespace_of(each), each["metadata"]["name"]))

    def namespace_labels(self, name: str) -> Labels:
        """The labels of a namespace, with the one that Kubernetes adds."""
        made = self.get("Namespace", "", name) or {"metadata": {}}
        return {**(made["metadata"].get("labels") or {}), NAMESPACE_LABEL: name}

    def declared(self, service: str) -> DeclaredService | None:
        """What a service declared, or None where it does not run here."""
        found = self.answers(("declared", service))
        return found[-1] if found else None

    def owned(self, service: str) -> Sequence[str]:
        """`Kind/name` of every object that carries a service's label."""
        return self.answers(("owned", service))

    def secret(self, namespace: str, name: str) -> Object | None:
        """The ExternalSecret that makes a Secret, or None."""
        found = self.answers(("secret", namespace, name))
        return found[-1] if found else None

    def routes(self, host: str) -> Sequence[Object]:
        """The routes that name a host, and with an empty host those that name none."""
        return self.answers(("routes", host))

    def autoscalers(self, workload: Workload) -> list[Object]:
        """The autoscalers that scale a workload."""
        found = self.answers(("autoscalers", workload.namespace, workload.name))
        return [each for each in found if each["spec"]["scaleTargetRef"]["kind"] == workload.kind]

    def network_policies(self, namespace: str, service: str | None) -> Sequence[Object]:
        """The network policies whose selector asks for a service's label, or for None of them."""
        return self.answers(("policies", namespace, service))

    def pods(self, namespace: str, selector: Json | None) -> list[Pods]:
        """The pods that a label selector picks, in the order of kinds."""
        service = chosen(selector, SERVICE_LABEL)
        key = ("pods", namespace) if service is None else ("pods", namespace, service)
        return _by_kind([pods for pods in self.answers(key) if selects(selector, pods.labels)])

    def pods_behind(self, service: Object) -> list[Pods]:
        """The pods that a Service leads to."""
        asked = service["spec"].get("selector")
        return self.pods(namespace_of(service), {"matchLabels": asked}) if asked else []

    def service_pods(self, namespace: str, service: str) -> list[Pods]:
        """The pods of one service, in all of its slots."""
        return _by_kind(self.answers(("pods", namespace, service)))

    def services_like(self, namespace: str, selector: Json) -> list[Object]:
        """The Services of a namespace that a label selector picks."""
        label = chosen(selector, SERVICE_LABEL)
        key = ("services", namespace) if label is None else ("services", namespace, label)
        return [each for each in self.answers(key) if selects(selector, each["metadata"].get("labels") or {})]


def _by_kind(found: Sequence[Pods]) -> list[Pods]:
    return sorted(found, key=lambda pods: WORKLOADS.index(pods.kind)) if len(found) > 1 else list(found)


def entries(
    services: Sequence[DeclaredService], kinds: Mapping[str, list[Object]], workloads: Sequence[Workload]
) -> Entries:
    """What some objects and declarations answer under each key."""
    found: dict[Key, list[Any]] = defaultdict(list)
    for service in services:
        found["declared", service["name"]].append(service)
    for kind, objects in kinds.items():
        special = _SPECIAL.get(kind)
        for each in objects:
            metadata = each["metadata"]
            name, namespace, labels = metadata["name"], metadata.get("namespace") or "", metadata.get("labels") or {}
            found["object", kind, namespace, name].append(each)
            found["owned", labels.get(SERVICE_LABEL, "")].append(f"{kind}/{name}")
            for key in special(each) if special else ():
                found[key].append(each)
    for workload in workloads:
        found["pods", workload.namespace].append(workload.pods)
        found["pods", workload.namespace, workload.service].append(workload.pods)
    return found


def _service_keys(service: Object) -> list[Key]:
    label = (service["metadata"].get("labels") or {}).get(SERVICE_LABEL, "")
    return [("services", namespace_of(service)), ("services", namespace_of(service), label)]


def _policy_keys(policy: Object) -> list[Key]:
    return [("policies", namespace_of(policy), chosen(policy["spec"]["podSelector"], SERVICE_LABEL))]


def _autoscaler_keys(autoscaler: Object) -> list[Key]:
    return [("autoscalers", namespace_of(autoscaler), autoscaler["spec"]["scaleTargetRef"]["name"])]


def _secret_keys(external: Object) -> list[Key]:
    target = external["spec"].get("target") or {}
    return [("secret", namespace_of(external), target.get("name") or external["metadata"]["name"])]


def _route_keys(route: Object) -> list[Key]:
    return [("routes", host) for host in route["spec"].get("hostnames") or ("",)]


_SPECIAL: Mapping[str, Callable[[Object], list[Key]]] = {
    "Service": _service_keys,
    "NetworkPolicy": _policy_keys,
    "HorizontalPodAutoscaler": _autoscaler_keys,
    "ExternalSecret": _secret_keys,
    "HTTPRoute": _route_keys,
    "GRPCRoute": _route_keys,
}
"""The keys of objects that are found by more than their names."""
