"""An open rollout and what becomes of it: its share, the finalizing, the ways back, its end."""

from __future__ import annotations

from datetime import datetime

from constructs_lib import Release, Rollout, Slot
from constructs_lib.values import Service
from constructs_lib.values.release import other, share_problem

from ..errors import Refused
from ..facts import Facts
from ..model import EnvironmentState, Outcome, with_spec
from ..operations import Canary, Close, Finalize, Rollback
from ..transitions import require
from . import slots


def canary(operation: Canary, facts: Facts, now: datetime) -> Outcome:
    """Another share of the whole rollout."""
    here = facts.here
    require("canary", here, operation.service)
    name, rollout = _rollout(here, operation.service)
    routed = [each for each in rollout.members if slots.member_routed(facts, here, each)]
    if not routed and operation.share > 0:
        raise Refused(f"Cannot set the share of {name}: none of its services has a route. Finalize it")
    if problem := share_problem(routed, operation.share):
        raise Refused(f"Cannot set the share of {name}: {problem}")
    return _with(here, name, rollout, share=operation.share)


def finalize(operation: Finalize, facts: Facts, now: datetime) -> Outcome:
    """The new slots become the stable ones."""
    here = facts.here
    if not _without_share(facts, here, operation.service):
        require("finalize", here, operation.service)
    name, rollout = _rollout(here, operation.service)
    after = here
    for service, slot in rollout.members.items():
        after = after.with_release(service, _finalized(facts, here, service, slot))
    return _with(after, name, rollout, phase="finalized")


def _without_share(facts: Facts, here: EnvironmentState, service: str) -> bool:
    """Whether the rollout is open, and none of its members ever gets a share."""
    found = here.rollout_of(service)
    if found is None or found[1].phase != "open" or found[1].share > 0:
        return False
    return not any(slots.member_routed(facts, here, each) for each in found[1].members)


def _finalized(facts: Facts, here: EnvironmentState, service: str, slot: Slot) -> Release:
    """The new slot stable, with pods that do not change: specs that were followed from `apps/` are written out."""
    release, head = here.releases[service], facts.specs.get(service)
    versions = dict(release.slots)
    if versions[release.stable].spec is None:
        versions[release.stable] = with_spec(versions[release.stable], head)
    becomes = versions[slot]
    if here.environment.follows_apps and head and becomes.spec == Service.model_validate(head):
        versions[slot] = with_spec(becomes, None)
    return Release(schema=1, stable=slot, slots=versions)


def rollback(operation: Rollback, facts: Facts, now: datetime) -> Outcome:
    """Share 0; after finalize, the slot that was stable is stable again."""
    here = facts.here
    require("rollback", here, operation.service)
    name, rollout = _rollout(here, operation.service)
    after = here
    if rollout.phase == "finalized":
        for service, slot in rollout.members.items():
            after = after.with_release(service, _taken_back(facts, here, service, slot))
    return _with(after, name, rollout, share=0, phase="open")


def _taken_back(facts: Facts, here: EnvironmentState, service: str, slot: Slot) -> Release:
    versions = dict(here.releases[service].slots)
    if versions[slot].spec is None:
        versions[slot] = with_spec(versions[slot], facts.specs.get(service))
    return Release(schema=1, stable=other(slot), slots=versions)


def close(operation: Close, facts: Facts, now: datetime) -> Outcome:
    """The end of the rollout and of the slots that are not stable."""
    here = facts.here
    require("close", here, operation.service)
    return Outcome(slots.closed(here, *_rollout(here, operation.service)))


def _rollout(here: EnvironmentState, service: str) -> tuple[str, Rollout]:
    found = here.rollout_of(service)
    assert found, "the table of transitions has refused this"
    return found


def _with(here: EnvironmentState, name: str, rollout: Rollout, **changes: object) -> Outcome:
    return Outcome(here.with_rollout(name, rollout.model_copy(update=changes)))
