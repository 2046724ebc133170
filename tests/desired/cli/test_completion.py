"""Completion in a shell: environments, services and versions of the clone."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.support.fork import Fork
from tests.support.repository import ROOT

_PROGRAM = "import sys; sys.argv[0] = 'desired'; from desired.cli import main; main()"


@pytest.mark.parametrize(
    ("words", "position", "found"),
    [
        ("desired deploy --environment st", 3, ["staging"]),
        ("desired canary se", 2, ["search"]),
        ("desired deploy se", 2, ["search="]),
        ("desired promote pre", 2, ["preprod"]),
        ("desired can", 1, ["canary"]),
    ],
)
def test_completion_knows_commands_environments_and_services(
    unchanged: Fork, words: str, position: int, found: list[str]
) -> None:
    shell = {"COMP_WORDS": words, "COMP_CWORD": str(position), "_DESIRED_COMPLETE": "complete_bash"}
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM],
        cwd=unchanged.clone("clone"),
        env={**os.environ, "PYTHONPATH": str(ROOT), **shell},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == found, done.stderr
