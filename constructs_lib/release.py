"""The files of `releases/`: which versions of a service an environment has, and the share that each gets."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from .values import SCHEMA, Service, Value
from .values.base import Image, Int, Line, Name

Slot = Literal["blue", "green"]
Commit = Annotated[str, Field(pattern=r"^[0-9a-f]{7,64}$", strict=True)]
Time = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", strict=True)]


def other(slot: Slot) -> Slot:
    """The slot that is not this one."""
    return "green" if slot == "blue" else "blue"


class _File(Value):
    schema_: Literal[1] = Field(alias="schema")


class Version(Value):
    """What moves through the environments: an image, where it was built from, and the spec that goes with it."""

    image: Image
    commit: Commit | None = None
    """The commit that the image was built from."""
    ref: Line = ""
    """The branch or tag that it was built from."""
    since: Time
    """When it entered this slot."""
    spec: Service | None = None
    """Absent only in the stable slot of an environment that follows `apps/`."""


class Release(_File):
    """`releases/<environment>/<service>.yaml`: a service runs in an environment exactly if this file exists."""

    stable: Slot
    slots: dict[Slot, Version]

    @model_validator(mode="after")
    def _has_stable(self) -> Self:
        if self.stable not in self.slots:
            raise ValueError(f"slots must hold the stable one, got stable {self.stable!r} and slots {list(self.slots)}")
        return self


class Rollout(_File):
    """`releases/<environment>/rollouts/<name>.yaml`: versions that move in together behind one share."""

    phase: Literal["open", "finalized"]
    share: Annotated[Int, Field(ge=0, le=100)]
    """Per cent of the traffic that the members' new slots get."""
    members: dict[Name, Slot]
    """Services, and the slot that each moves to."""


class Pin(_File):
    """`releases/<environment>/platform.yaml`: the commit whose code renders the environment's apps cluster."""

    commit: Annotated[str, Field(pattern=r"^[0-9a-f]{40,64}$", strict=True)]
    tag: Line = ""


__all__ = ["SCHEMA", "Commit", "Pin", "Release", "Rollout", "Slot", "Version", "other"]
