"""Commands for the repository as a whole: publish and new."""
# ruff: noqa: PLC0415

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..failures import reports_failures
from ..options import AsJson, examples

app = typer.Typer()


@app.command(
    epilog=examples(
        "# The first time it creates the branch live, which clusters pull.",
        "# After that, run it in CI for each commit of main.",
        "desired publish",
    )
)
@reports_failures
def publish(context: typer.Context, json: AsJson = False) -> None:
    """Publish main: bring what was merged to the clusters.

    Adds missing manifests, reverts manual edits to releases/ and manifests/, then advances live. Names the objects
    that leave a cluster by what was merged. Exits with 6 where clusters stay with older code, because that of main
    cannot be synthesized or no longer defines their environment.
    """
    from ...core.errors import CodeNotUsed
    from ..output import show_result
    from ..session import open_session

    with open_session(context, follow=False) as session:
        result = session.publisher.publish()
        show_result(result, json)
        if result.unused and json:  # which has said so
            raise typer.Exit(CodeNotUsed.exit_code)
        if result.unused:
            raise CodeNotUsed("Clusters stay with older code, as above. Fix the code at main, then publish again")


@app.command(
    epilog=examples(
        "desired new fleet --service greeter",
        "# Environments of your own, in the order of promotion",
        "desired new fleet -e qa -e live-eu --domain shop.example.com",
    )
)
@reports_failures
def new(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The folder to create. It must be new or empty.")],
    service: Annotated[str, typer.Option(metavar="NAME", help="The name of the first service.")] = "hello",
    environment: Annotated[
        list[str] | None,
        typer.Option(
            "--environment",
            "-e",
            metavar="NAME",
            help="An environment, in the order of promotion. Give it once for each. Default: staging and prod.",
        ),
    ] = None,
    domain: Annotated[str, typer.Option(metavar="DOMAIN", help="The domain of all host names.")] = "example.com",
) -> None:
    """Create a platform repository with one service."""
    from ..new.making import make

    make(folder, service, environment or ["staging", "prod"], domain)
