"""The objects of one unit: a slot, what slots share, or a component of the platform."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, TypeVar, TypeVarTuple

from ..values.data import Object
from .facts import RuleFacts
from .lookups import Entries, Key, Lookups, entries
from .workloads import Workload, workloads_of

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class UnitView(Lookups):
    """RuleFacts of a unit, by kind, by name, and by the pods that they make. Everything is looked through once."""

    def __init__(self, facts: RuleFacts) -> None:
        self.facts = facts
        self.spec = facts.unit
        """What the spec behind the unit declared; empty for the platform."""
        self.objects = facts.objects
        self._kept: dict[Key, Any] = {}

    @cached_property
    def by_kind(self) -> Mapping[str, list[Object]]:
        """The objects of each kind."""
        found: dict[str, list[Object]] = defaultdict(list)
        for each in self.objects:
            found[str(each.get("kind"))].append(each)
        return found

    def kinds(self, *kinds: str) -> Iterator[Object]:
        """The objects of these kinds."""
        for kind in kinds:
            yield from self.by_kind.get(kind, ())

    @cached_property
    def workloads(self) -> list[Workload]:
        """Everything that makes pods, in the order of kinds."""
        return list(workloads_of(self.by_kind))

    @cached_property
    def entries(self) -> Entries:
        """What the unit answers under each key that rules look up."""
        return entries(self.facts.services, self.by_kind, self.workloads)

    def answers(self, key: Key) -> Sequence[Any]:
        """Everything under a key."""
        return self.entries.get(key, ())

    def kept(self, key: Key, make: Callable[[*Ts], T], *about: *Ts) -> T:
        """What `make` made, made once: a unit does not change."""
        if key not in self._kept:
            self._kept[key] = make(*about)
        found: T = self._kept[key]
        return found
