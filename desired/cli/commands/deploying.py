"""The command that brings versions into an environment: deploy."""
# ruff: noqa: PLC0415

from __future__ import annotations

from typing import Annotated

import typer

from ..complete import services, versions
from ..options import Env, OperationOptions, RolloutName, examples, operation

app = typer.Typer()


@app.command(
    epilog=examples(
        "# Change the stable version at once; the registry knows the image",
        "desired deploy checkout=9f3c2e1",
        "# Start a rollout: the new version runs beside the old one at share 0",
        "desired deploy checkout=9f3c2e1 cart=4b1d0aa -e staging --canary",
        "# Without a registry: name the image by its digest",
        "desired deploy cart=4b1d0aa --image ghcr.io/acme/cart@sha256:… --ref main",
    )
)
@operation
def deploy(
    context: typer.Context,
    request: OperationOptions,
    what: Annotated[
        list[str],
        typer.Argument(
            metavar="SERVICE=VERSION",
            help="Services and their versions: a commit or a tag of the image. With --image, =VERSION is optional.",
            autocompletion=versions,
        ),
    ],
    environment: Env = None,
    canary: Annotated[bool, typer.Option("--canary", help="Start a rollout at share 0.")] = False,
    image: Annotated[
        list[str] | None,
        typer.Option(metavar="IMAGE", help="The image by digest, where there is no registry. Once for each SERVICE."),
    ] = None,
    ref: Annotated[
        str,
        typer.Option(metavar="BRANCH", help="The branch that --image was built from. `promote` accepts only main."),
    ] = "",
    spec_at: Annotated[
        str,
        typer.Option(
            metavar="COMMIT", help="Take the specs from apps/ at this commit. Default: --expected, or the newest one."
        ),
    ] = "",
    name: RolloutName = None,
    first: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SERVICE",
            help="With --canary: a service without a route that changes now, not at finalize. Give it once for each.",
            autocompletion=services,
        ),
    ] = None,
) -> None:
    """Deploy versions to an environment, at once or as a canary.

    Without --canary the new version replaces the stable one in a rolling update. With --canary it runs beside the
    stable one and gets no traffic until you set a share with `desired canary`.
    """
    from ...core.errors import Problem
    from ...core.operations import Deploy
    from .. import choices
    from ..builds import Builds
    from ..operating import act
    from ..session import open_session

    if not canary and (name or first):
        raise Problem(f"{'--name' if name else '--first'} needs --canary: only a rollout has it")
    with open_session(context) as session:
        state = session.environment(environment, choices.entry("deploy"))
        specs_at = session.commit("spec_at", spec_at) if spec_at else session.definitions_for(request)
        specs = session.publisher.sources.definitions(specs_at).specs
        builds = Builds(tuple(what), tuple(image or ()), ref).found(session.typed, specs)
        with session.typed.mistakes():
            deploy = Deploy(
                environment=state.name,
                services=builds,
                specs_at=specs_at,
                canary=canary,
                name=name,
                first=tuple(first or ()),
            )
        act(session, request, deploy)
