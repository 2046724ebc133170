"""The end and the return of a service: a plan first, then one operation for each environment."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from rich.text import Text

from ..core.errors import Problem, Refused
from ..core.model import EnvironmentState
from ..publish.retirement import RetirementStep, plan
from .options import About
from .output import console, show_answer, show_json, table
from .session import GlobalOptions, Session, open_session
from .verbs import act

Given = Mapping[str, Any]


def retire(given: Given, about: About, service: str, environment: str | None) -> None:
    """`desired retire`: the plan, then the environments in reverse order of promotion. Run again, it goes on."""
    with open_session(GlobalOptions(**given)) as session:
        found = plan(service, session.publisher, session.environments, session.head)
        steps = [each for each in found if environment in (None, each.environment)]
        if not steps:
            where = f" in {environment}" if environment else ""
            raise Refused(f"{service} does not run{where}; there is nothing to retire")
        if not about.json:
            _show(steps)
        elif about.dry_run:
            show_json([each.as_json() for each in steps])
        blocked = [f"{each.environment}: {each.blocked}" for each in steps if each.blocked]
        if blocked:
            raise Refused(*(f"retire {service} in {sentence}" for sentence in blocked))
        if not about.dry_run:
            _ask(service, steps, about)
            _remove(session, about, service, steps)


def _remove(session: Session, about: About, service: str, steps: list[RetirementStep]) -> None:
    for each in steps:
        operation = {"verb": "retire", "environment": each.environment, "service": service}
        # Each step stands on the one before; a key that was given is made one for each.
        key = f"{about.key}.{each.environment}" if about.key else ""
        intent = {**about.intent(), "expected": session.publisher.head(), "key": key}
        show_answer(session.perform(operation, intent, dry_run=False), about.json)


def _show(steps: list[RetirementStep]) -> None:
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


def _ask(service: str, steps: list[RetirementStep], about: About) -> None:
    if about.yes or about.json or not sys.stdin.isatty():
        return
    names = ", ".join(each.environment for each in steps)
    if input(f"retire {service} in {names}? [y/N] ").strip().lower() not in ("y", "yes"):
        raise Refused("you did not confirm; nothing was done")


def restore(given: Given, about: About, service: str, environment: str | None, at: str) -> None:
    """`desired restore`."""
    with open_session(GlobalOptions(**given)) as session:

        def gone(state: EnvironmentState) -> bool:
            return service not in state.releases and _last(session, service, state.name) is not None

        state = session.environment(environment, gone, f"restore {service}")
        commit = session.commit(at) if at else _last(session, service, state.name)
        if commit is None:
            raise Problem(f"{service} was never retired in {state.name}; name a commit at which it ran with --at")
        act(session, about, "restore", state, service=service, at=commit)


def _last(session: Session, service: str, environment: str) -> str | None:
    """The commit before the newest retirement."""
    entries = session.publisher.index.newest(environment, service, 100)
    retired = next((each.id for each in entries if each.verb == "retire"), None)
    return session.publisher.history.before(retired) if retired else None
