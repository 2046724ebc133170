"""`docs/cli.md` and the helps: complete, up to date, and with examples that the command line can read."""

from __future__ import annotations

import shlex
import tomllib
from collections.abc import Iterator

import pytest

import desired
from desired.cli import reference
from desired.cli.reference import command_line, example_lines, spelled
from tests.support.command_line import desired as run
from tests.support.repository import ROOT

_COMMANDS = sorted(command_line().commands)
_PAGE = (ROOT / reference.PAGE).read_text(encoding="utf-8")


def _section(title: str) -> str:
    return _PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def _examples() -> Iterator[tuple[str, str]]:
    group = command_line()
    named = {"": group.epilog, **{name: command.epilog for name, command in group.commands.items()}}
    for name, epilog in named.items():
        yield from ((name, line) for line in example_lines(epilog) if not line.startswith("#"))


def test_the_page_is_what_the_commands_say() -> None:
    assert reference.reference() == _PAGE, "run `make schemas`"


@pytest.mark.parametrize("name", _COMMANDS)
def test_the_page_has_each_command_with_every_option_and_argument(name: str) -> None:
    section, shared = _section(f"desired {name}"), _section("Options of every operation")
    command = command_line().commands[name]
    assert (command.help or "-").partition("\n")[0] in section
    for parameter in command.params:
        if parameter.name != "help":
            there = section + (shared if "options of every operation" in section else "")
            assert f"| `{spelled(parameter)}` | " in there, parameter.name


def test_the_page_has_the_options_before_the_command() -> None:
    for parameter in command_line().params:
        if parameter.name != "help":
            assert f"| `{spelled(parameter)}` | " in _section("Options before the command")


@pytest.mark.parametrize("name", _COMMANDS)
def test_each_command_has_a_help_with_an_example(name: str) -> None:
    result = run(name, "--help")
    assert result.exit_code == 0
    examples = [line for command, line in _examples() if command == name]
    assert examples
    for line in examples:
        assert line in result.output
        assert line in _section(f"desired {name}")
    for parameter in command_line().commands[name].params:
        assert parameter.name == "help" or getattr(parameter, "help", None), f"{parameter.name} has no help"


@pytest.mark.parametrize(("name", "line"), list(_examples()))
def test_each_example_is_read_by_the_real_command_line(name: str, line: str) -> None:
    program, *words = shlex.split(line)
    assert program == "desired"
    group = command_line()
    with group.make_context("desired", words) as outer:
        found, command, rest = group.resolve_command(outer, [*outer._protected_args, *outer.args])
        assert command
        assert name in ("", found)
        command.make_context(found, rest, parent=outer)


def test_helps_fit_into_80_columns() -> None:
    for words in ((), *((name,) for name in _COMMANDS)):
        assert max(map(len, run(*words, "--help").output.splitlines())) <= 80


def test_version_is_that_of_the_wheel() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert run("--version").output == f"desired {project['version']}\n"
    assert desired.__version__ == project["version"]
