"""Commands that bring what was tested into the next environment: promote and platform."""
# ruff: noqa: PLC0415

from __future__ import annotations

from typing import Annotated

import typer

from ..complete import environments
from ..options import Env, OperationOptions, RolloutName, Services, examples, operation

app = typer.Typer()


@app.command(
    epilog=examples(
        "# Bring all versions that are stable in staging to preprod, as one rollout",
        "desired promote staging preprod",
        "# The versions of an earlier commit, without one service",
        "desired promote preprod prod --at 4f3a2c1 --without cart",
    )
)
@operation
def promote(
    context: typer.Context,
    request: OperationOptions,
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE", help="The environment whose stable versions you want.", autocompletion=environments
        ),
    ],
    target: Annotated[
        str, typer.Argument(metavar="TARGET", help="The environment that they enter.", autocompletion=environments)
    ],
    at: Annotated[
        str,
        typer.Option(
            metavar="COMMIT",
            help="Take the versions of SOURCE at this commit. Default: --expected, or the newest one.",
        ),
    ] = "",
    without: Services = None,
    name: RolloutName = None,
) -> None:
    """Promote the stable versions of one environment to the next.

    They enter TARGET as one rollout at share 0; `desired canary` sets its share.
    """
    from ...core.operations import Promote
    from .. import choices
    from ..operating import act
    from ..session import open_session

    with open_session(context) as session:
        state = session.environment(target, choices.anywhere("promote"), "target")
        recipe = session.commit("at", at) if at else session.looked_at(request)
        with session.typed.mistakes():
            promote = Promote(
                environment=state.name, source=source, recipe=recipe, without=tuple(without or ()), name=name
            )
        act(session, request, promote)


@app.command(
    epilog=examples(
        "# Let preprod-apps be made by the platform's code at a tag",
        "desired platform v1.4.0 -e preprod",
    )
)
@operation
def platform(
    context: typer.Context,
    request: OperationOptions,
    tag: Annotated[str, typer.Argument(metavar="TAG", help="A tag of this repository.")],
    environment: Env = None,
) -> None:
    """Move the platform of an environment to a tag.

    The applications' cluster of the environment is then made by the code at this tag.
    """
    from ...core.operations import Platform
    from .. import choices
    from ..operating import act
    from ..session import open_session

    with open_session(context) as session:
        state = session.environment(environment, choices.anywhere(f"move the platform to {tag}"))
        with session.typed.mistakes():
            platform = Platform(environment=state.name, tag=tag, commit=session.tag("tag", tag))
        act(session, request, platform)
