"""An evaluator of NetworkPolicies: whether one pod can reach another.

Source: https://kubernetes.io/docs/concepts/services-networking/network-policies/. Address blocks admit no pod here:
what is inside the cluster is named by labels.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from ..parts.names import SERVICE_LABEL
from ..values.data import Json, Object
from .lookups import NAMESPACE_LABEL, Lookups
from .objects import namespace_of
from .selectors import chosen, selects
from .workloads import Pods

Direction = Literal["ingress", "egress"]
DIRECTIONS: tuple[Direction, ...] = ("ingress", "egress")
_Key = tuple[str | None, str | None]
_MANY = 20
"""With more peers than these, a pod's answers are kept one by one."""


class _Peer(NamedTuple):
    pods: Json
    namespaces: Json | None
    """None for the namespace of the policy."""
    ports: list[Json]


@dataclass
class _Side:
    """What the policies that select a pod say of one direction, its peers by namespace and service where they say."""

    closed: bool = False
    peers: dict[_Key, list[_Peer]] = field(default_factory=lambda: defaultdict(list))
    anywhere: list[list[Json]] = field(default_factory=list)
    """The ports of the rules that name no peer."""


class Policies:
    """The policies among the objects that can be looked up."""

    def __init__(self, look: Lookups) -> None:
        self._look = look

    def blocked(self, source: Pods, target: Pods, port: int, protocol: str = "TCP") -> list[str]:
        """Which ends of a connection are blocked; an empty list when it is allowed."""
        ends: list[tuple[Direction, Pods, Pods, str]] = [
            ("egress", source, target, f"egress from {source.name} is blocked"),
            ("ingress", target, source, f"ingress to {target.name} is blocked"),
        ]
        return [
            says
            for direction, pod, peer, says in ends
            if not self._admits(pod, direction, peer, target, port, protocol)
        ]

    def closed(self, pod: Pods, direction: Direction) -> bool:
        """Whether the pod has a policy for that direction, so that only what policies allow is open."""
        return self._outline(pod, direction)[0]

    def _outline(self, pod: Pods, direction: Direction) -> tuple[bool, bool]:
        """Whether the pod is closed in that direction, and whether many peers are named there."""
        return self._look.kept(("outline", direction, pod.place), self._read_outline, pod, direction)

    def _read_outline(self, pod: Pods, direction: Direction) -> tuple[bool, bool]:
        side = self._side(pod, direction)
        return side.closed, len(side.peers) > _MANY

    def selecting(self, pod: Pods) -> Iterator[Object]:
        """The policies that select a pod."""
        for service in {pod.labels.get(SERVICE_LABEL), None}:
            for policy in self._look.network_policies(pod.namespace, service):
                if selects(policy["spec"]["podSelector"], pod.labels):
                    yield policy

    def _side(self, pod: Pods, direction: Direction) -> _Side:
        return self._look.kept(("side", direction, pod.place), self._read, pod, direction)

    def _read(self, pod: Pods, direction: Direction) -> _Side:
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

    def _admits(self, pod: Pods, direction: Direction, peer: Pods, target: Pods, port: int, protocol: str) -> bool:
        """Whether a pod's policies allow a connection.

        Of a pod with many peers the answer for each is kept, so that a policy for one of them concerns no other.
        """
        closed, many = self._outline(pod, direction)
        if not closed:
            return True
        if not many:
            return self._evaluate(pod, direction, peer, target, port, protocol)
        key = ("admits", direction, pod.place, peer.place, target.port_names, port, protocol)
        return self._look.kept(key, self._evaluate, pod, direction, peer, target, port, protocol)

    def _evaluate(self, pod: Pods, direction: Direction, peer: Pods, target: Pods, port: int, protocol: str) -> bool:
        side = self._side(pod, direction)
        if any(_takes(ports, target, port, protocol) for ports in side.anywhere):
            return True
        service = peer.labels.get(SERVICE_LABEL)
        keys = {(where, who) for where in (peer.namespace, None) for who in (service, None)}
        return any(
            self._is(each, peer) and _takes(each.ports, target, port, protocol)
            for key in keys
            for each in side.peers.get(key, ())
        )

    def _is(self, peer: _Peer, pod: Pods) -> bool:
        here = peer.namespaces is None or selects(peer.namespaces, self._look.namespace_labels(pod.namespace))
        return here and selects(peer.pods, pod.labels)


def _peer(peer: Json, own: str, ports: list[Json]) -> tuple[_Key, _Peer]:
    namespaces, pods = peer.get("namespaceSelector"), peer.get("podSelector", {})
    where = own if namespaces is None else chosen(namespaces, NAMESPACE_LABEL)
    return (where, chosen(pods, SERVICE_LABEL)), _Peer(pods, namespaces, ports)


def _takes(ports: list[Json], target: Pods, port: int, protocol: str) -> bool:
    if not ports:
        return True
    for each in ports:
        if each.get("protocol", "TCP") != protocol:
            continue
        said = each.get("port")
        first = target.ports.get(said) if isinstance(said, str) else said
        if said is None or (first is not None and first <= port <= (each.get("endPort") or first)):
            return True
    return False
