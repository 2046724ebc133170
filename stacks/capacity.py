"""How many nodes clusters need, estimated from their manifests, and whether their pools can hold it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from pathlib import Path
from typing import NamedTuple

from constructs_lib import DatabaseClass, Environment, Pool, Role
from constructs_lib.rules.capacity import of_pod
from constructs_lib.rules.facts import Facts, Object
from constructs_lib.rules.scaling import fewest, most
from constructs_lib.rules.unit import UnitView
from constructs_lib.rules.workloads import Workload
from constructs_lib.values import Problem, amount
from desired.render import yaml

from .infrastructure import Infrastructure

RESERVED = Decimal("0.15")
"""Of each node: for the kubelet, the system, the network, and what Helm charts run on every node or by themselves."""
PODS = 110
"""Pods that the kubelet takes on a node. Source: https://kubernetes.io/docs/setup/best-practices/cluster-large/"""
_KINDS = ("deployment", "statefulset", "job", "cronjob", "horizontalpodautoscaler", "envoyproxy")
# Of a proxy for which nothing is said. Source: Envoy Gateway, api/v1alpha1, ResourceRequirements' defaults
_PROXY = {"cpu": "100m", "memory": "512Mi"}
_GI = 1024**3


@dataclass(frozen=True)
class Load:
    """What pods ask for together: cores, and bytes of memory."""

    pods: int = 0
    cpu: Decimal = Decimal(0)
    memory: Decimal = Decimal(0)

    def __add__(self, other: Load) -> Load:
        return Load(self.pods + other.pods, self.cpu + other.cpu, self.memory + other.memory)

    def __mul__(self, times: int) -> Load:
        return Load(self.pods * times, self.cpu * times, self.memory * times)


class Loads(NamedTuple):
    """What a cluster asks for."""

    least: Load
    """With every autoscaler at its minimum."""
    peak: Load
    """With every autoscaler at its maximum, and both slots of every service: all are rolled out at once."""


class Nodes(NamedTuple):
    """Nodes of one size."""

    size: Load
    """What pods find on each, as the infrastructure says it, without what is reserved."""
    up_to: int


class Need(NamedTuple):
    """How many nodes a load needs at least."""

    nodes: int
    by: str
    """What the number follows from: CPU, memory, pods, or instances that run apart."""


@dataclass(frozen=True)
class Capacity:
    """What one cluster needs and has."""

    cluster: str
    environment: str
    loads: Loads
    least: Need
    peak: Need
    nodes: tuple[int, int]
    """What its pools have: the nodes that always run, and where they end."""

    @property
    def lacking(self) -> str | None:
        """Why the pools cannot hold the peak, in a sentence; None when they can."""
        if self.peak.nodes <= self.nodes[1]:
            return None
        return (
            f"{self.cluster} needs about {self.peak.nodes} nodes at its peak, and its pools end at {self.nodes[1]}; "
            f"raise max of a pool in envs/{self.environment.replace('-', '_')}.py, or give it larger machines"
        )


def capacity(
    environment: Environment, role: Role, infrastructure: Infrastructure, objects: Iterable[Object]
) -> Capacity:
    """Of one cluster with a pair, and with these objects in it."""
    assert environment.pair  # nobody asks for a cluster that stacks/ does not make
    pools, zones, database = environment.pair.pools(role), len(environment.zones), environment.database
    asked = loads(objects, database)
    available = [Nodes(_size(infrastructure, pool), pool.max * zones) for pool in pools]
    return Capacity(
        cluster=environment.cluster_name(role),
        environment=environment.name,
        loads=asked,
        least=need(asked.least, available, database.instances),
        peak=need(asked.peak, available, database.instances),
        nodes=(sum(pool.min for pool in pools) * zones, sum(pool.max for pool in pools) * zones),
    )


def _size(infrastructure: Infrastructure, pool: Pool) -> Load:
    machine = infrastructure.words.machines[pool.size]
    return Load(PODS, amount(machine.cpu), amount(machine.memory))


