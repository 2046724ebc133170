"""What must hold before a state may follow another: holds, and the gates of the environment.

Gates look at what changes and not at the verb, so that no operation goes around them. Lowering a share to 0 and taking
back a finalize pass none: they are never held up by anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from .model import EnvironmentState, Hold, Observation, State
from .operations import Canary, Finalize, HoldOn, Intent, Operation, Platform, Retire, Rollback, Undo, Unhold
from .problems import Refused
from .soundness import removed
from .verbs.slots import spec_of, time_of


def pass_gates(
    intent: Intent,
    state: State,
    before: EnvironmentState,
    after: EnvironmentState,
    observed: Observation | None,
    now: datetime,
) -> None:
    """Raises Refused with the first gate that is closed."""
    operation = intent.operation
    if takes_traffic_away(operation):
        return
    if not isinstance(operation, HoldOn | Unhold):
        _holds(before, after, time_of(now))
    _tested(state, before, after)
    looks = Looks(observed, intent.unobserved)
    if "ready" in before.environment.gates:
        looks.ready(state, before, after)
    for service in removed(before, after):
        looks.without_traffic(service, before)
    if after.platform and after.platform != before.platform:
        looks.healthy_platform(state.history.platform_digest(after.platform.commit), before.name)


def takes_traffic_away(operation: Operation) -> bool:
    """Whether it only brings people back to what was good: that waits for nothing and nobody."""
    return isinstance(operation, Rollback) or (isinstance(operation, Canary) and operation.share == 0)


def asks_for_a_look(intent: Intent) -> bool:
    """Whether somebody has to look at the cluster before this operation: never for one that only takes traffic away."""
    operation = intent.operation
    if intent.unobserved or takes_traffic_away(operation):
        return False
    return isinstance(operation, Canary | Finalize | Undo | Retire | Platform)


def seen(observed: Observation, intent: Intent, after: EnvironmentState) -> Observation:
    """What of an observation the gates of this operation read; the log keeps no more."""
    slots = {
        f"{service}-{slot}"
        for each in after.rollouts.changes.values()
        if each
        for service, slot in each.members.items()
    }
    named = intent.operation.named()
    return Observation(
        ready=None if observed.ready is None else {name: observed.ready.get(name, 0) for name in sorted(slots)},
        requests=None if observed.requests is None else {name: observed.requests.get(name, 0.0) for name in named},
        applied=observed.applied,
        healthy_platform=observed.healthy_platform if isinstance(intent.operation, Platform | Undo) else "",
    )


def _holds(before: EnvironmentState, after: EnvironmentState, now: str) -> None:
    if before.holds.environment:
        _refuse_if_held(before.name, before.holds.environment, now)
    for service in changed_services(before, after):
        if hold := before.holds.services.get(service):
            _refuse_if_held(f"{service} in {before.name}", hold, now)


def _refuse_if_held(what: str, hold: Hold, now: str) -> None:
    if hold.until is None or hold.until > now:
        until = f" until {hold.until}" if hold.until else ""
        raise Refused(f"{what} is held by {hold.actor}{until}: {hold.reason}; ask them, or take it away with unhold")


def changed_services(before: EnvironmentState, after: EnvironmentState) -> list[str]:
    """The services whose release or rollout this operation changes."""
    found = {name for name in after.services.changes if before.services.get(name) != after.services.get(name)}
    for name in after.rollouts.changes:
        old, new = before.rollouts.get(name), after.rollouts.get(name)
        if old != new:
            found.update(*(each.members for each in (old, new) if each))
    return sorted(found)


def _tested(state: State, before: EnvironmentState, after: EnvironmentState) -> None:
    source = before.environment.promoted_from
    if "tested" not in before.environment.gates or source is None:
        return
    for service, release in after.services.changes.items():
        known = before.services.get(service)
        if release == known:
            continue
        images = {each.image for each in known.slots.values()} if known else set()
        for version in release.slots.values() if release else ():
            if version.image in images or state.history.stood(before.name, service, version.image):
                continue
            if not state.history.stood(source, service, version.image):
                raise Refused(
                    f"{service} in {before.name}: {version.image} never stood in a finalized recipe of {source}, "
                    f"which {before.name} asks for; finalize it in {source} and promote it"
                )


class Looks:
    """The gates that need a look at the cluster."""

    def __init__(self, observed: Observation | None, passed: bool) -> None:
        self._observed = observed or Observation()
        self._passed = passed

    def ready(self, state: State, before: EnvironmentState, after: EnvironmentState) -> None:
        """Every slot that is to get traffic has ready endpoints. Raises Refused."""
        if self._passed:
            return
        for service, slot in _entering(state, before, after):
            name = f"{service}-{slot}"
            if self._observed.ready is None:
                raise Refused(f"{before.name} asks that {name} is ready, and nobody looked; {_REMEDY}")
            if self._observed.ready.get(name, 0) < 1:
                raise Refused(
                    f"{name} in {before.name} has no ready endpoint; wait until it has, or see why it has none"
                )

    def without_traffic(self, service: str, here: EnvironmentState) -> None:
        """Nobody sends requests to a service that goes away, as far as somebody looked. Raises Refused."""
        seen = self._observed.requests
        if self._passed or (seen is None and "ready" not in here.environment.gates):
            return
        if seen is None:
            raise Refused(f"{here.name} asks that {service} gets no requests, and nobody looked; {_REMEDY}")
        if (rate := seen.get(service, 0.0)) > 0:
            raise Refused(f"{service} in {here.name} gets {rate:.2g} requests per second; retire it when it gets none")

    def healthy_platform(self, digest: str, environment: str) -> None:
        """The ops cluster is healthy with this platform. Raises Refused."""
        if self._passed:
            return
        if not self._observed.healthy_platform:
            raise Refused(f"nobody saw {environment}-ops healthy with this platform; {_REMEDY}")
        if self._observed.healthy_platform != digest:
            raise Refused(
                f"{environment}-ops is healthy with the platform {self._observed.healthy_platform[:12]}, "
                f"not with {digest[:12]}; name the tag that it runs, or wait until it runs this one"
            )


_REMEDY = "give a kubeconfig, or pass it with --unobserved and a reason"


def _entering(state: State, before: EnvironmentState, after: EnvironmentState) -> Iterator[tuple[str, str]]:
    """Services and slots that get traffic or become stable with this change, and had objects before it."""
    for name, rollout in after.rollouts.changes.items():
        was = before.rollouts.get(name)
        if rollout is None or was is None or rollout == was:
            continue
        leaves_zero = was.share == 0 and rollout.share > 0
        finalizes = was.phase == "open" and rollout.phase == "finalized"
        for service, slot in rollout.members.items() if leaves_zero or finalizes else ():
            release = before.services[service]
            spec = spec_of(state, release.slots[slot], service)
            if spec and spec.slotted and release.stable != slot:
                yield service, slot
