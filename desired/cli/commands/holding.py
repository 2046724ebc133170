"""Commands that keep or take back a state: hold, unhold and undo."""
# ruff: noqa: PLC0415

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from ..complete import services
from ..options import Env, OperationOptions, examples, operation

app = typer.Typer()
HeldService = Annotated[
    str | None,
    typer.Argument(metavar="SERVICE", help="The service. Without it: the whole environment.", autocompletion=services),
]


@app.command(
    epilog=examples(
        "# Stop all changes of cart in prod for two hours",
        'desired hold cart -e prod --until 2h --reason "an audit is running"',
        "# The whole environment, until `desired unhold -e prod`",
        'desired hold -e prod --reason "no changes during the sales days"',
    )
)
@operation
def hold(
    context: typer.Context,
    request: OperationOptions,
    service: HeldService = None,
    environment: Env = None,
    until: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="When the hold expires: 30m, 2h, 3d, or 2026-11-02T09:30:00Z."),
    ] = None,
) -> None:
    """Stop all changes of a service, or of a whole environment.

    Needs --reason. A rollback still works while a hold lasts.
    """
    from ...core.operations import Hold
    from .. import choices
    from ..operating import act
    from ..session import open_session

    with open_session(context) as session:
        state = session.environment(environment, choices.running(f"hold {service or 'an environment'}", service))
        with session.typed.mistakes():
            hold = Hold(
                environment=state.name,
                service=service,
                because=request.reason,
                by=session.actor,
                until=expiry(until) if until is not None else None,
            )
        act(session, request, hold)


def expiry(text: str, now: datetime | None = None) -> str:
    """The time after a span, such as `2h`; any other text as it is."""
    match = re.fullmatch(r"([1-9][0-9]{0,4})([mhd])", text)
    if match is None:
        return text
    unit = {"m": "minutes", "h": "hours", "d": "days"}[match[2]]
    end = (now or datetime.now(UTC)) + timedelta(**{unit: int(match[1])})
    return end.strftime("%Y-%m-%dT%H:%M:%SZ")


@app.command(
    epilog=examples(
        "desired unhold cart -e prod",
        "# The hold on the whole environment",
        "desired unhold -e prod",
    )
)
@operation
def unhold(
    context: typer.Context, request: OperationOptions, service: HeldService = None, environment: Env = None
) -> None:
    """Remove a hold."""
    from ...core.operations import Unhold
    from .. import choices
    from ..operating import act
    from ..session import open_session

    with open_session(context) as session:
        what = f"remove the hold of {service}" if service else "remove a hold"
        state = session.environment(environment, choices.held(what, service))
        with session.typed.mistakes():
            unhold = Unhold(environment=state.name, service=service)
        act(session, request, unhold)


@app.command(
    epilog=examples(
        "# `desired history` lists the operations with their commits",
        "desired undo 4f3a2c1",
    )
)
@operation
def undo(
    context: typer.Context,
    request: OperationOptions,
    commit: Annotated[str, typer.Argument(metavar="COMMIT", help="The commit of an operation.")],
    environment: Env = None,
) -> None:
    """Undo one operation, if nothing that it changed has changed since."""
    from ...core.operations import Undo
    from .. import choices
    from ..operating import act
    from ..session import open_session

    with open_session(context) as session:
        whole = session.commit("commit", commit)
        before = session.before("commit", whole)
        touched = {path.split("/")[1] for path in session.publisher.git.changed_paths(before, whole, "releases/")}
        choice = choices.Choice(
            f"undo {commit}",
            lambda state: "" if state.name in touched else f"{whole[:12]} changed nothing there",
            "Name the commit of an operation: `desired history` lists them",
        )
        state = session.environment(environment, choice)
        with session.typed.mistakes():
            undo = Undo(environment=state.name, commit=whole)
        act(session, request, undo)