def loads(objects: Iterable[Object], database: DatabaseClass) -> Loads:
    """What the workloads, the proxies of the gateways, and the PostgreSQL beside them ask for."""
    unit = UnitView(Facts(objects=list(objects)))
    slots = Counter((each.namespace, each.service) for each in unit.workloads if each.slot)
    least, peak = _database(database), _database(database)
    for workload in unit.workloads:
        pod = _pod(workload)
        alone = bool(workload.slot) and slots[workload.namespace, workload.service] == 1
        least += pod * fewest(unit, workload)
        peak += pod * most(unit, workload) * (2 if alone else 1)
    for pod, low, high in map(_proxies, unit.kinds("EnvoyProxy")):
        least, peak = least + pod * low, peak + pod * high
    return Loads(least, peak)


def _pod(workload: Workload) -> Load:
    asked = of_pod(workload)
    return Load(1, asked["requests.cpu"], asked["requests.memory"])


def _proxies(proxy: Object) -> tuple[Load, int, int]:
    """One proxy of a gateway, and how many there are at least and at most."""
    said = proxy["spec"]["provider"]["kubernetes"]
    deployment, autoscaler = said.get("envoyDeployment") or {}, said.get("envoyHpa") or {}
    asked = ((deployment.get("container") or {}).get("resources") or {}).get("requests") or {}
    pod = Load(1, amount(str(asked.get("cpu", _PROXY["cpu"]))), amount(str(asked.get("memory", _PROXY["memory"]))))
    low = autoscaler.get("minReplicas", deployment.get("replicas", 1))
    return pod, low, autoscaler.get("maxReplicas", low)


def _database(database: DatabaseClass) -> Load:
    """The instances, and the pooler, for whose pods nothing is requested."""
    resources = database.resources
    pooler = Load(database.pooler.instances) if database.pooler else Load()
    return Load(1, amount(resources.cpu), amount(resources.memory)) * database.instances + pooler


def need(load: Load, available: Sequence[Nodes], apart: int = 1) -> Need:
    """The smallest number of nodes whose room together is enough, the largest first.

    A lower bound: pods cannot be divided, and tiers and zones keep some of them from the nodes that have room. Where
    the available nodes end, it goes on with the largest ones. `apart` pods each need a node of their own.
    """
    sizes = _largest_first(available)
    found, room, by = 0, Load(), "pods"
    while short := _short(load, room):
        found, room, by = found + 1, room + _usable(next(sizes)), short
    return Need(apart, "instances apart") if apart > found else Need(found, by)


def _largest_first(available: Sequence[Nodes]) -> Iterator[Load]:
    ordered = sorted(available, key=lambda each: (each.size.memory, each.size.cpu), reverse=True)
    for each in ordered:
        yield from (each.size for _ in range(each.up_to))
    while True:
        yield ordered[0].size


def _usable(size: Load) -> Load:
    left = 1 - RESERVED
    return Load(int(size.pods * left), size.cpu * left, size.memory * left)


def _short(load: Load, room: Load) -> str | None:
    if load.memory > room.memory:
        return "memory"
    if load.cpu > room.cpu:
        return "CPU"
    return "pods" if load.pods > room.pods else None


def read(root: Path, cluster: str) -> list[Object]:
    """The objects of a cluster that make pods, from its manifests. Raises Problem when there are none."""
    folder = root / "manifests" / cluster
    files = sorted(file for kind in _KINDS for file in folder.glob(f"*/*/{kind}-*.yaml"))
    if not files:
        raise Problem(f"manifests/{cluster}: has nothing that makes pods; run `make synth`")
    return [yaml.load(file.read_text(encoding="utf-8")) for file in files]


def as_markdown(found: Sequence[Capacity]) -> str:
    """A table, and a sentence for each cluster whose pools cannot hold its peak."""
    head = (
        "cluster",
        "pods",
        "CPU requested",
        "memory requested",
        "nodes needed",
        "nodes in its pools",
    )
    rows = [head, tuple("---" if each == 0 else "---:" for each in range(len(head))), *map(_row, found)]
    lines = [f"| {' | '.join(row)} |" for row in rows]
    lacking = [f"- {sentence}." for each in found if (sentence := each.lacking)]
    verdict = lacking or ["The pools of all clusters can hold their peak."]
    return "\n".join([*lines, "", *verdict]) + "\n"


def _row(each: Capacity) -> tuple[str, ...]:
    least, peak = each.loads
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
