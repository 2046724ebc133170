"""Commands on a rollout: canary, rollback, finalize and close."""
# ruff: noqa: PLC0415

from __future__ import annotations

from typing import Annotated

import typer

from ..complete import services
from ..options import Env, OperationOptions, Service, examples, operation

app = typer.Typer()


def whole_number(text: str | int) -> int:
    """The number that a person typed. Raises BadParameter."""
    try:
        return int(text)
    except ValueError:
        raise typer.BadParameter(f"it must be a whole number, got {text!r}") from None


def _deploy_first(service: str) -> str:
    return f"Start a rollout with `desired deploy {service}=VERSION --canary`"


@app.command(
    epilog=examples(
        "# Send 40 % of the traffic to the new versions of the rollout of checkout",
        "desired canary checkout 40 -e staging",
        "# Without access to the cluster",
        'desired canary checkout 40 --unobserved --reason "watched in Grafana"',
    )
)
@operation
def canary(
    context: typer.Context,
    request: OperationOptions,
    service: Service,
    share: Annotated[
        int, typer.Argument(metavar="SHARE", help="Per cent of the traffic, 0 to 100.", parser=whole_number)
    ],
    environment: Env = None,
) -> None:
    """Set the share of traffic of a rollout.

    The share is that of the whole rollout that SERVICE is in.
    """
    from ...core.operations import Canary
    from .. import choices
    from ..operating import act
    from ..session import open_session

    with open_session(context) as session:
        choice = choices.in_rollout(f"set the share of {service}", service, _deploy_first(service))
        state = session.environment(environment, choice)
        with session.typed.mistakes():
            canary = Canary(environment=state.name, service=service, share=share)
        act(session, request, canary)


@app.command(
    epilog=examples(
        "# Send all traffic back to the stable version, or undo a finalize",
        'desired rollback checkout --reason "errors on /pay"',
        "# Go back to the versions of an earlier commit: of one service, or all",
        "desired rollback checkout -e prod --to 4f3a2c1",
        "desired rollback -e prod --to 4f3a2c1",
    )
)
@operation
def rollback(
    context: typer.Context,
    request: OperationOptions,
    service: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SERVICE",
            help="A service of the rollout. With --to: the services to reset, or none for all.",
            autocompletion=services,
        ),
    ] = None,
    environment: Env = None,
    to: Annotated[
        str, typer.Option(metavar="COMMIT", help="Go back to the versions that ran at this commit of main.")
    ] = "",
) -> None:
    """Roll back: share 0 in a rollout, the old slot after finalize.

    A rollback waits for nothing: no hold, gate or check of the cluster delays it. With --to it brings services back
    to the versions that they had at an earlier commit.
    """
    from ...core.errors import Problem
    from ...core.operations import Reset, Rollback
    from .. import choices
    from ..operating import act
    from ..session import open_session

    named = service or []
    if not to and len(named) != 1:
        raise Problem("rollback needs one SERVICE of a rollout, or --to with an earlier commit")
    with open_session(context) as session:
        if to:
            state = session.environment(environment, choices.anywhere("roll back"))
            with session.typed.mistakes(services=session.typed.label("service")):
                reset = Reset(environment=state.name, to=session.commit("to", to), services=tuple(named))
            act(session, request, reset)
            return
        next_step = f"{_deploy_first(named[0])}, or name an earlier commit with --to"
        choice = choices.in_rollout(f"roll back {named[0]}", named[0], next_step)
        state = session.environment(environment, choice)
        with session.typed.mistakes():
            rollback = Rollback(environment=state.name, service=named[0])
        act(session, request, rollback)


@app.command(
    epilog=examples(
        "# After `desired canary checkout 100`: make the new version the stable one",
        "desired finalize checkout -e staging",
    )
)
@operation
def finalize(context: typer.Context, request: OperationOptions, service: Service, environment: Env = None) -> None:
    """Make the new versions of a rollout the stable ones.

    The share must be 100. The old versions keep running until `desired close`, so that `desired rollback` is fast.
    """
    from ...core.operations import Finalize
    from .. import choices
    from ..operating import act
    from ..session import open_session

    with open_session(context) as session:
        state = session.environment(
            environment, choices.in_rollout(f"finalize {service}", service, _deploy_first(service))
        )
        with session.typed.mistakes():
            finalize = Finalize(environment=state.name, service=service)
        act(session, request, finalize)


@app.command(
    epilog=examples(
        "# After `desired finalize` or `desired rollback`: remove the idle slots",
        "desired close checkout -e staging",
    )
)
@operation
def close(context: typer.Context, request: OperationOptions, service: Service, environment: Env = None) -> None:
    """End a rollout and remove the slots that are not stable."""
    from ...core.operations import Close
    from .. import choices
    from ..operating import act
    from ..session import open_session

    with open_session(context) as session:
        choice = choices.in_rollout(f"close the rollout of {service}", service, "There is nothing to close")
        state = session.environment(environment, choice)
        with session.typed.mistakes():
            close = Close(environment=state.name, service=service)
        act(session, request, close)
