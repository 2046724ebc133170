"""What became of an operation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from constructs_lib.values.data import Json

from ..git import Content


@dataclass(frozen=True)
class OperationResult:
    """What became of an operation."""

    commit: str
    """The commit that `live` is at with it."""
    title: str
    """What was done, in one line."""
    notes: tuple[str, ...] = ()
    """What a person should know."""
    changes: Mapping[str, Content] = field(default_factory=dict)
    """What it changes, by path."""
    status: str = "live"
    """`live`; `unchanged` if there was nothing to change; `repeated` for a key that was used before; `planned`."""

    unused: tuple[str, ...] = ()
    """Those of the notes that say which code of `main` is not used, and why."""

    def as_json(self) -> Json:
        """For programs."""
        return {
            "commit": self.commit,
            "status": self.status,
            "title": self.title,
            "notes": list(self.notes),
            "changed": sorted(self.changes),
            "unused_code": list(self.unused),
        }
