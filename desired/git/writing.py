"""Writes commits without a work tree, moves branches by compare-and-swap, fetches and pushes."""

from __future__ import annotations

import contextlib
import fcntl
import shutil
import subprocess
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from .. import programs
from . import errors
from .commits import Author
from .errors import Locked
from .patience import Patience
from .process import FILE, Batch, TreeEntry, run_git
from .reading import FOLDER, Content, Reader

Failure = subprocess.CompletedProcess[bytes] | None
"""What an attempt that failed printed; None where it succeeded, or where another attempt cannot help."""
_REFS_NOT_UPDATED = 1
"""The exit code of `git fetch` where the remote answered, and a ref of this repository could not be updated."""


class Clone(Reader):
    """A clone on this machine.

    No work tree, no index and no lock file of Git is ever touched. Git closes a lock file while it still holds the
    lock, so that nothing shows from outside whether a lock is dead: this waits for it, then refuses and names the file.
    """

    def write_tree(self, commit: str, changes: Mapping[str, Content]) -> str:
        """The id of the tree of a commit with these paths changed; None takes a path away. Nothing refers to it yet.

        Raises GitFailed where the tree does not hold what was meant.
        """
        ids = self._write_blobs([text for text in changes.values() if isinstance(text, str)])
        leaves = {
            path: TreeEntry(FILE, "blob", ids[content]) if isinstance(content, str) else content
            for path, content in changes.items()
        }
        with self.started("mktree", "-z", "--batch", "--missing") as make:
            tree = self._tree_with(make, commit, "", leaves) or make.tree({})
        # A path that goes may be a folder afterwards, if something comes below it.
        come = [PurePosixPath(path) for path, content in changes.items() if content is not None]
        folders = {str(folder) for path in come for folder in path.parents}
        gone = {path for path, content in changes.items() if content is None and path in folders}
        wrong = sorted(path for path in changes.keys() - gone if not self.holds(tree, path, changes[path]))
        if wrong:
            raise errors.GitFailed(f"Cannot write {wrong[0]}: it is not what it should be afterwards. Nothing changed")
        return tree

    def _tree_with(self, make: Batch, commit: str, folder: str, leaves: Mapping[str, TreeEntry | None]) -> str | None:
        entries = self.tree(commit, folder)
        inner: dict[str, dict[str, TreeEntry | None]] = {}
        come: dict[str, TreeEntry] = {}
        for path, entry in leaves.items():
            name, _, rest = path.partition("/")
            if rest:
                inner.setdefault(name, {})[rest] = entry
            elif entry is None:
                entries.pop(name, None)
            else:
                come[name] = entry
        for name, below in inner.items():
            made = self._tree_with(make, commit, f"{folder}/{name}" if folder else name, below)
            entries.pop(name, None)
            if made:
                entries[name] = TreeEntry("040000", FOLDER, made)
        # Last, because a file may come where a folder goes.
        entries |= come
        return make.tree(entries) if entries else None

    def _write_blobs(self, texts: Sequence[str]) -> dict[str, str]:
        if not texts:
            return {}
        with self._scratch() as folder:
            names = [str(number) for number in range(len(texts))]
            for name, text in zip(names, texts, strict=True):
                (folder / name).write_bytes(text.encode())
            # By names in the folder: the path of the repository may have a line break.
            done = run_git(
                *("hash-object", "-w", "--no-filters", "--stdin-paths"),
                folder=folder,
                given="".join(f"{name}\n" for name in names).encode(),
                env={"GIT_DIR": str(self.directory)},
            )
        if done.returncode:
            raise errors.failed("write to the repository", done)
        return dict(zip(texts, done.stdout.decode().split(), strict=True))

    @contextlib.contextmanager
    def _scratch(self) -> Iterator[Path]:
        """A folder of this program's own, for the one writer that `alone` lets in; it deletes what a dead one left."""
        folder = self.common / "desired" / "writing"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def commit_tree(
        self, tree: str, parents: Sequence[str], message: str, author: Author, sign: bool, ssh: bool = False
    ) -> str:
        """A commit of a tree; its id. Nothing refers to it yet. `ssh` signs with SSH, whatever is configured."""
        words = [*(("-c", "gpg.format=ssh") if ssh else ()), "commit-tree", tree, *(["-S"] if sign else [])]
        words += [word for each in parents for word in ("-p", each)]
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
            raise errors.failed("make the commit", done)
        return done.stdout.decode().strip()

    def tag(self, name: str, commit: str, message: str) -> None:
        """An annotated tag, signed by SSH if a key is configured. Raises GitFailed where it cannot be made."""
        words = ["-c", "gpg.format=ssh", "-c", "tag.gpgSign=false", "tag", "-F", "-", "-s" if self._key() else "-a"]
        done = self.run(*words, name, commit, given=message.encode())
        if done.returncode:
            raise errors.failed(f"make the tag {name}", done)

    def _key(self) -> str:
        return self.config("user.signingkey") or self.config("gpg.ssh.defaultKeyCommand")

    def move(self, refs: Mapping[str, tuple[str, str | None]]) -> bool:
        """Compare-and-swap: every ref to its first commit if it is at its second (None: not there); all or none.

        False where a ref is somewhere else. Raises Locked, or GitFailed.
        """
        zero = "0" * 2 * self.hash_size
        lines = [f"update {ref} {new} {old or zero}" for ref, (new, old) in refs.items()]
        wanted = {ref: new for ref, (new, _) in refs.items()}
        what, moved = f"move {' and '.join(refs)}", True

        def attempt() -> Failure:
            nonlocal moved
            done, prepared = self._transaction(lines)
            now = self.positions(refs) if done.returncode else wanted
            if prepared and now != wanted:
                raise errors.failed(what, done)
            moved = prepared or now == {ref: old for ref, (_, old) in refs.items()}
            return done if moved and not prepared else None

        self._patiently(what, refs, attempt)
        return moved

    def forget(self, ref: str) -> None:
        """Deletes a ref, if it is there. Raises Locked, or GitFailed."""

        def attempt() -> Failure:
            done, _ = self._transaction([f"delete {ref}"])
            return None if not done.returncode or self.positions([ref]) == {ref: None} else done

        if self.positions([ref]) != {ref: None}:
            self._patiently(f"delete {ref}", [ref], attempt)

    def _transaction(self, lines: Sequence[str]) -> tuple[subprocess.CompletedProcess[bytes], bool]:
        """Changes refs. Also says whether Git could prepare it: it had all locks, and all old values were right."""
        script = "".join(f"{line}\n" for line in ("start", *lines, "prepare", "commit"))
        done = self.run("update-ref", "--stdin", given=script.encode())
        return done, b"prepare: ok" in done.stdout.splitlines()

    def positions(self, refs: Iterable[str]) -> dict[str, str | None]:
        """The ids that refs are at now."""
        listed = self.answer("for-each-ref", "--format=%(refname) %(objectname)", *refs).decode().split()
        found = dict(zip(listed[::2], listed[1::2], strict=True))
        return {ref: found.get(ref) for ref in refs}

    def _patiently(self, what: str, refs: Collection[str], attempt: Callable[[], Failure]) -> None:
        """Attempts to change refs until it succeeds, with growing pauses. Raises Locked where a lock outlives them.

        An attempt that failed with no lock in sight may have met one that was released since: it is repeated a few
        times, and then raises GitFailed.
        """
        patience = Patience(self._patience)
        while failure := attempt():
            locks = self._locks(refs)
            if not patience.wait(locked=bool(locks)):
                raise Locked(what, locks) if locks else errors.failed(what, failure)

    def _locks(self, refs: Collection[str]) -> list[Path]:
        """The lock files there are that keep Git from changing these refs."""
        places = [self.common / f"{ref}.lock" for ref in refs]
        if any(ref.startswith("refs/heads/") for ref in refs):
            places.append(self.directory / "HEAD.lock")  # for the branch that is checked out
        if (self.common / "shallow").exists():
            places.append(self.common / "shallow.lock")
        places += [self.common / "packed-refs.lock", self.common / "reftable" / "tables.list.lock"]
        return [place for place in places if place.exists()]

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """One writer of this program at a time in this repository; the kernel frees the lock of a dead process."""
        with open(self.common / "desired.lock", "w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def fetch(self, remote: str, refspecs: Sequence[str]) -> None:
        """Brings refs from a remote. Raises RemoteUnreachable, BranchMissing, Locked or GitFailed."""
        words = ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--prune", "--no-recurse-submodules"]
        # Only what is named here: a user may have configured other refs to follow.
        words += ["--refmap=", *(["--unshallow"] if self.is_shallow else []), remote, *refspecs]
        pairs = [each.removeprefix("+").partition(":")[::2] for each in refspecs]

        def attempt() -> Failure:
            done = self._outside(*words)
            if done.returncode == programs.TIMED_OUT:
                raise errors.of_remote("fetch from", remote, done)
            if done.returncode not in (0, _REFS_NOT_UPDATED):
                there = self.remote_refs(remote)
                if missing := [ref for ref, _ in pairs if "*" not in ref and ref not in there]:
                    raise errors.BranchMissing(remote, missing)
            return done if done.returncode else None

        self._patiently(f"fetch from the remote {remote}", [ref for _, ref in pairs], attempt)

    def remote_refs(self, remote: str) -> dict[str, str]:
        """The branches and tags of a remote, with their ids. Raises RemoteUnreachable."""
        done = self._outside("ls-remote", "--quiet", remote)
        if done.returncode:
            raise errors.of_remote("fetch from", remote, done)
        words = done.stdout.decode(errors="replace").split()
        return dict(zip(words[1::2], words[::2], strict=True))

    def push(self, remote: str, refs: Mapping[str, tuple[str, str | None]]) -> None:
        """Like `move`, at a remote. Raises Rejected where it refuses, AtomicUnsupported, or RemoteUnreachable."""
        leases = [f"--force-with-lease={ref}:{old or ''}" for ref, (_, old) in refs.items()]
        moves = [f"{new}:{ref}" for ref, (new, _) in refs.items()]
        words = ["push", "--quiet", "--porcelain", "--atomic", "--no-verify", "--no-follow-tags"]
        words += ["--recurse-submodules=no", *leases, remote, *moves]
        # A mirror pushes all refs, and takes no others.
        done = self._outside("-c", f"remote.{remote}.mirror=false", *words)
        if done.returncode == 0:
            return
        # A line for each ref: a flag, from:to, and why it was refused. Source: git-push(1), OUTPUT.
        lines = [line.split("\t") for line in done.stdout.decode(errors="replace").splitlines()]
        refused = [line[2] for line in lines if line[0] == "!" and len(line) == 3]
        if not refused:
            raise errors.of_remote("push to", remote, done)
        raise errors.rejected(remote, refused[0], done)

    def _outside(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        env = {"GIT_TERMINAL_PROMPT": "0", "GIT_HTTP_LOW_SPEED_LIMIT": "1", "GIT_HTTP_LOW_SPEED_TIME": "30"}
        return self.run(*words, env=env, timeout=self._timeout)
