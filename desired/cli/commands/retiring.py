"""The end and the return of a service: retire and restore."""
# ruff: noqa: PLC0415

from __future__ import annotations

from typing import Annotated

import typer

from ..options import Env, OnlyEnv, OperationOptions, Service, examples, operation

app = typer.Typer()


@app.command(
    epilog=examples(
        "# Show what would be removed, and what stays",
        "desired retire cart --dry-run",
        "# Remove it from every environment, the last one first",
        'desired retire cart --yes --reason "replaced by basket"',
    )
)
@operation
def retire(context: typer.Context, request: OperationOptions, service: Service, environment: OnlyEnv = None) -> None:
    """Remove a service from every environment, the last one first.

    Shows the plan before it asks. Databases and volumes stay. Run it again after a failure: it goes on.
    """
    from ..retirement import retire_everywhere
    from ..session import open_session

    with open_session(context) as session:
        retire_everywhere(session, request, service, environment)


@app.command(
    epilog=examples(
        "# As it ran before it was retired",
        "desired restore cart -e staging",
        "# As it ran at a commit",
        "desired restore cart -e staging --at 4f3a2c1",
    )
)
@operation
def restore(
    context: typer.Context,
    request: OperationOptions,
    service: Service,
    environment: Env = None,
    at: Annotated[
        str, typer.Option(metavar="COMMIT", help="A commit at which it ran. Default: before it was retired.")
    ] = "",
) -> None:
    """Bring a retired service back as it was."""
    from ...core.errors import Problem
    from ...core.operations import Restore
    from ..operating import act
    from ..retirement import last_commit_with, retired
    from ..session import open_session

    with open_session(context) as session:
        state = session.environment(environment, retired(session, service))
        commit = session.commit("at", at) if at else last_commit_with(session, service, state.name)
        if commit is None:
            raise Problem(f"{service} was never retired in {state.name}. Name a commit at which it ran with --at")
        with session.typed.mistakes():
            restore = Restore(environment=state.name, service=service, at=commit)
        act(session, request, restore)
