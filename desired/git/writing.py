"""Writes commits without a work tree, moves branches by compare-and-swap, fetches and pushes."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from ..core.errors import Problem, Unreachable
from .process import Batch, TreeEntry, said
from .reading import Author, Reader

_LOCK_TRIES = 8


class Git(Reader):
    """A repository on this machine. Nothing here ever touches a work tree or its index."""

    def write_tree(self, commit: str, changes: Mapping[str, str | None]) -> str:
        """The id of the tree of a commit with these files changed; None takes a file away. Nothing refers to it yet."""
        ids = self._write_blobs([text for text in changes.values() if text is not None])
        leaves = {path: ids[text] if text is not None else None for path, text in changes.items()}
        with Batch(self.command("mktree", "-z", "--batch", "--missing"), self.hash_size) as make:
            return self._tree_with(make, commit, "", leaves) or make.tree({})

    def _tree_with(self, make: Batch, commit: str, folder: str, leaves: Mapping[str, str | None]) -> str | None:
        entries = self.tree(commit, folder)
        inner: dict[str, dict[str, str | None]] = {}
        for path, id_ in leaves.items():
            name, _, rest = path.partition("/")
            if rest:
                inner.setdefault(name, {})[rest] = id_
            elif id_ is None:
                entries.pop(name, None)
            else:
                entries[name] = TreeEntry("100644", "blob", id_)
        for name, below in inner.items():
            made = self._tree_with(make, commit, f"{folder}/{name}" if folder else name, below)
            entries.pop(name, None)
            if made:
                entries[name] = TreeEntry("040000", "tree", made)
        return make.tree(entries) if entries else None

    def _write_blobs(self, texts: Sequence[str]) -> dict[str, str]:
        if not texts:
            return {}
        with self._scratch() as folder:
            files = [folder / str(number) for number in range(len(texts))]
            for file, text in zip(files, texts, strict=True):
                file.write_bytes(text.encode())
            listed = "".join(f"{file}\n" for file in files).encode()
            done = self.run("hash-object", "-w", "--no-filters", "--stdin-paths", given=listed)
        if done.returncode:
            raise Problem(said("Git could not write", done))
        return dict(zip(texts, done.stdout.decode().split(), strict=True))

    @contextlib.contextmanager
    def _scratch(self) -> Iterator[Path]:
        """A folder for the one writer there is; what a dead one left in it goes first."""
        folder = self.common / "desired" / "writing"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

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
        done = self.run(*words, given=message.encode(), env=names)
        if done.returncode:
            raise Problem(said("Git could not make the commit", done))
        return done.stdout.decode().strip()

    def move(self, refs: Mapping[str, tuple[str, str | None]]) -> bool:
        """Compare-and-swap: every ref to its first commit if it is at its second (None: not there); all or none."""
        zero = "0" * 2 * self.hash_size
        lines = [f"update {ref} {new} {old or zero}" for ref, (new, old) in refs.items()]
        script = "\n".join(["start", *lines, "prepare", "commit", ""])
        for _ in range(2):
            done = self.run("update-ref", "--stdin", given=script.encode())
            if done.returncode == 0:
                return True
            if not self._break_stale_locks(refs):
                break
        if _met_a_lock(done):
            return False
        if b"is at" in done.stderr or b"reference already exists" in done.stderr or b"unable to resolve" in done.stderr:
            return False
        raise Problem(said("Git could not move the branch", done))

    def forget(self, ref: str) -> None:
        """The ref is gone, if it was there."""
        self.run("update-ref", "-d", ref)

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
        raise Unreachable(said(f"the remote {remote} cannot be fetched from", done, "try again when it is there"))

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
        return said(f"the remote {remote} did not take it", done)

    def _outside(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        env = {"GIT_TERMINAL_PROMPT": "0", "GIT_HTTP_LOW_SPEED_LIMIT": "1", "GIT_HTTP_LOW_SPEED_TIME": "30"}
        return self.run(*words, env=env, timeout=self._timeout)


def _met_a_lock(done: subprocess.CompletedProcess[bytes]) -> bool:
    return b"cannot lock ref" in done.stderr or (b".lock'" in done.stderr and b"File exists" in done.stderr)


def _is_open(file: Path) -> bool:
    """Whether any process of this machine that we may look at has the file open."""
    for folder in Path("/proc").glob("[0-9]*/fd"):
        with contextlib.suppress(OSError):
            if any(os.readlink(each) == str(file) for each in folder.iterdir()):
                return True
    return False
