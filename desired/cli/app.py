"""The command line: the options before the command, and the commands in the order in which help shows them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .. import __version__
from .commands import deploying, holding, promoting, reading, repository, retiring, rollouts, trusting
from .options import GlobalOptions, examples

app = typer.Typer(
    name="desired",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    epilog=examples(
        "desired status",
        "desired deploy checkout=9f3c2e1 -e staging --canary",
        "desired canary checkout 40",
        'desired rollback checkout --reason "errors on /pay"',
    ),
)
for each in (reading, deploying, rollouts, promoting, holding, retiring, trusting, repository):
    app.add_typer(each.app)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"desired {__version__}")
        raise typer.Exit


@app.callback()
def global_options(
    context: typer.Context,
    folder: Annotated[
        Path,
        typer.Option(
            "-C", metavar="FOLDER", show_default=False, help="A clone of the platform repository. Default: this folder."
        ),
    ] = Path(),
    remote: Annotated[
        str | None,
        typer.Option(
            metavar="REMOTE",
            help="The remote whose branches main and live count; '' for the branches of the clone itself. "
            "Default: DESIRED_REMOTE, or origin.",
        ),
    ] = None,
    kubeconfig: Annotated[
        Path | None,
        typer.Option(
            envvar="DESIRED_KUBECONFIG",
            metavar="FILE",
            help="Check the clusters with this kubeconfig. Its contexts are named like them, such as prod-apps.",
        ),
    ] = None,
    actor: Annotated[
        str,
        typer.Option(
            envvar="DESIRED_ACTOR",
            metavar="PERSON",
            help="Who asks, as 'Ada <ada@example.com>'. Default: user.name and user.email of `git config`.",
        ),
    ] = "",
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Run a fleet of services: which versions run where, and how much traffic they get.

    You run a command. It becomes one commit that holds the release change and its manifests; the clusters pull it.
    """
    context.obj = GlobalOptions(folder, remote, kubeconfig, actor)
