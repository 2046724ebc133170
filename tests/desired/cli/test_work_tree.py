"""`python -m envs`: synth, diff and graph over a work tree."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest

from desired.cli.work_tree import wants_colours
from tests.support.fork import Fork, git


@pytest.fixture
def clone(unchanged: Fork) -> Iterator[Path]:
    """A clone whose changes are taken back after the test."""
    folder = unchanged.clone("work-tree")
    yield folder
    git(folder, "reset", "-q", "--hard")


def envs(folder: Path, *words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    """Runs the command in a folder."""
    done = subprocess.run(
        [sys.executable, "-m", "envs", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    return done


def _edit(folder: Path) -> None:
    file = folder / "apps" / "search.py"
    file.write_text(file.read_text(encoding="utf-8").replace('"team-a"', '"team-b"'), encoding="utf-8")


def test_synth_is_the_default_and_writes_what_changed(clone: Path) -> None:
    assert git(clone, "status", "--short") == ""
    envs(clone)
    assert git(clone, "status", "--short") == ""
    _edit(clone)
    envs(clone, "synth")
    assert " M manifests/staging-apps/apps/search/" in git(clone, "status", "--short")


def test_diff_compares_with_a_commit_and_writes_nothing(clone: Path) -> None:
    _edit(clone)
    done = envs(clone, "diff")
    assert "staging-apps" in done.stdout
    assert "run `make synth`" in done.stderr
    assert git(clone, "status", "--short").split() == ["M", "apps/search.py"]
    clusters = {each["name"]: each["objects"] for each in json.loads(envs(clone, "diff", "--json").stdout)["clusters"]}
    assert {name for name, objects in clusters.items() if objects} == {"staging-apps"}
    assert "staging-apps" in envs(clone, "diff", "--format", "markdown").stdout


def test_diff_with_an_unknown_base_is_refused_in_a_sentence(clone: Path) -> None:
    done = envs(clone, "diff", "--base", "nothing", code=1)
    assert "✗ " in done.stderr
    assert "nothing" in done.stderr
    assert "Traceback" not in done.stderr


def test_graph_draws_the_services_that_run_in_an_environment(clone: Path) -> None:
    assert envs(clone, "graph").stdout.startswith("flowchart LR\n")
    assert "service_basket" in envs(clone, "graph", "-e", "staging").stdout
    assert "service_basket" not in envs(clone, "graph", "-e", "prod").stdout


def test_graph_of_an_unknown_environment_is_refused_in_a_sentence(clone: Path) -> None:
    done = envs(clone, "graph", "-e", "moon", code=1)
    assert "Unknown environment 'moon'. Choose one of staging, preprod, prod" in done.stderr


def test_help_lists_the_commands(clone: Path) -> None:
    help_ = envs(clone, "--help").stdout
    for command in ("synth", "diff", "graph"):
        assert command in help_


@pytest.mark.parametrize(
    ("terminal", "environment", "wanted"),
    [
        (True, {}, True),
        (False, {}, False),
        (True, {"NO_COLOR": "1"}, False),
        (True, {"NO_COLOR": ""}, True),
        (True, {"TERM": "dumb"}, False),
    ],
)
def test_only_a_terminal_gets_colours_unless_they_are_turned_off(
    terminal: bool, environment: dict[str, str], wanted: bool
) -> None:
    class Stream(StringIO):
        def isatty(self) -> bool:
            return terminal

    assert wants_colours(Stream(), environment) is wanted
