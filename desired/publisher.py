"""Does operations: reads, decides, renders, commits, and moves `main` and `live` as one. The only mover of `live`."""

from __future__ import annotations

import json
import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from constructs_lib.synth.children import Crew
from constructs_lib.synth.store import Store, cache_folder, cache_is_trusted

from . import files, log
from .apply import apply
from .code import Codes
from .gates import asks_for_a_look, seen, takes_traffic_away
from .git import Author, Git
from .ground import Ground, Grounds
from .index import Entry, Index
from .model import EnvironmentState, Observation, Outcome, State
from .operations import Intent
from .past import Past
from .problems import Conflict, Problem, Refused, Unreachable
from .rendering import MANIFESTS, Changes, Renderer
from .repository import Repository

_TRIES = 60
_REMEMBERED_SECONDS = 24 * 3600
Observe = Callable[[str], Observation | None]
"""Looks at an environment's clusters; None where nobody can."""


@dataclass(frozen=True)
class Answer:
    """What became of an operation."""

    commit: str
    """The commit that `live` is at with it."""
    title: str
    """What was done, in one line."""
    said: tuple[str, ...] = ()
    """What a person should know."""
    changes: Changes = field(default_factory=dict)
    """What it changes, by path."""
    status: str = "live"
    """`live`; `unchanged` where it was so already; `repeated` for a key that was answered before; `planned`."""

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "commit": self.commit,
            "status": self.status,
            "title": self.title,
            "said": list(self.said),
            "changed": sorted(self.changes),
        }


