"""Dependencies between services: each one runs, none is circular, and none leads from the inside to the outside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from typing import NamedTuple

from .cluster import ClusterView
from .facts import DeclaredService
from .rule import Found, for_each_service, over

_Graph = dict[str, set[str]]


class _Caller(NamedTuple):
    name: str
    callees: tuple[str, ...]
    """The services that it depends on, without those for which it gives a reason for a circle."""


@for_each_service
def dependency_runs(service: DeclaredService, cluster: ClusterView) -> Found:
    """Every service that another one depends on runs in the same environment and has the port."""
    for asked in service["depends_on"]:
        callee = cluster.declared(asked["service"])
        if callee is None:
            yield (
                service["name"],
                f"depends on {asked['service']}, which does not run here; deploy it first, or remove the dependency",
            )
        elif not callee["ports"] or asked["port"] not in (None, *callee["ports"]):
            there = ", ".join(callee["ports"]) or "no ports"
            yield (
                service["name"],
                f"depends on port {asked['port'] or 'first'!r} of {asked['service']}, which has {there}; "
                f"name one of its ports",
            )


@for_each_service
def _callers(service: DeclaredService, cluster: ClusterView) -> Iterator[_Caller]:
    excused = {each["service"] for each in service["depends_on"] if each["cycle"]}
    yield _Caller(service["name"], tuple(sorted({each["service"] for each in service["depends_on"]} - excused)))


@over(_callers)
def no_circles(callers: Sequence[_Caller]) -> Found:
    """Services do not depend on each other in a circle, unless one of the dependencies gives a reason."""
    names = sorted({caller.name for caller in callers})
    graph: _Graph = {name: set() for name in names}
    for caller in callers:
        graph[caller.name].update(callee for callee in caller.callees if callee in graph)
    while circle := _circle(graph):
        for caller_name, callee in pairwise(circle):
            graph[caller_name].discard(callee)
        yield (
            circle[0],
            f"depends on itself: {' → '.join(circle)}; remove one of these dependencies, or give a reason with cycle=…",
        )


def _circle(graph: _Graph) -> list[str]:
    """One circle, from the service whose name comes first back to it; an empty list where there is no circle."""
    try:
        TopologicalSorter({name: sorted(callees) for name, callees in graph.items()}).prepare()
    except CycleError as error:
        # Each one is the predecessor of the next, so that callers come in reverse.
        members = list(reversed(error.args[1]))[1:]
        first = members.index(min(members))
        return [*members[first:], *members[:first], members[first]]
    return []


@for_each_service
def not_upward(service: DeclaredService, cluster: ClusterView) -> Found:
    """An internal service does not depend on one that is exposed to the outside, unless it gives a reason."""
    for asked in service["depends_on"]:
        callee = cluster.declared(asked["service"])
        if callee and callee["external"] and not service["external"] and not asked["upward"]:
            yield (
                service["name"],
                f"is internal but depends on {asked['service']}, which is exposed to the outside; "
                f"reverse the dependency, or give a reason with upward=…",
            )
