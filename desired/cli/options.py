"""The options that several commands share, and the ones that every operation has."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from typing import Annotated

import typer

from constructs_lib.values.data import Json

from .complete import environments, services
from .failures import reports_failures

Env = Annotated[
    str | None,
    typer.Option(
        "--environment",
        "-e",
        metavar="NAME",
        help="The environment. You can leave it out where only one fits.",
        autocompletion=environments,
    ),
]
Service = Annotated[
    str, typer.Argument(metavar="SERVICE", help="The service, by its name in apps/.", autocompletion=services)
]
OnlyEnv = Annotated[
    str | None,
    typer.Option(
        "--environment", "-e", metavar="NAME", help="Only this environment. Optional.", autocompletion=environments
    ),
]
SomeService = Annotated[
    str | None, typer.Argument(metavar="SERVICE", help="Only this service. Optional.", autocompletion=services)
]
Services = Annotated[
    list[str] | None,
    typer.Option(
        metavar="SERVICE", help="A service that stays as it is. Give it once for each.", autocompletion=services
    ),
]
RolloutName = Annotated[str | None, typer.Option(metavar="NAME", help="A name for the rollout.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]

_HELP = {
    "reason": ("TEXT", ("--reason", "-m"), "Why. `desired history` shows it."),
    "dry_run": (None, ("--dry-run",), "Show which files would change. Nothing is done."),
    "unobserved": (None, ("--unobserved",), "Skip the checks of the cluster. Needs --reason."),
    "expected": ("COMMIT", ("--expected",), "The commit that you looked at. Default: the newest one on main."),
    "key": ("KEY", ("--key",), "An idempotency key: the same operation with it is done once within 24 hours."),
    "yes": (None, ("--yes", "-y"), "Do not ask for confirmation."),
    "json": (None, ("--json",), "Print JSON, for programs."),
}


@dataclass(frozen=True)
class GlobalOptions:
    """The options before the command."""

    folder: Path
    remote: str | None
    kubeconfig: Path | None
    actor: str


@dataclass(frozen=True)
class OperationOptions:
    """How an operation is asked for: the options that every operation has."""

    reason: str = ""
    dry_run: bool = False
    unobserved: bool = False
    expected: str = ""
    key: str = ""
    yes: bool = False
    json: bool = False


def examples(*lines: str) -> str:
    """The end of a command's help: comments and commands, one a line. `docs/cli.md` shows them too."""
    return "\n".join(("Examples:", "", "\b", *(f"  {line}" for line in lines)))


def operation(command: Callable[..., None]) -> Callable[..., None]:
    """A command that gets a `request`, made from the options that every operation has."""
    signature = inspect.signature(command, eval_str=True)
    own = [each for each in signature.parameters.values() if each.name != "request"]

    @wraps(command)
    def run(**given: object) -> None:
        about: Json = {each.name: given.pop(each.name) for each in fields(OperationOptions)}
        command(**given, request=OperationOptions(**about))

    # Typer reads the options from here.
    run.__signature__ = signature.replace(parameters=[*own, *_parameters()])  # type: ignore[attr-defined]

    return reports_failures(run)


def _parameters() -> list[inspect.Parameter]:
    found = []
    for each in fields(OperationOptions):
        metavar, names, help_ = _HELP[each.name]
        option = typer.Option(*names, metavar=metavar, help=help_)
        kind = Annotated[bool, option] if each.default is False else Annotated[str, option]
        found.append(
            inspect.Parameter(each.name, inspect.Parameter.KEYWORD_ONLY, default=each.default, annotation=kind)
        )
    return found
