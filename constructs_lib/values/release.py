"""The files of `releases/`: the versions that an environment runs, and their shares of the traffic."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from .base import SCHEMA, Image, Int, Line, Name, Value
from .data import Json
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
    """Return the other slot."""
    return "green" if slot == "blue" else "blue"


class ReleaseFile(Value):
    """The fields that all files of `releases/` have."""

    stands_alone: ClassVar[bool] = True

    schema_: Exactly[Literal[1]] = Field(alias="schema")
    """The version of the file format."""

    def as_file(self) -> Json:
        """Return the content of the file as JSON data: the fields that were set, and the version of each format."""
        return {"schema": self.schema_, **{k: v for k, v in self.written().items() if k != "schema_"}}


class Version(Value):
    """A version of a service, which is promoted through the environments: an image, its source, and its spec."""

    image: Image
    """The image by digest."""
    commit: Commit | None = None
    """The commit that the image was built from."""
    ref: Line = ""
    """The branch or tag that it was built from."""
    since: Time
    """When the version was deployed to this slot."""
    spec: Service | None = None
    """The spec. Optional only in the stable slot of an environment that follows `apps/`."""


_NUMBER = re.compile(r"v?[0-9]+(\.[0-9]+)+([-+.][A-Za-z0-9.+-]*)?\Z")


def version_number(ref: str) -> str:
    """Return the ref if it is the number of a version, such as `2.2.0`, or an empty string.

    A tag names one version. A branch, such as `main`, names many.
    """
    return ref if _NUMBER.match(ref) else ""


def is_placeholder(text: str) -> bool:
    """Return whether a text holds a placeholder digest, `sha256:0000…`, which no registry has."""
    return f"sha256:{'0' * 32}" in text


def short_digest(image: str) -> str:
    """Return twelve digits of an image's digest, which tell it apart from others.

    These are the first ones, or the last ones of a placeholder, which is `sha256:0000…`.
    """
    digits = image.rpartition(":")[2]
    return digits[-12:] if is_placeholder(image) else digits[:12]


class Release(ReleaseFile):
    """The file `releases/<environment>/<service>.yaml`. A service runs in an environment only if this file exists."""

    stable: Slot
    """The stable slot."""
    slots: dict[Slot, Version]
    """The version in each slot. Without a rollout, only the stable slot has one."""

    @model_validator(mode="after")
    def _has_stable(self) -> Self:
        if self.stable not in self.slots:
            raise ValueError(f"slots must hold the stable one, got stable {self.stable!r} and slots {list(self.slots)}")
        return self

    def as_file(self) -> Json:  # noqa: D102 - as above
        slots = {
            slot: version.written() | ({"spec": version.spec.written()} if version.spec else {})
            for slot, version in sorted(self.slots.items())
        }
        return {"schema": self.schema_, "stable": self.stable, "slots": slots}


class Rollout(ReleaseFile):
    """The file `releases/<environment>/rollouts/<name>.yaml`: new versions that share one traffic setting."""

    phase: Literal["open", "finalized"]
    """`open` while traffic shifts; `finalized` after the new slots became stable, until the rollout is closed."""
    share: Annotated[Int, Field(ge=0, le=100)]
    """The percentage of the traffic that the new slots of the members get."""
    members: dict[Name, Slot]
    """The services of the rollout, and the new slot of each."""

    @field_validator("members")
    @classmethod
    def _some(cls, members: dict[str, Slot]) -> dict[str, Slot]:
        if not members:
            raise ValueError("must name at least one service; remove the file if none is left")
        return members


def share_problem(routed: Collection[str], share: int) -> str:
    """Return why a rollout with these routed members cannot have this share, or an empty string if it can.

    The route of each member decides independently, so shares multiply: 40 % of 40 % is 16 %.
    """
    if len(routed) < 2 or share in (0, 100):
        return ""
    names = ", ".join(sorted(routed))
    return (
        f"the rollout moves several services with a route ({names}), so their shares would multiply. "
        f"Set its share to 0 or 100, got {share}"
    )


class Pin(ReleaseFile):
    """The file `releases/<environment>/platform.yaml`: the commit whose code renders the apps cluster."""

    commit: Annotated[str, Form(r"^[0-9a-f]{40,64}$", "the whole id of a commit: 40 to 64 hexadecimal digits")]
    """The full id of the commit."""
    tag: Line = ""
    """The tag that named the commit when it was pinned."""


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
    "is_placeholder",
    "other",
    "share_problem",
    "short_digest",
    "version_number",
]
