"""Reads commits, trees, files and settings.

Every object is asked for by its id, and names and contents are bytes, so that nothing that a person can commit or
configure changes what an answer means.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import tarfile
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from ..core.errors import Problem
from .commits import Commit, CommitChanges, parsed
from .errors import GitFailed, failed
from .process import FILE, GitProcess, TreeEntry, as_path

_NAME = re.compile(r"\A[A-Za-z0-9_][A-Za-z0-9._/@^~{}+-]*\Z")
_ID = re.compile(r"\A(?:[0-9a-f]{40}|[0-9a-f]{64})\Z")
Content = str | TreeEntry | None
"""What a path should hold: a text, an entry of another commit as it is there, or nothing."""
FOLDER = "tree"
_EXECUTABLE, _LINK = "100755", "120000"
_KEPT_TREES = 2_000
_EXACT = ("-r", "--no-renames", "--ignore-submodules=none")
_KINDS = {b"40000": FOLDER, b"160000": "commit"}


class Reader(GitProcess):
    """What a repository holds. Where git fails, every question raises GitFailed."""

    def __init__(self, folder: Path, timeout: float = 60.0, patience: float = 5.0) -> None:
        super().__init__(folder, timeout, patience)
        self._roots: dict[str, str] = {}
        self._trees: dict[str, dict[str, TreeEntry]] = {}

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
        if self.is_shallow:
            raise Problem(f"{subject} is not in this clone, which is shallow. Run `git fetch --unshallow`")
        raise Problem(f"{subject} is not in this repository. Run `git fetch`, or {otherwise}")

    @property
    def is_shallow(self) -> bool:
        """Whether the older part of the history is missing in this clone."""
        return (self.common / "shallow").exists()

    # Trees and files

    def tree(self, commit: str, path: str = "") -> dict[str, TreeEntry]:
        """The entries of a folder at a commit; none where there is no folder."""
        found = self.entry(commit, path)
        return dict(self._tree(found.id)) if found and found.kind == FOLDER else {}

    def entry(self, commit: str, path: str) -> TreeEntry | None:
        """What a path is at a commit, or in a tree; None where there is nothing."""
        found: TreeEntry | None = TreeEntry("040000", FOLDER, self._root(commit))
        for part in path.split("/") if path else ():
            found = self._tree(found.id).get(part) if found and found.kind == FOLDER else None
        return found

    def _root(self, commit: str) -> str:
        """The id of the tree of a commit, or of a tree itself. Kept where the commit is an id, which never changes."""
        if commit in self._roots:
            return self._roots[commit]
        kind, content = self.batch.read(commit)
        if kind not in ("commit", FOLDER):
            raise GitFailed(
                f"Cannot read {commit[:12]!r} in {self.folder}: it is not a commit of this clone. Run `git fetch`"
            )
        root = content.partition(b"\n")[0].removeprefix(b"tree ").decode() if kind == "commit" else commit
        if _ID.match(commit):
            self._roots[commit] = root
        return root

    def _tree(self, id_: str) -> dict[str, TreeEntry]:
        """The entries of a tree. Trees never change, so that those read last are kept."""
        if id_ not in self._trees:
            kind, content = self.batch.read(id_)
            if kind != FOLDER:  # never as an empty folder: what is missing would be deleted
                raise GitFailed(f"Cannot read the folder {id_[:12]} in {self.folder}: it is missing. Run `git fsck`")
            if len(self._trees) >= _KEPT_TREES:
                self._trees.clear()
            self._trees[id_] = dict(_entries(content, self.hash_size))
        return self._trees[id_]

    def tree_id(self, commit: str, path: str) -> str:
        """The id of a file or folder in a commit or a tree; an empty string where there is none."""
        found = self.entry(commit, path)
        return found.id if found else ""

    def file(self, commit: str, path: str) -> str | None:
        """The text of a plain file at a commit, for people, or None."""
        found = self.entry(commit, path)
        if found is None or found.kind != "blob" or found.mode == _LINK:
            return None
        return self.batch.read(found.id)[1].decode(errors="replace")

    def holds(self, commit: str, path: str, content: Content) -> bool:
        """Whether a path is just that at a commit: the same mode, kind and bytes."""
        found = self.entry(commit, path)
        return found == (self._plain(content) if isinstance(content, str) else content)

    def _plain(self, text: str) -> TreeEntry:
        """The entry of a plain file with a text."""
        content = text.encode()
        made = hashlib.new("sha256" if self.hash_size == 32 else "sha1", b"blob %d\0" % len(content) + content)
        return TreeEntry(FILE, "blob", made.hexdigest())

    def files(self, commit: str, path: str) -> dict[str, str]:
        """Paths and ids of all files below a folder, at any depth."""
        return {each: entry.id for each, entry in self._listed(commit, [path])}

    def _listed(self, commit: str, paths: Iterable[str]) -> Iterator[tuple[str, TreeEntry]]:
        """All that is no folder, at and below these paths."""
        waiting = [(path, self.entry(commit, path)) for path in reversed(list(paths))]
        while waiting:
            path, found = waiting.pop()
            if found and found.kind == FOLDER:
                inner = reversed(self._tree(found.id).items())
                waiting.extend((f"{path}/{name}" if path else name, each) for name, each in inner)
            elif found:
                yield path, found

    def archive(self, commit: str, paths: Sequence[str]) -> bytes:
        """The files at and below these paths at a commit, as tar: all of them, just as they were committed.

        `git archive` would leave out or change what attributes of the repository say.
        """
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar:
            for path, entry in self._listed(commit, paths):
                member, content = tarfile.TarInfo(path), self.batch.read(entry.id)[1]
                if entry.mode == _LINK:
                    member.type, member.linkname, content = tarfile.SYMTYPE, as_path(content), b""
                elif entry.kind != "blob":
                    continue  # a submodule: its files are not in this repository
                member.mode = 0o755 if entry.mode == _EXECUTABLE else 0o644
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
        return packed.getvalue()

    # Commits

    def commit(self, id_: str) -> Commit:
        """A commit by its id."""
        kind, content = self.batch.read(id_)
        if kind != "commit":
            raise Problem(f"{id_[:12]} is not a commit of this clone. Run `git fetch`, or name another commit")
        return parsed(id_, content)

    def message(self, commit: str) -> str:
        """The message of a commit."""
        return self.commit(commit).message

    def log(self, since: str | None, until: str) -> Iterator[Commit]:
        """The commits from one (not included) to another along the first parents, the oldest first."""
        return map(self.commit, self._span(since, until))

    def beyond(self, known: str, commits: Iterable[str], path: str = "") -> Iterator[Commit]:
        """What is in the history of these commits and not in that of `known`: parents before children.

        With a path, only commits that changed something there against all of their parents.
        """
        words = ["--topo-order", "--reverse", *commits, f"^{known}" if known else "", "--", path]
        return map(self.commit, self.answer("rev-list", *filter(None, words)).decode().split())

    def merge_base(self, one: str, other: str) -> str:
        """The newest commit in the history of both; an empty string where their histories have nothing in common."""
        return self.run("merge-base", one, other).stdout.decode().partition("\n")[0]

    def within(self, commit: str, by: str) -> str:
        """The newest commit on the first parents of `by` that is in the history of `commit`; empty if none is."""
        if commit == by:
            return by
        listed = self.answer("rev-list", "--first-parent", by, f"^{commit}").decode().split()
        return self.commit(listed[-1]).parent if listed else by

    def parted(self, one: str, other: str) -> str:
        """The newest commit on the first parents of both, or an empty string."""
        there = set(self._span(None, one))
        return next((each for each in reversed(self._span(None, other)) if each in there), "")

    def _span(self, since: str | None, until: str, *path: str) -> list[str]:
        span = [f"{since}..{until}"] if since else [until]
        listed = self.answer("rev-list", "--first-parent", "--reverse", *span, "--", *path)
        return listed.decode().split()

    def changes(self, since: str | None, until: str, path: str) -> Iterator[CommitChanges]:
        """Those of the same commits that changed files below a folder."""
        commits = {id_: self.commit(id_) for id_ in self._span(since, until, path)}
        given = "".join(f"{each.id} {each.parent}\n" for each in commits.values()).encode()
        words = ("diff-tree", "--stdin", "--raw", "-z", "--no-abbrev", "--root", *_EXACT)
        fields = iter(self.answer(*words, "--", path, given=given).split(b"\0") if commits else ())
        found: CommitChanges | None = None
        for field in fields:
            if field.startswith(b":"):
                assert found
                new = field.split()[3].decode()
                change = (as_path(next(fields)), "" if set(new) == {"0"} else new)
                found = replace(found, blobs=(*found.blobs, change))
            elif field:
                if found:
                    yield found
                found = CommitChanges.of(commits[field.decode()])
        if found:
            yield found

    def changed_paths(self, before: str, after: str, path: str) -> list[str]:
        """Paths below a folder that differ between two commits, or all paths; none where there is no commit before."""
        listed = self._compared(["-z", "--name-only"], before, after, path)
        return [as_path(each) for each in listed.split(b"\0") if each]

    def changed_entries(self, before: str, after: str) -> dict[str, TreeEntry | None]:
        """What differs between two commits or trees, by path: the entry in the second one, None for what is gone.

        Without a commit before, all that the second one has.
        """
        if not before:
            return dict(self._listed(after, [""]))
        fields = iter(self._compared(["-z", "--raw", "--no-abbrev"], before, after, "").split(b"\0"))
        found: dict[str, TreeEntry | None] = {}
        for field in fields:
            if field:
                _, mode, _, new, _ = field.split()
                kind = _KINDS.get(mode, "blob")
                gone = set(mode) == set(b"0")
                found[as_path(next(fields))] = None if gone else TreeEntry(mode.decode(), kind, new.decode())
        return found

    def patch(self, before: str, after: str, path: str) -> str:
        """The differences below a folder, for people to read; an empty string where there is no commit before."""
        shown = self._compared(["-p", "--no-ext-diff", "--no-textconv", "--no-color"], before, after, path)
        return shown.decode(errors="replace")

    def _compared(self, words: Sequence[str], before: str, after: str, path: str) -> bytes:
        done = self.run("diff-tree", *_EXACT, *words, before, after, "--", *filter(None, [path]))
        if done.returncode and self.batch.read(before)[0]:
            raise failed(f"compare {before} with {after}", done)
        return done.stdout

    def is_ancestor(self, commit: str, of: str) -> bool:
        """Whether one commit is in the history of another. False where either is not in this repository."""
        return self.run("merge-base", "--is-ancestor", commit, of).returncode == 0

    def signer(self, name: str, allowed: Sequence[str], kind: str = "commit") -> str:
        """Who signed a commit or a tag, of those that lines of an allowed-signers file name; empty if none of them did.

        Git decides, by the signature and these lines alone: no setting of the user plays a part.
        """
        with tempfile.TemporaryDirectory(prefix="desired-") as folder:
            file = Path(folder, "allowed_signers")
            file.write_text("".join(f"{line}\n" for line in allowed), encoding="utf-8")
            settings = (f"allowedSignersFile={file}", "program=ssh-keygen", f"revocationFile={os.devnull}")
            words = [word for each in settings for word in ("-c", f"gpg.ssh.{each}")]
            done = self.run(*words, "-c", "gpg.minTrustLevel=undefined", f"verify-{kind}", "--raw", name)
        said = re.search(rb'^Good "git" signature for (\S+) with ', done.stderr + done.stdout, re.MULTILINE)
        return said[1].decode(errors="replace") if said and done.returncode == 0 else ""

    def refs(self, prefix: str) -> list[str]:
        """The names of the refs below a prefix."""
        return self.answer("for-each-ref", "--format=%(refname)", prefix).decode(errors="replace").split()

    # Settings

    def config(self, name: str) -> str:
        """A setting, or an empty string."""
        return self.run("config", "--get", name).stdout.decode(errors="replace").strip()

    def remotes(self) -> list[str]:
        """The names of the remotes."""
        return self.answer("remote").decode(errors="replace").split()


def _entries(content: bytes, size: int) -> Iterator[tuple[str, TreeEntry]]:
    """The entries of a tree as Git keeps it: mode, name, NUL, id."""
    at = 0
    while at < len(content):
        end = content.index(b"\0", at)
        mode, _, name = content[at:end].partition(b" ")
        at = end + 1 + size
        kind = _KINDS.get(mode, "blob")
        yield as_path(name), TreeEntry(mode.decode().rjust(6, "0"), kind, content[end + 1 : at].hex())
