"""A repository that version 0.1 made works on: open, finalized and pinned, with the old imports in its `envs/`.

`tests/fixtures/made-before-0.2.txt` is its `git fast-export`. In staging the rollout of `hello` is finalized and that
of `extra` open at 30 %; prod is pinned, and `extra` is held there. The library is installed, as with the wheel.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MADE = ROOT / "tests" / "fixtures" / "made-before-0.2.txt"
_DESIRED = "from desired.cli import main; main()"
_IMAGE = f"registry.example.com/extra@sha256:{'7' * 64}"


@dataclass(frozen=True)
class Made:
    """The repository, and a Python in which this version is installed."""

    folder: Path
    python: Path
    cache: Path

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Runs a program in the repository."""
        dropped = ("PYTHONPATH", "CI", "DESIRED_CACHE", "DESIRED_REMOTE")
        variables = {name: value for name, value in os.environ.items() if name not in dropped}
        variables |= {"DESIRED_CACHE_DIR": str(self.cache)}
        return subprocess.run(words, cwd=self.folder, env=variables, capture_output=True, text=True, check=False)

    def desired(self, *words: str) -> str:
        """What a command prints. Fails where the command does."""
        done = self.run(str(self.python), "-c", _DESIRED, *words)
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python of its own that finds this library where it finds the tools, without PYTHONPATH."""
    folder = tmp_path_factory.mktemp("installed")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    packages = next(folder.glob("lib/python*/site-packages"))
    (packages / "library.pth").write_text(f"{sysconfig.get_path('purelib')}\n{ROOT}\n")
    return folder / "bin" / "python"


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def made(tmp_path: Path, installed: Path, cache: Path) -> Made:
    made = Made(tmp_path, installed, cache)
    with MADE.open("rb") as commits:
        subprocess.run(["git", "init", "-q", "-b", "main", str(tmp_path)], check=True)
        subprocess.run(["git", "fast-import", "--quiet"], cwd=tmp_path, stdin=commits, check=True)
    for words in (
        ("config", "user.name", "Ada"),
        ("config", "user.email", "ada@example.com"),
        ("reset", "-q", "--hard"),
    ):
        assert made.run("git", *words).returncode == 0
    return made


def test_its_history_is_verified(made: Made) -> None:
    report = json.loads(made.desired("verify", "--json"))
    assert (report["commits"], report["problems"]) == (9, [])


def test_its_status_shows_the_rollouts_the_pin_and_the_hold(made: Made) -> None:
    status = json.loads(made.desired("status", "--json"))
    found = {(each["environment"], each["service"]): each for each in status["services"]}
    assert (found["staging", "extra"]["phase"], found["staging", "extra"]["share"]) == ("open", 30)
    assert found["staging", "hello"]["phase"] == "finalized"
    assert found["prod", "extra"]["held"]
    assert next(each for each in status["environments"] if each["environment"] == "prod")["platform"] == "v1"


def test_every_kind_of_operation_goes_on_and_the_history_stays_verified(made: Made) -> None:
    for words in (
        ("canary", "extra", "100", "-e", "staging"),
        ("finalize", "extra", "-e", "staging"),
        ("rollback", "hello", "-e", "staging"),
        ("close", "hello", "-e", "staging"),
        ("undo", "HEAD", "-e", "staging"),
        ("unhold", "extra", "-e", "prod"),
        # The apps cluster of prod is rendered by the code that its pin names.
        ("deploy", "extra=4444444", "-e", "prod", "--canary", "--ref", "main", "--image", _IMAGE),
        ("rollback", "--to", "v1", "extra", "-e", "staging"),
    ):
        made.desired(*words)
    report = json.loads(made.desired("verify", "--json"))
    assert (report["commits"], report["problems"]) == (17, [])
