"""Code that renders: that of the work tree, or a commit's, unpacked with its tools into a cache on first use."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from constructs_lib.values import Problem

from ..progress import say
from .archives import unpack
from .cache import cache_folder

HEAD = "head"
"""The name of the code in the work tree."""
LOCK = "locks/synth.txt"
_MARK = "desired.lock"
"""A file in a virtual environment, with the digest of the lock that it was made from."""


def lock_problem(lock: str | None) -> str:
    """Why a commit with this lock cannot make a cluster on every machine; empty if it can. None means no lock."""
    if lock is None:
        return f"has no {LOCK}, which pins the tools that render it. {_MAKE_LOCK}"
    lines = (line.strip() for line in lock.replace("\\\n", " ").splitlines())
    tools = [line for line in lines if line and not line.startswith(("#", "-"))]
    if not tools:
        return f"pins no tools in {LOCK}. {_MAKE_LOCK}"
    bare = next((tool.split()[0] for tool in tools if "--hash=" not in tool), None)
    return f"has no hash for {bare} in {LOCK}. {_MAKE_LOCK}" if bare else ""


_MAKE_LOCK = "Make it with `uv pip compile --generate-hashes`, merge it, and tag that commit"


@dataclass(frozen=True)
class Code:
    """A tree of code and the Python that runs it."""

    folder: Path
    python: Path = Path(sys.executable)
    name: str = HEAD
    """How people know it: `head`, or the commit."""


def unpacked(key: str, archive: Callable[[], bytes], name: str) -> Code:
    """The code in an archive (tar), kept under a key, with a Python that has the tools of its lock. Raises Problem.

    Where nothing is locked, this Python runs it, with the library that is installed.
    """
    folder = cache_folder() / "code" / key
    if not folder.is_dir():
        _unpack(archive(), folder)
    lock = folder / LOCK
    return Code(folder, _python(lock, name) if lock.is_file() else Path(sys.executable), name)


def _unpack(archive: bytes, folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        made = Path(scratch, "code")
        unpack(archive, made)
        with contextlib.suppress(OSError):  # another process was faster
            made.rename(folder)


def _python(lock: Path, name: str) -> Path:
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    if _mark_of(Path(sys.prefix)) == digest:
        return Path(sys.executable)
    folder = cache_folder() / "venvs" / f"{digest[:20]}-{sys.version_info[0]}.{sys.version_info[1]}"
    if _mark_of(folder) != digest:
        _make_environment(folder, lock, digest, name)
    return folder / "bin" / "python"


def _mark_of(folder: Path) -> str | None:
    mark = folder / _MARK
    return mark.read_text().strip() if mark.is_file() else None


def _make_environment(folder: Path, lock: Path, digest: str, name: str) -> None:
    say(f"{name}: creating a virtual environment from its lock file. This happens once and takes about 30 seconds")
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Not beside and renamed: a virtual environment knows its own path. The mark is written last instead.
    for command in (
        [sys.executable, "-m", "venv", str(folder)],
        [str(folder / "bin" / "python"), "-m", "pip", "install", "-q", "--require-hashes", "-r", str(lock)],
    ):
        run = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": ""})
        if run.returncode:
            said = (run.stderr.strip() or run.stdout.strip() or "no message").splitlines()[-1]
            raise Problem(f"{name}: cannot create its virtual environment ({said[:200]}). Try again with a network")
    (folder / _MARK).write_text(digest + "\n")
