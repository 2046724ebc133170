"""The units of a cluster. Each unit is rendered on its own, from its own inputs.

The inputs of a unit are complete: its constructs get nothing else, so nothing else can change its output. The digest
of the inputs is therefore a valid cache key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from .values.base import Value
from .values.data import Json
from .values.environment import Environment, Role
from .values.release import Version
from .values.resolved_service import ResolvedService
from .values.text import Form

#: A name of which `platform-<name>` is a valid label: Flux labels objects with it.
_ComponentName = Annotated[
    str,
    Form(
        r"^[a-z]([-a-z0-9]{0,52}[a-z0-9])?$",
        "a name: lower-case letters, digits and '-', at most 54, beginning with a letter",
    ),
]


class Component(Value):
    """A component of the platform: its name and the construct that creates it."""

    name: _ComponentName
    """The name of its folder in `manifests/<cluster>/platform/`."""
    made_by: Annotated[str, Form(r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$", "a construct, such as 'envs.walls:Walls'")]
    """The construct, as `package.module:Class`. The class takes a scope, the environment and the role."""


class PlatformInputs(Value):
    """The inputs of a platform component."""

    component: Component
    environment: Environment
    role: Role


class SlotInputs(Value):
    """The inputs of the objects of one slot of a service."""

    resolved: ResolvedService
    version: Version
    slot: str
    """`blue` or `green`. Empty for kinds without slots."""
    at_peak: bool


class SharedInputs(Value):
    """The inputs of the objects that the slots of a service share."""

    stable: ResolvedService
    candidate: ResolvedService | None
    stable_slot: str
    weights: dict[str, int]


@dataclass(frozen=True)
class Unit:
    """A part of the manifests of a cluster that is rendered, checked and cached as a whole."""

    id: str
    folder: str
    inputs: PlatformInputs | SlotInputs | SharedInputs
    sources: tuple[str, ...]
    """The source files that a user edits to change the unit."""

    def key(self, library: str) -> str:
        """Return a digest of all inputs of the output. `library` is the digest of the code and the tools."""
        parts = [
            library,
            self.id,
            self.folder,
            *self.sources,
            type(self.inputs).__name__,
            self.inputs.model_dump_json(),
        ]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()


@dataclass(frozen=True)
class Request:
    """The desired state of a cluster: releases, rollouts, and the specs at head, as unvalidated JSON data."""

    cluster: str
    releases: Mapping[str, Json]
    rollouts: Mapping[str, Json]
    specs: Mapping[str, Json]

    def as_json(self) -> Json:
        """Return the request as JSON data. This is part of the renderer's contract."""
        return {
            "cluster": self.cluster,
            "releases": dict(self.releases),
            "rollouts": dict(self.rollouts),
            "specs": dict(self.specs),
        }
