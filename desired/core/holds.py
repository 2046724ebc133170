"""Holds: while one lasts, the service or the environment cannot change, except to take traffic away."""

from __future__ import annotations

from .errors import Refused
from .model import EnvironmentState, HoldEntry, changed


def require_not_held(before: EnvironmentState, after: EnvironmentState, now: str) -> None:
    """Raises Refused if the environment, or a service that changes, is held. `now` is a time in UTC."""
    if before.holds.environment:
        _refuse_if_held(before.name, before.holds.environment, now)
    for service in changed_services(before, after):
        if hold := before.holds.services.get(service):
            _refuse_if_held(f"{service} in {before.name}", hold, now)


def _refuse_if_held(what: str, hold: HoldEntry, now: str) -> None:
    if hold.until is None or hold.until > now:
        until = f" until {hold.until}" if hold.until else ""
        raise Refused(
            f"{what} is held by {hold.actor}{until}: {hold.reason}. Ask them, or remove the hold with `desired unhold`"
        )


def changed_services(before: EnvironmentState, after: EnvironmentState) -> list[str]:
    """The services whose release or rollout this operation changes."""
    found = set(changed(before.releases, after.releases))
    for name in changed(before.rollouts, after.rollouts):
        for rollout in (before.rollouts.get(name), after.rollouts.get(name)):
            found.update(rollout.members if rollout else ())
    return sorted(found)
