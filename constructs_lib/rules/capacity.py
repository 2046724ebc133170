"""Whether everything fits into the quota at the peak, with two sets of every service that has slots."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal

from .index import Container, Found, Index, Workload, subject
from .resources import quantity
from .scaling import most

Amounts = Counter[str]
_GI = 1024**3
_COUNTED = ("requests.cpu", "requests.memory", "limits.cpu", "limits.memory")


def quota_fits_two_sets(index: Index) -> Found:
    """The quota of a namespace holds all pods at their peak, two sets of each slotted service, and updates."""
    for quota in index.kinds("ResourceQuota"):
        needed = _needed(index, quota["metadata"].get("namespace", ""))
        for name, said in quota["spec"]["hard"].items():
            allowed = quantity(said)
            if allowed is not None and needed[name] > allowed:
                yield (
                    subject(quota),
                    f"two sets of all services need {name} {_words(name, needed[name])} at their peak, and the quota "
                    f"allows {said}; raise the quota, or lower sizes and scales",
                )


def _needed(index: Index, namespace: str) -> dict[str, Decimal]:
    total: dict[str, Decimal] = dict.fromkeys((*_COUNTED, "pods", "requests.storage"), Decimal(0))
    for sets in _sets(index, namespace):
        for workload, times in sets:
            pods = times * (most(index, workload) + _surge(index, workload))
            total["pods"] += pods
            for name, value in of_pod(workload).items():
                total[name] += pods * value
            total["requests.storage"] += times * most(index, workload) * _storage(workload)
    return _Known(total)


class _Known(dict[str, Decimal]):
    """What was counted; of anything else a quota may limit, nothing is needed."""

    def __missing__(self, key: str) -> Decimal:
        short = {"cpu": "requests.cpu", "memory": "requests.memory"}
        return self[short[key]] if key in short else Decimal(0)


def _sets(index: Index, namespace: str) -> Iterable[list[tuple[Workload, int]]]:
    """The workloads of each service, and how often each counts: a slot without its twin counts as both."""
    by_service: dict[str, list[Workload]] = {}
    for workload in index.workloads:
        if workload.namespace == namespace:
            by_service.setdefault(workload.service or workload.name, []).append(workload)
    for workloads in by_service.values():
        alone = len(workloads) == 1 and bool(workloads[0].slot)
        yield [(workload, 2 if alone else 1) for workload in workloads]


def _surge(index: Index, workload: Workload) -> int:
    if workload.kind != "Deployment":
        return 0
    strategy = workload.object["spec"].get("strategy") or {}
    if strategy.get("type") == "Recreate":
        return 0
    said = (strategy.get("rollingUpdate") or {}).get("maxSurge", "25%")
    if isinstance(said, int):
        return said
    share = said.removesuffix("%")
    return math.ceil(int(share) * most(index, workload) / 100) if share.isdigit() else 0


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
