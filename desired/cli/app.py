"""The commands. Each one says what is wanted; `desired.publisher` does it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .complete import environments, services, versions
from .errors import said

app = typer.Typer(
    name="desired",
    help="Runs the fleet: which versions are where, at which share. Every operation is one commit.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Env = Annotated[str | None, typer.Option("--environment", "-e", help="The environment.", autocompletion=environments)]
Service = Annotated[str, typer.Argument(help="A service.", autocompletion=services)]
Reason = Annotated[str, typer.Option("--reason", "-m", help="Why; it stands in the log.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what it would do, and do nothing.")]
Unobserved = Annotated[bool, typer.Option("--unobserved", help="Pass gates that need a look at the cluster.")]
Expected = Annotated[
    str, typer.Option("--expected", help="The commit that you looked at; the newest one if not given.")
]
Key = Annotated[str, typer.Option("--key", help="An idempotency key: the same one acts once in 24 hours.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Json = Annotated[bool, typer.Option("--json", help="Answer as JSON, for programs.")]


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
def status(
    context: typer.Context,
    environment: Env = None,
    service: Annotated[str | None, typer.Argument(help="Only this service.", autocompletion=services)] = None,
    json: Json = False,
) -> None:
    """Show which version of every service is where, what it is behind, and what moves."""
    from .views import show_status  # noqa: PLC0415

    show_status(context.obj, json, environment, service)


@app.command()
@said
def deploy(
    context: typer.Context,
    what: Annotated[
        list[str], typer.Argument(metavar="SERVICE[=VERSION]…", help="Services and commits.", autocompletion=versions)
    ],
    environment: Env = None,
    canary: Annotated[bool, typer.Option("--canary", help="As a rollout at share 0.")] = False,
    image: Annotated[list[str], typer.Option(help="The image by digest, where there is no registry.")] = [],  # noqa: B006
    ref: Annotated[str, typer.Option(help="The branch that a given image was built from.")] = "main",
    spec_at: Annotated[str, typer.Option(help="The commit whose apps/ the specs are taken from.")] = "",
    name: Annotated[str | None, typer.Option(help="A name for the rollout.")] = None,
    first: Annotated[list[str], typer.Option(help="A service without a share that changes at once.")] = [],  # noqa: B006
    reason: Reason = "",
    dry_run: DryRun = False,
    unobserved: Unobserved = False,
    expected: Expected = "",
    key: Key = "",
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Let versions enter an environment, at once or as a canary."""
    from .verbs import deploy as act  # noqa: PLC0415

    about = {"reason": reason, "unobserved": unobserved, "expected": expected, "key": key}
    act(
        context.obj,
        json=json,
        what=what,
        images=image,
        ref=ref,
        environment=environment,
        spec_at=spec_at,
        operation={"canary": canary, "name": name, "first": first},
        about=about,
        dry_run=dry_run,
        yes=yes,
    )


def _on_rollout(verb: str, help_: str) -> None:
    """A command on the rollout of a service, without parameters of its own."""

    @app.command(verb, help=help_)
    @said
    def command(
        context: typer.Context,
        service: Service,
        environment: Env = None,
        reason: Reason = "",
        dry_run: DryRun = False,
        unobserved: Unobserved = False,
        expected: Expected = "",
        key: Key = "",
        yes: Yes = False,
        json: Json = False,
    ) -> None:
        from .verbs import on_rollout  # noqa: PLC0415

        about = {"reason": reason, "unobserved": unobserved, "expected": expected, "key": key}
        on_rollout(context.obj, verb, service, environment, {}, about, json=json, dry_run=dry_run, yes=yes)


_on_rollout("finalize", "Make the new slots of a rollout the stable ones; legal at 100 %.")
_on_rollout("close", "End a rollout and remove the slots that are not stable.")


