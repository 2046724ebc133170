"""The units that are rendered one by one, each with all that it is made from.

A unit's inputs are complete: nothing else is handed to its constructs, so that nothing else can change its output.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from .values.base import Value
from .values.data import Json
from .values.environment import Environment, Role
from .values.release import Version
from .values.resolved_service import ResolvedService


class Component(Value):
    """A component of the platform: its name, which is its folder's, and the construct that makes it."""

    name: str
    """The name of its folder in `manifests/<cluster>/platform/`."""
    made_by: str
    """`package.module:Class`; the class takes a scope, the environment and the role."""


class PlatformInputs(Value):
    """What a platform component is made from."""

    component: Component
    environment: Environment
    role: Role


class SlotInputs(Value):
    """What one set of objects of a service is made from."""

    resolved: ResolvedService
    version: Version
    slot: str
    """`blue`, `green`, or nothing for kinds that have no slots."""
    at_peak: bool


class SharedInputs(Value):
    """What the slots of a service share is made from."""

    stable: ResolvedService
    candidate: ResolvedService | None
    stable_slot: str
    weights: dict[str, int]


@dataclass(frozen=True)
class Unit:
    """A piece of a cluster's manifests that is rendered, checked and cached as a whole."""

    id: str
    folder: str
    inputs: PlatformInputs | SlotInputs | SharedInputs
    sources: tuple[str, ...]
    """The files that a reader would change."""

    def key(self, library: str) -> str:
        """A digest of all that the output depends on; `library` stands for the code and the tools."""
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
    """What a cluster should be: its releases and rollouts, and the specs at head. JSON data, as files hold it."""

    cluster: str
    releases: Mapping[str, Json]
    rollouts: Mapping[str, Json]
    specs: Mapping[str, Json]

    def as_json(self) -> Json:
        """The fields of a line of the renderer's contract."""
        return {
            "cluster": self.cluster,
            "releases": dict(self.releases),
            "rollouts": dict(self.rollouts),
            "specs": dict(self.specs),
        }
