"""A remote, the clones of publishers and of a person, and what everybody did and was told: the place of accidents."""

from __future__ import annotations

import contextlib
import random
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from desired.core.errors import Problem, Unreachable
from desired.core.operations import OPERATION, Intent
from desired.git import Clone
from desired.publish.branches import Branches
from desired.publish.publisher import Publisher
from tests.support.crowd import OBSERVED
from tests.support.fork import Fork, git
from tests.support.people import ADA
from tests.support.renderers import shared_pool

Json = dict[str, Any]
PERSON, REMEMBERING = "person", ("ada", "bob")
_WORK_TREE = ("apps", "docs", "releases", "manifests/staging-apps/apps", "manifests/preprod-apps/apps")
"""What the person checks out. Git merges the rest, too."""
HOSTILE = {
    "log.showSignature": "true",
    "diff.noprefix": "true",
    "diff.renames": "copies",
    "diff.external": "false",
    "core.abbrev": "4",
    "core.autocrlf": "true",
    "color.ui": "always",
    "i18n.logOutputEncoding": "UTF-16",
    "push.default": "nothing",
    "push.followTags": "true",
    "remote.origin.mirror": "true",
    "fetch.prune": "true",
    "merge.ff": "false",
}


class Killed(BaseException):
    """The process of a publisher ends here."""


def prepared(template: Fork, folder: Path) -> Fork:
    """The fork in few files, with clones that remember the first publishing: made once, and copied for each world."""
    folder.mkdir(parents=True)
    git(folder, "clone", "-q", "--bare", "--no-hardlinks", str(template.remote), "remote.git")
    git(folder / "remote.git", "repack", "-adq")
    shutil.rmtree(folder / "remote.git" / "hooks", ignore_errors=True)
    fork = Fork(folder)
    for name in (*REMEMBERING, PERSON):
        made(fork, name)
    git(folder / PERSON, "sparse-checkout", "set", "--cone", *_WORK_TREE)
    git(folder / PERSON, "checkout", "-q", "--detach", "origin/main")
    for setting, value in HOSTILE.items():
        git(folder / "bob", "config", setting, value)
    git(folder / REMEMBERING[0], "update-ref", "refs/heads/start", fork.tip("live"))
    for name in REMEMBERING:
        with World(fork).publisher(name) as publisher:
            assert publisher.publish().status == "unchanged"
    return fork


def made(fork: Fork, name: str, *words: str) -> Path:
    """A clone without a work tree, whose remote is named from there, so that both can be copied together."""
    url = f"file://{fork.remote}" if words else str(fork.remote)
    git(fork.folder, "clone", "-q", "-n", "-b", "main", *words, url, name)
    clone = fork.folder / name
    settings = {"user.name": name.title(), "user.email": f"{name}@example.com", "core.logAllRefUpdates": "false"}
    for setting, value in settings.items() if words else {**settings, "remote.origin.url": "../remote.git"}.items():
        git(clone, "config", setting, value)
    (clone / "below").mkdir()
    shutil.rmtree(clone / ".git" / "hooks", ignore_errors=True)
    return clone


