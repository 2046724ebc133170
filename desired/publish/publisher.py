"""Does operations: reads, decides, renders, commits, and moves `main` and `live` as one. The only mover of `live`."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from ..core.errors import Conflict, Problem, Refused, Unreachable
from ..core.gates import needs_observation, takes_traffic_away, what_counted
from ..core.keys import KEY_SECONDS, differences
from ..core.model import EnvironmentState, Observation
from ..core.operations import Intent
from ..git import Clone
from ..history import commit_message, release_files
from ..history.history import History
from ..history.index import Index
from ..render.cache import open_cache
from ..render.manifests import MANIFESTS, Changes
from ..render.pipeline import Pipeline
from ..render.pool import RendererPool
from ..render.source_at_commit import CommitSources
from ..wording import listed
from .anchors import Anchors
from .branches import Branches
from .checking import Checker
from .commits import Commits
from .expected import require_unchanged, seen_at
from .foundation import Foundation, Foundations
from .log_tip import LogTip, LogTips
from .placeholders import Placeholders
from .reconcile import Baseline, Reconciler
from .removals import Removals
from .result import OperationResult
from .signatures import Signatures
from .targets import Targets

_TRIES = 60
_READINGS, _BETWEEN_SECONDS = 6, 0.02
Observe = Callable[[str], Observation | None]
"""Observes an environment's clusters; None if they cannot be reached from here."""
NOT_PUBLISHED = "Nothing is published yet. Run `desired publish` once: it creates the branch live"


