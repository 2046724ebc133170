"""Synth, operations and the set-up need nothing that macOS lacks: what it lacks is taken away here."""

from __future__ import annotations

import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from tests.support.macos import commands, lacking
from tests.support.repository import ROOT, Repository


@pytest.mark.parametrize(
    "code", ["import os; os.sched_getaffinity(0)", "open('/proc/self/stat')", "import tarfile; tarfile.data_filter"]
)
def test_the_names_are_gone(tmp_path: Path, code: str) -> None:
    """Without this, the tests below would prove nothing."""
    environment = {**os.environ, **lacking(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(("AttributeError", "FileNotFoundError"))


def test_synth_with_a_pin_works(repo: Repository, tmp_path: Path) -> None:
    repo.own_library()
    commit = repo.commit()
    repo.write("releases/second/platform.yaml", f'schema: 1\ncommit: "{commit}"\ntag: "v1"\n')
    before = repo.tree()
    done = repo.synth(DESIRED_CACHE="off", **lacking(tmp_path, repo.root, ROOT))
    assert done.returncode == 0, done.stderr
    assert repo.tree() == before


def test_the_set_up_needs_no_command_of_gnu_but_make(tmp_path: Path) -> None:
    """`make` marks a virtual environment with the digest of its lock, which the renderer compares."""
    (tmp_path / "locks").mkdir()
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    for name in ("Makefile", "locks/synth.txt"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    python = tmp_path / ".venv" / "bin" / "python"
    python.write_text(f'#!/bin/sh\n[ "$2" = pip ] || exec {sys.executable} "$@"\n')
    python.chmod(0o755)
    path = commands(tmp_path / "path", "sh", "make", "chmod", "touch", "mkdir", "printf", "test", "awk")
    done = subprocess.run(
        [path / "make", "SHELL=/bin/sh", ".venv/desired.lock"], cwd=tmp_path, env={"PATH": str(path)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    digest = sha256((ROOT / "locks/synth.txt").read_bytes()).hexdigest()
    assert (tmp_path / ".venv/desired.lock").read_text() == f"{digest}\n"
