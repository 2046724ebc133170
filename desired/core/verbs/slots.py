"""Versions on their way through the slots of releases: what several operations share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from constructs_lib import Release, Rollout, Slot, Version
from constructs_lib.values import Service
from constructs_lib.values.release import other
from constructs_lib.values.service import change_of_kind

from ..errors import Refused
from ..facts import Facts
from ..model import EnvironmentState, Outcome, with_spec


def time_of(now: datetime) -> str:
    """As releases write it: UTC, whole seconds."""
    return now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def with_slot(release: Release, slot: Slot, version: Version) -> Release:
    """The release with this version in a slot."""
    return Release(schema=1, stable=release.stable, slots={**release.slots, slot: version})


def routed(facts: Facts, version: Version, service: str) -> bool:
    """Whether the version gets its traffic by a route, so that it can have a share."""
    spec = spec_of(facts, version, service)
    return bool(spec and spec.routed)


def spec_of(facts: Facts, version: Version, service: str) -> Service | None:
    """The spec that is written in the version, or the one at head that it follows."""
    return version.spec or with_spec(version, facts.specs.get(service)).spec


def member_routed(facts: Facts, here: EnvironmentState, service: str) -> bool:
    """Whether a service of a rollout has a route now."""
    release = here.releases[service]
    return routed(facts, release.slots[release.stable], service)


def is_the_same(facts: Facts, here: EnvironmentState, service: str, version: Version) -> bool:
    """Whether the stable slot has this image with this spec."""
    release = here.releases.get(service)
    if release is None:
        return False
    ours = release.slots[release.stable]
    return ours.image == version.image and spec_of(facts, ours, service) == version.spec


def into_stable(facts: Facts, here: EnvironmentState, service: str, version: Version) -> EnvironmentState:
    """A rolling update in the stable slot; a service that is new enters in blue."""
    # Where the environment follows `apps/`, the stable slot takes its spec from there.
    written = with_spec(version, None) if here.environment.follows_apps else version
    found = here.releases.get(service)
    if found is None:
        return here.with_release(service, Release(schema=1, stable="blue", slots={"blue": written}))
    require_same_kind(facts, here, service, version)
    return here.with_release(service, with_slot(found, found.stable, written))


def enter(
    facts: Facts,
    here: EnvironmentState,
    versions: Mapping[str, Version],
    name: str | None = None,
    first: Iterable[str] = (),
) -> Outcome:
    """Versions into the slots that are not stable, as one rollout at share 0."""
    after, notes = close_finalized(here, versions)
    members: dict[str, Slot] = {}
    for service, version in versions.items():
        found = after.releases.get(service)
        if found is None:
            notes.append(f"{service} is new in {here.name} and enters at once, without a share")
            after = into_stable(facts, after, service, version)
        elif service in first:
            if routed(facts, version, service):
                raise Refused(f"{service} has a route, so it changes with the share. Take it out of --first")
            after = into_stable(facts, after, service, version)
        else:
            require_same_kind(facts, after, service, version)
            members[service] = other(found.stable)
            after = after.with_release(service, with_slot(found, members[service], version))
    if not members:
        return Outcome(after, tuple(notes))
    name = name or _name(list(members))
    if name in after.rollouts:
        raise Refused(f"{here.name} already has a rollout {name}. Give this one another name with --name")
    return Outcome(after.with_rollout(name, Rollout(schema=1, phase="open", share=0, members=members)), tuple(notes))


def _name(members: list[str]) -> str:
    return "-and-".join(members[:2])[:63].rstrip("-")


def close_finalized(here: EnvironmentState, services: Iterable[str]) -> tuple[EnvironmentState, list[str]]:
    """The finalized rollouts of these services are closed on the way; what to say about it."""
    after, notes = here, list[str]()
    for service in services:
        found = after.rollout_of(service)
        if found and found[1].phase == "finalized":
            after = closed(after, *found)
            notes.append(f"the finalized rollout {found[0]} is closed with it")
    return after, notes


def closed(here: EnvironmentState, name: str, rollout: Rollout) -> EnvironmentState:
    """Without the rollout and the slots that are not stable."""
    after = here.with_rollout(name, None)
    for service in rollout.members:
        release = here.releases[service]
        stable = release.slots[release.stable]
        after = after.with_release(service, Release(schema=1, stable=release.stable, slots={release.stable: stable}))
    return after


def require_same_kind(facts: Facts, here: EnvironmentState, service: str, version: Version) -> None:
    """Raises Refused if a service would change its kind."""
    release = here.releases[service]
    before = spec_of(facts, release.slots[release.stable], service)
    if before and version.spec and (problem := change_of_kind(before, version.spec)):
        raise Refused(f"{problem} in {here.name}. Retire it there first, then deploy it")


def callers(service: str, facts: Facts, here: EnvironmentState) -> list[str]:
    """Services of an environment whose slots, any of them, depend on a service."""
    return sorted(
        name
        for name, release in here.releases.items()
        if name != service and any(_calls(facts, name, release, slot, service) for slot in release.slots)
    )


def _calls(facts: Facts, name: str, release: Release, slot: Slot, service: str) -> bool:
    spec = spec_of(facts, release.slots[slot], name)
    return spec is not None and any(each.service == service for each in spec.depends_on)
