"""A log as raw commits that somebody changes and writes anew, as with `git rebase` or `git filter-branch`."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.fork import Fork, git

Leaf = tuple[str, str] | str | None
"""What a path should be: a mode and an id, the text of a plain file, or nothing."""


@dataclass
class RawCommit:
    """A commit that can be changed."""

    id: str
    """As it was."""
    text: str

    @property
    def tree(self) -> str:
        """The id of its tree."""
        return self.text.partition("\n")[0].removeprefix("tree ")

    @property
    def parents(self) -> list[str]:
        """The ids of its parents, as they were."""
        return re.findall(r"^parent (\w+)$", self.text.partition("\n\n")[0], flags=re.M)

    def trailer(self, name: str) -> str:
        """What a trailer says; empty without one."""
        found = re.search(rf"^Desired-{name}: (.*)$", self.text, flags=re.M)
        return found[1] if found else ""

    def say(self, name: str, value: str | None) -> None:
        """Changes a trailer, adds it, or takes it away."""
        self.text = re.sub(rf"^Desired-{name}: .*\n", "", self.text, flags=re.M)
        if value is not None:
            self.text = f"{self.text.rstrip()}\nDesired-{name}: {value}\n"

    def replace(self, old: str, new: str) -> None:
        """Changes a text that has to be there."""
        assert old in self.text, (old, self.text)
        self.text = self.text.replace(old, new)


@dataclass
class Past:
    """The first parents of live from the first publishing on, the oldest first."""

    fork: Fork
    commits: list[RawCommit] = field(default_factory=list)

    @classmethod
    def of(cls, fork: Fork, start: str, live: str) -> Past:
        """As it is at a commit."""
        listed = git(fork.remote, "rev-list", "--first-parent", "--reverse", live, f"^{start}^").split()
        past = cls(fork)
        past.commits = [RawCommit(each, past._git("cat-file", "commit", each)) for each in listed]
        return past

    def _git(self, *words: str, given: str | None = None, index: str = "") -> str:
        env = {**os.environ, **({"GIT_INDEX_FILE": index} if index else {})}
        folder = self.fork.remote
        done = subprocess.run(
            ["git", *words], cwd=folder, input=given, env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{words}: {done.stderr}"
        return done.stdout

    def one(self, key: str) -> RawCommit:
        """The entry with a key, or the last one of a kind."""
        return [each for each in self.commits if key in (each.trailer("Key"), each.trailer("Operation"))][-1]

    def at(self, key: str) -> int:
        """Its position."""
        return self.commits.index(self.one(key))

    def blob(self, text: str) -> str:
        """A file with a text."""
        return self._git("hash-object", "-w", "--stdin", given=text).strip()

    def file(self, commit: RawCommit, path: str) -> str:
        """The text of a file of a commit's tree."""
        return self._git("cat-file", "blob", f"{commit.tree}:{path}")

    def edit(self, commit: RawCommit, changes: Mapping[str, Leaf], fixed: bool = False) -> None:
        """Changes files of a commit; `fixed` if its trailers are to name the new trees."""
        with tempfile.TemporaryDirectory() as folder:
            index = str(Path(folder, "index"))
            self._git("read-tree", commit.tree, index=index)
            lines = []
            for path, leaf in changes.items():
                mode, id_ = ("100644", self.blob(leaf)) if isinstance(leaf, str) else leaf or ("0", "0" * 40)
                lines.append(f"{mode} {id_}\t{path}\n")
            self._git("update-index", "--index-info", given="".join(lines), index=index)
            tree = self._git("write-tree", index=index).strip()
        commit.text = commit.text.replace(commit.tree, tree, 1)
        if fixed:
            self.fix(commit)

    def edit_from(self, at: int, changes: Mapping[str, Leaf], fixed: bool = True) -> None:
        """The same in all commits from a position on."""
        for commit in self.commits[at:]:
            self.edit(commit, changes, fixed)

    def fix(self, commit: RawCommit) -> None:
        """Lets the trailers name the trees that the commit holds."""
        for name, folder in (("Revision", "releases"), ("Manifests", "manifests")):
            if commit.trailer(name):
                commit.say(name, self._git("rev-parse", f"{commit.tree}:{folder}").strip())

    def add(self, at: int, message: str, like: int | None = None) -> RawCommit:
        """One more commit at a position, with the tree of the one before it."""
        before = self.commits[at - 1 if like is None else like]
        who = "Eve <eve@example.com> 1780000000 +0000"
        text = f"tree {before.tree}\nparent {before.id}\nauthor {who}\ncommitter {who}\n\n{message}\n"
        self.commits.insert(at, RawCommit("", text))
        return self.commits[at]

    def write(self, faithful: bool = True) -> str:
        """Writes the commits one on top of another; the tip. Ids in later ones follow, if it is done well."""
        known: dict[str, str] = {}
        tip = self.commits[0].parents[0] if self.commits[0].parents else ""
        for commit in self.commits:
            head, _, message = commit.text.partition("\n\n")
            if faithful:
                for old, new in known.items():
                    message = message.replace(old, new)
            if tip:
                head = re.sub(r"^parent \w+$", f"parent {tip}", head, count=1, flags=re.M)
            tip = self._git("hash-object", "-t", "commit", "-w", "--stdin", given=f"{head}\n\n{message}").strip()
            if commit.id:
                known[commit.id] = tip
        return tip

    def push(self, tip: str | None, *branches: str) -> None:
        """Forces branches of the remote to a commit."""
        for branch in branches or ("main", "live"):
            git(
                self.fork.remote,
                "update-ref",
                *(() if tip else ("-d",)),
                f"refs/heads/{branch}",
                *([tip] if tip else []),
            )
