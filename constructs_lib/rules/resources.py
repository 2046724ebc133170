"""What containers reserve, and how much they may use."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache

from ..values import amount
from .index import Found, Index


@lru_cache(maxsize=4096)
def quantity(said: str | int) -> Decimal | None:
    """A Kubernetes quantity as a number; None for what is none."""
    try:
        return amount(str(said))
    except ValueError:
        return None


def resources_are_given(index: Index) -> Found:
    """Every container reserves CPU and memory, and has a limit of memory."""
    for workload in index.workloads:
        for container in workload.containers:
            resources = container.get("resources") or {}
            said = {f"{group}.{name}" for group, values in resources.items() for name in values or ()}
            for missing in ("requests.cpu", "requests.memory", "limits.memory"):
                if missing not in said:
                    yield workload.subject, f"the container {container['name']} has no {missing}; give it a size"


def requests_within_limits(index: Index) -> Found:
    """No container reserves more than it may use."""
    for workload in index.workloads:
        for container in workload.containers:
            resources = container.get("resources") or {}
            limits = resources.get("limits") or {}
            for name, request in (resources.get("requests") or {}).items():
                limit = limits.get(name, request)
                asked, allowed = quantity(request), quantity(limit)
                if asked is None or allowed is None:
                    yield (
                        workload.subject,
                        f"the container {container['name']} says {name} {request!r} and {limit!r}, of which one is "
                        f"no quantity; write it as '250m' or '64Mi'",
                    )
                elif asked > allowed:
                    yield (
                        workload.subject,
                        f"the container {container['name']} reserves {name} {request}, above its limit {limit}; "
                        f"raise the limit, or reserve less",
                    )
