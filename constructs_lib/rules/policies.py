"""An evaluator of NetworkPolicies: whether one pod may reach another.

Source: https://kubernetes.io/docs/concepts/services-networking/network-policies/. Address blocks admit no pod here:
what is inside the cluster is named by labels.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from ..parts.names import SERVICE_LABEL
from .facts import Object
from .index import NAMESPACE_LABEL, Index, Workload, namespace_of
from .selectors import Labels, chosen, selects

Direction = Literal["ingress", "egress"]
_Key = tuple[str | None, str | None]


@dataclass(frozen=True, eq=False)
class Pod:
    """What policies see of a pod."""

    title: str
    namespace: str
    labels: Labels
    ports: Mapping[str, int] = field(default_factory=dict)
    """Numbers of named ports."""

    @classmethod
    def of(cls, workload: Workload) -> Pod:
        """The pods of a workload."""
        return cls(workload.name, workload.namespace, workload.labels, workload.ports)


class _Peer(NamedTuple):
    pods: Mapping[str, Any]
    namespaces: Mapping[str, Any] | None
    """None for the namespace of the policy."""
    ports: list[dict[str, Any]]


@dataclass
class _Side:
    """What the policies that select a pod say of one direction, its peers by namespace and service where they say."""

    closed: bool = False
    peers: dict[_Key, list[_Peer]] = field(default_factory=lambda: defaultdict(list))
    anywhere: list[list[dict[str, Any]]] = field(default_factory=list)
    """The ports of the rules that name no peer."""


class Policies:
    """The policies of a cluster."""

    def __init__(self, index: Index) -> None:
        self._policies: dict[_Key, list[Object]] = defaultdict(list)
        for each in index.kinds("NetworkPolicy"):
            service = chosen(each["spec"]["podSelector"], SERVICE_LABEL)
            self._policies[namespace_of(each), service].append(each)
        self._index = index
        self._sides: dict[tuple[Pod, Direction], _Side] = {}

    def blocked(self, source: Pod, target: Pod, port: int, protocol: str = "TCP") -> list[str]:
        """Which ends of a connection are closed: nothing when it is admitted."""
        ends: list[tuple[Direction, Pod, Pod, str]] = [
            ("egress", source, target, f"{source.title} may not send"),
            ("ingress", target, source, f"{target.title} does not admit it"),
        ]
        return [
            says
            for direction, pod, peer, says in ends
            if not self._admits(self._side(pod, direction), peer, target, port, protocol)
        ]

    def closed(self, pod: Pod, direction: Direction) -> bool:
        """Whether the pod is closed in that direction, but for what policies admit."""
        return self._side(pod, direction).closed

    def selecting(self, pod: Pod) -> Iterator[Object]:
        """The policies that select a pod."""
        for key in {pod.labels.get(SERVICE_LABEL), None}:
            for policy in self._policies.get((pod.namespace, key), ()):
                if selects(policy["spec"]["podSelector"], pod.labels):
                    yield policy

    def _side(self, pod: Pod, direction: Direction) -> _Side:
        if (pod, direction) not in self._sides:
            self._sides[pod, direction] = self._read(pod, direction)
        return self._sides[pod, direction]

    def _read(self, pod: Pod, direction: Direction) -> _Side:
        side = _Side()
        for policy in self.selecting(pod):
            spec = policy["spec"]
            implied = ["Ingress", *(["Egress"] if "egress" in spec else [])]
            if direction.capitalize() not in spec.get("policyTypes", implied):
                continue
            side.closed = True
            for rule in spec.get(direction) or ():
                ports = rule.get("ports") or []
                peers = rule.get("from" if direction == "ingress" else "to") or []
                if not peers:
                    side.anywhere.append(ports)
                for peer in peers:
                    if "ipBlock" not in peer:
                        key, read = _peer(peer, namespace_of(policy), ports)
                        side.peers[key].append(read)
        return side

    def _admits(self, side: _Side, peer: Pod, target: Pod, port: int, protocol: str) -> bool:
        if not side.closed or any(_takes(ports, target, port, protocol) for ports in side.anywhere):
            return True
        service = peer.labels.get(SERVICE_LABEL)
        keys = {(where, who) for where in (peer.namespace, None) for who in (service, None)}
        return any(
            self._is(each, peer) and _takes(each.ports, target, port, protocol)
            for key in keys
            for each in side.peers.get(key, ())
        )

    def _is(self, peer: _Peer, pod: Pod) -> bool:
        here = peer.namespaces is None or selects(peer.namespaces, self._index.namespace_labels(pod.namespace))
        return here and selects(peer.pods, pod.labels)


def _peer(peer: Mapping[str, Any], own: str, ports: list[dict[str, Any]]) -> tuple[_Key, _Peer]:
    namespaces, pods = peer.get("namespaceSelector"), peer.get("podSelector", {})
    where = own if namespaces is None else chosen(namespaces, NAMESPACE_LABEL)
    return (where, chosen(pods, SERVICE_LABEL)), _Peer(pods, namespaces, ports)


def _takes(ports: list[dict[str, Any]], target: Pod, port: int, protocol: str) -> bool:
    if not ports:
        return True
    for each in ports:
        if each.get("protocol", "TCP") != protocol:
            continue
        said = each.get("port")
        first = target.ports.get(said) if isinstance(said, str) else said
        if said is None or (first is not None and first <= port <= each.get("endPort", first)):
            return True
    return False
