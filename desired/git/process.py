"""Starts git, once for each question or as a process that lives on. Nothing else in this repository does."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import IO, NamedTuple

from .. import programs
from .errors import GitFailed, GitMissing, failed

OLDEST = (2, 31)
"""The oldest Git that works.

`log --diff-merges=first-parent` came with 2.31, `rev-parse --end-of-options` with 2.30, `fetch --no-write-fetch-head`
with 2.29, `init -b` with 2.28, and `prepare` of `update-ref --stdin` with 2.27.
"""

_SETTINGS = ("gc.auto=0", "maintenance.auto=false", "i18n.commitEncoding=UTF-8", "color.ui=false")
"""Settings that a user's configuration cannot change. Everything else that is parsed comes from commands that read no
settings at all (plumbing), with names and contents as bytes."""
_VARIABLES = {
    "LC_ALL": "C",
    "GIT_NO_REPLACE_OBJECTS": "1",  # a commit's content is what its id says
    "GIT_GRAFT_FILE": os.devnull,  # and its parents are those that it names
    "GIT_LITERAL_PATHSPECS": "1",  # and a path is a path, whatever characters it has
}

_KEPT = re.compile(
    r"GIT_("
    r"SSH(_COMMAND|_VARIANT)?|ASKPASS|PROXY_\w+|HTTP_\w+|SSL_\w+|ALLOW_PROTOCOL|PROTOCOL_FROM_USER"  # to reach a remote
    r"|CONFIG_\w+"  # settings of the user, credentials among them
    r"|TRACE\w*|CURL_VERBOSE"  # to find a fault
    r"|AUTHOR_\w+|COMMITTER_\w+"
    r"|EXEC_PATH|CEILING_DIRECTORIES|DISCOVERY_ACROSS_FILESYSTEM"  # where Git's programs are, how far up it looks
    r")"
)
"""The only variables of Git that it is given.

