"""Operations that keep: holds, undo, and the end and return of a service."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from constructs_lib import Release

from ..errors import Conflict, Refused
from ..facts import Facts
from ..model import EnvironmentState, HoldEntry, Holds, Outcome, changed
from ..operations import Hold, Restore, Retire, Signers, Undo, Unhold
from ..transitions import require
from . import slots


def hold(operation: Hold, facts: Facts, now: datetime) -> Outcome:
    """From now on nothing may change it, but for ways back."""
    here = facts.here
    if operation.service and operation.service not in here.releases:
        raise Refused(
            f"Cannot hold {operation.service} in {here.name}: it does not run there. Name a service that does"
        )
    if operation.until and operation.until <= slots.time_of(now):
        raise Refused(f"The hold would expire at {operation.until}, which has passed. Name a later time")
    return _held(
        here, operation.service, HoldEntry(reason=operation.because, actor=operation.by, until=operation.until)
    )


def unhold(operation: Unhold, facts: Facts, now: datetime) -> Outcome:
    """The hold is taken away."""
    here = facts.here
    found = here.holds.services.get(operation.service) if operation.service else here.holds.environment
    if found is None:
        raise Refused(f"{operation.service or here.name} is not held. There is no hold to remove")
    return _held(here, operation.service, None)


def _held(here: EnvironmentState, service: str | None, hold: HoldEntry | None) -> Outcome:
    holds = here.holds
    if service is None:
        return Outcome(replace(here, holds=holds.model_copy(update={"environment": hold})))
    services = {name: each for name, each in holds.services.items() if name != service}
    if hold:
        services[service] = hold
    return Outcome(replace(here, holds=Holds(schema=1, environment=holds.environment, services=services)))


def signers(operation: Signers, facts: Facts, now: datetime) -> Outcome:
    """From now on only what these sign counts in the environment."""
    here = facts.here
    return Outcome(replace(here, signers=operation.signers) if operation.signers != here.signers else here)


def undo(operation: Undo, facts: Facts, now: datetime) -> Outcome:
    """Restores what the commit changed. Raises Conflict if that has changed since."""
    here, short = facts.here, operation.commit[:12]
    before, after = facts.before_then, facts.then
    if after is None or before is None:
        raise Refused(f"{short} has no {here.name} before it to go back to. Name another commit")
    undone = here
    for name in changed(before.releases, after.releases):
        _require_unchanged(name, here.releases.get(name), after.releases.get(name), short)
        undone = undone.with_release(name, before.releases.get(name))
    for name in changed(before.rollouts, after.rollouts):
        _require_unchanged(f"the rollout {name}", here.rollouts.get(name), after.rollouts.get(name), short)
        undone = undone.with_rollout(name, before.rollouts.get(name))
    for field, what in (("platform", "the platform's pin"), ("holds", "a hold"), ("signers", "who signs")):
        if getattr(before, field) != getattr(after, field):
            _require_unchanged(what, getattr(here, field), getattr(after, field), short)
            undone = replace(undone, **{field: getattr(before, field)})
    if undone is here:
        raise Refused(f"{short} changed nothing in {here.name}. Name the commit of an operation there")
    return Outcome(undone)


def _require_unchanged(what: str, now: object, then: object, commit: str) -> None:
    if now != then:
        raise Conflict(f"Cannot undo {commit}: {what} has changed since. Undo that first, or deploy what you want")


def retire(operation: Retire, facts: Facts, now: datetime) -> Outcome:
    """The service is gone from the environment."""
    require("retire", facts.here, operation.service)
    return Outcome(facts.here.with_release(operation.service, None))


def restore(operation: Restore, facts: Facts, now: datetime) -> Outcome:
    """Restores the service from a commit, with one slot."""
    here = facts.here
    require("restore", here, operation.service)
    release = facts.then.releases.get(operation.service) if facts.then else None
    if release is None:
        raise Refused(f"{operation.service} did not run in {here.name} at {operation.at[:12]}. Name another commit")
    version = release.slots[release.stable]
    return Outcome(
        here.with_release(operation.service, Release(schema=1, stable=release.stable, slots={release.stable: version}))
    )
