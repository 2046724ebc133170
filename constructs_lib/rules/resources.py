"""Requests and limits of containers."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache

from ..values import amount
from .rule import Found
from .unit import UnitView


@lru_cache(maxsize=4096)
def quantity(said: str | int) -> Decimal | None:
    """A Kubernetes quantity as a number, or None if it is not a quantity."""
    try:
        return amount(str(said))
    except ValueError:
        return None


def resources_are_given(unit: UnitView) -> Found:
    """Every container has requests for CPU and memory, and a memory limit."""
    for workload in unit.workloads:
        for container in workload.containers:
            resources = container.get("resources") or {}
            said = {f"{group}.{name}" for group, values in resources.items() for name in values or ()}
            for missing in ("requests.cpu", "requests.memory", "limits.memory"):
                if missing not in said:
                    yield workload.subject, f"container {container['name']} has no {missing}; give it a size"


def requests_within_limits(unit: UnitView) -> Found:
    """No request is above its limit."""
    for workload in unit.workloads:
        for container in workload.containers:
            resources = container.get("resources") or {}
            limits = resources.get("limits") or {}
            for name, request in (resources.get("requests") or {}).items():
                limit = limits.get(name, request)
                asked, allowed = quantity(request), quantity(limit)
                if asked is None or allowed is None:
                    yield (
                        workload.subject,
                        f"container {container['name']} has the {name} request {request!r} and limit {limit!r}, one of "
                        f"which is not a quantity; write quantities such as '250m' or '64Mi'",
                    )
                elif asked > allowed:
                    yield (
                        workload.subject,
                        f"container {container['name']} requests {name} {request}, above its limit {limit}; "
                        f"raise the limit, or request less",
                    )
