"""The commands. Each one says what is wanted; `desired.publisher` does it.

What a command needs is imported when it runs, so that the command line itself starts at once.
"""
# ruff: noqa: PLC0415

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .complete import environments, services, versions
from .errors import said
from .options import About, Env, Json, Service, SomeService, operation

app = typer.Typer(
    name="desired",
    help="Runs the fleet: which versions are where, at which share. Every operation is one commit.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
Services = Annotated[list[str] | None, typer.Option(help="A service that stays as it is.", autocompletion=services)]
RolloutName = Annotated[str | None, typer.Option(help="A name for the rollout.")]


@app.callback()
def _settings(
    context: typer.Context,
    folder: Annotated[Path, typer.Option("-C", help="The platform repository.")] = Path(),
    remote: Annotated[
        str | None, typer.Option(help="The remote whose branches count; '' for the clone itself.")
    ] = None,
    kubeconfig: Annotated[
        Path | None, typer.Option(envvar="DESIRED_KUBECONFIG", help="Contexts named like the clusters.")
    ] = None,
    actor: Annotated[str, typer.Option(envvar="DESIRED_ACTOR", help="Who asks: 'Ada <ada@example.com>'.")] = "",
) -> None:
    context.obj = {"folder": folder, "remote": remote, "kubeconfig": kubeconfig, "actor": actor}


@app.command()
@said
def status(context: typer.Context, service: SomeService = None, environment: Env = None, json: Json = False) -> None:
    """Show which version of every service is where, what it is behind, and what moves."""
    from .views import show_status

    show_status(context.obj, json, environment, service)


@app.command()
@operation
def deploy(
    context: typer.Context,
    about: About,
    what: Annotated[
        list[str], typer.Argument(metavar="SERVICE[=VERSION]…", help="Services and commits.", autocompletion=versions)
    ],
    environment: Env = None,
    canary: Annotated[bool, typer.Option("--canary", help="As a rollout at share 0.")] = False,
    image: Annotated[
        list[str] | None, typer.Option(help="The image by digest, where there is no registry; one for each service.")
    ] = None,
    ref: Annotated[str, typer.Option(help="The branch that a given image was built from; promote asks for main.")] = "",
    spec_at: Annotated[str, typer.Option(help="The commit whose apps/ the specs are taken from.")] = "",
    name: RolloutName = None,
    first: Annotated[list[str] | None, typer.Option(help="A service without a share that changes at once.")] = None,
) -> None:
    """Let versions enter an environment, at once or as a canary."""
    from . import verbs

    builds = verbs.Builds(tuple(what), tuple(image or ()), ref, spec_at)
    verbs.deploy(context.obj, about, environment, builds, {"canary": canary, "name": name, "first": tuple(first or ())})


@app.command()
@operation
def canary(
    context: typer.Context,
    about: About,
    service: Service,
    share: Annotated[int, typer.Argument(help="Per cent of the traffic, 0 to 100.")],
    environment: Env = None,
) -> None:
    """Set the share of the whole rollout that a service is in."""
    from . import verbs

    verbs.on_rollout(context.obj, about, "canary", service, environment, share=share)


@app.command()
@operation
def rollback(
    context: typer.Context,
    about: About,
    service: Annotated[
        list[str] | None, typer.Argument(help="A service of the rollout.", autocompletion=services)
    ] = None,
    environment: Env = None,
    to: Annotated[str, typer.Option(help="The commit of an earlier recipe to go back to.")] = "",
) -> None:
    """Set the share to 0; after finalize, go back to the old slot; with --to, to an earlier recipe."""
    from . import verbs

    verbs.roll_back(context.obj, about, service or [], environment, to)


@app.command()
@operation
def finalize(context: typer.Context, about: About, service: Service, environment: Env = None) -> None:
    """Make the new slots of a rollout the stable ones; legal at 100 %."""
    from . import verbs

    verbs.on_rollout(context.obj, about, "finalize", service, environment)


@app.command()
@operation
def close(context: typer.Context, about: About, service: Service, environment: Env = None) -> None:
    """End a rollout and remove the slots that are not stable."""
    from . import verbs

    verbs.on_rollout(context.obj, about, "close", service, environment)


@app.command()
@operation
def promote(
    context: typer.Context,
    about: About,
    source: Annotated[str, typer.Argument(help="The environment whose recipe it is.", autocompletion=environments)],
    target: Annotated[str, typer.Argument(help="The environment that it enters.", autocompletion=environments)],
    at: Annotated[str, typer.Option(help="The commit at which the recipe is read; the newest one if not given.")] = "",
    without: Services = None,
    name: RolloutName = None,
) -> None:
    """Let the recipe of one environment enter the next one, as one rollout at share 0."""
    from . import verbs

    verbs.promote(context.obj, about, target, at, {"source": source, "without": tuple(without or ()), "name": name})


@app.command()
@operation
def platform(
    context: typer.Context,
    about: About,
    tag: Annotated[str, typer.Argument(help="The tag that the platform moves to.")],
    environment: Env = None,
) -> None:
    """Move the pin of an environment's platform to a tag."""
    from . import verbs

    verbs.move_platform(context.obj, about, tag, environment)


@app.command()
@operation
def hold(
    context: typer.Context,
    about: About,
    service: SomeService = None,
    environment: Env = None,
    until: Annotated[str | None, typer.Option(help="When it expires: 2h, 3d, or 2026-11-02T09:30:00Z.")] = None,
) -> None:
    """Keep everybody from changing a service, or a whole environment; say why with --reason."""
    from . import verbs

    verbs.hold(context.obj, about, service, environment, until)


@app.command()
@operation
def unhold(context: typer.Context, about: About, service: SomeService = None, environment: Env = None) -> None:
    """Take a hold away."""
    from . import verbs

    verbs.unhold(context.obj, about, service, environment)


@app.command()
@operation
def undo(
    context: typer.Context,
    about: About,
    commit: Annotated[str, typer.Argument(help="The commit of an operation.")],
    environment: Env = None,
) -> None:
    """Take back what one operation did, if nothing of it has changed since."""
    from . import verbs

    verbs.undo(context.obj, about, commit, environment)


@app.command()
@operation
def retire(context: typer.Context, about: About, service: Service, environment: Env = None) -> None:
    """Remove a service from every environment, the last one first; shows the plan before."""
    from . import retiring

    retiring.retire(context.obj, about, service, environment)


@app.command()
@operation
def restore(
    context: typer.Context,
    about: About,
    service: Service,
    environment: Env = None,
    at: Annotated[str, typer.Option(help="A commit at which it ran; before its retirement if not given.")] = "",
) -> None:
    """Bring a retired service back as it was."""
    from . import retiring

    retiring.restore(context.obj, about, service, environment, at)


@app.command()
@said
def publish(context: typer.Context, json: Json = False) -> None:
    """Move live to main, with what is missing added and what is illegal put back."""
    from . import verbs

    verbs.publish(context.obj, json)


@app.command()
@said
def history(
    context: typer.Context,
    service: SomeService = None,
    environment: Env = None,
    limit: Annotated[int, typer.Option("-n", help="How many entries.", min=1, max=10000)] = 20,
    json: Json = False,
) -> None:
    """Show who did what, when and why, the newest first."""
    from .views import show_history

    show_history(context.obj, json, service, environment, limit)


@app.command()
@said
def show(
    context: typer.Context,
    commit: Annotated[str, typer.Argument(help="A commit of the history.")],
    json: Json = False,
) -> None:
    """Show one operation: who, why, and what it changed."""
    from .views import show_commit

    show_commit(context.obj, json, commit)


@app.command()
@said
def diff(
    context: typer.Context,
    before: Annotated[str, typer.Argument(help="An environment, or a commit.", autocompletion=environments)],
    after: Annotated[str, typer.Argument(help="Another one.", autocompletion=environments)],
    environment: Env = None,
    json: Json = False,
) -> None:
    """Compare two environments, or one environment at two commits."""
    from .views import show_diff

    show_diff(context.obj, json, before, after, environment)


@app.command()
@said
def verify(context: typer.Context, json: Json = False) -> None:
    """Check that the log is whole: every change is a legal operation, or what the code makes."""
    from .views import show_verify

    show_verify(context.obj, json)


@app.command()
@said
def new(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="The folder to make.")],
    service: Annotated[str, typer.Option(help="The name of the first service.")] = "hello",
    environment: Annotated[
        list[str] | None, typer.Option("--environment", "-e", help="In the order of promotion. [staging, prod]")
    ] = None,
    domain: Annotated[str, typer.Option(help="The domain of all host names.")] = "example.com",
) -> None:
    """Make a fresh platform repository with one service and two environments."""
    from .new import make

    make(folder, service, environment or ["staging", "prod"], domain)
