"""The work tree as a repository of somebody who has just cloned it and set it up."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tests.support.repository import ROOT

_DESIRED = "#!{python}\nimport sys\nsys.path.insert(0, {folder!r})\nfrom desired.cli import main\nmain()\n"


def cloned(folder: Path) -> Path:
    """A repository in `folder` with what the work tree holds, one commit, and everything installed."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(listing, cwd=ROOT, capture_output=True, check=True)
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes((ROOT / name).read_bytes())
    _install(folder)
    for words in (
        ("init", "-q", "-b", "main"),
        ("config", "user.name", "Ada"),
        ("config", "user.email", "ada@example.com"),
        ("config", "commit.gpgsign", "false"),
        ("add", "-A"),
        ("commit", "-q", "-m", "The fleet"),
    ):
        subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)
    return folder


def _install(folder: Path) -> None:
    """Links to the tools of this work tree, with marks that are newer than the locks, so that make installs nothing."""
    _link(ROOT / ".venv", folder / ".venv", {"bin"})
    _link(ROOT / ".venv" / "bin", folder / ".venv" / "bin", {"desired"})
    command = folder / ".venv" / "bin" / "desired"
    command.write_text(_DESIRED.format(python=folder / ".venv" / "bin" / "python", folder=str(folder)))
    command.chmod(0o755)
    _link(ROOT / "node_modules", folder / "node_modules", set())
    for mark in (".venv/desired.lock", "node_modules/.package-lock.json"):
        content = (ROOT / mark).read_bytes()
        (folder / mark).unlink(missing_ok=True)
        (folder / mark).write_bytes(content)


def _link(source: Path, target: Path, without: set[str]) -> None:
    target.mkdir(parents=True)
    for each in source.resolve().iterdir():
        if each.name not in without:
            (target / each.name).symlink_to(each)


def run(folder: Path, script: str, cache: Path) -> subprocess.CompletedProcess[str]:
    """Runs commands in the clone, as a person types them. Both outputs come as one, as on a terminal."""
    dropped = ("CI", "DESIRED_CACHE", "DESIRED_ACTOR", "DESIRED_REMOTE", "PYTHONPATH", "MAKEFLAGS", "MAKELEVEL")
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    return subprocess.run(
        [shutil.which("bash") or "/bin/bash", "-c", script],
        cwd=folder,
        env={**kept, "DESIRED_CACHE_DIR": str(cache), "COLUMNS": "100"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
