"""Commands that only read: status, history, show, diff and verify."""
# ruff: noqa: PLC0415

from __future__ import annotations

from typing import Annotated

import typer

from ..complete import environments
from ..failures import reports_failures
from ..options import AsJson, OnlyEnv, SomeService, examples

app = typer.Typer()


def _count(number: int) -> int:
    if not 1 <= number <= 10_000:
        raise typer.BadParameter(f"it must be 1 to 10000, got {number}")
    return number


@app.command(
    epilog=examples(
        "desired status",
        "desired status cart -e prod",
        "# Ready pods too, read from the clusters",
        "desired --kubeconfig ~/.kube/fleet status",
    )
)
@reports_failures
def status(
    context: typer.Context, service: SomeService = None, environment: OnlyEnv = None, json: AsJson = False
) -> None:
    """Show which version of each service runs where.

    Also shows open rollouts, holds, and which versions are behind the environment before.
    """
    from ..views.status import show_status

    show_status(context, json, environment, service)


@app.command(epilog=examples("desired history", "desired history cart -e prod -n 5"))
@reports_failures
def history(
    context: typer.Context,
    service: SomeService = None,
    environment: OnlyEnv = None,
    limit: Annotated[int, typer.Option("-n", metavar="COUNT", help="How many operations.", callback=_count)] = 20,
    json: AsJson = False,
) -> None:
    """Show who did what, when and why, the newest first."""
    from ..views.history import show_history

    show_history(context, json, service, environment, limit)


@app.command(epilog=examples("desired show 4f3a2c1"))
@reports_failures
def show(
    context: typer.Context,
    commit: Annotated[str, typer.Argument(metavar="COMMIT", help="A commit that `desired history` lists.")],
    json: AsJson = False,
) -> None:
    """Show one operation: who, why, and what it changed."""
    from ..views.history import show_commit

    show_commit(context, json, commit)


@app.command(
    epilog=examples(
        "# What differs between two environments",
        "desired diff staging preprod",
        "# What changed in one environment between two commits",
        "desired diff 4f3a2c1 main -e prod",
    )
)
@reports_failures
def diff(
    context: typer.Context,
    before: Annotated[
        str, typer.Argument(metavar="BEFORE", help="An environment, or a commit.", autocompletion=environments)
    ],
    after: Annotated[
        str, typer.Argument(metavar="AFTER", help="Another environment, or commit.", autocompletion=environments)
    ],
    environment: Annotated[
        str | None,
        typer.Option(
            "--environment",
            "-e",
            metavar="NAME",
            help="For two commits: the environment to compare.",
            autocompletion=environments,
        ),
    ] = None,
    json: AsJson = False,
) -> None:
    """Compare what runs in two environments, or at two commits.

    Compares the image and the spec of each stable version, field by field.
    """
    from ..views.comparison import show_comparison

    show_comparison(context, json, before, after, environment)


@app.command(epilog=examples("desired verify"))
@reports_failures
def verify(context: typer.Context, json: AsJson = False) -> None:
    """Check the whole history.

    Every change must be an operation that was allowed, or what the code makes.
    """
    from ..views.verification import show_verification

    show_verification(context, json)
