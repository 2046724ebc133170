"""How a rule over a cluster is written: a function about one object, or one that joins what was said of all.

    @for_each("Service")
    def service_has_pods(service: Object, cluster: ClusterView) -> Found:
        \"\"\"The selector of every Service picks pods.\"\"\"
        if service["spec"].get("selector") and not cluster.pods_behind(service):
            yield subject(service), "…, and the remedy"

What such a function says is kept with the look-ups that it made, so it must look at nothing but its object and the
cluster that it is given. Where a rule compares everything with everything, `for_each` makes a small value of each
object, and `over` joins these:

    @over(_claims)
    def claims_are_distinct(claims: Sequence[_Claim]) -> Found:
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar

from ..values.data import Object
from .cluster import ClusterView
from .facts import DeclaredService
from .unit import UnitView
from .workloads import WORKLOADS, Workload

Found = Iterator[tuple[str, str]]
"""What a rule yields: the subject, and what is wrong with it, with the remedy."""
T = TypeVar("T")
_OBJECTS, _SERVICES = "all objects", "declared services"


class ForEach(Generic[T]):
    """What is said of each object of some kinds."""

    __name__: str

    def __init__(self, function: Callable[..., Iterator[T]], *about: str) -> None:
        self.steps: list[tuple[str, Callable[[Any, ClusterView], Iterator[T]]]] = [(each, function) for each in about]
        _named_like(self, function)

    def and_for_each(self, *kinds: str) -> Callable[[Callable[[Object, ClusterView], Iterator[T]]], ForEach[T]]:
        """The same rule has something to say of other kinds too."""

        def add(function: Callable[[Object, ClusterView], Iterator[T]]) -> ForEach[T]:
            self.steps += [(kind, function) for kind in kinds]
            return self

        return add


class Over(Generic[T]):
    """What is found when what was said of each object is laid side by side."""

    __name__: str

    def __init__(self, of: ForEach[T], join: Callable[[Sequence[T]], Found]) -> None:
        self.of, self.join = of, join
        _named_like(self, join)


def _named_like(rule: ForEach[Any] | Over[Any], function: Callable[..., Any]) -> None:
    rule.__name__, rule.__doc__, rule.__module__ = function.__name__, function.__doc__, function.__module__


def for_each(*kinds: str) -> Callable[[Callable[[Object, ClusterView], Iterator[T]]], ForEach[T]]:
    """A function about each object of these kinds."""
    return lambda function: ForEach(function, *kinds)


def for_each_object(function: Callable[[Object, ClusterView], Iterator[T]]) -> ForEach[T]:
    """A function about each object of any kind."""
    return ForEach(function, _OBJECTS)


def for_each_service(function: Callable[[DeclaredService, ClusterView], Iterator[T]]) -> ForEach[T]:
    """A function about what each service declared."""
    return ForEach(function, _SERVICES)


def for_each_workload(function: Callable[[Workload, ClusterView], Iterator[T]]) -> ForEach[T]:
    """A function about everything that makes pods."""
    return ForEach(function, *map(_pods_of, WORKLOADS))


def for_each_workload_of_a_service(function: Callable[[Workload, ClusterView], Iterator[T]]) -> ForEach[T]:
    """A function about everything that makes pods, without those of the platform."""
    return ForEach(function, *(f"{_pods_of(kind)} of a service" for kind in WORKLOADS))


def over(of: ForEach[T]) -> Callable[[Callable[[Sequence[T]], Found]], Over[T]]:
    """A function about all values that another one made of each object, in the order of kinds, units and objects."""
    return lambda join: Over(of, join)


def subjects(unit: UnitView, cluster: ClusterView) -> Mapping[str, Sequence[Any]]:
    """What the functions of rules are called with, for one unit of a cluster."""
    found: dict[str, list[Any]] = {**unit.by_kind, _OBJECTS: unit.objects, _SERVICES: [*unit.facts.services]}
    for workload in unit.workloads:
        about = _pods_of(workload.kind)
        found.setdefault(about, []).append(workload)
        if cluster.declared(workload.subject):
            found.setdefault(f"{about} of a service", []).append(workload)
    return found


def _pods_of(kind: str) -> str:
    return f"pods of {kind}"
