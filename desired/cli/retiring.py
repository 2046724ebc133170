"""The end and the return of a service: a plan first, then one operation for each environment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.text import Text

from ..model import EnvironmentState
from ..problems import Problem, Refused
from ..retirement import Plan, plan
from .output import console, show_answer, show_json, table
from .session import Session, Settings, open_session

Json = dict[str, Any]


def retire(
    given: Mapping[str, Any],
    service: str,
    environment: str | None,
    reason: str,
    *,
    json: bool,
    dry_run: bool,
    unobserved: bool,
    yes: bool,
) -> None:
    """`desired retire`: the plan, then the environments in reverse order of promotion. Run again, it goes on."""
    with open_session(Settings(json=json, **given)) as session:
        found = plan(service, session.publisher, session.environments, session.head)
        steps = [each for each in found if environment in (None, each.environment)]
        if not steps:
            raise Refused(
                f"{service} runs in no environment{f' {environment}' if environment else ''}; nothing to retire"
            )
        if json and dry_run:
            show_json([each.as_json() for each in steps])
            return
        if not json:
            _show(steps)
        blocked = [f"{each.environment}: {each.blocked}" for each in steps if each.blocked]
        if blocked:
            raise Refused(*(f"retire {service} in {sentence}" for sentence in blocked))
        if dry_run:
            return
        _ask(service, steps, yes or json)
        for each in steps:
            operation = {"verb": "retire", "environment": each.environment, "service": service}
            about = {"reason": reason, "unobserved": unobserved, "expected": session.publisher.head()}
            show_answer(session.perform(operation, about, dry_run=False), json)


def _show(steps: list[Plan]) -> None:
    rows: list[list[str | Text]] = [
        [
            each.environment,
            ", ".join(each.callers) or "-",
            ", ".join(each.routes) or "-",
            ", ".join(each.kept) or "-",
            str(len(each.deleted)),
            Text(each.blocked or "can go", style="red" if each.blocked else "green"),
        ]
        for each in steps
    ]
    console().print(table(["environment", "callers", "routes", "data, kept", "files deleted", ""], rows))


def _ask(service: str, steps: list[Plan], yes: bool) -> None:
    import sys  # noqa: PLC0415

    if yes or not sys.stdin.isatty():
        return
    names = ", ".join(each.environment for each in steps)
    if input(f"retire {service} in {names}? [y/N] ").strip().lower() not in ("y", "yes"):
        raise Refused("you did not confirm; nothing was done")


def restore(
    given: Mapping[str, Any],
    service: str,
    environment: str | None,
    at: str,
    reason: str,
    *,
    json: bool,
    dry_run: bool,
) -> None:
    """`desired restore`."""
    with open_session(Settings(json=json, **given)) as session:

        def gone(state: EnvironmentState) -> bool:
            return service not in state.services and _last(session, service, state.name) is not None

        state = session.environment(environment, gone, f"restore {service}")
        commit = session.commit(at) if at else _last(session, service, state.name)
        if commit is None:
            raise Problem(f"{service} was never retired in {state.name}; name a commit at which it ran with --at")
        operation = {"verb": "restore", "environment": state.name, "service": service, "at": commit}
        show_answer(session.perform(operation, {"reason": reason}, dry_run), json)


def _last(session: Session, service: str, environment: str) -> str | None:
    """The commit before the newest retirement."""
    entries = session.publisher.index.newest(environment, service, 100)
    retired = next((each.id for each in entries if each.verb == "retire"), None)
    return session.publisher.past.before(retired) if retired else None
