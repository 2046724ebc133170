"""The plans of clusters: made once, kept, and after a change made again only for the services that it can touch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from constructs_lib.values.data import Json

from .cache import Cache
from .inputs import Target
from .manifests import PlannedUnit
from .source import HEAD

_KEPT = 16
Ask = Callable[..., list[Json]]
"""Puts a question to the code of a target: `ask(target, "plan", **more)`."""


@dataclass(frozen=True)
class _Record:
    """A plan, and what it was made from."""

    key: str
    cluster: str
    code_key: str
    digests: dict[str, str]
    """Of each service's inputs."""
    units: list[PlannedUnit] = field(default_factory=list)

    def as_json(self) -> Json:
        units = [[each.id, each.key, each.folder, each.sources] for each in self.units]
        return {
            "key": self.key,
            "cluster": self.cluster,
            "code_key": self.code_key,
            "digests": self.digests,
            "units": units,
        }

    @classmethod
    def of(cls, data: Json) -> _Record:
        units = [PlannedUnit(id_, key, folder, tuple(sources)) for id_, key, folder, sources in data["units"]]
        return cls(data["key"], data["cluster"], data["code_key"], data["digests"], units)


class Plans:
    """Plans of clusters by what they were made from. The newest one of each cluster outlives this process."""

    def __init__(self, ask: Ask, cache: Cache) -> None:
        self._ask, self._cache = ask, cache
        self._records: dict[str, _Record] = {}

    def plan(self, target: Target) -> list[PlannedUnit]:
        """The units of a cluster, the platform's first, then those of the services by name. Raises Problem."""
        if found := self._records.get(target.key):
            return found.units
        note = f"plan 1\0{HEAD if target.code.name == HEAD else 'commit'}\0{target.cluster}"
        newest = self._newest(target, note)
        if newest and newest.key == target.key:
            return self._keep(newest).units
        units = self._replanned(newest, target) if newest and newest.code_key == target.code_key else None
        if units is None:
            units = sorted(_units(self._ask(target, "plan")), key=_order)
        record = self._keep(_Record(target.key, target.cluster, target.code_key, target.inputs.digests, units))
        self._cache.take_note(note, record.as_json())
        return record.units

    def _newest(self, target: Target, note: str) -> _Record | None:
        """The newest plan of the cluster by the same code: what one operation leaves, the next finds."""
        for record in reversed(self._records.values()):
            if (record.cluster, record.code_key) == (target.cluster, target.code_key):
                return record
        data = self._cache.note(note)
        return _Record.of(data) if data else None

    def _replanned(self, before: _Record, target: Target) -> list[PlannedUnit] | None:
        """The plan after a change; None if the code cannot say what the change touches, or if it touches everything."""
        old, new = before.digests, target.inputs.digests
        changed = sorted(name for name in {*old, *new} if old.get(name) != new.get(name))
        answers: list[Json] = self._ask(target, "plan", changed=changed)
        if not answers or "touched" not in answers[0]:
            return sorted(_units(answers), key=_order) if answers else None
        touched = {*changed, *answers[0]["touched"]}
        same = [unit for unit in before.units if unit.service not in touched]
        return sorted(same + _units(answers[1:]), key=_order)

    def _keep(self, record: _Record) -> _Record:
        self._records.pop(record.key, None)
        self._records[record.key] = record
        if len(self._records) > _KEPT:
            self._records.pop(next(iter(self._records)))
        return record


def _units(answers: list[Json]) -> list[PlannedUnit]:
    return [PlannedUnit(each["unit"], each["key"], each["folder"], tuple(each["sources"])) for each in answers]


def _order(unit: PlannedUnit) -> tuple[bool, str]:
    """The platform first, then the services by name; of one, as they were planned."""
    platform = unit.service == "platform"
    return not platform, "" if platform else unit.service
