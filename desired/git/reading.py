"""Reads commits, trees, files and settings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..core.errors import Problem
from .process import Process, TreeEntry

_NAME = re.compile(r"\A[A-Za-z0-9_][A-Za-z0-9._/@^~{}+-]*\Z")


@dataclass(frozen=True)
class Author:
    """Who made a commit, and when (seconds since 1970, UTC)."""

    name: str
    email: str
    time: int


@dataclass(frozen=True)
class LoggedCommit:
    """A commit as the log shows it."""

    id: str
    parent: str
    """The first one; empty where there is none."""
    author: Author
    message: str


@dataclass(frozen=True)
class CommitChanges:
    """A commit, and the files that it changed against its first parent."""

    id: str
    parent: str
    author: Author
    message: str
    blobs: tuple[tuple[str, str], ...]
    """Paths and ids of the new files; an empty id for one that is gone."""


class Reader(Process):
    """What a repository holds."""

    def resolve(self, name: str) -> str | None:
        """The commit that a name stands for, whole; None where there is none. Raises Problem for no name."""
        if not _NAME.match(name) or ".." in name:
            raise Problem(f"{name!r} is not the name of a commit, branch or tag; name one of `git log`")
        done = self.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
        return done.stdout.decode().strip() or None

    def require(self, name: str, subject: str, otherwise: str) -> str:
        """The commit that a name stands for, whole. Raises Problem with a remedy where this clone does not have it."""
        if found := self.resolve(name):
            return found
        if self.first("rev-parse", "--is-shallow-repository") == "true":
            raise Problem(f"{subject} is not in this clone, which is shallow; run `git fetch --unshallow`")
        raise Problem(f"{subject} is not in this repository; run `git fetch`, or {otherwise}")

    def blob(self, id_: str) -> str:
        """The text of a file by its id."""
        return self.batch.read(id_)[1].decode()

    def file(self, commit: str, path: str) -> str | None:
        """The text of a file at a commit, or None."""
        kind, content = self.batch.read(f"{commit}:{path}")
        return content.decode() if kind == "blob" else None

    def tree(self, commit: str, path: str = "") -> dict[str, TreeEntry]:
        """The entries of a folder at a commit; none where there is no folder."""
        kind, content = self.batch.read(f"{commit}:{path}" if path else f"{commit}^{{tree}}")
        return dict(_entries(content, self.hash_size)) if kind == "tree" else {}

    def tree_id(self, commit: str, path: str) -> str:
        """The id of a file or folder in a commit or a tree; an empty text where there is none."""
        if not path:
            return self.first("rev-parse", f"{commit}^{{tree}}")
        folder, _, name = path.rpartition("/")
        entry = self.tree(commit, folder).get(name)
        return entry.id if entry else ""

    def files(self, commit: str, path: str) -> dict[str, str]:
        """Paths and ids of all files below a folder, at any depth."""
        done = self.run("ls-tree", "-r", "-z", "--full-tree", commit, "--", f"{path}/")
        lines = filter(None, done.stdout.decode().split("\0"))
        return {line.partition("\t")[2]: line.split()[2] for line in lines}

    def message(self, commit: str) -> str:
        """The message of a commit."""
        return self.batch.read(commit)[1].decode(errors="replace").partition("\n\n")[2]

    def log(self, since: str | None, until: str) -> Iterator[LoggedCommit]:
        """The commits of the first-parent chain since one, the oldest first."""
        span = [f"{since}..{until}"] if since else [until]
        form = "--format=%H%x00%P%x00%an%x00%ae%x00%at%x00%B"
        done = self.run("log", "--first-parent", "--reverse", "-z", form, *span, "--")
        fields = done.stdout.decode(errors="replace").split("\0")
        for at in range(0, len(fields) - 5, 6):
            id_, parents, name, email, time, message = fields[at : at + 6]
            yield LoggedCommit(id_, parents.split(" ")[0], Author(name, email, _seconds(time)), message)

    def changes(self, since: str | None, until: str, path: str) -> Iterator[CommitChanges]:
        """Those of the same commits that changed files below a folder."""
        span = [f"{since}..{until}"] if since else [until]
        form = "--format=%x01%H%x00%P%x00%an%x00%ae%x00%at%x00%B"
        words = ["log", "--first-parent", "--diff-merges=first-parent", "--reverse", "--raw", "--no-abbrev", "-z"]
        done = self.run(*words, "--no-renames", "--root", form, *span, "--", path)
        fields = done.stdout.decode(errors="replace").split("\0")
        at = 0
        while at + 5 < len(fields):
            id_, parents, name, email, time, message = fields[at : at + 6]
            at += 6
            blobs: list[tuple[str, str]] = []
            while at + 1 < len(fields) and fields[at].lstrip("\n").startswith(":"):
                new = fields[at].split()[3]
                blobs.append((fields[at + 1], "" if set(new) == {"0"} else new))
                at += 2
            while at < len(fields) and not fields[at].startswith("\x01"):
                at += 1
            author = Author(name, email, _seconds(time))
            yield CommitChanges(id_.lstrip("\x01"), parents.split(" ")[0], author, message, tuple(blobs))

    def changed_paths(self, before: str, after: str, path: str) -> list[str]:
        """Paths below a folder that differ between two commits."""
        done = self.run("diff-tree", "-r", "-z", "--name-only", "--no-renames", before, after, "--", path)
        return [each for each in done.stdout.decode().split("\0") if each]

    def patch(self, before: str, after: str, path: str) -> str:
        """What differs below a folder, for eyes."""
        done = self.run("diff", "--no-ext-diff", "--no-textconv", "--no-color", before, after, "--", path)
        return done.stdout.decode(errors="replace")

    def is_ancestor(self, commit: str, of: str) -> bool:
        """Whether one commit is in the history of another."""
        return self.run("merge-base", "--is-ancestor", commit, of).returncode == 0

    def config(self, name: str) -> str:
        """A setting, or an empty text."""
        return self.run("config", "--get", name).stdout.decode().strip()

    def remotes(self) -> list[str]:
        """The names of the remotes."""
        return self.run("remote").stdout.decode().split()

    def archive(self, commit: str, paths: Sequence[str]) -> bytes:
        """The files below these paths at a commit, as tar."""
        return self.run("archive", "--format=tar", commit, "--", *paths).stdout


_LAST_SECOND = 253_402_300_799
"""Of the year 9999: a commit may name any time, and none stops anybody."""


def _seconds(text: str) -> int:
    return min(int(text), _LAST_SECOND) if text.isdigit() else 0


def _entries(content: bytes, size: int) -> Iterator[tuple[str, TreeEntry]]:
    """The entries of a tree as Git keeps it: mode, name, NUL, id."""
    at = 0
    while at < len(content):
        end = content.index(b"\0", at)
        mode, _, name = content[at:end].partition(b" ")
        at = end + 1 + size
        kind = {b"40000": "tree", b"160000": "commit"}.get(mode, "blob")
        yield name.decode(), TreeEntry(mode.decode().rjust(6, "0"), kind, content[end + 1 : at].hex())
