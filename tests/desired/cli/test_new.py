"""`desired new`: a repository that is ready for synth, from names that are checked first.

`tests/test_wheel.py` publishes one and promotes in it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from desired.cli.new.making import files
from tests.support.command_line import desired
from tests.support.repository import ROOT


def test_a_new_repository_is_ready_for_synth(tmp_path: Path) -> None:
    folder = tmp_path / "fleet"
    words = ("new", str(folder), "--service", "greeter", "-e", "qa", "-e", "live-eu")
    result = desired(*words)
    assert result.exit_code == 0, result.output
    assert "the service greeter in qa and live-eu" in result.output
    _run(folder, sys.executable, "-m", "envs")
    assert {each.name for each in (folder / "manifests").iterdir()} == {
        "qa-apps", "qa-ops", "live-eu-apps", "live-eu-ops",
    }  # fmt: skip
    again = desired(*words)
    assert again.exit_code == 1
    assert "FOLDER must be new or empty, got" in again.stderr


def _run(folder: Path, *words: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--service", "Bad_Name"), "--service must be a name: lower-case letters"),
        (("--service", "a" * 41), "--service must have at most 40 characters, as suffixes are added to it, got 41"),
        (("-e", "../x"), "--environment must be a name"),
        (("-e", "a" * 41), "--environment must have at most 40 characters"),
        (("-e", "qa", "-e", "qa"), "--environment must differ each time, got 'qa' twice"),
        (("-e", "render"), "--environment must not be 'render': envs/render.py holds something else"),
        (("-e", "qa", "-e", "compose"), "--environment must not be 'compose'"),
        (("-e", "shared"), "--environment must not be 'shared'"),
        (("--domain", "x y"), "--domain must be a host name in lower case"),
        (("--domain", f"{'x.' * 100}com"), "--domain must leave room for 'staging' before it, got 203 characters"),
    ],
)
def test_names_that_cannot_be_used_are_refused_and_nothing_is_written(
    tmp_path: Path, words: tuple[str, ...], says: str
) -> None:
    result = desired("new", str(tmp_path / "fleet"), *words)
    assert result.exit_code == 1
    assert f"✗ {says}" in result.stderr
    assert not (tmp_path / "fleet").exists()


@pytest.mark.parametrize("environments", [("one",), ("one", "two"), ("one", "two", "three-eu")])
def test_each_environment_is_promoted_from_the_one_before(environments: tuple[str, ...]) -> None:
    found = files("greeter", environments, "example.com")
    assert "follows_apps=True" in found["envs/one.py"]
    for before, name in pairwise(environments):
        assert f'promoted_from="{before}"' in found[f"envs/{name.replace('-', '_')}.py"]
    listed = {1: "one", 2: "one and two", 3: "one, two and three-eu"}[len(environments)]
    assert f"one file each: {listed} |" in found["README.md"]


def test_all_helper_modules_of_envs_are_refused_as_names_of_environments(tmp_path: Path) -> None:
    with_one = {Path(path).stem for path in files("greeter", ("one",), "example.com") if path.startswith("envs/")}
    for helper in with_one - {"one", "__init__", "__main__"}:
        result = desired("new", str(tmp_path / "fleet"), "-e", helper)
        assert f"--environment must not be {helper!r}" in result.stderr
