"""Who depends on whom: what is named runs, nothing goes in circles, and nothing inside leans on what is outside."""

from __future__ import annotations

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from typing import Any

from .index import Found, Index

_Graph = dict[str, set[str]]


def dependency_runs(index: Index) -> Found:
    """Every service that another one depends on runs here too, with that port."""
    for name, _, each in _edges(index):
        callee = index.declared.get(each["service"])
        if callee is None:
            yield name, f"depends on {each['service']}, which does not run here; deploy it first, or take it out"
        elif not callee["ports"] or each["port"] not in (None, *callee["ports"]):
            there = ", ".join(callee["ports"]) or "no port"
            yield (
                name,
                f"depends on the port {each['port'] or 'first'!r} of {each['service']}, which has {there}; "
                f"name one of its ports",
            )


def no_circles(index: Index) -> Found:
    """Services do not depend on each other in a circle, unless one of the dependencies says why."""
    graph: _Graph = {name: set() for name in sorted(index.declared)}
    excused = {(name, each["service"]) for name, _, each in _edges(index) if each["cycle"]}
    for name, _, each in _edges(index):
        if each["service"] in graph and (name, each["service"]) not in excused:
            graph[name].add(each["service"])
    while circle := _circle(graph):
        for caller, callee in pairwise(circle):
            graph[caller].discard(callee)
        yield (
            circle[0],
            f"depends on itself: {' → '.join(circle)}; take one of these dependencies out, or say why with cycle=…",
        )


def _circle(graph: _Graph) -> list[str]:
    """One circle, beginning and ending with the service whose name comes first; nothing where there is none."""
    try:
        TopologicalSorter({name: sorted(callees) for name, callees in graph.items()}).prepare()
    except CycleError as error:
        # Each one is the predecessor of the next, so that callers come in reverse.
        members = list(reversed(error.args[1]))[1:]
        first = members.index(min(members))
        return [*members[first:], *members[:first], members[first]]
    return []


def not_upward(index: Index) -> Found:
    """A service that only others inside reach does not depend on one that people outside reach."""
    for name, service, each in _edges(index):
        callee = index.declared.get(each["service"])
        if callee and callee["external"] and not service["external"] and not each["upward"]:
            yield (
                name,
                f"is inside and depends on {each['service']}, which people outside reach; "
                f"turn the dependency round, or say why with upward=…",
            )


def _edges(index: Index) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Each service, what it declared, and each dependency of it."""
    for name, service in index.declared.items():
        for each in service["depends_on"]:
            yield name, service, each