@dataclass
class World:
    """What there is, and what happened so far."""

    fork: Fork
    asked: dict[str, Json] = field(default_factory=dict)
    """Operations by key, as they were asked for."""
    intents: dict[str, Intent] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)
    """Keys that were answered live or repeated."""
    unknown: set[str] = field(default_factory=set)
    """Keys that may be in the log: the answer was lost, or a person forged them."""
    documents: dict[str, str] = field(default_factory=dict)
    """The ids of the files that people committed and that have to be there, by path."""
    deleted: set[str] = field(default_factory=set)
    forced: bool = False
    """Whether anybody rewrote a branch."""
    touched: bool = False
    """Whether anybody but the publishers moved live."""
    names: list[str] = field(default_factory=lambda: list(REMEMBERING))
    """The clones of publishers."""
    said: list[str] = field(default_factory=list)
    """What happened, a line for each step."""
    notes: list[str] = field(default_factory=list)
    """All that the publishers said."""
    _publishers: dict[str, Publisher] = field(default_factory=dict)

    @property
    def start(self) -> str:
        """The first publishing."""
        return git(self.fork.folder / REMEMBERING[0], "rev-parse", "refs/heads/start")

    def tip(self, branch: str) -> str | None:
        """Where a branch of the remote is; None if it is not there."""
        listed = git(self.fork.remote, "for-each-ref", "--format=%(objectname)", f"refs/heads/{branch}")
        return listed or None

    # Publishers

    def publisher(self, name: str) -> Publisher:
        """The publisher of a clone: bob's is below a folder of his."""
        if name not in self._publishers:
            folder = self.fork.folder / name
            branches = Branches(Clone(folder / "below" if name == "bob" else folder), "origin")
            self._publishers[name] = Publisher(branches, shared_pool())
        return self._publishers[name]

    def newcomer(self, kind: str) -> str:
        """One more clone, which remembers nothing, but for a work tree of ada's clone."""
        name = f"new{len(self.names)}"
        if kind == "linked":
            git(self.fork.folder / "ada", "worktree", "add", "-q", "--no-checkout", "--detach", f"../{name}")
        else:
            words = {"shallow": ("--depth", "1"), "partial": ("--filter=blob:none",), "plain": ()}[kind]
            made(self.fork, name, *words)
        self.names.append(name)
        return name

    def perform(self, name: str, key: str) -> str:
        """The answer of a clone's publisher to an operation: a status, or the class of what it raised."""
        intent = self.intents[key]
        try:
            answer = self.publisher(name).perform(intent, lambda _: OBSERVED)
        except Killed:
            self.reopen(name)
            self.unknown.add(key)
            return "killed"
        except Unreachable as problem:
            self.unknown.add(key)
            return f"unreachable: {problem}"
        except Problem as problem:
            return f"{type(problem).__name__}: {problem}"
        self.notes.extend(answer.notes)
        if answer.status in ("live", "repeated"):
            self.done.add(key)
        return f"{answer.status} at {answer.commit[:8]}"

    def publish(self, name: str) -> str:
        """The same for `publish`."""
        try:
            answer = self.publisher(name).publish()
        except Killed:
            self.reopen(name)
            return "killed"
        except Problem as problem:
            return f"{type(problem).__name__}: {problem}"
        self.notes.extend(answer.notes)
        return answer.status

    def reopen(self, name: str) -> None:
        """What a process leaves when it ends, and the next one begins with."""
        if found := self._publishers.pop(name, None):
            found.__exit__()

    def close(self) -> None:
        """Ends all publishers."""
        for name in list(self._publishers):
            self.reopen(name)

    def readable(self, name: str) -> str:
        """The commit whose specs a person takes who looks at the newest main, as the command line finds it."""
        publisher = self.publisher(name)
        head, tip = publisher.looked_at()
        baseline = publisher.reconciler.follow(tip.commit or head, head, hurry=True)
        return publisher.reconciler.readable(baseline, head)[0]

    def intend(self, name: str, operation: Json, key: str) -> None:
        """An operation that somebody asks for who looked at the newest main."""
        known = OPERATION.validate_python(operation)
        head = self.publisher(name).head()
        self.intents[key] = Intent(operation=known, actor=ADA, expected=head, key=key)
        self.asked[key] = {"verb": known.verb, **known.model_dump(mode="json")}

    @contextlib.contextmanager
    def failing(self, name: str, how: str) -> Iterator[None]:
        """The next push of a clone fails: it is refused, its answer is lost, or the process ends before or after it."""
        publisher = self.publisher(name)
        push, left = publisher.git.push, [how]

        def once(remote: str, refs: Mapping[str, tuple[str, str | None]]) -> None:
            if not left:
                return push(remote, refs)
            left.clear()
            if how in ("lost", "killed after"):
                push(remote, refs)
            if how.startswith("killed"):
                raise Killed
            raise Unreachable("the remote failed once")

        publisher.git.push = once  # type: ignore[method-assign]
        try:
            yield
        finally:
            publisher.git.push = push  # type: ignore[method-assign]

    # The person

    def git(self, *words: str, folder: str = "") -> str | None:
        """What Git prints in the person's clone; None where it fails."""
        place = self.fork.folder / PERSON / folder
        done = subprocess.run(["git", *words], cwd=place, capture_output=True, text=True, check=False)
        return done.stdout.strip() if done.returncode == 0 else None

    def fresh(self, at: str = "origin/main") -> None:
        """The person has everything of the remote, and nothing else."""
        self.git("reset", "-q", "--hard")
        self.git("fetch", "-q", "--prune", "--force", "origin", "+refs/heads/*:refs/remotes/origin/*")
        self.git("checkout", "-q", "-f", "--detach", at)
        self.git("clean", "-fdxq")

    def back(self, chance: random.Random, branch: str = "main", most: int = 3) -> str:
        """A commit a few steps before a branch of the remote, but none before the first publishing."""
        span = (f"-n{most + 1}", f"origin/{branch}", f"^{self.start}^")
        listed = (self.git("rev-list", "--first-parent", *span) or "").split()
        return chance.choice(listed[1:] or [self.start])

    def push(self, *branches: str, force: bool = False, folder: str = "") -> str:
        """Pushes what is checked out; says whether that worked."""
        before = {each: self._documents(f"origin/{each}") for each in branches}
        known = any(self._contains(each) for each in ("main", "live"))
        pushed = [f"{'+' if force else ''}HEAD:refs/heads/{each}" for each in branches]
        if self.git("push", "-q", "origin", *pushed, folder=folder) is None:
            return "not pushed"
        now, parent = self._documents("HEAD"), self._documents("HEAD^")
        for branch in branches:
            gone = (before[branch].keys() | parent.keys()) - now.keys()
            self.deleted |= set() if force else gone
            self.documents = {path: id_ for path, id_ in self.documents.items() if path not in gone}
        # What was there before is not asked for again: it may be deleted on the other branch.
        # Nor is what an older commit has, to which a branch is set back.
        new = {} if known else {p: id_ for p, id_ in now.items() if all(p not in each for each in before.values())}
        self.documents |= new
        self.deleted -= new.keys()
        self.forced |= force
        self.touched |= force or "live" in branches
        return f"pushed to {' and '.join(branches)}{' with force' if force else ''}"

    def _contains(self, branch: str) -> bool:
        """Whether a branch of the remote, as it was seen last, has what is checked out."""
        return self.git("merge-base", "--is-ancestor", "HEAD", f"origin/{branch}") is not None

    def _documents(self, commit: str) -> dict[str, str]:
        listed = self.git("ls-tree", "-r", commit, "--", "docs") or ""
        fields = [line.split(None, 3) for line in listed.splitlines()]
        return {path: id_ for _, _, id_, path in fields}