class Publisher:
    """One repository, with all that is kept from one operation to the next. Use it as a context."""

    def __init__(self, branches: Branches, pool: RendererPool | None = None) -> None:
        """If you pass a `pool`, it stays open after this ends."""
        self.branches, self.git = branches, branches.git
        self._pool, self._own_pool = pool or RendererPool(), pool is None
        self._cache = open_cache()
        self.sources = CommitSources(self.git, self._pool, self._cache)
        self.index = Index(self.git, self.git.common / "desired" / "index.db")
        self.history = History(self.git, self.sources, self.index)
        self.targets = Targets(self.git, self.sources, Pipeline(self._pool, self._cache))
        self.reconciler = Reconciler(self.git, self.sources, self.history, self.targets)
        chain, signatures = self.history.chain, Signatures(self.git)
        self._commits = Commits(self.git, self.sources, signatures)
        self.anchors = Anchors(branches, chain, signatures)
        self.log_tips = LogTips(self.git, chain, branches.remote)
        self.checker = Checker(self.git, chain, self.index, self.reconciler, self._commits)
        self._removals = Removals(self.git)
        self._foundations = Foundations(self.git, chain, self.index, self.reconciler, self._commits, self._removals)
        self._placeholders = Placeholders(self.git).going_live

    @classmethod
    def open(cls, folder: Path, remote: str = "", timeout: float = 60.0) -> Publisher:
        """Opens the repository in a folder. Raises Problem if there is none."""
        return cls(Branches(Clone(folder, timeout), remote))

    def __enter__(self) -> Publisher:
        return self

    def __exit__(self, *_: object) -> None:
        if self._own_pool:
            self._pool.close()
        self._cache.close()
        self.index.close()
        self.git.close()

    # Reading

    def head(self) -> str:
        """The newest commit of `main`, fetched. Raises Unreachable."""
        self.branches.refresh()
        return self.branches.main

    def tips(self) -> tuple[str, str | None]:
        """The newest commits of `main` and `live`, fetched; None if there is no `live`. Raises Unreachable.

        Both move together, but another process may fetch in this clone meanwhile, and the two references are not
        read at one moment. A `live` that is not in `main` is therefore believed only when it is read twice.
        """
        main, live, before = "", None, None
        for _ in range(_READINGS):
            main, live = self.head(), self.branches.live
            if live is None or live == main or self.git.is_ancestor(live, main) or before == (main, live):
                break
            before = main, live
            time.sleep(_BETWEEN_SECONDS)
        return main, live

    def looked_at(self) -> tuple[str, LogTip]:
        """The newest commit of `main`, and where the log stands, for looking: nothing is decided on it."""
        main, live = self.tips()
        before = self.index.head
        known = before if before and self.git.is_ancestor(before, live or main) else ""
        tip = self.log_tips.read(main, live, lambda *_: "", self.checker.could_follow, known)
        self.index.follow(tip.commit)
        return main, tip

    def state(self, commit: str) -> dict[str, EnvironmentState]:
        """The environments as they are at a commit."""
        return dict(self.reconciler.at(commit).environments)

    # Doing

    def perform(self, intent: Intent, observe: Observe, dry_run: bool = False) -> OperationResult:
        """Does an operation, at most once for its key. Raises Refused, Conflict, Unreachable or Problem.

        With `dry_run` nothing is written but objects that nothing refers to.
        """
        with _on_this_machine():
            observation = None
            if needs_observation(intent):
                self.head()  # what the cluster has applied is looked up in the clone
                observation = observe(intent.operation.environment)
            with self.git.alone():
                return self._perform(intent, observation, dry_run)

    def _perform(self, intent: Intent, observation: Observation | None, dry_run: bool) -> OperationResult:
        for attempt in range(_TRIES):
            main, live = self.tips()
            tip = self.log_tip(main, live)
            if not tip.commit:
                raise Refused(NOT_PUBLISHED)
            if done := self._done_before(intent):
                return done
            result = self._attempt(intent, observation, tip, dry_run)
            if result.status in ("planned", "unchanged"):
                return result
            if self._advance((main, live), result.commit):
                return result
            # The longer a process has waited, the sooner it tries again, so that none waits for ever.
            time.sleep(random.uniform(0, 0.4) / (attempt + 1))
        raise _gave_up()

    def log_tip(self, main: str, live: str | None) -> LogTip:
        """Where the log stands, checked; the index follows it, and this clone remembers it."""
        tip = self.log_tips.read(main, live, self.checker.decision, self.checker.could_follow)
        self.index.follow(tip.commit)
        self.log_tips.remember(tip.commit)
        return tip

    def _advance(self, old: tuple[str, str | None], new: str) -> bool:
        """Moves both branches, if they are where they were."""
        if self.branches.advance(old, new):
            self.log_tips.remember(new)
            return True
        return False

    def _done_before(self, intent: Intent) -> OperationResult | None:
        """The result of the operation that was done with this key. Raises Conflict if that was another operation."""
        now = int(time.time())
        found = self.index.by_key(intent.key, now - KEY_SECONDS)
        if found is None:
            return None
        done = commit_message.recorded(self.git.message(found.id))
        then = datetime.fromtimestamp(found.time, UTC)
        another = differences(done.intent, then, intent, datetime.fromtimestamp(now, UTC)) if done else ["verb"]
        if another:
            title = commit_message.title(intent.operation)
            this = f"is {title}" if title != found.title else f"has another {listed(another)}"
            raise Conflict(
                f"The key {intent.key} belongs to {found.id[:12]}, {found.title}, done by {found.actor}. "
                f"This operation {this}. Give it a --key of its own"
            )
        return OperationResult(found.id, found.title, status="repeated")

    def _attempt(self, intent: Intent, observation: Observation | None, tip: LogTip, dry_run: bool) -> OperationResult:
        foundation = self._foundations.at(tip, hurry=takes_traffic_away(intent.operation))
        baseline, base = foundation.baseline, foundation.commit
        seen = seen_at(self.git, self.history.chain, intent, tip.commit, base)
        require_unchanged(self.git, intent, seen, base)
        now = datetime.now(UTC)
        baseline = self._with_newest_code(intent, foundation, observation, now) or baseline
        before, outcome = self.reconciler.decide(intent, baseline, observation, now)
        changes: Changes = dict(release_files.file_changes(before, outcome.state))
        waited = set(foundation.baseline.unused) - set(baseline.unused)
        notes = (*(each for each in foundation.notes if each not in waited), *outcome.notes)
        title = commit_message.title(intent.operation)
        if not changes:
            notes = (*notes, "nothing to change")
            return OperationResult(baseline.commit, title, notes, status="unchanged", unused=baseline.unused)
        require_unchanged(self.git, intent, seen, base, tuple(changes))
        self._require_pinnable(before, outcome.state)
        changes |= self.reconciler.manifests(baseline, base, before, outcome)
        changes = {path: text for path, text in changes.items() if not self.git.holds(base, path, text)}
        if baseline.ahead:
            notes = (*notes, *self._removals.going(base, replace(baseline, commit=base, repairs=changes)))
        result = OperationResult(base, title, notes, changes, "planned", baseline.unused)
        if dry_run:
            return result
        counted = what_counted(observation, intent, before, outcome.state) if observation else None
        when = int(now.timestamp())
        commit = self._commits.operation(baseline, base, changes, intent, counted, outcome.notes, when)
        return replace(result, commit=commit, status="live")

    def _with_newest_code(
        self, intent: Intent, foundation: Foundation, observation: Observation | None, now: datetime
    ) -> Baseline | None:
        """The baseline with code that the cluster could not use so far, if it can with this operation."""
        newest = self.reconciler.newest(intent, foundation.baseline)
        try:
            if newest:
                before, outcome = self.reconciler.decide(intent, newest, observation, now)
                self.reconciler.manifests(newest, foundation.commit, before, outcome)
        except Problem:
            return None
        return newest

    def _require_pinnable(self, before: EnvironmentState, after: EnvironmentState) -> None:
        """Raises Refused if a new pin names code that other machines cannot run."""
        pin = after.platform
        if pin and pin != before.platform and (problem := self.sources.pin_problem(pin.commit)):
            raise Refused(f"Cannot move the platform of {after.name} to {pin.tag or pin.commit[:12]}: {problem}")

    def publish(self) -> OperationResult:
        """Moves `live` to `main`, with repairs where needed. The first time, it creates `live`. Raises Problem."""
        with _on_this_machine(), self.git.alone():
            for _ in range(_TRIES):
                main, live = self.tips()
                result = self._published(self.log_tip(main, live), main, live)
                if result.commit == live == main:
                    return replace(result, title="live is at main", changes={}, status="unchanged")
                if self._advance((main, live), result.commit):
                    return result
        raise _gave_up()

    def _published(self, tip: LogTip, main: str, live: str | None) -> OperationResult:
        if not tip.commit:
            commit = self._start(main, live)
            return OperationResult(commit, "The first publishing", self._placeholders(None, commit))
        foundation = self._foundations.at(tip, publish=True)
        notes = (*foundation.notes, *self._placeholders(tip.commit, foundation.commit))
        repairs, unused = foundation.baseline.repairs, foundation.baseline.unused
        return OperationResult(foundation.commit, "Published", notes, repairs, unused=unused)

    def _start(self, main: str, live: str | None) -> str:
        """The commit with which the log begins. Raises Refused if manifests are not what the code makes."""
        if live and not self.git.is_ancestor(live, main):
            raise Refused(
                f"live is at {live[:12]}, to which nothing was published, and main does not contain it. "
                f"Merge it to main, or delete live"
            )
        changes = self.reconciler.whole(main)
        wrong = sorted(path for path, text in changes.items() if not self.git.holds(main, path, text))
        if wrong:
            raise Refused(
                f"{len(wrong)} files of {MANIFESTS}/ are not what the code makes; the first is {wrong[0]}. "
                f"Run `make synth`, commit, and publish again"
            )
        return self._commits.start(main)


def _gave_up() -> Unreachable:
    return Unreachable(f"Gave up after {_TRIES} attempts because main kept moving. Nothing changed; try again")


@contextmanager
def _on_this_machine() -> Iterator[None]:
    """Turns a failure of this machine, such as a full disk, into a sentence. Both branches stay unchanged."""
    try:
        yield
    except OSError as error:
        raise Problem(f"{error.filename or 'a file'}: {error.strerror}. Fix that, and try again") from None
    except sqlite3.Error as error:
        raise Problem(f"cannot use the index or the cache: {error}. Free space on the disk, and try again") from None
