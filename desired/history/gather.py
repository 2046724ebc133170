"""Looks up the facts that a decision rests on, before it is made."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Protocol

from constructs_lib.values import Environment
from constructs_lib.values.data import Json

from ..core.facts import At, Facts, known_environment, needs
from ..core.model import EnvironmentState, Observation, Recipe, recipe
from ..core.operations import Operation


class Records(Protocol):
    """What commits say; see `Log`."""

    def specs(self, commit: str) -> Mapping[str, Json]:
        """The specs that `apps/` has at a commit."""

    def followed(self, environment: Environment, commit: str) -> Mapping[str, Json]:
        """The specs of `apps/` that an environment follows at an entry of the log."""

    def state(self, environment: str, commit: str) -> EnvironmentState | None:
        """The environment at a commit; None if it did not exist."""

    def entry(self, commit: str) -> str:
        """The newest entry of the log at a commit."""

    def before(self, commit: str) -> str:
        """The entry before an operation's."""

    def stable_images(self, environments: Collection[str]) -> Collection[tuple[str, str, str]]:
        """Environment, service and image of all that was stable there."""

    def platform_digest(self, commit: str) -> str:
        """The digest of the platform's code at a commit."""

    def environment(self, name: str, commit: str) -> Environment | None:
        """An environment as the code of a commit has it; None if it has none, or cannot be read."""


def gather(
    operation: Operation,
    environments: Mapping[str, EnvironmentState],
    specs: Mapping[str, Json],
    records: Records,
    observation: Observation | None = None,
    stays: str = "",
) -> Facts:
    """The facts for one operation. Raises Refused for an unknown environment, and Problem where a commit is missing.

    `environments` are all states at head, in the order of promotion; `specs` is `apps/` in the code that makes the
    cluster, and `stays` says why that is older code than that of `main`.
    """
    known_environment(operation.environment, environments)
    here = environments[operation.environment]
    wanted = needs(operation, here.environment)
    then, before = _state(wanted.state, records), None
    if wanted.undone:
        then = _state_or_empty(wanted.undone, here, records)
        before = _state_or_empty(At(here.name, records.before(wanted.undone.commit)), here, records)
    pins = {wanted.platform, before.platform.commit if before and before.platform else ""} - {""}
    return Facts(
        here=_plain(here),
        running={name: frozenset(state.releases) for name, state in environments.items()},
        promoted_from={name: state.environment.promoted_from for name, state in environments.items()},
        specs=specs,
        stays=stays,
        specs_at=records.specs(wanted.specs_at) if wanted.specs_at else {},
        recipe=_recipe(wanted.recipe, records),
        then=then,
        before_then=before,
        platform_digests={commit: records.platform_digest(commit) for commit in pins},
        stable_images=records.stable_images(wanted.stable_in) if wanted.stable_in else frozenset(),
        pinned=records.environment(here.name, here.platform.commit) if wanted.pinned and here.platform else None,
        observation=observation,
    )


def _state(at: At | None, records: Records) -> EnvironmentState | None:
    found = records.state(at.environment, records.entry(at.commit)) if at else None
    return _plain(found) if found else None


def _state_or_empty(at: At, here: EnvironmentState, records: Records) -> EnvironmentState | None:
    """The same; where an environment has no files yet, or none any more, it is empty."""
    found = _state(at, records)
    if found is None and records.environment(at.environment, at.commit):
        return EnvironmentState(here.environment)
    return found


def _recipe(at: At | None, records: Records) -> Recipe | None:
    state = _state(at, records)
    if at is None or state is None:
        return None
    followed = any(release.slots[release.stable].spec is None for release in state.releases.values())
    return recipe(state, at.commit, records.followed(state.environment, records.entry(at.commit)) if followed else {})


def _plain(state: EnvironmentState) -> EnvironmentState:
    """The same state, fully read: it needs no more look-ups."""
    return replace(state, releases=dict(state.releases), rollouts=dict(state.rollouts))
