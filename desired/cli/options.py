"""The options that all operations share, said once."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from functools import wraps
from typing import Annotated, Any

import typer

from .complete import environments, services
from .errors import said

Env = Annotated[str | None, typer.Option("--environment", "-e", help="The environment.", autocompletion=environments)]
Service = Annotated[str, typer.Argument(help="A service.", autocompletion=services)]
SomeService = Annotated[str | None, typer.Argument(help="Only this service.", autocompletion=services)]
Json = Annotated[bool, typer.Option("--json", help="Answer as JSON, for programs.")]

_HELP = {
    "reason": ("--reason", "-m", "Why; it stands in the log."),
    "dry_run": ("--dry-run", "Show what it would do, and do nothing."),
    "unobserved": ("--unobserved", "Pass gates that need a look at the cluster."),
    "expected": ("--expected", "The commit that you looked at; the newest one if not given."),
    "key": ("--key", "An idempotency key: the same one acts once in 24 hours."),
    "yes": ("--yes", "-y", "Do not ask."),
    "json": ("--json", "Answer as JSON, for programs."),
}


@dataclass(frozen=True)
class About:
    """What is said about an operation beside what it is."""

    reason: str = ""
    dry_run: bool = False
    unobserved: bool = False
    expected: str = ""
    key: str = ""
    yes: bool = False
    json: bool = False

    def intent(self) -> Mapping[str, Any]:
        """What of it belongs to the intent."""
        return {
            name: each for name, each in asdict(self).items() if name in ("reason", "unobserved", "expected", "key")
        }


def operation(command: Callable[..., None]) -> Callable[..., None]:
    """A command that gets `about`, which stands for the options of every operation."""
    signature = inspect.signature(command, eval_str=True)
    own = [each for each in signature.parameters.values() if each.name != "about"]

    @wraps(command)
    def run(**given: Any) -> None:
        about = About(**{each.name: given.pop(each.name) for each in fields(About)})
        command(**given, about=about)

    # Typer reads the options from here.
    run.__signature__ = signature.replace(parameters=[*own, *_parameters()])  # type: ignore[attr-defined]
    return said(run)


def _parameters() -> list[inspect.Parameter]:
    found = []
    for each in fields(About):
        *names, help_ = _HELP[each.name]
        option = typer.Option(*names, help=help_)
        kind = Annotated[bool, option] if each.default is False else Annotated[str, option]
        found.append(
            inspect.Parameter(each.name, inspect.Parameter.KEYWORD_ONLY, default=each.default, annotation=kind)
        )
    return found
