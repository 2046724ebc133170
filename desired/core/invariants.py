"""What holds in every state, whichever operation led to it."""

from __future__ import annotations

from collections.abc import Sequence

from constructs_lib.values.service import FILES

from .errors import Refused
from .facts import Facts
from .model import EnvironmentState, changed
from .operations import Intent
from .verbs.slots import callers


def require_invariants(intent: Intent, facts: Facts, after: EnvironmentState) -> None:
    """Raises Refused if the next state cannot be synthesized, or if a service would lose one that it calls.

    A new rollout must not be called like a file of `releases/`, either.
    """
    for name in sorted({*after.rollouts} - {*facts.here.rollouts}) if intent.rules > 1 else ():
        if name in FILES:
            raise Refused(
                f"A rollout cannot be named {name}: {', '.join(FILES)} name files of releases/. "
                f"Give it another name with --name"
            )
    for service in changed(facts.here.releases, after.releases):
        release = after.releases.get(service)
        if release and service not in facts.specs and not all(each.spec for each in release.slots.values()):
            raise Refused(_no_spec(service, facts, after.name))
    for service in removed(facts.here, after):
        _require_unused(service, facts, after)


def _no_spec(service: str, facts: Facts, environment: str) -> str:
    """Why a service cannot take its spec from `apps/`, and the remedy."""
    file = f"apps/{service.replace('-', '_')}.py"
    if facts.stays:
        return f"Cannot run {service} in {environment}: the code that is in use there has no {file}. {facts.stays}"
    return f"apps/ no longer has {service}, and {environment} follows apps/. Put {file} back first"


def removed(before: EnvironmentState, after: EnvironmentState) -> list[str]:
    """The services that are gone."""
    return sorted({*before.releases} - {*after.releases})


def _require_unused(service: str, facts: Facts, after: EnvironmentState) -> None:
    for name in facts.later(after.name):
        if service in facts.running[name]:
            raise Refused(f"Cannot retire {service} in {after.name}: it still runs in {name}. Retire it there first")
    if found := callers(service, facts, after):
        raise Refused(f"Cannot retire {service} in {after.name}: {still_called(found)}")


def still_called(names: Sequence[str]) -> str:
    """Why a service that these call cannot go, and the remedy."""
    verb = "depends" if len(names) == 1 else "depend"
    return f"{', '.join(names)} {verb} on it. Deploy versions without it first"
