"""A person's commit in a clone that stops between *prepared* and *committed*, as long as a test wants."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.fork import git

_SECONDS = 300
"""What anything here may take before a test fails: more than a busy machine needs."""
_HOOK = """#!/bin/sh
[ "$1" = prepared ] && [ -n "$SLOW_COMMIT" ] || exit 0
touch "$SLOW_COMMIT/prepared"
while ! [ -e "$SLOW_COMMIT/go-on" ]; do sleep 0.02; done
"""


@dataclass(frozen=True)
class SlowCommit:
    """A commit to the branch that is checked out. Git holds its locks, with their files closed."""

    process: subprocess.Popen[str]
    folder: Path

    def finish(self) -> tuple[int, str]:
        """Lets it go on. Its exit code, and what it said."""
        (self.folder / "go-on").touch()
        said = self.process.communicate(timeout=_SECONDS)[1]
        return self.process.returncode, said


@contextlib.contextmanager
def slow_commit(clone: Path, folder: Path) -> Iterator[SlowCommit]:
    """Starts a commit in a clone, and waits until it is prepared. `folder` is one of the test's own."""
    folder.mkdir()
    hook = clone / ".git" / "hooks" / "reference-transaction"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(_HOOK)
    hook.chmod(0o755)
    process = subprocess.Popen(
        ["git", "commit", "-q", "--allow-empty", "-m", "By hand"],
        cwd=clone, env={**os.environ, "SLOW_COMMIT": str(folder)}, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    commit = SlowCommit(process, folder)
    try:
        appears(folder / "prepared")
        yield commit
    finally:
        if process.poll() is None:
            commit.finish()


@contextlib.contextmanager
def prepared(clone: Path, branch: str, commit: str) -> Iterator[subprocess.Popen[str]]:
    """`git update-ref --stdin` that has prepared to move a branch. At the end it gives up, and so releases the lock."""
    process = subprocess.Popen(
        ["git", "update-ref", "--stdin"], cwd=clone, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin
    assert process.stdout
    process.stdin.write(f"start\nupdate refs/heads/{branch} {commit}\nprepare\n")
    process.stdin.flush()
    assert [process.stdout.readline(), process.stdout.readline()] == ["start: ok\n", "prepare: ok\n"]
    try:
        yield process
    finally:
        if process.poll() is None:
            process.communicate("abort\n", timeout=_SECONDS)


def appears(file: Path) -> None:
    """Waits until a file is there."""
    end = time.monotonic() + _SECONDS
    while not file.exists():
        assert time.monotonic() < end, f"{file} did not appear"
        time.sleep(0.01)


def messages(clone: Path) -> list[str]:
    """The first lines of the commits of main, the newest first."""
    return git(clone, "log", "--first-parent", "--format=%s", "main").splitlines()
