"""The files of `releases/`: which versions of a service an environment has, and the share that each gets."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from .base import SCHEMA, Image, Int, Line, Name, Value
from .service import Service
from .text import Form
from .types import Exactly

Slot = Literal["blue", "green"]
Commit = Annotated[str, Form(r"^[0-9a-f]{7,64}$", "the id of a commit: 7 to 64 hexadecimal digits")]
Time = Annotated[
    str,
    Form(
        r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z$",
        "a time in UTC, such as '2026-11-02T09:30:00Z'",
    ),
]


def other(slot: Slot) -> Slot:
    """The slot that is not this one."""
    return "green" if slot == "blue" else "blue"


class ReleaseFile(Value):
    """What all files of `releases/` begin with."""

    stands_alone: ClassVar[bool] = True

    schema_: Exactly[Literal[1]] = Field(alias="schema")
    """The version of this form."""

    def as_file(self) -> dict[str, Any]:
        """The content of the file, as JSON data: what was set, each spec with the version of its form."""
        return {"schema": self.schema_, **{k: v for k, v in self.written().items() if k != "schema_"}}


class Version(Value):
    """What moves through the environments: an image, where it was built from, and the spec that goes with it."""

    image: Image
    """The image by digest."""
    commit: Commit | None = None
    """The commit that the image was built from."""
    ref: Line = ""
    """The branch or tag that it was built from."""
    since: Time
    """When it entered this slot."""
    spec: Service | None = None
    """Absent only in the stable slot of an environment that follows `apps/`."""


class Release(ReleaseFile):
    """`releases/<environment>/<service>.yaml`: a service runs in an environment exactly if this file exists."""

    stable: Slot
    """The slot that is stable."""
    slots: dict[Slot, Version]
    """The versions of the slots; the other one is absent when closed."""

    @model_validator(mode="after")
    def _has_stable(self) -> Self:
        if self.stable not in self.slots:
            raise ValueError(f"slots must hold the stable one, got stable {self.stable!r} and slots {list(self.slots)}")
        return self

    def as_file(self) -> dict[str, Any]:  # noqa: D102 - as above
        slots = {
            slot: version.written() | ({"spec": version.spec.written()} if version.spec else {})
            for slot, version in sorted(self.slots.items())
        }
        return {"schema": self.schema_, "stable": self.stable, "slots": slots}


class Rollout(ReleaseFile):
    """`releases/<environment>/rollouts/<name>.yaml`: versions that move in together behind one share."""

    phase: Literal["open", "finalized"]
    """`open`, or `finalized` until it is closed."""
    share: Annotated[Int, Field(ge=0, le=100)]
    """Per cent of the traffic that the members' new slots get."""
    members: dict[Name, Slot]
    """Services, and the slot that each moves to."""

    @field_validator("members")
    @classmethod
    def _some(cls, members: dict[str, Slot]) -> dict[str, Slot]:
        if not members:
            raise ValueError("must name at least one service; remove the file if none is left")
        return members


def share_problem(routed: Collection[str], share: int) -> str:
    """Why a rollout with these routed members cannot have a share. Empty where it can.

    Each member's route would decide by itself, so that shares multiply: 40 % of 40 % is 16 %.
    """
    if len(routed) < 2 or share in (0, 100):
        return ""
    names = ", ".join(sorted(routed))
    return (
        f"the rollout moves several services with a route ({names}), so their shares would multiply. "
        f"Set its share to 0 or 100, got {share}"
    )


class Pin(ReleaseFile):
    """`releases/<environment>/platform.yaml`: the commit whose code renders the environment's apps cluster."""

    commit: Annotated[str, Form(r"^[0-9a-f]{40,64}$", "the whole id of a commit: 40 to 64 hexadecimal digits")]
    """The commit, whole."""
    tag: Line = ""
    """The tag that it was known by."""


__all__ = [
    "SCHEMA",
    "Commit",
    "Pin",
    "Release",
    "ReleaseFile",
    "Rollout",
    "Slot",
    "Time",
    "Version",
    "other",
    "share_problem",
]
