"""A commit as Git keeps it, and as this program reads it."""

from __future__ import annotations

from dataclasses import dataclass

from ..wording import printable

_LAST_SECOND = 253_402_300_799
"""Of the year 9999. A commit may name any time; a later one counts as this one."""


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
    parents: tuple[str, ...]
    author: Author
    message: str

    @property
    def parent(self) -> str:
        """The first parent, or an empty string."""
        return self.parents[0] if self.parents else ""


@dataclass(frozen=True)
class CommitChanges(Commit):
    """A commit, and the files that it changed against its first parent."""

    blobs: tuple[tuple[str, str], ...] = ()
    """Paths and ids of the new files; an empty id for one that is gone."""

    @classmethod
    def of(cls, commit: Commit) -> CommitChanges:
        """The commit, without changes yet."""
        return cls(commit.id, commit.parents, commit.author, commit.message)


def parsed(id_: str, content: bytes) -> Commit:
    """The commit with this content. Its texts have no character that would change a terminal."""
    head, _, message = content.partition(b"\n\n")
    # A header that begins with a space goes on with the one before, such as a signature.
    lines = [line.partition(b" ")[::2] for line in head.split(b"\n") if not line.startswith(b" ")]
    headers = dict(reversed(lines))
    encoding = headers.get(b"encoding", b"utf-8").decode("ascii", "replace")
    return Commit(
        id_,
        tuple(value.decode() for name, value in lines if name == b"parent"),
        _author(_text(headers.get(b"author", b""), encoding)),
        _text(message, encoding),
    )


def _text(content: bytes, encoding: str) -> str:
    try:
        text = content.decode(encoding, "replace")
    except LookupError:
        text = content.decode(errors="replace")
    return "\n".join(printable(line) for line in text.split("\n"))


def _author(line: str) -> Author:
    """`Name <email> seconds zone`. A commit may hold anything there."""
    who, _, when = line.rpartition("> ")
    name, _, email = who.rpartition(" <") if " <" in who else ("", "", who.lstrip("<"))
    seconds = when.split(" ")[0]
    time = min(int(seconds), _LAST_SECOND) if seconds.isascii() and seconds.isdigit() and len(seconds) < 20 else 0
    return Author(name.strip(), email, time)
