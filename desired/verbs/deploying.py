"""Versions enter an environment: by deploy, or back from an earlier recipe of the same environment."""

from __future__ import annotations

from datetime import datetime

from constructs_lib.release import Release, Slot, Version

from ..legal import require
from ..model import EnvironmentState, Outcome, State, recipe, with_spec
from ..operations import Build, Deploy, Reset
from ..problems import Refused
from . import slots


def deploy(operation: Deploy, state: State, here: EnvironmentState, now: datetime) -> Outcome:
    """A rolling update in the stable slots, or a rollout into the other ones."""
    for service in operation.services:
        require("deploy", here, service)
    if unknown := set(operation.first) - set(operation.services):
        raise Refused(f"first names {', '.join(sorted(unknown))}, which this deploy does not; name its services only")
    versions = {
        service: _version(service, build, operation.specs_at, state, now)
        # In an order that does not depend on how it was asked for: the log keeps none.
        for service, build in sorted(operation.services.items())
    }
    if operation.canary:
        return _rollout(operation, state, here, versions)
    after, said = slots.close_finalized(here, versions)
    for service, version in versions.items():
        after = slots.into_stable(state, after, service, version)
    return Outcome(after, tuple(said))


def _rollout(operation: Deploy, state: State, here: EnvironmentState, versions: dict[str, Version]) -> Outcome:
    there = [service for service in versions if service in here.services]
    if there and not any(slots.routed(state, versions[service], service) for service in there):
        raise Refused(f"{', '.join(there)}: without a route there is no share to set; deploy without --canary")
    return slots.enter(state, here, versions, operation.name, operation.first)


def _version(service: str, build: Build, commit: str, state: State, now: datetime) -> Version:
    spec = state.history.spec(service, commit)
    if spec is None:
        raise Refused(f"apps/ has no {service} at {commit[:12]}; name a service that is there, or another commit")
    if (repository := build.image.partition("@")[0]) != spec["image"]:
        raise Refused(f"{service}: its images lie in {spec['image']}, got one of {repository}; name one from there")
    version = Version(image=build.image, commit=build.commit, ref=build.ref, since=slots.time_of(now))
    return with_spec(version, spec)


def reset(operation: Reset, state: State, here: EnvironmentState, now: datetime) -> Outcome:
    """A rolling update of the stable slots to earlier versions, with the specs that they had."""
    then = state.history.state(here.name, operation.to)
    if then is None:
        raise Refused(f"there is no {here.name} at {operation.to[:12]}; name a commit of `desired history`")
    earlier = recipe(then, operation.to, state.history).services
    if unknown := set(operation.services) - set(earlier):
        raise Refused(
            f"{', '.join(sorted(unknown))} did not run in {here.name} at {operation.to[:12]}; leave it out, "
            f"or name another commit"
        )
    names = operation.services or tuple(sorted(set(earlier) & set(here.services)))
    names = tuple(each for each in names if not slots.is_the_same(state, here, each, earlier[each]))
    if not names:
        raise Refused(f"{here.name} has the versions of {operation.to[:12]} already")
    for service in names:
        require("reset", here, service)
        if service in here.services:
            slots.require_same_kind(state, here, service, earlier[service])
    after, said = slots.close_finalized(here, names)
    for service in names:
        # Written out, also where the environment follows apps/: it is the way back, until the next deploy.
        version = earlier[service].model_copy(update={"since": slots.time_of(now)})
        slot: Slot = after.services[service].stable if service in after.services else "blue"
        after = after.with_service(service, Release(schema=1, stable=slot, slots={slot: version}))
    return Outcome(after, tuple(said))
