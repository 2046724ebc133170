"""Estimates how many nodes a cluster needs, and checks that its pools can grow that far."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import NamedTuple

from constructs_lib import Pool
from constructs_lib.values import amount
from constructs_lib.values.data import Object

from ..resources.cluster_spec import ClusterSpec
from ..resources.infrastructure import Infrastructure
from .pod_requests import ClusterRequests, PodRequests, requests

RESERVED = Decimal("0.15")
"""The share of each node for the kubelet, the system, the network, and the pods of Helm charts."""
PODS = 110
"""The pod limit of the kubelet. Source: https://kubernetes.io/docs/setup/best-practices/cluster-large/"""
_GI = 1024**3


class Nodes(NamedTuple):
    """Nodes of one size."""

    size: PodRequests
    """The room of one node according to the infrastructure, before RESERVED is taken off."""
    up_to: int


class Need(NamedTuple):
    """The smallest number of nodes that is enough."""

    nodes: int
    by: str
    """What decides the number: `CPU`, `memory`, `pods`, or `instances apart`."""


@dataclass(frozen=True)
class Capacity:
    """What one cluster needs and has."""

    cluster: str
    environment: str
    requests: ClusterRequests
    least: Need
    peak: Need
    nodes: tuple[int, int]
    """The smallest and the largest number of nodes in its pools."""

    @property
    def lacking(self) -> str | None:
        """Why the pools cannot hold the peak, in one sentence. None if they can."""
        if self.peak.nodes <= self.nodes[1]:
            return None
        return (
            f"{self.cluster} needs about {self.peak.nodes} nodes at its peak, but its pools end at {self.nodes[1]}; "
            f"raise max of a pool in envs/{self.environment.replace('-', '_')}.py, or use larger machines"
        )


def capacity(cluster_spec: ClusterSpec, objects: Iterable[Object]) -> Capacity:
    """What a cluster with these objects needs and has."""
    environment, pools = cluster_spec.environment, cluster_spec.pools
    zones, database = len(environment.zones), environment.database
    asked = requests(objects, database)
    available = [Nodes(_size(cluster_spec.infrastructure, pool), pool.max * zones) for pool in pools]
    return Capacity(
        cluster=cluster_spec.name,
        environment=environment.name,
        requests=asked,
        least=need(asked.least, available, database.instances),
        peak=need(asked.peak, available, database.instances),
        nodes=(sum(pool.min for pool in pools) * zones, sum(pool.max for pool in pools) * zones),
    )


def _size(infrastructure: Infrastructure, pool: Pool) -> PodRequests:
    machine = infrastructure.config.machines[pool.size]
    return PodRequests(PODS, amount(machine.cpu), amount(machine.memory))


def need(asked: PodRequests, available: Sequence[Nodes], apart: int = 1) -> Need:
    """The smallest number of nodes that have room for these requests together, largest nodes first.

    This is a lower bound: a pod cannot be divided, and tiers and zones keep pods off nodes that have room. If the
    available nodes are not enough, it goes on with nodes of the largest size. `apart` pods each need their own node.
    """
    sizes = _largest_first(available)
    found, room, by = 0, PodRequests(), "pods"
    while short := _short(asked, room):
        found, room, by = found + 1, room + _usable(next(sizes)), short
    return Need(apart, "instances apart") if apart > found else Need(found, by)


def _largest_first(available: Sequence[Nodes]) -> Iterator[PodRequests]:
    ordered = sorted(available, key=lambda each: (each.size.memory, each.size.cpu), reverse=True)
    for each in ordered:
        yield from (each.size for _ in range(each.up_to))
    while True:
        yield ordered[0].size


def _usable(size: PodRequests) -> PodRequests:
    left = 1 - RESERVED
    return PodRequests(int(size.pods * left), size.cpu * left, size.memory * left)


def _short(asked: PodRequests, room: PodRequests) -> str | None:
    if asked.memory > room.memory:
        return "memory"
    if asked.cpu > room.cpu:
        return "CPU"
    return "pods" if asked.pods > room.pods else None


def as_markdown(found: Sequence[Capacity]) -> str:
    """A table, and a sentence for each cluster whose pools cannot hold its peak."""
    head = ("cluster", "pods", "CPU requested", "memory requested", "nodes needed", "nodes in its pools")
    rows = [head, tuple("---" if each == 0 else "---:" for each in range(len(head))), *map(_row, found)]
    lines = [f"| {' | '.join(row)} |" for row in rows]
    lacking = [f"- {sentence}." for each in found if (sentence := each.lacking)]
    verdict = lacking or ["The pools of all clusters can hold their peak."]
    return "\n".join([*lines, "", *verdict]) + "\n"


def _row(each: Capacity) -> tuple[str, ...]:
    least, peak = each.requests
    return (
        f"`{each.cluster}`",
        span(least.pods, peak.pods),
        span(_up(least.cpu), _up(peak.cpu)),
        f"{span(_up(least.memory / _GI), _up(peak.memory / _GI))} Gi",
        f"{span(each.least.nodes, each.peak.nodes)} (by {each.peak.by})",
        span(*each.nodes),
    )


def span(low: int, high: int) -> str:
    """`2 to 8`, or `2`."""
    return str(low) if low == high else f"{low} to {high}"


def _up(value: Decimal) -> int:
    return int(value.to_integral_value(ROUND_CEILING))
