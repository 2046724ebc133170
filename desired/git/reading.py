"""Reads commits, trees, files and settings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..core.errors import Problem
from .errors import failed
from .process import GitProcess, TreeEntry

_NAME = re.compile(r"\A[A-Za-z0-9_][A-Za-z0-9._/@^~{}+-]*\Z")


@dataclass(frozen=True)
class Author:
    """Who made a commit, and when (seconds since 1970, UTC)."""

    name: str
    email: str
    time: int


@dataclass(frozen=True)
class Commit:
    """A commit."""

    id: str
    parent: str
    """The first one; an empty string where there is none."""
    author: Author
    message: str


@dataclass(frozen=True)
class CommitChanges(Commit):
    """A commit, and the files that it changed against its first parent."""

    blobs: tuple[tuple[str, str], ...]
    """Paths and ids of the new files; an empty id for one that is gone."""


_COMMIT = "%H%x00%P%x00%an%x00%ae%x00%at%x00%B"
"""The fields of a commit, as `_commit` reads them."""


class Reader(GitProcess):
    """What a repository holds. Where git fails, every question raises GitFailed."""

    def resolve(self, name: str) -> str | None:
        """The full id of the commit that a name stands for; None where there is none. Raises Problem for a bad name."""
        if not _NAME.match(name) or ".." in name:
            raise Problem(f"{name!r} is not the name of a commit, branch or tag. Use one that `git log` shows")
        done = self.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
        return done.stdout.decode().strip() or None

    def require(self, name: str, subject: str, otherwise: str) -> str:
        """The commit that a name stands for, whole. Raises Problem with a remedy where this clone does not have it."""
        if found := self.resolve(name):
            return found
        if self.answer("rev-parse", "--is-shallow-repository").strip() == b"true":
            raise Problem(f"{subject} is not in this clone, which is shallow. Run `git fetch --unshallow`")
        raise Problem(f"{subject} is not in this repository. Run `git fetch`, or {otherwise}")

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
        """The id of a file or folder in a commit or a tree; an empty string where there is none."""
        if not path:
            return self.line("rev-parse", f"{commit}^{{tree}}")
        folder, _, name = path.rpartition("/")
        entry = self.tree(commit, folder).get(name)
        return entry.id if entry else ""

    def files(self, commit: str, path: str) -> dict[str, str]:
        """Paths and ids of all files below a folder, at any depth."""
        listed = self.answer("ls-tree", "-r", "-z", "--full-tree", commit, "--", f"{path}/")
        lines = filter(None, listed.decode().split("\0"))
        return {line.partition("\t")[2]: line.split()[2] for line in lines}

    def message(self, commit: str) -> str:
        """The message of a commit."""
        return self.batch.read(commit)[1].decode(errors="replace").partition("\n\n")[2]

    def log(self, since: str | None, until: str) -> Iterator[Commit]:
        """The commits from one (not included) to another along the first parents, the oldest first."""
        span = [f"{since}..{until}"] if since else [until]
        listed = self.answer("log", "--first-parent", "--reverse", "-z", f"--format={_COMMIT}", *span, "--")
        fields = listed.decode(errors="replace").split("\0")
        for at in range(0, len(fields) - 5, 6):
            yield _commit(fields[at : at + 6])

    def changes(self, since: str | None, until: str, path: str) -> Iterator[CommitChanges]:
        """Those of the same commits that changed files below a folder."""
        span = [f"{since}..{until}"] if since else [until]
        words = ["log", "--first-parent", "--diff-merges=first-parent", "--reverse", "--raw", "--no-abbrev", "-z"]
        listed = self.answer(*words, "--no-renames", "--root", f"--format=%x01{_COMMIT}", *span, "--", path)
        fields = listed.decode(errors="replace").split("\0")
        at = 0
        while at + 5 < len(fields):
            commit = _commit(fields[at : at + 6])
            at += 6
            blobs: list[tuple[str, str]] = []
            while at + 1 < len(fields) and fields[at].lstrip("\n").startswith(":"):
                new = fields[at].split()[3]
                blobs.append((fields[at + 1], "" if set(new) == {"0"} else new))
                at += 2
            while at < len(fields) and not fields[at].startswith("\x01"):
                at += 1
            yield CommitChanges(commit.id, commit.parent, commit.author, commit.message, tuple(blobs))

    def changed_paths(self, before: str, after: str, path: str) -> list[str]:
        """Paths below a folder that differ between two commits; none where there is no commit before."""
        listed = self._compared(["diff-tree", "-r", "-z", "--name-only", "--no-renames"], before, after, path)
        return [each for each in listed.decode().split("\0") if each]

    def patch(self, before: str, after: str, path: str) -> str:
        """The differences below a folder, for people to read; an empty string where there is no commit before."""
        shown = self._compared(["diff", "--no-ext-diff", "--no-textconv", "--no-color"], before, after, path)
        return shown.decode(errors="replace")

    def _compared(self, words: Sequence[str], before: str, after: str, path: str) -> bytes:
        done = self.run(*words, before, after, "--", path)
        if done.returncode and self.batch.read(before)[0]:
            raise failed(f"compare {before} with {after}", done)
        return done.stdout

    def is_ancestor(self, commit: str, of: str) -> bool:
        """Whether one commit is in the history of another. False where either is not in this repository."""
        return self.run("merge-base", "--is-ancestor", commit, of).returncode == 0

    def config(self, name: str) -> str:
        """A setting, or an empty string."""
        return self.run("config", "--get", name).stdout.decode().strip()

    def remotes(self) -> list[str]:
        """The names of the remotes."""
        return self.answer("remote").decode().split()

    def archive(self, commit: str, paths: Sequence[str]) -> bytes:
        """The files below these paths at a commit, as tar."""
        return self.answer("archive", "--format=tar", commit, "--", *paths)


_LAST_SECOND = 253_402_300_799
"""Of the year 9999. A commit may name any time; a later one counts as this one."""


def _commit(fields: Sequence[str]) -> Commit:
    """The commit of the fields of `_COMMIT`."""
    id_, parents, name, email, time, message = fields
    return Commit(id_.lstrip("\x01"), parents.split(" ")[0], Author(name, email, _seconds(time)), message)


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
