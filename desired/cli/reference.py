"""The page about the command line, made from the commands themselves: `python -m desired.cli.reference`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

import typer.main
from typer.core import TyperGroup

from ..core.errors import CodeNotUsed, Conflict, Problem, Refused, Unreachable
from .app import app
from .failures import INTERRUPTED
from .options import OperationOptions

if TYPE_CHECKING:
    # Typer has no public names for these two.
    from typer._click.core import Command, Parameter

PAGE = "docs/cli.md"
_HEAD = """\
<!-- Made by `make schemas` from the commands in desired/cli/commands/. Changes belong there. -->

# The command line

`desired --help` lists the commands, and `desired COMMAND --help` shows what stands here.
"""
_SHARED = tuple(each.name for each in fields(OperationOptions))
"""The parameters that every operation has."""
_EXIT_CODES = (
    (0, "done, or nothing to do"),
    (Problem.exit_code, "something is wrong, and you can fix it"),
    (2, "the command line cannot be read"),
    (Refused.exit_code, "refused: not allowed in this state"),
    (Conflict.exit_code, "conflict: somebody was first, or the key belongs to another operation. Look again"),
    (Unreachable.exit_code, "a remote, a registry or a cluster does not answer. Try again"),
    (CodeNotUsed.exit_code, "`publish`: main is published, but clusters stay with older code. Fix the code at main"),
    (INTERRUPTED, "interrupted by Ctrl-C"),
)


def reference() -> str:
    """The page."""
    group = command_line()
    lines = [_HEAD, _contents(group), *_before_the_command(group), *_every_operation(group)]
    for name, command in group.commands.items():
        lines += [f"\n## desired {name}\n", command.help or "", *_example(command.epilog), *_parameters(name, command)]
    lines += ["\n## Exit codes\n", "| code | what it means |", "| --- | --- |"]
    lines += [f"| {code} | {meaning} |" for code, meaning in _EXIT_CODES]
    return "\n".join(lines) + "\n"


def command_line() -> TyperGroup:
    """All commands, as Typer has made them."""
    found = typer.main.get_command(app)
    assert isinstance(found, TyperGroup)
    return found


def example_lines(epilog: str | None) -> list[str]:
    """The lines of a command's examples: comments and commands."""
    return [line.strip() for line in (epilog or "").partition("\b\n")[2].splitlines()]


def _contents(group: TyperGroup) -> str:
    lines = ["| command | what it does |", "| --- | --- |"]
    for name, command in group.commands.items():
        lines.append(f"| [{name}](#desired-{name}) | {(command.help or '').partition(chr(10))[0]} |")
    return "\n".join(lines)


def _example(epilog: str | None) -> list[str]:
    return ["\n```sh", *example_lines(epilog), "```"]


def _before_the_command(group: TyperGroup) -> Iterator[str]:
    yield "\n## Options before the command\n"
    yield "They stand between `desired` and the command, as in `desired -C fleet status`.\n"
    yield from _table(group.params)


def _every_operation(group: TyperGroup) -> Iterator[str]:
    operations = [name for name, command in group.commands.items() if _is_operation(command)]
    yield "\n## Options of every operation\n"
    yield f"These commands have them: {', '.join(f'`{name}`' for name in operations)}.\n"
    yield from _table(each for each in group.commands[operations[0]].params if each.name in _SHARED)


def _is_operation(command: Command) -> bool:
    return {*_SHARED} <= {each.name for each in command.params}


def _parameters(name: str, command: Command) -> Iterator[str]:
    shared = _SHARED if _is_operation(command) else ()
    own = [each for each in command.params if each.name not in (*shared, "help")]
    if own:
        yield ""
        yield from _table(own)
    if shared:
        yield "\nIt also has the [options of every operation](#options-of-every-operation)."


def _table(parameters: Iterable[Parameter]) -> Iterator[str]:
    yield "| | what it is |"
    yield "| --- | --- |"
    for each in parameters:
        yield f"| `{spelled(each)}` | {_help(each)} |"


def spelled(parameter: Parameter) -> str:
    """A parameter as help shows it: `-m, --reason TEXT`, `[SERVICE]`."""
    metavar = parameter.metavar or ""
    if parameter.param_type_name == "argument":
        several = "…" if parameter.nargs != 1 else ""
        return f"{metavar}{several}" if parameter.required else f"[{metavar}{several}]"
    return " ".join(filter(None, (", ".join(sorted(parameter.opts, key=len)), metavar)))


def _help(parameter: Parameter) -> str:
    text = " ".join((getattr(parameter, "help", None) or "").split()).replace("|", "\\|")
    if variable := getattr(parameter, "envvar", None):
        text += f" Environment variable: `{variable}`."
    default = getattr(parameter, "default", None)
    shown = getattr(parameter, "show_default", True) and default not in (None, False, "")
    return f"{text} Default: `{default}`." if shown and "Default:" not in text else text


def main(words: Sequence[str] = ()) -> int:
    """Writes the page. Returns the exit code."""
    file = Path.cwd() / PAGE
    file.write_text(reference(), encoding="utf-8", newline="\n")
    print(f"wrote {PAGE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
