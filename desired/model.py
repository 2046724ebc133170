"""What an environment is at one commit: versions, rollouts, holds and the platform's pin. All values are frozen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, Protocol, TypeVar

from constructs_lib.environment import Environment
from constructs_lib.release import Pin, Release, ReleaseFile, Rollout, Slot, Time, Version
from constructs_lib.values import Service
from constructs_lib.values.base import Int, Line, Name, Reason, Value

Json = dict[str, Any]
T = TypeVar("T")


class Hold(Value):
    """Nobody changes this service, or this environment, until somebody takes the hold away or it expires."""

    reason: Reason
    """Why."""
    actor: Line
    """Who holds it."""
    until: Time | None = None
    """When it expires; never when not given."""


class Holds(ReleaseFile):
    """`releases/<environment>/holds.yaml`; there is no such file while nothing is held."""

    environment: Hold | None = None
    """On the whole environment."""
    services: dict[Name, Hold] = {}
    """On single services."""


class Observation(Value):
    """What somebody saw in a cluster. What nobody looked at is absent."""

    ready: dict[Name, Int] | None = None
    """Ready endpoints of each slot, as `checkout-green`."""
    requests: dict[Name, float] | None = None
    """Requests per second that services get."""
    applied: Line = ""
    """The commit that the applications' cluster has applied."""
    healthy_platform: Line = ""
    """The digest of the platform with which the ops cluster is healthy."""


class Layered(Mapping[str, T], Generic[T]):
    """A mapping with changes over it; what lies below is read only when it is asked for."""

    def __init__(self, below: Mapping[str, T], changes: Mapping[str, T | None] | None = None) -> None:
        self._below = below
        self.changes: Mapping[str, T | None] = dict(changes or {})
        """The new values; None for what was taken out."""

    def with_(self, key: str, value: T | None) -> Layered[T]:
        """The same with another value of this key, or without it."""
        return Layered(self._below, {**self.changes, key: value})

    def below(self, key: str) -> T | None:
        """The value before the changes."""
        return self._below.get(key)

    def __getitem__(self, key: str) -> T:
        if key not in self.changes:
            return self._below[key]
        value = self.changes[key]
        if value is None:
            raise KeyError(key)
        return value

    def __contains__(self, key: object) -> bool:
        return self.changes[key] is not None if key in self.changes else key in self._below  # type: ignore[index]

    def __iter__(self) -> Iterator[str]:
        yield from (key for key in self._below if key not in self.changes)
        yield from (key for key, value in self.changes.items() if value is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)


@dataclass(frozen=True)
class EnvironmentState:
    """The files of `releases/<environment>/` as values."""

    environment: Environment
    services: Layered[Release] = field(default_factory=lambda: Layered({}))
    rollouts: Layered[Rollout] = field(default_factory=lambda: Layered({}))
    platform: Pin | None = None
    holds: Holds = field(default_factory=lambda: Holds(schema=1))

    @property
    def name(self) -> str:
        """The environment's name."""
        return self.environment.name

    def with_service(self, name: str, release: Release | None) -> EnvironmentState:
        """The same with this release of a service, or without the service."""
        return replace(self, services=self.services.with_(name, release))

    def with_rollout(self, name: str, rollout: Rollout | None) -> EnvironmentState:
        """The same with this rollout, or without it."""
        return replace(self, rollouts=self.rollouts.with_(name, rollout))

    def rollout_of(self, service: str) -> tuple[str, Rollout] | None:
        """The rollout that the service is a member of, with its name."""
        return next(((name, each) for name, each in self.rollouts.items() if service in each.members), None)


@dataclass(frozen=True)
class Recipe:
    """The stable version of every service of an environment, and its platform, at one commit."""

    environment: str
    commit: str
    services: Mapping[str, Version]
    """With their specs, also where the environment follows `apps/`."""
    platform: Pin | None
    open_rollouts: tuple[str, ...]


class History(Protocol):
    """What commits say. A commit never changes, so that these are functions."""

    def spec(self, service: str, commit: str) -> Json | None:
        """The spec that `apps/` has at a commit; None where it has none."""

    def state(self, environment: str, commit: str) -> EnvironmentState | None:
        """The environment at a commit; None where it was not there."""

    def before(self, commit: str) -> str:
        """The commit before it."""

    def stood(self, environment: str, service: str, image: str) -> bool:
        """Whether this image ever was the stable one of a service while no rollout of it was open."""

    def platform_digest(self, commit: str) -> str:
        """The digest of the platform's code at a commit."""


@dataclass(frozen=True)
class State:
    """All environments at one commit, in the order of promotion, and what commits before it say."""

    commit: str
    environments: Mapping[str, EnvironmentState]
    history: History


@dataclass(frozen=True)
class Outcome:
    """The next state of an environment, and what a person should know about how it came to be."""

    state: EnvironmentState
    said: tuple[str, ...] = ()


def recipe(environment: EnvironmentState, commit: str, history: History) -> Recipe:
    """The recipe of an environment at a commit."""
    versions: dict[str, Version] = {}
    for name, release in environment.services.items():
        version = release.slots[release.stable]
        versions[name] = version if version.spec else with_spec(version, history.spec(name, commit))
    running = tuple(name for name, each in environment.rollouts.items() if each.phase == "open")
    return Recipe(environment.name, commit, versions, environment.platform, running)


def with_spec(version: Version, spec: Json | Service | None) -> Version:
    """The version with another spec written into it, or none."""
    return version.model_copy(update={"spec": Service.model_validate(spec) if spec is not None else None})


__all__ = [
    "EnvironmentState",
    "History",
    "Hold",
    "Holds",
    "Layered",
    "Observation",
    "Outcome",
    "Pin",
    "Recipe",
    "Release",
    "Rollout",
    "Slot",
    "State",
    "Version",
]
