"""Whether the quota holds everything at its peak, with two sets of every service that has slots."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from ..values.data import Object
from .cluster import ClusterView
from .lookups import Lookups
from .objects import subject
from .resources import quantity
from .rule import Found, for_each_workload, over
from .scaling import most
from .workloads import Container, Workload

_GI = 1024**3
_COUNTED = ("requests.cpu", "requests.memory", "limits.cpu", "limits.memory")
_SHORT = {"cpu": "requests.cpu", "memory": "requests.memory"}
"""Short names that a quota may use."""


class _Need(NamedTuple):
    """What one set of a workload's pods needs at its peak, with the pods that a rolling update adds."""

    namespace: str
    service: str
    slotted: bool
    amounts: Mapping[str, Decimal]


class _Quota(NamedTuple):
    namespace: str
    subject: str
    hard: Mapping[str, str | int]


@for_each_workload
def _needs_and_quotas(workload: Workload, cluster: ClusterView) -> Iterator[_Need | _Quota]:
    service = workload.service or workload.name
    yield _Need(workload.namespace, service, bool(workload.slot), _amounts(cluster, workload))


@_needs_and_quotas.and_for_each("ResourceQuota")
def _quotas(quota: Object, cluster: ClusterView) -> Iterator[_Need | _Quota]:
    yield _Quota(quota["metadata"].get("namespace", ""), subject(quota), quota["spec"]["hard"])


@over(_needs_and_quotas)
def quota_fits_two_sets(parts: Sequence[_Need | _Quota]) -> Found:
    """The quota of a namespace holds all pods at their peak: two sets of each service with slots, and update surges."""
    needs = [each for each in parts if isinstance(each, _Need)]
    for quota in (each for each in parts if isinstance(each, _Quota)):
        needed = _total([each for each in needs if each.namespace == quota.namespace])
        for name, said in quota.hard.items():
            allowed = quantity(said)
            need = needed.get(_SHORT.get(name, name), Decimal(0))
            if allowed is not None and need > allowed:
                yield (
                    quota.subject,
                    f"two sets of all services need {name} {_words(name, need)} at their peak, but the quota "
                    f"allows {said}; raise the quota, or lower sizes and scales",
                )


def _total(needs: Sequence[_Need]) -> dict[str, Decimal]:
    """What all sets need together: a slot without its twin counts as both."""
    by_service: dict[str, list[_Need]] = {}
    for need in needs:
        by_service.setdefault(need.service, []).append(need)
    total: dict[str, Decimal] = {}
    for sets in by_service.values():
        times = 2 if len(sets) == 1 and sets[0].slotted else 1
        for need in sets:
            for name, value in need.amounts.items():
                total[name] = total.get(name, Decimal(0)) + times * value
    return total


def _amounts(look: Lookups, workload: Workload) -> dict[str, Decimal]:
    peak = most(look, workload)
    pods = Decimal(peak + _surge(workload, peak))
    amounts = {name: pods * value for name, value in of_pod(workload).items()}
    return {**amounts, "pods": pods, "requests.storage": peak * _storage(workload)}


def _surge(workload: Workload, peak: int) -> int:
    if workload.kind != "Deployment":
        return 0
    strategy = workload.object["spec"].get("strategy") or {}
    if strategy.get("type") == "Recreate":
        return 0
    said = (strategy.get("rollingUpdate") or {}).get("maxSurge", "25%")
    if isinstance(said, int):
        return said
    share = said.removesuffix("%")
    return math.ceil(int(share) * peak / 100) if share.isdigit() else 0


def of_pod(workload: Workload) -> dict[str, Decimal]:
    """What Kubernetes counts for one pod: sidecars run beside everything, the other first containers one by one.

    Source: https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/#resource-sharing-within-containers
    """
    found = {}
    for name in _COUNTED:
        beside, peak = Decimal(0), Decimal(0)
        for container in workload.pod.get("initContainers") or ():
            if container.get("restartPolicy") == "Always":
                beside += _amount(container, name)
                peak = max(peak, beside)
            else:
                peak = max(peak, beside + _amount(container, name))
        found[name] = max(peak, beside + sum(_amount(each, name) for each in workload.pod["containers"]))
    return found


def _amount(container: Container, name: str) -> Decimal:
    group, _, resource = name.partition(".")
    said = ((container.get("resources") or {}).get(group) or {}).get(resource, "0")
    return quantity(said) or Decimal(0)


def _storage(workload: Workload) -> Decimal:
    claims = workload.object["spec"].get("volumeClaimTemplates") or ()
    sizes = (((each.get("spec") or {}).get("resources") or {}).get("requests", {}).get("storage") for each in claims)
    return sum((quantity(size) or Decimal(0) for size in sizes if size), Decimal(0))


def _words(name: str, value: Decimal) -> str:
    if "cpu" in name or name == "pods":
        return f"{value.normalize():f}"
    large = value >= 10 * _GI
    return f"{math.ceil(value / _GI)}Gi" if large else f"{math.ceil(value / 1024**2)}Mi"
