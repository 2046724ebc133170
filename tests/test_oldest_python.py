"""Synth and a first publishing with the oldest Python of the machine: the system's own, 3.11.2 on Debian 12."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from desired.render.cache import cache_folder
from tests.support.fork import git
from tests.support.repository import ROOT

_LOCK = ROOT / "locks" / "synth.txt"
_OLDEST = (3, 11)
_VERSION = "import sys; print(*sys.version_info[:3], sep='.')"
_NOT_PASSED_ON = ("PYTHONPATH", "VIRTUAL_ENV", "JSII_NODE", "CI", "DESIRED_CACHE")
"""What would bring in the modules of the Python that runs the tests, or throw away what the test has just made."""


def _run(*command: str | Path, folder: Path, **environment: str) -> str:
    variables = {name: value for name, value in os.environ.items() if name not in _NOT_PASSED_ON}
    done = subprocess.run(
        command, cwd=folder, env={**variables, **environment}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}"
    return done.stdout.strip()


def _system_python() -> Path:
    """The Python of the system, whatever PATH says; the running one where that is older than 3.11."""
    found = subprocess.run(["sh", "-c", "command -p -v python3"], capture_output=True, text=True, check=False)
    python = Path(found.stdout.strip() or sys.executable)
    version = tuple(map(int, _run(python, "-c", _VERSION, folder=ROOT).split(".")))
    return python if version >= _OLDEST else Path(sys.executable)


@pytest.fixture(scope="module")
def python() -> Path:
    """That Python, in a virtual environment with the tools of the lock. It is kept in the cache."""
    system = _system_python()
    version = _run(system, "-c", _VERSION, folder=ROOT)
    digest = sha256(_LOCK.read_bytes()).hexdigest()
    folder = cache_folder() / "oldest-python" / f"{digest[:20]}-{version}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    own = folder / "bin" / "python"
    with open(folder.with_suffix(".making"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # The mark is that of `make`: the renderer takes this Python for code with the same lock.
        if not (folder / "desired.lock").is_file():
            shutil.rmtree(folder, ignore_errors=True)
            _run(system, "-m", "venv", folder, folder=ROOT)
            assert _run(own, "-c", "import sys; print(sys.prefix)", folder=ROOT) == str(folder)
            _run(own, "-m", "pip", "install", "-q", "--require-hashes", "-r", _LOCK, folder=ROOT)
            (folder / "desired.lock").write_text(f"{digest}\n")
    assert _run(own, "-c", _VERSION, folder=ROOT) == version
    return own


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """What is in the work tree, committed in a clone of a bare remote."""
    folder = tmp_path / "fleet"
    listed = _run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", folder=ROOT)
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    git(folder, "init", "-q", "-b", "main")
    for key, value in {"user.name": "Ada", "user.email": "ada@example.com", "commit.gpgsign": "false"}.items():
        git(folder, "config", key, value)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "The fleet")
    git(tmp_path, "clone", "-q", "--bare", "fleet", "remote.git")
    git(folder, "remote", "add", "origin", str(tmp_path / "remote.git"))
    return folder


def test_synth_changes_nothing_and_a_first_publishing_makes_live(python: Path, tree: Path, tmp_path: Path) -> None:
    surroundings = {"DESIRED_CACHE_DIR": str(tmp_path / "cache"), "DESIRED_ACTOR": "Ada <ada@example.com>"}
    _run(python, "-m", "envs", folder=tree, **surroundings)
    assert git(tree, "status", "--porcelain") == ""
    desired = "from desired.cli import main; main()"
    said = _run(python, "-c", desired, "publish", folder=tree, **surroundings)
    assert git(tmp_path / "remote.git", "rev-parse", "live") == git(tmp_path / "remote.git", "rev-parse", "main"), said
    assert "staging" in _run(python, "-c", desired, "status", folder=tree, **surroundings)
