"""The objects of a whole cluster, unit by unit, and which look-ups a rule made among them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar, TypeVarTuple

from ..parts.names import GATEWAYS, INTERNAL
from ..values.data import Object
from .attachments import Attachment, attachments_of, proxies
from .facts import DeclaredService
from .lookups import Key, Lookups
from .objects import namespace_of
from .policies import Policies
from .same import same
from .unit import UnitView
from .workloads import Pods, Workload

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class _Kept(NamedTuple):
    made: Any
    read: set[Key]
    make: Callable[..., object]
    about: tuple[object, ...]


class ClusterView(Lookups):
    """What the rules over a whole cluster look things up in."""

    def __init__(self) -> None:
        self.units: Mapping[str, UnitView] = {}
        self.read: set[Key] = set()
        """The keys that were looked up since somebody emptied this."""
        self.policies = Policies(self)
        self._at: dict[Key, tuple[UnitView, ...]] = {}
        self._kept: dict[Key, _Kept] = {}

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

    def kept(self, key: Key, make: Callable[[*Ts], T], *about: *Ts) -> T:
        """What `make` made of look-ups, as long as they have the same answers. The key counts as looked up."""
        if key not in self._kept:
            outer, self.read = self.read, set()
            try:
                self._kept[key] = _Kept(make(*about), self.read, make, about)
            finally:
                self.read = outer
        self.read.add(key)
        found: T = self._kept[key].made
        return found

    def attachments(self, route: Object) -> list[Attachment]:
        """A route with each listener that accepts it."""
        return list(attachments_of(self, route))

    def proxies(self, gateway: Object) -> Pods:
        """The pods that serve a gateway."""
        namespace, name = namespace_of(gateway), gateway["metadata"]["name"]
        return self.kept(("proxies", namespace, name), self._proxies, namespace, name)

    def _proxies(self, namespace: str, name: str) -> Pods:
        gateway = self.get("Gateway", namespace, name)
        return proxies(name, gateway["spec"]["listeners"] if gateway else [])

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

    def exchange(self, units: Mapping[str, UnitView]) -> set[Key]:
        """Let the cluster consist of these units, in this order. Returns the keys that have another answer now."""
        gone = [unit for key, unit in self.units.items() if key not in units]
        come = [unit for key, unit in units.items() if key not in self.units]
        if not self.units:
            self._take(units, (), come)
            return set()  # nothing was looked up yet
        touched = {key for unit in (*gone, *come) for key in unit.entries}
        before = {key: self._answers(key) for key in touched}
        self._take(units, gone, come)
        changed = {key for key in touched if not same(before[key], self._answers(key))}
        return changed | self._renew(changed)

    def _renew(self, changed: set[Key]) -> set[Key]:
        """Make again what was made of these look-ups. Returns the keys of what is another thing now."""
        renewed: set[Key] = set()
        while changed:
            stale = {key: kept for key, kept in self._kept.items() if not kept.read.isdisjoint(changed)}
            for key in stale:
                del self._kept[key]
            changed = {
                key for key, kept in stale.items() if not same([kept.made], [self.kept(key, kept.make, *kept.about)])
            }
            renewed |= changed
        return renewed

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
