"""An open rollout and what becomes of it: its share, the finalizing, the ways back, its end."""

from __future__ import annotations

from datetime import datetime

from constructs_lib.release import Release, Rollout, Slot, other
from constructs_lib.values import Service

from ..legal import require
from ..model import EnvironmentState, Outcome, State, with_spec
from ..operations import Canary, Close, Finalize, Rollback
from ..problems import Refused
from . import slots


def canary(operation: Canary, state: State, here: EnvironmentState, now: datetime) -> Outcome:
    """Another share of the whole rollout."""
    require("canary", here, operation.service)
    name, rollout = _rollout(here, operation.service)
    routed = [each for each in rollout.members if slots.member_routed(state, here, each)]
    if not routed and operation.share > 0:
        raise Refused(f"no member of {name} has a route, so that there is no share to set; finalize it")
    if len(routed) > 1 and operation.share not in (0, 100):
        raise Refused(
            f"{name} moves several services with a route ({', '.join(sorted(routed))}), whose shares would multiply; "
            f"set 0 or 100, got {operation.share}"
        )
    return _with(here, name, rollout, share=operation.share)


def finalize(operation: Finalize, state: State, here: EnvironmentState, now: datetime) -> Outcome:
    """The new slots become the stable ones."""
    if not _without_share(state, here, operation.service):
        require("finalize", here, operation.service)
    name, rollout = _rollout(here, operation.service)
    after = here
    for service, slot in rollout.members.items():
        after = after.with_service(service, _finalized(state, here, service, slot))
    return _with(after, name, rollout, phase="finalized")


def _without_share(state: State, here: EnvironmentState, service: str) -> bool:
    """Whether the rollout is open, and none of its members ever gets a share."""
    found = here.rollout_of(service)
    if found is None or found[1].phase != "open" or found[1].share > 0:
        return False
    return not any(slots.member_routed(state, here, each) for each in found[1].members)


def _finalized(state: State, here: EnvironmentState, service: str, slot: Slot) -> Release:
    """The new slot stable, with pods that do not change: specs that were followed from `apps/` are written out."""
    release, head = here.services[service], state.history.spec(service, state.commit)
    versions = dict(release.slots)
    if versions[release.stable].spec is None:
        versions[release.stable] = with_spec(versions[release.stable], head)
    becomes = versions[slot]
    if here.environment.follows_apps and head and becomes.spec == Service.model_validate(head):
        versions[slot] = with_spec(becomes, None)
    return Release(schema=1, stable=slot, slots=versions)


def rollback(operation: Rollback, state: State, here: EnvironmentState, now: datetime) -> Outcome:
    """Share 0; after finalize, the slot that was stable is stable again."""
    require("rollback", here, operation.service)
    name, rollout = _rollout(here, operation.service)
    after = here
    if rollout.phase == "finalized":
        for service, slot in rollout.members.items():
            after = after.with_service(service, _taken_back(state, here, service, slot))
    return _with(after, name, rollout, share=0, phase="open")


def _taken_back(state: State, here: EnvironmentState, service: str, slot: Slot) -> Release:
    versions = dict(here.services[service].slots)
    if versions[slot].spec is None:
        versions[slot] = with_spec(versions[slot], state.history.spec(service, state.commit))
    return Release(schema=1, stable=other(slot), slots=versions)


def close(operation: Close, state: State, here: EnvironmentState, now: datetime) -> Outcome:
    """The end of the rollout and of the slots that are not stable."""
    require("close", here, operation.service)
    return Outcome(slots.closed(here, *_rollout(here, operation.service)))


def _rollout(here: EnvironmentState, service: str) -> tuple[str, Rollout]:
    found = here.rollout_of(service)
    assert found, "the table of what is legal has refused this"
    return found


def _with(here: EnvironmentState, name: str, rollout: Rollout, **changes: object) -> Outcome:
    return Outcome(here.with_rollout(name, rollout.model_copy(update=changes)))