All others name another repository, index or object store (as where a hook runs this program), or change what a path
means or what is printed.
"""


FILE = "100644"
"""The mode of a plain file."""


class TreeEntry(NamedTuple):
    """One entry of a tree. Two files are the same only if all three are: a link to a text is not that text."""

    mode: str
    kind: str
    id: str

    @property
    def is_file(self) -> bool:
        """Whether it is a plain file: no folder, link, submodule or program."""
        return self.mode == FILE


def in_bytes(path: str) -> bytes:
    """The bytes of a path of a repository. A path may have bytes that are not UTF-8; they survive both ways."""
    return path.encode("utf-8", "surrogateescape")


def as_path(name: bytes) -> str:
    """The path that these bytes are. See `in_bytes`."""
    return name.decode("utf-8", "surrogateescape")


def run_git(
    *words: str,
    folder: Path | None = None,
    given: bytes | None = None,
    env: Mapping[str, str] | None = None,
    timeout: float | None = None,
) -> subprocess.CompletedProcess[bytes]:
    """Runs git to its end. `timeout` is in seconds. Raises GitMissing where there is no Git that works."""
    try:
        _require_git(os.environ.get("PATH", os.defpath))
        return programs.run(command(*words, folder=folder), given=given, env=environment(env), timeout=timeout)
    except (FileNotFoundError, PermissionError, NotADirectoryError):
        raise GitMissing(f"Cannot find the command `git`. Install Git {_version(OLDEST)} or newer") from None


def command(*words: str, folder: Path | None = None) -> list[str]:
    """The command line of git with these words, in a folder."""
    settings = [word for setting in _SETTINGS for word in ("-c", setting)]
    return ["git", *(("-C", str(folder)) if folder else ()), *settings, *words]


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The variables that git is given: its messages in English, and nothing that would point it elsewhere."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_") or _KEPT.fullmatch(name)}
    return {**kept, **_VARIABLES, **(more or {})}


@cache
def _require_git(path: str) -> None:
    """Checks the version of the git in a PATH, once. Raises GitMissing, or OSError where there is none."""
    said = programs.run(command("version"), env=environment()).stdout
    found = re.match(rb"git version (\d+)\.(\d+)", said)
    if found is None:
        raise GitMissing(f"Cannot read the version of `git`, which answered {said.decode(errors='replace').strip()!r}")
    version = int(found[1]), int(found[2])
    if version < OLDEST:
        raise GitMissing(f"Git {_version(version)} is too old. Install Git {_version(OLDEST)} or newer")


def _version(numbers: tuple[int, int]) -> str:
    return ".".join(map(str, numbers))


class GitProcess:
    """A repository on this machine. Starts git in it."""

    def __init__(self, folder: Path, timeout: float = 60.0, patience: float = 5.0) -> None:
        """Raises Problem where there is no repository.

        `timeout` is what a remote may take to answer, `patience` how long a lock of another process is waited for,
        both in seconds.
        """
        self.folder = folder
        self._timeout, self._patience = timeout, patience
        self._reader: Batch | None = None
        done = self.run("rev-parse", "--absolute-git-dir")
        if done.returncode:
            raise failed(f"use {folder} as a Git repository", done, "Run this in a clone of the platform repository")
        self.directory = _path(done.stdout)
        # Paths in questions start at the root, wherever in the clone the person is. A bare repository has none.
        top = self.run("rev-parse", "--show-toplevel")
        self.folder = _path(top.stdout) if top.returncode == 0 else self.directory

    @cached_property
    def common(self) -> Path:
        """The folder that all work trees of the repository share."""
        return Path(self.folder, _path(self.answer("rev-parse", "--git-common-dir"))).resolve()

    @cached_property
    def hash_size(self) -> int:
        """The number of bytes in an object's id."""
        return 32 if self.line("rev-parse", "--show-object-format") == "sha256" else 20

    @property
    def batch(self) -> Batch:
        """A process that reads objects, and lives on."""
        if self._reader is None or not self._reader.alive:
            self._reader = self.started("cat-file", "--batch")
        return self._reader

    def started(self, *words: str) -> Batch:
        """A process that answers one question after another. The caller closes it."""
        return Batch(command(*words, folder=self.folder), self.hash_size)

    def close(self) -> None:
        """Ends the processes that were left running."""
        if self._reader:
            self._reader.close()
            self._reader = None

    def run(
        self,
        *words: str,
        given: bytes | None = None,
        env: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> subprocess.CompletedProcess[bytes]:
        """Runs git in the repository to its end."""
        return run_git(*words, folder=self.folder, given=given, env=env, timeout=timeout)

    def answer(self, *words: str, given: bytes | None = None) -> bytes:
        """What git prints. Raises GitFailed."""
        done = self.run(*words, given=given)
        if done.returncode:
            raise failed(f"read {self.folder} with `git {words[0]}`", done)
        return done.stdout

    def line(self, *words: str) -> str:
        """The one line that git prints. Raises GitFailed."""
        return self.answer(*words).decode().strip()


def _path(line: bytes) -> Path:
    """The path in a line that git printed. It may have any bytes."""
    return Path(os.fsdecode(line).removesuffix("\n"))


class Batch:
    """A git process that answers one question after another."""

    def __init__(self, command: Sequence[str], hash_size: int) -> None:
        self._size = hash_size
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment()
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
        if "\n" in name:  # two questions, and from then on every answer would belong to the one before
            return "", b""
        out = self._ask(f"{name}\n".encode())
        head = out.readline().decode().split()
        if len(head) != 3 or not head[2].isdigit():
            return "", b""
        content = out.read(int(head[2]))
        out.read(1)
        return head[1], content

    def tree(self, entries: Mapping[str, TreeEntry]) -> str:
        """The id of a tree of these entries."""
        lines = b"".join(f"{e.mode} {e.kind} {e.id}\t".encode() + in_bytes(name) + b"\0" for name, e in entries.items())
        return self._ask(lines + b"\0").readline().decode().strip()

    def _ask(self, text: bytes) -> IO[bytes]:
        assert self._process.stdin
        assert self._process.stdout
        try:
            self._process.stdin.write(text)
            self._process.stdin.flush()
        except BrokenPipeError:
            raise GitFailed("Git ended in the middle of its work. Run the command again") from None
        return self._process.stdout

    def close(self) -> None:
        """Ends it."""
        self._process.kill()
        self._process.communicate()
