"""The objects of a whole cluster, unit by unit, and which look-ups a rule made among them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from ..parts.names import GATEWAYS, INTERNAL
from .attachments import Attachment, attachments_of, proxies
from .facts import DeclaredService, Object
from .lookups import Key, Lookups
from .objects import namespace_of
from .policies import Policies
from .same import same
from .unit import UnitView
from .workloads import Pods, Workload

T = TypeVar("T")


class ClusterView(Lookups):
    """What the rules over a whole cluster look things up in."""

    def __init__(self) -> None:
        self.units: Mapping[str, UnitView] = {}
        self.read: set[Key] = set()
        """The keys that were looked up since somebody emptied this."""
        self.policies = Policies(self)
        self._at: dict[Key, tuple[UnitView, ...]] = {}
        self._kept: dict[Key, tuple[Any, frozenset[Key]]] = {}

    # Look-ups

    def answers(self, key: Key) -> Sequence[Any]:
        """Everything under a key, in the order of units and objects. Notes that it was asked for."""
        self.read.add(key)
        return self._answers(key)

    def _answers(self, key: Key) -> Sequence[Any]:
        units = self._at.get(key)
        if not units:
            return ()
        if len(units) == 1:
            return units[0].entries[key]
        return [each for unit in units for each in unit.entries[key]]

    def kept(self, key: Key, make: Callable[[], T]) -> T:
        """What `make` made of look-ups, as long as they have the same answers. Who asks for it has asked for them."""
        if key not in self._kept:
            outer, self.read = self.read, set()
            try:
                made = make()
                self._kept[key] = made, frozenset(self.read)
            finally:
                self.read = outer
        found: T
        found, read = self._kept[key]
        self.read |= read
        return found

    def attachments(self, route: Object) -> list[Attachment]:
        """A route with each listener that accepts it."""
        key = ("attachments", route["kind"], namespace_of(route), route["metadata"]["name"])
        return self.kept(key, partial(self._attachments, route))

    def _attachments(self, route: Object) -> list[Attachment]:
        self.twins(route)  # looked up so that a changed route has other attachments
        return list(attachments_of(self, route))

    def proxies(self, gateway: Object) -> Pods:
        """The pods that serve a gateway."""
        name = gateway["metadata"]["name"]
        return self.kept(("proxies", namespace_of(gateway), name), partial(self._proxies, gateway))

    def _proxies(self, gateway: Object) -> Pods:
        self.twins(gateway)  # looked up so that a changed gateway makes other proxies
        return proxies(gateway["metadata"]["name"], gateway["spec"]["listeners"])

    @property
    def internal(self) -> Pods | None:
        """The proxies that callers inside go through; None where there is no such gateway."""
        gateway = self.get("Gateway", GATEWAYS, INTERNAL)
        return self.proxies(gateway) if gateway else None

    def calls(self, workload: Workload) -> Iterator[tuple[DeclaredService, str]]:
        """What the spec of a workload's slot calls, as far as it runs here: the callee, and the port's name."""
        declared = self.declared(workload.subject)
        for name, asked in declared["calls"].get(workload.slot, ()) if declared else ():
            callee = self.declared(name or "")
            port = (asked or next(iter(callee["ports"]), "")) if callee else ""
            if callee and port in callee["ports"]:
                yield callee, port

    # Changes

    def exchange(self, units: Mapping[str, UnitView]) -> Collection[Key]:
        """Let the cluster consist of these units, in this order. Returns the keys that have another answer now."""
        gone = [unit for key, unit in self.units.items() if key not in units]
        come = [unit for key, unit in units.items() if key not in self.units]
        if not self.units:
            self._take(units, (), come)
            return ()  # nothing was looked up yet
        touched = {key for unit in (*gone, *come) for key in unit.entries}
        before = {key: self._answers(key) for key in touched}
        self._take(units, gone, come)
        changed = {key for key in touched if not same(before[key], self._answers(key))}
        self._kept = {key: kept for key, kept in self._kept.items() if kept[1].isdisjoint(changed)}
        return changed

    def _take(self, units: Mapping[str, UnitView], gone: Collection[UnitView], come: Collection[UnitView]) -> None:
        place = {unit: number for number, unit in enumerate(units.values())}
        for key in {key for unit in gone for key in unit.entries}:
            self._at[key] = tuple(unit for unit in self._at[key] if unit in place)
            if not self._at[key]:
                del self._at[key]
        for unit in come:
            alone = (unit,)
            for key in unit.entries:
                there = self._at.get(key)
                self._at[key] = (*there, unit) if there else alone
                if there and place[there[-1]] > place[unit]:
                    self._at[key] = tuple(sorted(self._at[key], key=place.__getitem__))
        self.units = units
