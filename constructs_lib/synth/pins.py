"""The code and the tools of a pinned commit, each in a cache that is filled on first use."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path

from ..values import Problem
from .children import Code
from .progress import say
from .store import cache_folder

LOCK = "locks/synth.txt"
_CODE = ("constructs_lib", "envs", LOCK)
"""What the renderer needs of a commit; the library may also come with the lock, as a wheel."""
_MARK = "desired.lock"
"""A file in a virtual environment, with the digest of the lock that it was made from."""


def code_of(root: Path, commit: str, name: str) -> Code:
    """The code of a commit and a Python with the tools that its lock names. Raises Problem."""

    def archive() -> bytes:
        listed = _git(root, "ls-tree", "--name-only", commit, "--", *_CODE)
        if listed.returncode:
            raise Problem(_why_missing(root, commit, name))
        return _git(root, "archive", "--format=tar", commit, "--", *listed.stdout.decode().split()).stdout

    return unpacked(commit, archive, name, f"commit {commit[:12]} has no {LOCK}; pin a commit that has one")


def unpacked(key: str, archive: Callable[[], bytes], name: str, without_lock: str) -> Code:
    """The code in an archive (tar), kept under a key, and its Python. Raises Problem.

    `without_lock` is what is wrong with code that has no lock; where it is empty, this Python runs that.
    """
    folder = cache_folder() / "code" / key
    if not folder.is_dir():
        _unpack(archive(), folder)
    lock = folder / LOCK
    if lock.is_file():
        return Code(folder, _python(lock, name), name)
    if without_lock:
        raise Problem(f"{name}: {without_lock}")
    return Code(folder, name=name)


def _unpack(archive: bytes, folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(dir=folder.parent))
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(beside, filter="data")
    try:
        beside.rename(folder)
    except OSError:  # somebody else was faster
        shutil.rmtree(beside)


def _git(root: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["git", "-C", str(root), *words], capture_output=True, check=False)


def _why_missing(root: Path, commit: str, name: str) -> str:
    if _git(root, "rev-parse", "--is-shallow-repository").stdout.strip() == b"true":
        return f"{name}: this clone is shallow and lacks the pinned commit {commit[:12]}; run `git fetch --unshallow`"
    return f"{name}: the pinned commit {commit[:12]} is not in this repository; run `git fetch`, or correct the pin"


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
    say(f"{name}: making the virtual environment of its lock, once; this takes about half a minute")
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
            raise Problem(f"{name}: its virtual environment could not be made ({said[:200]}); try again with a network")
    (folder / _MARK).write_text(digest + "\n")