@app.command()
@said
def canary(
    context: typer.Context,
    service: Service,
    share: Annotated[int, typer.Argument(help="Per cent of the traffic, 0 to 100.")],
    environment: Env = None,
    reason: Reason = "",
    dry_run: DryRun = False,
    unobserved: Unobserved = False,
    expected: Expected = "",
    key: Key = "",
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Set the share of the whole rollout that a service is in."""
    from .verbs import on_rollout  # noqa: PLC0415

    about = {"reason": reason, "unobserved": unobserved, "expected": expected, "key": key}
    given = {"share": share}
    on_rollout(context.obj, "canary", service, environment, given, about, json=json, dry_run=dry_run, yes=yes)


@app.command()
@said
def rollback(
    context: typer.Context,
    service: Annotated[list[str], typer.Argument(help="A service of the rollout.", autocompletion=services)] = [],  # noqa: B006
    environment: Env = None,
    to: Annotated[str, typer.Option(help="The commit of an earlier recipe to go back to.")] = "",
    reason: Reason = "",
    dry_run: DryRun = False,
    expected: Expected = "",
    key: Key = "",
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Set the share to 0; after finalize, go back to the old slot; with --to, to an earlier recipe."""
    from .verbs import roll_back  # noqa: PLC0415

    about = {"reason": reason, "expected": expected, "key": key}
    roll_back(context.obj, service, environment, to, about, json=json, dry_run=dry_run, yes=yes)


@app.command()
@said
def promote(
    context: typer.Context,
    source: Annotated[str, typer.Argument(help="The environment whose recipe it is.", autocompletion=environments)],
    target: Annotated[str, typer.Argument(help="The environment that it enters.", autocompletion=environments)],
    at: Annotated[str, typer.Option(help="The commit at which the recipe is read; the newest one if not given.")] = "",
    without: Annotated[list[str], typer.Option(help="A service that stays as it is.", autocompletion=services)] = [],  # noqa: B006
    name: Annotated[str | None, typer.Option(help="A name for the rollout.")] = None,
    reason: Reason = "",
    dry_run: DryRun = False,
    unobserved: Unobserved = False,
    expected: Expected = "",
    key: Key = "",
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Let the recipe of one environment enter the next one, as one rollout at share 0."""
    from .verbs import promote as act  # noqa: PLC0415

    about = {"reason": reason, "unobserved": unobserved, "expected": expected, "key": key}
    given = {"source": source, "without": without, "name": name}
    act(context.obj, target, at, given, about, json=json, dry_run=dry_run, yes=yes)


@app.command()
@said
def platform(
    context: typer.Context,
    tag: Annotated[str, typer.Argument(help="The tag that the platform moves to.")],
    environment: Env = None,
    reason: Reason = "",
    dry_run: DryRun = False,
    unobserved: Unobserved = False,
    expected: Expected = "",
    key: Key = "",
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Move the pin of an environment's platform to a tag."""
    from .verbs import move_platform  # noqa: PLC0415

    about = {"reason": reason, "unobserved": unobserved, "expected": expected, "key": key}
    move_platform(context.obj, tag, environment, about, json=json, dry_run=dry_run, yes=yes)


@app.command()
@said
def hold(
    context: typer.Context,
    service: Annotated[str | None, typer.Argument(help="A service.", autocompletion=services)] = None,
    environment: Env = None,
    reason: Reason = "",
    until: Annotated[str | None, typer.Option(help="When it expires: 2h, 3d, or 2026-11-02T09:30:00Z.")] = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Keep everybody from changing a service, or a whole environment."""
    from .verbs import hold as act  # noqa: PLC0415

    act(context.obj, service, environment, reason, until, json=json, dry_run=dry_run)


@app.command()
@said
def unhold(
    context: typer.Context,
    service: Annotated[str | None, typer.Argument(help="A service.", autocompletion=services)] = None,
    environment: Env = None,
    reason: Reason = "",
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Take a hold away."""
    from .verbs import unhold as act  # noqa: PLC0415

    act(context.obj, service, environment, reason, json=json, dry_run=dry_run)


@app.command()
@said
def undo(
    context: typer.Context,
    commit: Annotated[str, typer.Argument(help="The commit of an operation.")],
    environment: Env = None,
    reason: Reason = "",
    dry_run: DryRun = False,
    unobserved: Unobserved = False,
    expected: Expected = "",
    key: Key = "",
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Take back what one operation did, if nothing of it has changed since."""
    from .verbs import undo as act  # noqa: PLC0415

    about = {"reason": reason, "unobserved": unobserved, "expected": expected, "key": key}
    act(context.obj, commit, environment, about, json=json, dry_run=dry_run, yes=yes)


@app.command()
@said
def retire(
    context: typer.Context,
    service: Service,
    environment: Env = None,
    reason: Reason = "",
    dry_run: DryRun = False,
    unobserved: Unobserved = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Remove a service from every environment, the last one first; shows the plan before."""
    from .retiring import retire as act  # noqa: PLC0415

    act(context.obj, service, environment, reason, json=json, dry_run=dry_run, unobserved=unobserved, yes=yes)


@app.command()
@said
def restore(
    context: typer.Context,
    service: Service,
    environment: Env = None,
    at: Annotated[str, typer.Option(help="A commit at which it ran; before its retirement if not given.")] = "",
    reason: Reason = "",
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Bring a retired service back as it was."""
    from .retiring import restore as act  # noqa: PLC0415

    act(context.obj, service, environment, at, reason, json=json, dry_run=dry_run)


@app.command()
@said
def publish(context: typer.Context, json: Json = False) -> None:
    """Move live to main, with what is missing added and what is illegal put back."""
    from .verbs import publish as act  # noqa: PLC0415

    act(context.obj, json=json)


@app.command()
@said
def history(
    context: typer.Context,
    service: Annotated[str | None, typer.Argument(help="Only this service.", autocompletion=services)] = None,
    environment: Env = None,
    limit: Annotated[int, typer.Option("-n", help="How many entries.", min=1, max=10000)] = 20,
    json: Json = False,
) -> None:
    """Show who did what, when and why, the newest first."""
    from .views import show_history  # noqa: PLC0415

    show_history(context.obj, json, service, environment, limit)


@app.command()
@said
def show(
    context: typer.Context,
    commit: Annotated[str, typer.Argument(help="A commit of the history.")],
    json: Json = False,
) -> None:
    """Show one operation: who, why, and what it changed."""
    from .views import show_commit  # noqa: PLC0415

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
    from .views import show_diff  # noqa: PLC0415

    show_diff(context.obj, json, before, after, environment)


@app.command()
@said
def verify(context: typer.Context, json: Json = False) -> None:
    """Check that the log is whole: every change is a legal operation, or what the code makes."""
    from .views import show_verify  # noqa: PLC0415

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
    from .new import make  # noqa: PLC0415

    make(folder, service, environment or ["staging", "prod"], domain)
