"""Commands that prove who did what, and that the history was not rewritten: signers and anchor."""
# ruff: noqa: PLC0415

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..failures import reports_failures
from ..options import AsJson, Env, OperationOptions, examples, operation

app = typer.Typer()


@app.command(
    epilog=examples(
        "# Each line of the file is as: ada@example.com ssh-ed25519 AAAAC3…",
        'desired signers prod-signers -e prod --reason "only we change prod"',
    )
)
@operation
def signers(
    context: typer.Context,
    request: OperationOptions,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="All signers: a line for each, with an address and a public key. Empty: none."
        ),
    ],
    environment: Env = None,
) -> None:
    """Name who signs what is done to an environment.

    From then on operations there, and what is published there, count only if one of them signed it with SSH. You sign
    with the key that `git config user.signingkey` names, and have to be one of them.
    """
    from ...core.operations import Signers
    from .. import choices
    from ..operating import act
    from ..session import open_session
    from ..trust import lines_of

    with open_session(context) as session:
        state = session.environment(environment, choices.anywhere("name signers"))
        with session.typed.mistakes(signers=f"{file}, line"):
            named = Signers(environment=state.name, signers=lines_of(file))
        act(session, request, named)


@app.command(epilog=examples("# Once a week, in CI", "desired anchor"))
@reports_failures
def anchor(context: typer.Context, json: AsJson = False) -> None:
    """Verify the history, and tag what was verified.

    If somebody rewrites the past, `desired verify` compares it with the tags, in every clone that has them.
    """
    from ..session import open_session
    from ..trust import set_anchor

    with open_session(context, follow=False) as session:
        set_anchor(session, json)
