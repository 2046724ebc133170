"""Which environment a command means: the one that was named, or the only one that fits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..core.errors import Problem
from ..core.model import EnvironmentState
from ..wording import listed


@dataclass(frozen=True)
class Choice:
    """What an environment must be for a command."""

    what: str
    """What the command does, as in "Cannot … in any environment"."""
    why_not: Callable[[EnvironmentState], str]
    """Why an environment does not fit; empty where it does."""
    next_step: str
    """What to do where none fits."""


def choose(choice: Choice, environments: Mapping[str, EnvironmentState]) -> EnvironmentState:
    """The only environment that fits. Raises Problem with the reason of each one where none does."""
    reasons = {name: choice.why_not(state) for name, state in environments.items()}
    fitting = [name for name, reason in reasons.items() if not reason]
    if len(fitting) == 1:
        return environments[fitting[0]]
    if fitting:
        raise Problem(f"{choice.what}: it could be {any_of(fitting)}. Name the environment with -e")
    listed = "; ".join(f"{name}: {reason}" for name, reason in reasons.items())
    raise Problem(f"Cannot {choice.what} in any environment. {listed}. {choice.next_step}")


def named(name: str, label: str, environments: Mapping[str, EnvironmentState]) -> EnvironmentState:
    """The environment of this name. Raises Problem; `label` is the option that named it."""
    if name not in environments:
        raise Problem(f"{label} must be {any_of(list(environments))}, got {name!r}")
    return environments[name]


def any_of(names: list[str]) -> str:
    """Alternatives as a sentence lists them."""
    return listed(names, "or") or "an environment of envs/"


def anywhere(what: str) -> Choice:
    """Every environment fits."""
    return Choice(what, lambda state: "", "Add an environment to envs/")


def entry(what: str) -> Choice:
    """An environment that versions enter by a deploy, not by a promotion."""

    def why_not(state: EnvironmentState) -> str:
        source = state.environment.promoted_from
        return f"its versions come from {source}" if source else ""

    return Choice(what, why_not, "Name the environment with -e")


def in_rollout(what: str, service: str, next_step: str) -> Choice:
    """An environment in which the service is in a rollout."""

    def why_not(state: EnvironmentState) -> str:
        if state.rollout_of(service):
            return ""
        return f"{service} is in no rollout" if service in state.releases else f"{service} does not run there"

    return Choice(what, why_not, next_step)


def running(what: str, service: str | None) -> Choice:
    """An environment in which the service runs; any, where none is named."""

    def why_not(state: EnvironmentState) -> str:
        return "" if service is None or service in state.releases else f"{service} does not run there"

    return Choice(what, why_not, "`desired status` lists the services that run")


def held(what: str, service: str | None) -> Choice:
    """An environment in which the service, or which itself, is held."""

    def why_not(state: EnvironmentState) -> str:
        found = state.holds.services.get(service) if service else state.holds.environment
        return "" if found else f"{service or 'it'} is not held"

    return Choice(what, why_not, "`desired status` shows what is held")
