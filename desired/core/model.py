"""What an environment is at one commit: versions, rollouts, holds and the platform's pin. All values are frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from constructs_lib import Environment, Pin, Release, Rollout, Slot, Version
from constructs_lib.values import Service
from constructs_lib.values.base import Int, Line, Name, Reason, Value
from constructs_lib.values.data import Json
from constructs_lib.values.release import ReleaseFile, Time

T = TypeVar("T")


class HoldEntry(Value):
    """Stops changes of a service or an environment until someone removes the hold or it expires."""

    reason: Reason
    """Why."""
    actor: Line
    """Who holds it."""
    until: Time | None = None
    """When it expires. Default: never."""


class Holds(ReleaseFile):
    """`releases/<environment>/holds.yaml`; the file exists only while something is held."""

    environment: HoldEntry | None = None
    """On the whole environment."""
    services: dict[Name, HoldEntry] = {}
    """On single services."""


class Observation(Value):
    """What was found in the clusters of an environment. A field is None or empty if it was not checked."""

    ready: dict[Name, Int] | None = None
    """Ready endpoints of each slot, as `checkout-green`."""
    requests: dict[Name, float] | None = None
    """Requests per second that services get."""
    applied: Line = ""
    """The commit that the applications' cluster has applied."""
    healthy_platform: Line = ""
    """The digest of the platform with which the ops cluster is healthy."""


@dataclass(frozen=True)
class EnvironmentState:
    """The files of `releases/<environment>/` as values."""

    environment: Environment
    releases: Mapping[str, Release] = field(default_factory=dict)
    """By service."""
    rollouts: Mapping[str, Rollout] = field(default_factory=dict)
    """By name."""
    platform: Pin | None = None
    holds: Holds = field(default_factory=lambda: Holds(schema=1))
    signers: tuple[str, ...] = ()
    """Lines of the allowed-signers file; none where no signature is needed."""

    @property
    def name(self) -> str:
        """The environment's name."""
        return self.environment.name

    def with_release(self, service: str, release: Release | None) -> EnvironmentState:
        """The same with this release of a service, or without the service."""
        return replace(self, releases=_with(self.releases, service, release))

    def with_rollout(self, name: str, rollout: Rollout | None) -> EnvironmentState:
        """The same with this rollout, or without it."""
        return replace(self, rollouts=_with(self.rollouts, name, rollout))

    def rollout_of(self, service: str) -> tuple[str, Rollout] | None:
        """The rollout that the service is a member of, with its name."""
        return next(((name, each) for name, each in self.rollouts.items() if service in each.members), None)


def _with(mapping: Mapping[str, T], key: str, value: T | None) -> Mapping[str, T]:
    rest = {name: each for name, each in mapping.items() if name != key}
    return rest if value is None else {**rest, key: value}


def changed(before: Mapping[str, T], after: Mapping[str, T]) -> list[str]:
    """The keys whose values differ, in order. What is the same object is not compared."""
    return sorted(
        key for key in {*before, *after} if (old := before.get(key)) is not (new := after.get(key)) and old != new
    )


@dataclass(frozen=True)
class Recipe:
    """The stable version of every service of an environment, and its platform, at one commit."""

    environment: str
    commit: str
    versions: Mapping[str, Version]
    """By service, with their specs, also where the environment follows `apps/`."""
    platform: Pin | None
    open_rollouts: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """The next state of an environment, and what a person should know about how it came to be."""

    state: EnvironmentState
    notes: tuple[str, ...] = ()


def recipe(state: EnvironmentState, commit: str, specs: Mapping[str, Json]) -> Recipe:
    """The recipe of an environment at a commit, at which `apps/` has these specs."""
    versions: dict[str, Version] = {}
    for name, release in state.releases.items():
        version = release.slots[release.stable]
        versions[name] = version if version.spec else with_spec(version, specs.get(name))
    running = tuple(name for name, each in state.rollouts.items() if each.phase == "open")
    return Recipe(state.name, commit, versions, state.platform, running)


def with_spec(version: Version, spec: Json | Service | None) -> Version:
    """The version with another spec written into it, or none."""
    return version.model_copy(update={"spec": Service.model_validate(spec) if spec is not None else None})


__all__ = [
    "EnvironmentState",
    "HoldEntry",
    "Holds",
    "Observation",
    "Outcome",
    "Pin",
    "Recipe",
    "Release",
    "Rollout",
    "Slot",
    "Version",
]
