"""Versions enter an environment: by deploy, or back from an earlier recipe of the same environment."""

from __future__ import annotations

from datetime import datetime

from constructs_lib import Release, Slot, Version

from ..errors import Refused
from ..facts import Facts
from ..model import Outcome, with_spec
from ..operations import Build, Deploy, Reset
from ..transitions import require
from . import slots


def deploy(operation: Deploy, facts: Facts, now: datetime) -> Outcome:
    """A rolling update in the stable slots, or a rollout into the other ones."""
    here = facts.here
    for service in operation.services:
        require("deploy", here, service)
    if unknown := set(operation.first) - set(operation.services):
        raise Refused(
            f"--first names {', '.join(sorted(unknown))}, which this command does not deploy. "
            f"Name services that it deploys"
        )
    versions = {
        service: _version(service, build, operation.specs_at, facts, now)
        # Sorted, because the history does not keep the order of the request.
        for service, build in sorted(operation.services.items())
    }
    if operation.canary:
        return _rollout(operation, facts, versions)
    after, notes = slots.close_finalized(here, versions)
    for service, version in versions.items():
        after = slots.into_stable(facts, after, service, version)
    return Outcome(after, tuple(notes))


def _rollout(operation: Deploy, facts: Facts, versions: dict[str, Version]) -> Outcome:
    here = facts.here
    there = [service for service in versions if service in here.releases]
    if there and not any(slots.routed(facts, versions[service], service) for service in there):
        raise Refused(
            f"Cannot deploy {', '.join(there)} as a canary: without a route there is no share to set. "
            f"Deploy without --canary"
        )
    return slots.enter(facts, here, versions, operation.name, operation.first)


def _version(service: str, build: Build, commit: str, facts: Facts, now: datetime) -> Version:
    spec = facts.specs_at.get(service)
    if spec is None:
        raise Refused(f"apps/ has no {service} at {commit[:12]}. Name a service that is there, or another commit")
    if (repository := build.image.partition("@")[0]) != spec["image"]:
        raise Refused(f"{service} takes images from {spec['image']}, got one from {repository}. Name one from there")
    version = Version(image=build.image, commit=build.commit, ref=build.ref, since=slots.time_of(now))
    return with_spec(version, spec)


def reset(operation: Reset, facts: Facts, now: datetime) -> Outcome:
    """A rolling update of the stable slots to earlier versions, with the specs that they had."""
    here = facts.here
    if facts.recipe is None:
        raise Refused(f"{here.name} has no releases at {operation.to[:12]}. Name a commit from `desired history`")
    earlier = facts.recipe.versions
    if unknown := set(operation.services) - set(earlier):
        raise Refused(
            f"{', '.join(sorted(unknown))} did not run in {here.name} at {operation.to[:12]}. Leave it out, "
            f"or name another commit"
        )
    names = operation.services or tuple(sorted(set(earlier) & set(here.releases)))
    names = tuple(each for each in names if not slots.is_the_same(facts, here, each, earlier[each]))
    if not names:
        raise Refused(f"Nothing to change: {here.name} already has the versions of {operation.to[:12]}")
    for service in names:
        require("reset", here, service)
        if service in here.releases:
            slots.require_same_kind(facts, here, service, earlier[service])
    after, notes = slots.close_finalized(here, names)
    for service in names:
        # Written out, also where the environment follows apps/: it is the way back, until the next deploy.
        version = earlier[service].model_copy(update={"since": slots.time_of(now)})
        slot: Slot = after.releases[service].stable if service in after.releases else "blue"
        after = after.with_release(service, Release(schema=1, stable=slot, slots={slot: version}))
    return Outcome(after, tuple(notes))
