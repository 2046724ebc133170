"""The commands need nothing that macOS lacks: what it lacks is taken away here."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.fork import Fork
from tests.support.macos import lacking
from tests.support.repository import ROOT


@pytest.mark.parametrize("words", [("status",), ("publish",), ("verify",)], ids=lambda words: words[0])
def test_a_command_needs_nothing_that_macos_lacks(template: Fork, tmp_path: Path, words: tuple[str, ...]) -> None:
    """With caches of its own: nothing is there that a process with everything has made."""
    clone = template.copied(tmp_path / "fork").clone("clone")
    command = [sys.executable, "-c", "from desired.cli import main; main()", "-C", str(clone), *words]
    own = {"DESIRED_CACHE_DIR": str(tmp_path / "cache"), **lacking(tmp_path, ROOT)}
    done = subprocess.run(command, cwd=clone, env={**os.environ, **own}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
