"""The recipe of one environment enters the next, and the platform follows its tag."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from constructs_lib import Pin, Version

from ..errors import Refused
from ..facts import Facts
from ..model import EnvironmentState, Outcome, Recipe
from ..operations import Platform, Promote
from ..transitions import require
from . import slots

_MAIN = "main"


def promote(operation: Promote, facts: Facts, now: datetime) -> Outcome:
    """Every version that differs, with its spec, as one rollout at share 0."""
    here, tested = facts.here, _tested(operation, facts)
    moving = {
        service: version.model_copy(update={"since": slots.time_of(now)})
        for service, version in tested.versions.items()
        if service not in operation.without and not slots.is_the_same(facts, here, service, version)
    }
    if not moving:
        raise Refused(f"Nothing to promote: {here.name} already has every version of {operation.source}")
    _require_main(moving)
    for service in moving:
        require("promote", here, service)
    outcome = slots.enter(facts, here, moving, operation.name or f"from-{operation.source}")
    return Outcome(outcome.state, (*outcome.notes, *_about(operation, tested, moving, here)))


def _tested(operation: Promote, facts: Facts) -> Recipe:
    here, tested = facts.here, facts.recipe
    if here.environment.promoted_from != operation.source:
        source = here.environment.promoted_from
        remedy = f"it is promoted from {source}" if source else "nothing is promoted to it. Deploy there"
        raise Refused(f"Cannot promote {operation.source} to {here.name}: {remedy}")
    if tested is None:
        raise Refused(f"{operation.source} has no releases at {operation.recipe[:12]}. Name another commit")
    if tested.open_rollouts:
        raise Refused(
            f"{operation.source} has the open rollout {', '.join(tested.open_rollouts)} at {operation.recipe[:12]}. "
            f"Finalize or close it first, or name an earlier commit"
        )
    if unknown := set(operation.without) - set(tested.versions):
        raise Refused(f"{operation.source} does not run {', '.join(sorted(unknown))}. Take it out of --without")
    return tested


def _require_main(versions: Mapping[str, Version]) -> None:
    strange = {name: each.ref or "an unknown ref" for name, each in versions.items() if each.ref != _MAIN}
    if strange:
        listed = ", ".join(f"{name} (from {ref})" for name, ref in sorted(strange.items()))
        raise Refused(f"Not built from {_MAIN}: {listed}. Deploy a build of {_MAIN}, or leave it out with --without")


def _about(operation: Promote, tested: Recipe, moving: Iterable[str], here: EnvironmentState) -> Iterable[str]:
    if same := sorted(set(tested.versions) - set(moving) - set(operation.without)):
        yield f"unchanged, and therefore skipped: {', '.join(same)}"
    if operation.without:
        yield f"without {', '.join(operation.without)}: this is not the tested recipe"
    theirs, ours = _named(tested.platform), _named(here.platform)
    if theirs != ours:
        yield (
            f"the platform of {operation.source} {theirs}, that of {here.name} {ours}. "
            f"A promotion does not move it; `desired platform` does"
        )


def _named(pin: Pin | None) -> str:
    return f"is {pin.tag or pin.commit[:12]}" if pin else "is not pinned"


def platform(operation: Platform, facts: Facts, now: datetime) -> Outcome:
    """The pin on another commit."""
    here = facts.here
    pin = Pin(schema=1, commit=operation.commit, tag=operation.tag)
    if here.platform == pin:
        raise Refused(f"Nothing to change: the platform of {here.name} is already {operation.tag}")
    return Outcome(replace(here, platform=pin))
