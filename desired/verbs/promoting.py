"""The recipe of one environment enters the next, and the platform follows its tag."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from constructs_lib.release import Pin, Version

from ..legal import require
from ..model import EnvironmentState, Outcome, Recipe, State, recipe
from ..operations import Platform, Promote
from ..problems import Refused
from . import slots

_MAIN = "main"


def promote(operation: Promote, state: State, here: EnvironmentState, now: datetime) -> Outcome:
    """Every version that differs, with its spec, as one rollout at share 0."""
    tested = _tested(operation, state, here)
    moving = {
        service: version.model_copy(update={"since": slots.time_of(now)})
        for service, version in tested.services.items()
        if service not in operation.without and not slots.is_the_same(state, here, service, version)
    }
    if not moving:
        raise Refused(f"{here.name} has every version of {operation.source} already; there is nothing to promote")
    _require_main(moving)
    for service in moving:
        require("promote", here, service)
    outcome = slots.enter(state, here, moving, operation.name or f"from-{operation.source}")
    return Outcome(outcome.state, (*outcome.said, *_about(operation, tested, moving, here)))


def _tested(operation: Promote, state: State, here: EnvironmentState) -> Recipe:
    if here.environment.promoted_from != operation.source:
        source = here.environment.promoted_from
        remedy = f"it is promoted from {source}" if source else "nothing is promoted to it; deploy there"
        raise Refused(f"promote {operation.source} to {here.name}: {remedy}")
    source_state = state.history.state(operation.source, operation.recipe)
    if source_state is None:
        raise Refused(f"there is no {operation.source} at {operation.recipe[:12]}; name another commit")
    tested = recipe(source_state, operation.recipe, state.history)
    if tested.open_rollouts:
        raise Refused(
            f"{operation.source} has the open rollout {', '.join(tested.open_rollouts)} at {operation.recipe[:12]}; "
            f"finalize or close it first, or name an earlier commit"
        )
    if unknown := set(operation.without) - set(tested.services):
        raise Refused(f"{operation.source} does not run {', '.join(sorted(unknown))}, so that it cannot be left out")
    return tested


def _require_main(versions: Mapping[str, Version]) -> None:
    strange = {name: each.ref or "a ref that nobody knows" for name, each in versions.items() if each.ref != _MAIN}
    if strange:
        listed = ", ".join(f"{name} (from {ref})" for name, ref in sorted(strange.items()))
        raise Refused(f"not built from {_MAIN}: {listed}; deploy a build of {_MAIN}, or leave it out with --without")


def _about(operation: Promote, tested: Recipe, moving: Iterable[str], here: EnvironmentState) -> Iterable[str]:
    if same := sorted(set(tested.services) - set(moving) - set(operation.without)):
        yield f"skipped, as they are the same already: {', '.join(same)}"
    if operation.without:
        yield f"without {', '.join(operation.without)}: this is not the tested recipe"
    theirs, ours = _named(tested.platform), _named(here.platform)
    if theirs != ours:
        yield (
            f"the platform of {operation.source} {theirs}, that of {here.name} {ours}; "
            f"`desired platform` moves it, a promotion does not"
        )


def _named(pin: Pin | None) -> str:
    return f"is {pin.tag or pin.commit[:12]}" if pin else "is not pinned"


def platform(operation: Platform, state: State, here: EnvironmentState, now: datetime) -> Outcome:
    """The pin on another commit."""
    pin = Pin(schema=1, commit=operation.commit, tag=operation.tag)
    if here.platform == pin:
        raise Refused(f"the platform of {here.name} is {operation.tag} already")
    return Outcome(replace(here, platform=pin))
