"""What must hold before a state may follow another: the gates of the environment.

Gates look at what changes and not at the verb, so that no operation goes around them. Lowering a share to 0 and taking
back a finalize pass none: nothing ever holds them up.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from constructs_lib.values import Service
from constructs_lib.values.resolved_service import scale_of

from ..wording import counted
from .errors import Refused
from .facts import Facts
from .holds import require_not_held
from .invariants import removed
from .model import EnvironmentState, Observation, Rollout, Slot, changed
from .operations import Canary, Finalize, Hold, Intent, Operation, Platform, Retire, Rollback, Undo, Unhold
from .verbs.slots import spec_of, time_of


def pass_gates(intent: Intent, facts: Facts, after: EnvironmentState, now: datetime) -> None:
    """Raises Refused with the first gate that is closed."""
    operation, before = intent.operation, facts.here
    if takes_traffic_away(operation):
        return
    if not isinstance(operation, Hold | Unhold):
        require_not_held(before, after, time_of(now))
    _tested(facts, after)
    gates = ClusterGates(facts.observation, intent.unobserved)
    if "ready" in before.environment.gates:
        gates.ready(before.name, _needed_for_any_share(facts, after) if intent.rules == 1 else _needed(facts, after))
    for service in removed(before, after):
        gates.without_traffic(service, before)
    if after.platform and after.platform != before.platform:
        gates.healthy_platform(facts.platform_digests[after.platform.commit], before.name)


def takes_traffic_away(operation: Operation) -> bool:
    """Whether it only brings users back to what was good. Such an operation waits for nothing."""
    return isinstance(operation, Rollback) or (isinstance(operation, Canary) and operation.share == 0)


def needs_observation(intent: Intent) -> bool:
    """Whether the cluster has to be checked before this operation: never for one that only takes traffic away."""
    operation = intent.operation
    if intent.unobserved or takes_traffic_away(operation):
        return False
    return isinstance(operation, Canary | Finalize | Undo | Retire | Platform)


def what_counted(
    observed: Observation, intent: Intent, before: EnvironmentState, after: EnvironmentState
) -> Observation:
    """What of an observation the gates of this operation read. The history keeps no more."""
    slots = {
        f"{service}-{slot}"
        for name in changed(before.rollouts, after.rollouts)
        if name in after.rollouts
        for service, slot in after.rollouts[name].members.items()
    }
    named = intent.operation.named()
    return Observation(
        ready=None if observed.ready is None else {name: observed.ready.get(name, 0) for name in sorted(slots)},
        requests=None if observed.requests is None else {name: observed.requests.get(name, 0.0) for name in named},
        applied=observed.applied,
        healthy_platform=observed.healthy_platform if isinstance(intent.operation, Platform | Undo) else "",
    )


def _tested(facts: Facts, after: EnvironmentState) -> None:
    here, source = facts.here, facts.here.environment.promoted_from
    if "tested" not in here.environment.gates or source is None:
        return
    for service in changed(here.releases, after.releases):
        known, release = here.releases.get(service), after.releases.get(service)
        images = {each.image for each in known.slots.values()} if known else set()
        for version in release.slots.values() if release else ():
            tested = any((name, service, version.image) in facts.stable_images for name in (here.name, source))
            if version.image not in images and not tested:
                raise Refused(
                    f"{service} in {here.name}: {version.image} was never stable in {source}, as the gate `tested` of "
                    f"{here.name} requires. Finalize it in {source} and promote it"
                )


class ClusterGates:
    """The gates that need an observation of the cluster."""

    def __init__(self, observed: Observation | None, passed: bool) -> None:
        self._observed = observed or Observation()
        self._passed = passed

    def ready(self, environment: str, needed: Iterator[_Pods]) -> None:
        """Every slot that gets traffic has enough ready pods for it. Raises Refused."""
        for pods in needed if not self._passed else ():
            name = f"{pods.service}-{pods.slot}"
            if self._observed.ready is None:
                raise Refused(f"Cannot check that {name} is ready in {environment}: {_REMEDY}")
            seen = self._observed.ready.get(name, 0)
            if seen < pods.needed:
                raise Refused(
                    f"{name} in {environment} has {counted(seen, 'ready pod')}, and {pods.share} % of the traffic need "
                    f"{pods.needed}. Wait until they are ready, or find out why not"
                )

    def without_traffic(self, service: str, here: EnvironmentState) -> None:
        """A service that is removed gets no requests, if that was checked. Raises Refused."""
        seen = self._observed.requests
        if self._passed or (seen is None and "ready" not in here.environment.gates):
            return
        if seen is None:
            raise Refused(f"Cannot check that {service} gets no requests in {here.name}: {_REMEDY}")
        if (rate := seen.get(service, 0.0)) > 0:
            raise Refused(
                f"{service} in {here.name} still gets {rate:.2g} requests per second. Retire it when it gets none"
            )

    def healthy_platform(self, digest: str, environment: str) -> None:
        """The ops cluster is healthy with this platform. Raises Refused."""
        if self._passed:
            return
        if not self._observed.healthy_platform:
            raise Refused(f"Cannot check that {environment}-ops is healthy with this platform: {_REMEDY}")
        if self._observed.healthy_platform != digest:
            raise Refused(
                f"{environment}-ops is healthy with the platform {self._observed.healthy_platform[:12]}, not with "
                f"{digest[:12]}. Name the tag that it runs, or wait until it runs this one"
            )


_REMEDY = "pass --kubeconfig, or --unobserved with --reason"


@dataclass(frozen=True)
class _Pods:
    """How many pods of a slot must be ready before a change."""

    service: str
    slot: Slot
    share: int
    """Per cent of the service's traffic that the slot gets after it."""
    needed: int


def _needed(facts: Facts, after: EnvironmentState) -> Iterator[_Pods]:
    """Slots that get more traffic or become stable with this change, and had objects before it.

    While a rollout is not closed, each of its slots runs as many pods as the service has at its peak. Its share of
    these takes its share of the traffic, whatever comes.
    """
    for was, rollout in _moved(facts, after):
        finalizes = was.phase == "open" and rollout.phase == "finalized"
        share = 100 if finalizes else rollout.share
        if finalizes or share > was.share:
            for service, slot, spec in _with_slots(facts, rollout):
                peak = scale_of(facts.made, "apps", spec).max
                yield _Pods(service, slot, share, ceil(peak * share / 100))


def _needed_for_any_share(facts: Facts, after: EnvironmentState) -> Iterator[_Pods]:
    """The same by the first version of the rules: one pod, before the share leaves 0 and before a slot is stable."""
    for was, rollout in _moved(facts, after):
        if (was.share == 0 < rollout.share) or (was.phase, rollout.phase) == ("open", "finalized"):
            for service, slot, _ in _with_slots(facts, rollout):
                yield _Pods(service, slot, rollout.share, 1)


def _moved(facts: Facts, after: EnvironmentState) -> Iterator[tuple[Rollout, Rollout]]:
    """Rollouts that the change leaves there: as they were, and as they are."""
    for name in changed(facts.here.rollouts, after.rollouts):
        was, rollout = facts.here.rollouts.get(name), after.rollouts.get(name)
        if was and rollout:
            yield was, rollout


def _with_slots(facts: Facts, rollout: Rollout) -> Iterator[tuple[str, Slot, Service]]:
    """The members of a rollout that have slots and are not stable in the new one, with the spec there."""
    for service, slot in rollout.members.items():
        release = facts.here.releases[service]
        spec = spec_of(facts, release.slots[slot], service)
        if spec and spec.slotted and release.stable != slot:
            yield service, slot, spec
