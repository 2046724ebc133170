"""Operations that keep: holds, undo, and the end and return of a service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from constructs_lib.release import Release

from ..legal import require
from ..model import EnvironmentState, Hold, Holds, Outcome, State
from ..operations import HoldOn, Restore, Retire, Undo, Unhold
from ..problems import Conflict, Refused
from . import slots


def hold(operation: HoldOn, state: State, here: EnvironmentState, now: datetime) -> Outcome:
    """Nobody changes it from now on."""
    if operation.service and operation.service not in here.services:
        raise Refused(f"hold {operation.service} in {here.name}: it does not run there; name a service that does")
    if operation.until and operation.until <= slots.time_of(now):
        raise Refused(f"the hold would expire at {operation.until}, which has passed; name a later time")
    return _held(here, operation.service, Hold(reason=operation.because, actor=operation.by, until=operation.until))


def unhold(operation: Unhold, state: State, here: EnvironmentState, now: datetime) -> Outcome:
    """The hold is gone."""
    found = here.holds.services.get(operation.service) if operation.service else here.holds.environment
    if found is None:
        raise Refused(f"{operation.service or here.name} is not held; there is nothing to take away")
    return _held(here, operation.service, None)


def _held(here: EnvironmentState, service: str | None, hold: Hold | None) -> Outcome:
    holds = here.holds
    if service is None:
        return Outcome(replace(here, holds=holds.model_copy(update={"environment": hold})))
    services = {name: each for name, each in holds.services.items() if name != service}
    if hold:
        services[service] = hold
    return Outcome(replace(here, holds=Holds(schema=1, environment=holds.environment, services=services)))


def undo(operation: Undo, state: State, here: EnvironmentState, now: datetime) -> Outcome:
    """What the commit changed is as before it. Raises Conflict where it has changed since."""
    short = operation.commit[:12]
    after = state.history.state(here.name, operation.commit)
    before = state.history.state(here.name, state.history.before(operation.commit))
    if after is None or before is None:
        raise Refused(f"{short} has no {here.name} before it to go back to; name another commit")
    undone = here
    for name in _changed(before.services, after.services):
        _require_unchanged(name, here.services.get(name), after.services.get(name), short)
        undone = undone.with_service(name, before.services.get(name))
    for name in _changed(before.rollouts, after.rollouts):
        _require_unchanged(f"the rollout {name}", here.rollouts.get(name), after.rollouts.get(name), short)
        undone = undone.with_rollout(name, before.rollouts.get(name))
    for field in ("platform", "holds"):
        if getattr(before, field) != getattr(after, field):
            _require_unchanged(field, getattr(here, field), getattr(after, field), short)
            undone = replace(undone, **{field: getattr(before, field)})
    if undone is here:
        raise Refused(f"{short} changed nothing in {here.name}; name the commit of an operation there")
    return Outcome(undone)


def _changed(before: Mapping[str, object], after: Mapping[str, object]) -> list[str]:
    return sorted(name for name in {*before, *after} if before.get(name) != after.get(name))


def _require_unchanged(what: str, now: object, then: object, commit: str) -> None:
    if now != then:
        raise Conflict(f"undo {commit}: {what} has changed since; undo that first, or deploy what you want")


def retire(operation: Retire, state: State, here: EnvironmentState, now: datetime) -> Outcome:
    """The service is gone from the environment."""
    require("retire", here, operation.service)
    return Outcome(here.with_service(operation.service, None))


def restore(operation: Restore, state: State, here: EnvironmentState, now: datetime) -> Outcome:
    """The service as it was at a commit, with one slot."""
    require("restore", here, operation.service)
    then = state.history.state(here.name, operation.at)
    release = then.services.get(operation.service) if then else None
    if release is None:
        raise Refused(f"{operation.service} did not run in {here.name} at {operation.at[:12]}; name another commit")
    version = release.slots[release.stable]
    return Outcome(
        here.with_service(operation.service, Release(schema=1, stable=release.stable, slots={release.stable: version}))
    )
