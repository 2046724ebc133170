"""What holds in every state, whichever operation led to it."""

from __future__ import annotations

from collections.abc import Iterator

from .model import EnvironmentState, State
from .problems import Refused
from .verbs.slots import callers


def require_sound(state: State, before: EnvironmentState, after: EnvironmentState) -> None:
    """Raises Refused where the next state could not be synthesized, or would leave somebody without a callee."""
    for service, release in after.services.changes.items():
        if release and release.slots[release.stable].spec is None and state.history.spec(service, state.commit) is None:
            raise Refused(f"apps/ has no {service} any more, which {after.name} follows; put its file back first")
    for service in removed(before, after):
        _require_unused(service, state, after)


def removed(before: EnvironmentState, after: EnvironmentState) -> list[str]:
    """The services that are gone."""
    return sorted(
        name for name, release in after.services.changes.items() if release is None and name in before.services
    )


def _require_unused(service: str, state: State, after: EnvironmentState) -> None:
    for name in _later(state, after.name):
        if service in state.environments[name].services:
            raise Refused(f"retire {service} in {after.name}: it runs in {name} yet; retire it there first")
    if found := callers(service, state, after):
        names = ", ".join(found)
        raise Refused(f"retire {service} in {after.name}: {names} depend on it; deploy versions without it first")


def _later(state: State, environment: str) -> Iterator[str]:
    """The environments that recipes reach from this one, in any number of steps."""
    for name, each in state.environments.items():
        if each.environment.promoted_from == environment:
            yield name
            yield from _later(state, name)