class Publisher:
    """One repository, with all that is kept from one operation to the next. Use it as a context."""

    def __init__(self, repository: Repository, crew: Crew | None = None) -> None:
        self.repository, self.git = repository, repository.git
        self._crew = crew or Crew()
        self._store = Store(cache_folder() / "units.db" if cache_is_trusted() else None)
        self.codes = Codes(self.git, self._crew, self._store)
        self.index = Index(self.git, self.git.common / "desired" / "index.db")
        self.past = Past(self.git, self.codes, self.index)
        self.grounds = Grounds(self.git, self.codes, self.past, Renderer(self.git, self._crew, self._store))

    @classmethod
    def open(cls, folder: Path, remote: str = "", timeout: float = 60.0) -> Publisher:
        """The repository in a folder. Raises Problem where there is none."""
        return cls(Repository(Git(folder, timeout), remote))

    def __enter__(self) -> Publisher:
        return self

    def __exit__(self, *_: object) -> None:
        self._crew.close()
        self._store.close()
        self.index.close()
        self.git.close()

    # Reading

    def head(self) -> str:
        """The newest commit of `main`, fetched. Raises Unreachable."""
        self.repository.refresh()
        return self.repository.main

    def state(self, commit: str) -> dict[str, EnvironmentState]:
        """The environments as they are at a commit."""
        return dict(self.grounds.at(commit).environments)

    # Doing

    def perform(self, intent: Intent, observe: Observe, dry_run: bool = False) -> Answer:
        """Does an operation, at most once for its key. Raises Refused, Conflict, Unreachable or Problem.

        With `dry_run` nothing is written but objects that nothing refers to.
        """
        with _on_this_machine():
            return self._perform(intent, observe, dry_run)

    def _perform(self, intent: Intent, observe: Observe, dry_run: bool) -> Answer:
        observed = None
        if asks_for_a_look(intent):
            self.head()  # what the cluster has applied is looked up in the clone
            observed = observe(intent.operation.environment)
        with self.git.alone():
            for attempt in range(_TRIES):
                main = self.head()
                self.index.follow(main)
                if done := self._done_before(intent.key):
                    return done
                live = self.repository.live
                if live is None:
                    raise Refused("nothing is published yet; run `desired publish` once, it makes the branch live")
                answer = self._attempt(intent, observed, live, main, dry_run)
                if answer.status in ("planned", "unchanged"):
                    return answer
                if self.repository.advance((main, live), answer.commit):
                    return answer
                # The longer somebody has waited, the sooner the next try: nobody waits for ever.
                time.sleep(random.uniform(0, 0.4) / (attempt + 1))
        raise Unreachable(f"others were faster {_TRIES} times; nothing was done, try again")

    def _done_before(self, key: str) -> Answer | None:
        found = self.index.by_key(key, int(time.time()) - _REMEMBERED_SECONDS)
        return Answer(found.id, found.title, status="repeated") if found else None

    def _attempt(self, intent: Intent, observed: Observation | None, live: str, main: str, dry_run: bool) -> Answer:
        ground = self.grounds.follow(live, main, hurry=takes_traffic_away(intent.operation))
        base = self._repaired(ground)
        seen_at = self._seen_at(intent, live, base)
        self._require_unchanged(intent, seen_at, base, ())
        now = datetime.now(UTC)
        outcome = apply(intent, State(ground.described_at, ground.environments, self.past), observed, now)
        before = ground.environments[outcome.state.name]
        changes: Changes = dict(files.changed(before, outcome.state))
        title = log.title(intent.operation)
        if not changes:
            return Answer(main, title, (*ground.said, *outcome.said, "it is so already"), status="unchanged")
        self._require_unchanged(intent, seen_at, base, tuple(changes))
        changes |= self.manifests(ground, base, before, outcome)
        changes = {path: text for path, text in changes.items() if self.git.file(base, path) != text}
        answer = Answer(base, title, (*ground.said, *outcome.said), changes, "planned")
        if dry_run:
            return answer
        tree = self.git.write_tree(base, changes)
        observed = seen(observed, intent, outcome.state) if observed else None
        message = log.message(intent, observed, self.git.tree_id(tree, files.ROOT), outcome.said, self._behind(ground))
        commit = self._commit(tree, base, message, log.author_of(intent, int(now.timestamp())))
        return replace(answer, commit=commit, status="live")

    def manifests(self, ground: Ground, base: str, before: EnvironmentState, outcome: Outcome) -> Changes:
        """What the operation does to the manifests of the applications' cluster."""
        cluster = before.environment.cluster_name("apps")
        code = ground.codes[cluster]
        targets = [self.grounds.target(each, "apps", code, code) for each in (before, outcome.state)]
        return self.grounds.renderer.delta(base, *targets)

    def _repaired(self, ground: Ground) -> str:
        """The commit to stand on: that of the ground, or one on it that makes it right."""
        if not ground.repairs:
            return ground.commit
        tree = self.git.write_tree(ground.commit, ground.repairs)
        put_back = any(path.startswith(f"{files.ROOT}/") for path in ground.repairs)
        first = "Put back what no operation did" if put_back else "Manifests as the code makes them"
        message = log.with_trailers(
            first,
            "".join(f"{line[:1].upper()}{line[1:]}.\n" for line in ground.said),
            [
                (log.OPERATION_TRAILER, log.REPAIR if put_back else log.MANIFESTS),
                (log.REVISION, self.git.tree_id(tree, files.ROOT)),
                (log.CODE, self._behind(ground)),
            ],
        )
        return self._commit(tree, ground.commit, message, self._publisher())

    def _behind(self, ground: Ground) -> str:
        behind = ground.behind(self.codes)
        return json.dumps(behind, sort_keys=True) if behind else ""

    def _publisher(self) -> Author:
        name = self.git.config("user.name") or "desired"
        return Author(name, self.git.config("user.email") or "desired@localhost", int(time.time()))

    def _commit(self, tree: str, parent: str, message: str, author: Author) -> str:
        sign = self.git.config("commit.gpgsign").lower() == "true"
        return self.git.commit_tree(tree, parent, message, author, sign)

    def _seen_at(self, intent: Intent, live: str, base: str) -> str:
        """The commit that its author looked at, or the published one before it, where that is not published yet."""
        if not self.git.is_ancestor(intent.expected, base):
            raise Refused(f"the revision {intent.expected[:12]} is no commit of main; look again with `desired status`")
        published = intent.expected == live or self.git.is_ancestor(intent.expected, live)
        return intent.expected if published else live

    def _require_unchanged(self, intent: Intent, seen_at: str, base: str, paths: tuple[str, ...]) -> None:
        """Raises Conflict where what the operation touches is not what its author looked at."""
        if seen_at == base:
            return
        folder = files.folder(intent.operation.environment)
        named = paths or tuple(f"{folder}/{service}.yaml" for service in intent.operation.named())
        for path in named:
            if self.git.tree_id(seen_at, path) != self.git.tree_id(base, path):
                raise Conflict(self._who_was_first(seen_at, base, path))

    def _who_was_first(self, expected: str, base: str, path: str) -> str:
        newest = list(self.git.changes(expected, base, path))[-1:]
        for change in newest:
            when = datetime.fromtimestamp(change.author.time, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
            title = change.message.partition("\n")[0]
            return (
                f"{path} has changed since {expected[:12]}: {change.author.name}, {when}, "
                f"{change.id[:12]}: {title}; look again, and decide again"
            )
        return f"{path} has changed since {expected[:12]}; look again, and decide again"

    def publish(self) -> Answer:
        """Moves `live` to `main`, made right where it is not. The first time, it makes `live`. Raises Problem."""
        with _on_this_machine(), self.git.alone():
            for _ in range(_TRIES):
                main = self.head()
                live = self.repository.live
                if live is None:
                    answer = Answer(self._start(main), "The first publishing")
                else:
                    ground = self.grounds.follow(live, main)
                    answer = Answer(self._published(ground), "Published", ground.said, ground.repairs)
                if answer.commit == live:
                    return Answer(main, "live is at main", answer.said, status="unchanged")
                if self.repository.advance((main, live), answer.commit):
                    return answer
        raise Unreachable(f"others were faster {_TRIES} times; nothing was done, try again")

    def _published(self, ground: Ground) -> str:
        commit = self._repaired(ground)
        behind = self._behind(ground)
        if commit != ground.commit or behind == self.grounds.trailer(commit, log.CODE):
            return commit
        # Nothing is to be changed, but clusters stay with older code: that must be known at the next time.
        trailers = [(log.OPERATION_TRAILER, log.MANIFESTS), (log.CODE, behind)]
        message = log.with_trailers("Manifests stay with older code", "", trailers)
        return self._commit(self.git.tree_id(commit, ""), commit, message, self._publisher())

    def _start(self, main: str) -> str:
        """The commit with which the log begins. Raises Refused where manifests are not what the code makes."""
        changes = self.grounds.whole(main)
        wrong = sorted(path for path, text in changes.items() if self.git.file(main, path) != text)
        if wrong:
            raise Refused(
                f"{len(wrong)} files of {MANIFESTS}/ are not what the code makes, the first is {wrong[0]}; "
                f"run `make synth`, commit, and publish again"
            )
        trailers = [(log.OPERATION_TRAILER, log.START), (log.REVISION, self.git.tree_id(main, files.ROOT))]
        message = log.with_trailers("Publish for the first time", "", trailers)
        return self._commit(self.git.tree_id(main, ""), main, message, self._publisher())


@contextmanager
def _on_this_machine() -> Iterator[None]:
    """What fails on this machine, as a full disk, becomes a sentence; both branches are where they were."""
    try:
        yield
    except OSError as error:
        raise Problem(f"{error.filename or 'a file'}: {error.strerror}; mend that, and do it again") from None
    except sqlite3.Error as error:
        raise Problem(f"a file of the index or the cache: {error}; make room on the disk, and do it again") from None


__all__ = ["Answer", "Entry", "Publisher"]
