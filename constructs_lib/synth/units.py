"""The units that are rendered one by one, each with all that it is made from.

A unit's inputs are complete: nothing else is handed to its constructs, so that nothing else can change its output.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..environment import Environment, Placed, Role
from ..release import Version
from ..values import Value

Json = dict[str, Any]


class Component(Value):
    """A component of the platform: its name, which is its folder's, and the construct that makes it."""

    name: str
    made_by: str
    """`package.module:Class`; the class takes a scope, the environment and the role."""


class PlatformInputs(Value):
    """What a platform component is made from."""

    component: Component
    environment: Environment
    role: Role


class SlotInputs(Value):
    """What one set of objects of a service is made from."""

    placed: Placed
    version: Version
    slot: str
    """`blue`, `green`, or nothing for kinds that have no slots."""
    at_peak: bool


class FrontInputs(Value):
    """What the slots of a service share is made from."""

    stable: Placed
    candidate: Placed | None
    stable_slot: str
    weights: dict[str, int]


@dataclass(frozen=True)
class Unit:
    """A piece of a cluster's manifests that is rendered, checked and cached as a whole."""

    id: str
    folder: str
    inputs: PlatformInputs | SlotInputs | FrontInputs
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


@dataclass
class Request:
    """What a cluster should be: its releases and rollouts, and the specs at head. JSON data, as files hold it."""

    cluster: str
    releases: Mapping[str, Json]
    rollouts: Mapping[str, Json]
    specs: Mapping[str, Json]

    def as_json(self) -> Json:
        """For the renderer."""
        return {
            "cluster": self.cluster,
            "releases": dict(self.releases),
            "rollouts": dict(self.rollouts),
            "specs": dict(self.specs),
        }


def canonical(data: object) -> str:
    """JSON that is the same for the same data, whatever the order of its keys."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
