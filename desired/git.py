"""The one file that talks to Git: reads objects, writes commits without a work tree, moves branches, pushes."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, NamedTuple

from .problems import Problem, Unreachable

_NAME = re.compile(r"\A[A-Za-z0-9_][A-Za-z0-9._/@^~{}+-]*\Z")
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


_LOCK_TRIES = 8


class Entry(NamedTuple):
    """One entry of a tree."""

    mode: str
    kind: str
    id: str


@dataclass(frozen=True)
class Author:
    """Who made a commit, and when (seconds since 1970, UTC)."""

    name: str
    email: str
    time: int


@dataclass(frozen=True)
class Change:
    """A commit, and the files that it changed against its first parent."""

    id: str
    parent: str
    author: Author
    message: str
    blobs: tuple[tuple[str, str], ...]
    """Paths and ids of the new files; an empty id for one that is gone."""


class Git:
    """A repository on this machine. Nothing here ever touches a work tree or its index."""

    def __init__(self, folder: Path, timeout: float = 60.0) -> None:
        """`timeout` is what a remote may take, in seconds. Raises Problem where there is no repository."""
        self.folder = folder
        self._timeout = timeout
        self._reader: _Batch | None = None
        self.directory = Path(
            self._first("rev-parse", "--absolute-git-dir", why="run this in a clone of the platform repository")
        )

    # Reading

    def resolve(self, name: str) -> str | None:
        """The commit that a name stands for, whole; None where there is none. Raises Problem for no name."""
        if not _NAME.match(name) or ".." in name:
            raise Problem(f"{name!r} is not the name of a commit, branch or tag; name one of `git log`")
        done = self._run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
        return done.stdout.decode().strip() or None

    def blob(self, id_: str) -> str:
        """The text of a file by its id."""
        return self._batch.read(id_)[1].decode()

    def file(self, commit: str, path: str) -> str | None:
        """The text of a file at a commit, or None."""
        kind, content = self._batch.read(f"{commit}:{path}")
        return content.decode() if kind == "blob" else None

    def tree(self, commit: str, path: str = "") -> dict[str, Entry]:
        """The entries of a folder at a commit; none where there is no folder."""
        kind, content = self._batch.read(f"{commit}:{path}" if path else f"{commit}^{{tree}}")
        return dict(_entries(content, self._hash_size)) if kind == "tree" else {}

    def tree_id(self, commit: str, path: str) -> str:
        """The id of a file or folder in a commit or a tree; an empty text where there is none."""
        if not path:
            return self._first("rev-parse", f"{commit}^{{tree}}")
        folder, _, name = path.rpartition("/")
        entry = self.tree(commit, folder).get(name)
        return entry.id if entry else ""

    def files(self, commit: str, path: str) -> dict[str, str]:
        """Paths and ids of all files below a folder, at any depth."""
        done = self._run("ls-tree", "-r", "-z", "--full-tree", commit, "--", f"{path}/")
        lines = filter(None, done.stdout.decode().split("\0"))
        return {line.partition("\t")[2]: line.split()[2] for line in lines}

    def message(self, commit: str) -> str:
        """The message of a commit."""
        return self._batch.read(commit)[1].decode(errors="replace").partition("\n\n")[2]

    def commits(self, since: str | None, until: str, paths: Sequence[str] = ()) -> list[str]:
        """Commits of the first-parent line after `since` up to `until`, the oldest first."""
        span = [f"{since}..{until}"] if since else [until]
        done = self._run("rev-list", "--first-parent", "--reverse", *span, "--", *paths)
        return done.stdout.decode().split()

    def log(self, since: str | None, until: str) -> Iterator[tuple[str, str, Author, str]]:
        """Id, first parent, author and message of the same commits, the oldest first."""
        span = [f"{since}..{until}"] if since else [until]
        form = "--format=%H%x00%P%x00%an%x00%ae%x00%at%x00%B"
        done = self._run("log", "--first-parent", "--reverse", "-z", form, *span, "--")
        fields = done.stdout.decode(errors="replace").split("\0")
        for at in range(0, len(fields) - 5, 6):
            id_, parents, name, email, time, message = fields[at : at + 6]
            yield id_, parents.split(" ")[0], Author(name, email, int(time)), message

    def changes(self, since: str | None, until: str, path: str) -> Iterator[Change]:
        """Those of the same commits that changed files below a folder."""
        span = [f"{since}..{until}"] if since else [until]
        form = "--format=%x01%H%x00%P%x00%an%x00%ae%x00%at%x00%B"
        words = ["log", "--first-parent", "--diff-merges=first-parent", "--reverse", "--raw", "--no-abbrev", "-z"]
        done = self._run(*words, "--no-renames", "--root", form, *span, "--", path)
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
            author = Author(name, email, int(time))
            yield Change(id_.lstrip("\x01"), parents.split(" ")[0], author, message, tuple(blobs))

    def changed_paths(self, before: str, after: str, path: str) -> list[str]:
        """Paths below a folder that differ between two commits."""
        done = self._run("diff-tree", "-r", "-z", "--name-only", "--no-renames", before, after, "--", path)
        return [each for each in done.stdout.decode().split("\0") if each]

    def patch(self, before: str, after: str, path: str) -> str:
        """What differs below a folder, for eyes."""
        done = self._run("diff", "--no-ext-diff", "--no-textconv", "--no-color", before, after, "--", path)
        return done.stdout.decode(errors="replace")

    def is_ancestor(self, commit: str, of: str) -> bool:
        """Whether one commit is in the history of another."""
        return self._run("merge-base", "--is-ancestor", commit, of).returncode == 0

    def config(self, name: str) -> str:
        """A setting, or an empty text."""
        return self._run("config", "--get", name).stdout.decode().strip()

    def remotes(self) -> list[str]:
        """The names of the remotes."""
        return self._run("remote").stdout.decode().split()

    def archive(self, commit: str, paths: Sequence[str]) -> bytes:
        """The files below these paths at a commit, as tar."""
        return self._run("archive", "--format=tar", commit, "--", *paths).stdout

    # Writing

    def write_tree(self, commit: str, changes: Mapping[str, str | None]) -> str:
        """The id of the tree of a commit with these files changed; None takes a file away. Nothing refers to it yet."""
        ids = self._write_blobs([text for text in changes.values() if text is not None])
        leaves = {path: ids[text] if text is not None else None for path, text in changes.items()}
        with _Batch(self._command("mktree", "-z", "--batch", "--missing"), self._hash_size) as make:
            return self._tree_with(make, commit, "", leaves) or make.tree({})

    def _tree_with(self, make: _Batch, commit: str, folder: str, leaves: Mapping[str, str | None]) -> str | None:
        entries = self.tree(commit, folder)
        inner: dict[str, dict[str, str | None]] = {}
        for path, id_ in leaves.items():
            name, _, rest = path.partition("/")
            if rest:
                inner.setdefault(name, {})[rest] = id_
            elif id_ is None:
                entries.pop(name, None)
            else:
                entries[name] = Entry("100644", "blob", id_)
        for name, below in inner.items():
            made = self._tree_with(make, commit, f"{folder}/{name}" if folder else name, below)
            entries.pop(name, None)
            if made:
                entries[name] = Entry("040000", "tree", made)
        return make.tree(entries) if entries else None

    def _write_blobs(self, texts: Sequence[str]) -> dict[str, str]:
        if not texts:
            return {}
        with tempfile.TemporaryDirectory(prefix="desired-") as folder:
            files = [Path(folder, str(number)) for number in range(len(texts))]
            for file, text in zip(files, texts, strict=True):
                file.write_bytes(text.encode())
            listed = "".join(f"{file}\n" for file in files).encode()
            done = self._run("hash-object", "-w", "--no-filters", "--stdin-paths", given=listed)
        if done.returncode:
            raise Problem(_said("Git could not write", done))
        return dict(zip(texts, done.stdout.decode().split(), strict=True))

    def commit_tree(self, tree: str, parent: str, message: str, author: Author, sign: bool) -> str:
        """A commit of a tree; its id. Nothing refers to it yet."""
        words = ["commit-tree", tree, "-p", parent, *(["-S"] if sign else [])]
        when = f"@{author.time} +0000"
        names = {
            "GIT_AUTHOR_NAME": author.name,
            "GIT_AUTHOR_EMAIL": author.email,
            "GIT_AUTHOR_DATE": when,
            "GIT_COMMITTER_NAME": self.config("user.name") or author.name,
            "GIT_COMMITTER_EMAIL": self.config("user.email") or author.email,
            "GIT_COMMITTER_DATE": when,
        }
        done = self._run(*words, given=message.encode(), env=names)
        if done.returncode:
            raise Problem(_said("Git could not make the commit", done))
        return done.stdout.decode().strip()

    def move(self, refs: Mapping[str, tuple[str, str | None]]) -> bool:
        """Compare-and-swap: every ref to its first commit if it is at its second (None: not there); all or none."""
        zero = "0" * 2 * self._hash_size
        lines = [f"update {ref} {new} {old or zero}" for ref, (new, old) in refs.items()]
        script = "\n".join(["start", *lines, "prepare", "commit", ""])
        for _ in range(2):
            done = self._run("update-ref", "--stdin", given=script.encode())
            if done.returncode == 0:
                return True
            if not self._break_stale_locks(refs):
                break
        if _met_a_lock(done):
            return False
        if b"is at" in done.stderr or b"reference already exists" in done.stderr or b"unable to resolve" in done.stderr:
            return False
        raise Problem(_said("Git could not move the branch", done))

    def _break_stale_locks(self, refs: Iterable[str]) -> bool:
        """Removes locks of these refs that a dead process left: a living one has its lock open."""
        broken = False
        for ref in [*refs, "packed-refs", "HEAD"]:
            lock = self.common / f"{ref}.lock"
            if lock.exists() and not _is_open(lock):
                lock.unlink(missing_ok=True)
                broken = True
        return broken

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """One writer of this program at a time in this repository; the kernel frees the lock of a dead process."""
        with open(self.common / "desired.lock", "w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    # Remotes

    def fetch(self, remote: str, refspecs: Sequence[str]) -> None:
        """Brings refs from a remote. Raises Unreachable."""
        words = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--prune", remote, *refspecs)
        for attempt in range(_LOCK_TRIES):
            done = self._outside(*words)
            if done.returncode == 0:
                return
            if not _met_a_lock(done):
                break
            # Somebody else fetches in this clone just now, or died while doing so.
            if attempt:
                self._break_stale_locks([each.partition(":")[2] for each in refspecs])
            time.sleep(0.02 * 2**attempt)
        raise Unreachable(_said(f"the remote {remote} cannot be fetched from", done, "try again when it is there"))

    def push(self, remote: str, refs: Mapping[str, tuple[str, str | None]]) -> str:
        """Like `move`, at a remote. An empty text, or what the remote said where it did not do it."""
        leases = [f"--force-with-lease={ref}:{old or ''}" for ref, (_, old) in refs.items()]
        moves = [f"{new}:{ref}" for ref, (new, _) in refs.items()]
        done = self._outside("push", "--quiet", "--atomic", "--no-verify", *leases, remote, *moves)
        if done.returncode == 0:
            return ""
        text = done.stderr.decode(errors="replace")
        if "does not support --atomic" in text:
            raise Problem(f"the remote {remote} cannot push two branches as one; use a Git server that knows --atomic")
        return _said(f"the remote {remote} did not take it", done)

    def _outside(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        env = {"GIT_TERMINAL_PROMPT": "0", "GIT_HTTP_LOW_SPEED_LIMIT": "1", "GIT_HTTP_LOW_SPEED_TIME": "30"}
        return self._run(*words, env=env, timeout=self._timeout)

    # The programs

    @cached_property
    def common(self) -> Path:
        """The folder that all work trees of the repository share."""
        return Path(self.folder, self._first("rev-parse", "--git-common-dir")).resolve()

    @cached_property
    def _hash_size(self) -> int:
        return 32 if self._first("rev-parse", "--show-object-format") == "sha256" else 20

    @property
    def _batch(self) -> _Batch:
        if self._reader is None or not self._reader.alive:
            self._reader = _Batch(self._command("cat-file", "--batch"), self._hash_size)
        return self._reader

    def close(self) -> None:
        """Ends the programs that were left running."""
        if self._reader:
            self._reader.close()
            self._reader = None

    def _first(self, *words: str, why: str = "") -> str:
        done = self._run(*words)
        if done.returncode:
            raise Problem(_said(f"{self.folder} is no Git repository", done, why))
        return done.stdout.decode().strip()

    def _command(self, *words: str) -> list[str]:
        return ["git", "-C", str(self.folder), *_SAFE, *words]

    def _run(
        self,
        *words: str,
        given: bytes | None = None,
        env: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> subprocess.CompletedProcess[bytes]:
        """Runs git in a session of its own, so that a time-out ends its helpers too."""
        process = subprocess.Popen(
            self._command(*words),
            stdin=subprocess.PIPE if given is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "LC_ALL": "C", **(env or {})},
            start_new_session=timeout is not None,
        )
        try:
            out, err = process.communicate(given, timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.communicate()
            return subprocess.CompletedProcess(process.args, 124, b"", f"no answer within {timeout:.0f} s".encode())
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)


class _Batch:
    """A git process that answers one question after another."""

    def __init__(self, command: Sequence[str], hash_size: int) -> None:
        self._size = hash_size
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )

    def __enter__(self) -> _Batch:
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

    def tree(self, entries: Mapping[str, Entry]) -> str:
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


def _entries(content: bytes, size: int) -> Iterator[tuple[str, Entry]]:
    """The entries of a tree as Git keeps it: mode, name, NUL, id."""
    at = 0
    while at < len(content):
        end = content.index(b"\0", at)
        mode, _, name = content[at:end].partition(b" ")
        at = end + 1 + size
        kind = {b"40000": "tree", b"160000": "commit"}.get(mode, "blob")
        yield name.decode(), Entry(mode.decode().rjust(6, "0"), kind, content[end + 1 : at].hex())


def _met_a_lock(done: subprocess.CompletedProcess[bytes]) -> bool:
    return b"cannot lock ref" in done.stderr or (b".lock'" in done.stderr and b"File exists" in done.stderr)


def _is_open(file: Path) -> bool:
    """Whether any process of this machine that we may look at has the file open."""
    for folder in Path("/proc").glob("[0-9]*/fd"):
        with contextlib.suppress(OSError):
            if any(os.readlink(each) == str(file) for each in folder.iterdir()):
                return True
    return False


def _said(what: str, done: subprocess.CompletedProcess[bytes], remedy: str = "") -> str:
    lines = [line.strip() for line in done.stderr.decode(errors="replace").splitlines() if line.strip()]
    telling = [line for line in lines if line.startswith(("fatal:", "error:", "remote:", "!"))] or lines
    said = (telling[0] if telling else f"git ended with {done.returncode}")[:200]
    return f"{what}: {said}" + (f"; {remedy}" if remedy else "")
