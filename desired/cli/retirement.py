"""Retiring a service: the plan, the question, then one operation for each environment."""

from __future__ import annotations

from dataclasses import replace

from rich.text import Text

from ..core.errors import Refused
from ..core.model import EnvironmentState
from ..core.operations import Retire
from ..history.history import Log
from ..publish.retirement import RetirementStep, plan
from .choices import Choice, named
from .operating import asks, confirm
from .options import OperationOptions
from .output import console, show_json, show_result, table
from .session import Session


def retire_everywhere(session: Session, request: OperationOptions, service: str, only: str | None) -> None:
    """The environments in reverse order of promotion, or one of them. Run again, it goes on. Raises Refused."""
    if only is not None:
        named(only, session.typed.label("environment"), session.environments)
    found = plan(service, session.publisher, session.environments, session.log)
    steps = [each for each in found if only in (None, each.environment)]
    if not steps:
        where = f"in {only}" if only else "in any environment"
        label = session.typed.label("service")
        raise Refused(f"{label} {service!r} does not run {where}. There is nothing to retire")
    if not request.json:
        _show(steps)
    elif request.dry_run:
        show_json([each.as_json() for each in steps])
    blocked = [each for each in steps if each.blocked]
    if blocked:
        raise Refused(*(f"Cannot retire {service} in {each.environment}: {each.blocked}" for each in blocked))
    if request.dry_run:
        return
    if asks(request) and not request.json:
        confirm(f"Retire {service} in {', '.join(each.environment for each in steps)}")
    for each in steps:
        _remove(session, request, service, each.environment)


def _remove(session: Session, request: OperationOptions, service: str, environment: str) -> None:
    with session.typed.mistakes():
        operation = Retire(environment=environment, service=service)
    # Each step stands on the one before, unless a commit was named. Each needs a key of its own.
    key = f"{request.key}.{environment}" if request.key else ""
    step = replace(request, expected=request.expected or session.publisher.head(), key=key)
    show_result(session.perform(operation, step), request.json)


def _show(steps: list[RetirementStep]) -> None:
    rows: list[list[str | Text]] = [
        [
            each.environment,
            ", ".join(each.callers) or "-",
            ", ".join(each.routes) or "-",
            ", ".join(each.kept) or "-",
            str(len(each.deleted)),
            Text("no" if each.blocked else "yes", style="red" if each.blocked else "green"),
        ]
        for each in steps
    ]
    console().print(
        table(["environment", "called by", "host names", "data that stays", "files to delete", "can go"], rows)
    )


def retired(session: Session, service: str) -> Choice:
    """An environment in which the service ran and does not run any more."""

    def why_not(state: EnvironmentState) -> str:
        if service in state.releases:
            return f"{service} runs there"
        return "" if last_commit_with(session, service, state.name) else f"{service} was never retired there"

    return Choice(f"restore {service}", why_not, "Name the environment with -e, and a commit at which it ran with --at")


def last_commit_with(session: Session, service: str, environment: str) -> str | None:
    """The commit before the newest retirement."""
    entries = session.publisher.index.newest(environment, service, 100)
    found = next((each.id for each in entries if each.verb == "retire"), None)
    return Log(session.publisher.history, session.log).before(found) if found else None
