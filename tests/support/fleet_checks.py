"""What must hold in every state that operations reach: functions from a fleet to what is wrong in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from constructs_lib import Rollout, Service
from constructs_lib.values.release import other
from desired.core.errors import Problem, Refused
from desired.core.model import EnvironmentState, Observation
from desired.core.operations import Canary, Hold, Intent, Rollback, Unhold
from desired.history import release_files as files
from tests.support.fleet_states import Fleet, same

Running = dict[str, tuple[str, Service | None]]
"""By service and slot: the image, and the spec that it really runs with."""


def running(fleet: Fleet, environment: str) -> Running:
    """What runs in every slot of an environment."""
    here = fleet.environments[environment]
    return {
        f"{name}-{slot}": (version.image, fleet.spec(environment, name, slot))
        for name, release in here.releases.items()
        for slot, version in release.slots.items()
    }


def wrong(fleet: Fleet, here: EnvironmentState) -> Iterator[str]:
    """What is wrong with the form of a state."""
    members = [member for rollout in here.rollouts.values() for member in rollout.members]
    if twice := {each for each in members if members.count(each) > 1}:
        yield f"{twice} are in two rollouts"
    for name, rollout in here.rollouts.items():
        yield from _wrong_rollout(fleet, here, name, rollout)
    for name, release in here.releases.items():
        if len(release.slots) > 1 and name not in members:
            yield f"{name} has an idle slot, and no rollout"
        for slot, version in release.slots.items():
            follows = here.environment.follows_apps and slot == release.stable
            if version.spec is None and not follows:
                yield f"the spec of {name}-{slot} is not written out"
    try:
        fleet.units(here)
    except Problem as problem:
        yield f"no manifests can be made of it: {problem}"


def _wrong_rollout(fleet: Fleet, here: EnvironmentState, name: str, rollout: Rollout) -> Iterator[str]:
    if not 0 <= rollout.share <= 100:
        yield f"{name} has the share {rollout.share}"
    for member, slot in rollout.members.items():
        release = here.releases[member]
        if set(release.slots) != {slot, other(slot)}:
            yield f"{member} of {name} has only {set(release.slots)}"
        if (release.stable == slot) != (rollout.phase == "finalized"):
            yield f"{slot} of {member} in the {rollout.phase} rollout {name}, where {release.stable} is stable"
    routed = [each for each in rollout.members if (spec := fleet.spec(here.name, each)) and spec.routed]
    if rollout.phase == "open" and len(routed) > 1 and rollout.share not in (0, 100):
        yield f"{name} has the share {rollout.share} for several routed services"


def passed_ready(
    fleet: Fleet, before: EnvironmentState, after: EnvironmentState, observed: Observation | None
) -> Iterator[str]:
    """Slots that got more traffic, or became stable, and that nobody saw ready with as many pods as that needs."""
    for name, rollout in after.rollouts.items():
        was = before.rollouts.get(name)
        if was is None or was.members != rollout.members:
            continue
        finalizes = (was.phase, rollout.phase) == ("open", "finalized")
        share = 100 if finalizes else rollout.share
        if finalizes or was.share < share:
            for member, slot in rollout.members.items():
                spec = fleet.spec(before.name, member, slot)
                seen = ((observed and observed.ready) or {}).get(f"{member}-{slot}", 0)
                # Every service of the fleet has the size S, which is two pods.
                if spec and spec.slotted and seen < (1 if share <= 50 else 2):
                    yield f"{member}-{slot} was not ready"


def passed_holds(intent: Intent, before: EnvironmentState, after: EnvironmentState, now: str) -> Iterator[str]:
    """Held things that changed, by something else than a way back or the hold itself."""
    operation = intent.operation
    if isinstance(operation, Hold | Unhold | Rollback) or (isinstance(operation, Canary) and operation.share == 0):
        return
    held = {name for name, hold in before.holds.services.items() if hold.until is None or hold.until > now}
    whole = before.holds.environment
    if whole and (whole.until is None or whole.until > now) and not same(before, after):
        yield f"{before.name} is held"
    for name in held & {*before.releases, *after.releases}:
        if before.releases.get(name) != after.releases.get(name):
            yield f"{name} is held, and its release changed"
        if before.rollout_of(name) != after.rollout_of(name):
            yield f"{name} is held, and its rollout changed"


def passed_tested(fleet: Fleet, before: EnvironmentState, after: EnvironmentState) -> Iterator[str]:
    """Images that came without ever having been stable in the environment before, or in this one."""
    for name, release in after.releases.items():
        known = before.releases.get(name)
        images = {each.image for each in known.slots.values()} if known else set()
        for version in release.slots.values():
            places = (before.environment.promoted_from or "", before.name)
            stood = any((place, name, version.image) in fleet.past.stable for place in places)
            if version.image not in images and not stood:
                yield f"{version.image} of {name} never stood in {places[0]}"


def missed(fleet: Fleet, before: EnvironmentState, after: EnvironmentState) -> Iterator[str]:
    """Services that went away, and that others call or a later environment runs."""
    gone = set(before.releases) - set(after.releases)
    for name, release in after.releases.items():
        for slot, version in release.slots.items():
            spec = version.spec or Service.model_validate(fleet.specs[name])
            if called := gone & {each.service for each in spec.depends_on}:
                yield f"{called} went away, and {name}-{slot} calls it"
    for other_name, later in fleet.environments.items():
        source = later.environment.promoted_from
        while source and source != after.name:
            source = fleet.environments[source].environment.promoted_from
        if source and (runs := gone & set(later.releases)):
            yield f"{runs} went away in {after.name}, and runs in {other_name}"


def round_trip(fleet: Fleet, before: EnvironmentState, after: EnvironmentState) -> Iterator[str]:
    """Values that are not the same when they are read again from their files."""
    old, texts = fleet.texts, dict(fleet.texts)
    for path, text in files.file_changes(before, after).items():
        texts.pop(path, None)
        if text is not None:
            texts[path] = text
    fleet.texts = texts
    again = fleet.read(after.environment)
    fleet.texts = old
    if not same(again, after):
        yield "its files say something else than it"


def ways_back(fleet: Fleet, environment: str, memory: Mapping[str, Running]) -> Iterator[str]:
    """Rollouts that cannot be rolled back, whatever is held and whoever looked, or that come back otherwise."""
    for name, rollout in fleet.environments[environment].rollouts.items():
        first = next(iter(rollout.members))
        after = fleet.ask("rollback", environment, service=first).state
        if after.rollouts[name].share != 0 or after.rollouts[name].phase != "open":
            yield f"{name} is {after.rollouts[name]} after a rollback"
        for member, slot in rollout.members.items():
            release = after.releases[member]
            if release.stable != other(slot):
                yield f"{member} has {slot} stable after a rollback"
            if rollout.phase == "finalized":
                version = release.slots[release.stable]
                image, spec = memory[name][f"{member}-{release.stable}"]
                if (version.image, version.spec) != (image, spec):
                    yield f"{member} does not come back as it was before {name} was finalized"
        if rollout.phase == "open" and rollout.share:
            fleet.ask("canary", environment, service=first, share=0)


def ways_out(fleet: Fleet, environment: str) -> Iterator[str]:
    """Services that no sequence of operations brings to rest."""
    before = fleet.environments[environment]
    now = fleet.now.strftime("%Y-%m-%dT%H:%M:%SZ")
    out = _Way(fleet)
    if before.holds.environment:
        out.do("unhold", environment)
    for name, hold in before.holds.services.items():
        if hold.until is None or hold.until > now:
            out.do("unhold", environment, service=name)
    for rollout in before.rollouts.values():
        service = next(iter(rollout.members))
        if rollout.phase == "open":
            out.do("rollback", environment, service=service)
        out.do("close", environment, service=service)
    after = out.state(environment)
    if after.rollouts:
        yield f"{list(after.rollouts)} cannot be ended"
    yield from wrong(fleet, after)


class _Way:
    """Operations one after the other that leave the fleet as it is."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet, self._were = fleet, fleet.environments
        self._states = dict(fleet.environments)

    def do(self, verb: str, environment: str, **fields: Any) -> None:
        self._fleet.environments = self._states
        try:
            self._states = {**self._states, environment: self._fleet.ask(verb, environment, **fields).state}
        except Refused as refused:
            raise AssertionError(f"there is no way out: {refused}") from refused
        finally:
            self._fleet.environments = self._were

    def state(self, environment: str) -> EnvironmentState:
        return self._states[environment]
