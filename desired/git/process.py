"""Runs git, once for each question or as a process that lives on."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import IO, NamedTuple

from ..core.errors import Problem

_SAFE = (
    "-c",
    "core.quotePath=false",
    "-c",
    "gc.auto=0",
    "-c",
    "maintenance.auto=false",
    "-c",
    "advice.detachedHead=false",
)


_OTHERS = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR", "GIT_PREFIX")
"""Variables that would name another repository, as where a hook runs this."""


class TreeEntry(NamedTuple):
    """One entry of a tree."""

    mode: str
    kind: str
    id: str


class Process:
    """A repository on this machine. Starts git in it."""

    def __init__(self, folder: Path, timeout: float = 60.0) -> None:
        """`timeout` is what a remote may take, in seconds. Raises Problem where there is no repository."""
        self.folder = folder
        self._timeout = timeout
        self._reader: Batch | None = None
        self.directory = Path(
            self.first("rev-parse", "--absolute-git-dir", why="run this in a clone of the platform repository")
        )

    @cached_property
    def common(self) -> Path:
        """The folder that all work trees of the repository share."""
        return Path(self.folder, self.first("rev-parse", "--git-common-dir")).resolve()

    @cached_property
    def hash_size(self) -> int:
        """Bytes of an object's id."""
        return 32 if self.first("rev-parse", "--show-object-format") == "sha256" else 20

    @property
    def batch(self) -> Batch:
        """A process that reads objects, and lives on."""
        if self._reader is None or not self._reader.alive:
            self._reader = Batch(self.command("cat-file", "--batch"), self.hash_size)
        return self._reader

    def close(self) -> None:
        """Ends the programs that were left running."""
        if self._reader:
            self._reader.close()
            self._reader = None

    def first(self, *words: str, why: str = "") -> str:
        """What a question about the repository is answered with. Raises Problem."""
        done = self.run(*words)
        if done.returncode:
            raise Problem(said(f"{self.folder} is no Git repository", done, why))
        return done.stdout.decode().strip()

    def command(self, *words: str) -> list[str]:
        """The command with these words, in the repository."""
        return ["git", "-C", str(self.folder), *_SAFE, *words]

    def run(
        self,
        *words: str,
        given: bytes | None = None,
        env: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> subprocess.CompletedProcess[bytes]:
        """Runs git to its end; with a time-out in a session of its own, so that its helpers end with it."""
        process = subprocess.Popen(
            self.command(*words),
            stdin=subprocess.PIPE if given is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**_surroundings(), **(env or {})},
            start_new_session=timeout is not None,
        )
        try:
            out, err = process.communicate(given, timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.communicate()
            return subprocess.CompletedProcess(process.args, 124, b"", f"no answer within {timeout:.0f} s".encode())
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def _surroundings() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in _OTHERS} | {"LC_ALL": "C"}


class Batch:
    """A git process that answers one question after another."""

    def __init__(self, command: Sequence[str], hash_size: int) -> None:
        self._size = hash_size
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )

    def __enter__(self) -> Batch:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process.poll() is None

    def read(self, name: str) -> tuple[str, bytes]:
        """Kind and content of an object; an empty kind where there is none."""
        out = self._ask(f"{name}\n".encode())
        head = out.readline().decode().split()
        if len(head) != 3 or not head[2].isdigit():
            return "", b""
        content = out.read(int(head[2]))
        out.read(1)
        return head[1], content

    def tree(self, entries: Mapping[str, TreeEntry]) -> str:
        """The id of a tree of these entries."""
        lines = b"".join(f"{e.mode} {e.kind} {e.id}\t{name}\0".encode() for name, e in entries.items())
        return self._ask(lines + b"\0").readline().decode().strip()

    def _ask(self, text: bytes) -> IO[bytes]:
        assert self._process.stdin
        assert self._process.stdout
        try:
            self._process.stdin.write(text)
            self._process.stdin.flush()
        except BrokenPipeError:
            raise Problem("git ended while it was asked; run it again") from None
        return self._process.stdout

    def close(self) -> None:
        """Ends it."""
        self._process.kill()
        self._process.communicate()


def said(what: str, done: subprocess.CompletedProcess[bytes], remedy: str = "") -> str:
    """A sentence about a git that failed, with its own telling line."""
    lines = [line.strip() for line in done.stderr.decode(errors="replace").splitlines() if line.strip()]
    telling = [line for line in lines if line.startswith(("fatal:", "error:", "remote:", "!"))] or lines
    said = (telling[0] if telling else f"git ended with {done.returncode}")[:200]
    return f"{what}: {said}" + (f"; {remedy}" if remedy else "")
