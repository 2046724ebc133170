"""Verifies the history: repeats every operation since the start and compares the results."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ..core.errors import Refused
from ..git import Commit
from ..history import commit_message
from ..progress import Progress
from .publisher import Publisher

_DAY = 24 * 3600


@dataclass(frozen=True)
class Report:
    """What was found."""

    start: str
    """The commit with which the history begins."""
    commits: int
    """How many entries of the log were checked."""
    problems: tuple[str, ...]
    """One sentence for each entry that is wrong and that nothing repaired."""
    repaired: tuple[str, ...] = ()
    """One sentence for each commit that was live, was wrong, and was replaced."""


def verify(publisher: Publisher) -> Report:
    """Verifies every entry of the log of `live` since the first publishing. Raises Refused if there is none."""
    live, chain = publisher.live(), publisher.history.chain
    start = chain.start(live)
    if not start:
        raise Refused("live has no commit of a first publishing. There is nothing to verify from")
    publisher.index.follow(chain.entry(live))
    entries = list(chain.entries(start, live))
    walk = _Walk(publisher, start)
    walk.follow(entries)
    newest = entries[-1].id if entries else start
    problems = (*_forgotten(publisher, start, live), *walk.problems, *walk.at_tip(newest, live))
    if not problems:
        publisher.log_tips.remember(newest)
    return Report(start, len(entries), problems, tuple(walk.repaired))


def _forgotten(publisher: Publisher, start: str, live: str) -> Iterator[str]:
    """What `live` should have in its history, and has not."""
    seen, git = publisher.log_tips.seen, publisher.git
    if seen and not git.is_ancestor(seen, live):
        yield f"live was rewritten or set back: {live[:12]} does not contain {seen[:12]}, which this clone has checked"
    older = publisher.history.chain.beneath(start)
    if older:
        yield f"{start[:12]} begins the log anew: {older[:12]} in its history belongs to an older one"


@dataclass
class _Walk:
    """From one entry to the next."""

    publisher: Publisher
    right: str
    """The newest entry that is right."""
    problems: list[str] = field(default_factory=list)
    repaired: list[str] = field(default_factory=list)
    _keys: dict[str, Commit] = field(default_factory=dict)

    def follow(self, entries: list[Commit]) -> None:
        """Checks all entries in their order."""
        progress = Progress("verifying", len(entries))
        try:
            for entry in entries:
                progress.step(entry.id[:12])
                self._check(entry)
        finally:
            progress.close()

    def _check(self, entry: Commit) -> None:
        found = [*self.publisher.checker.problems(self.right, entry), *self._repeated(entry)]
        if was_live := commit_message.trailers(entry.message).get(commit_message.WAS_LIVE):
            self.repaired.extend(self._replaced(was_live, entry))
        if found:
            self.problems.extend(found)
            return
        if self.problems and entry.parent != self.right:
            self.repaired.extend(f"{each}. {entry.id[:12]} repaired it, {_when(entry)}" for each in self.problems)
            self.problems.clear()
        self.right = entry.id

    def _repeated(self, entry: Commit) -> Iterator[str]:
        """What is wrong with the key of an operation: one acts once in 24 hours."""
        found = commit_message.recorded(entry.message)
        if found:
            before = self._keys.get(found.intent.key)
            if before and entry.author.time - before.author.time < _DAY:
                yield f"{entry.id[:12]} repeats the key {found.intent.key} of {before.id[:12]}"
            self._keys[found.intent.key] = entry

    def _replaced(self, was_live: str, entry: Commit) -> Iterator[str]:
        git = self.publisher.git
        if git.resolve(was_live) is None:
            yield f"{was_live[:12]} was live until {_when(entry)}, and is not in this clone"
            return
        commit = git.commit(was_live)
        yield (
            f"{was_live[:12]}, which {commit.author.name} put there by hand, was live from {_when(commit)} or later "
            f"until {entry.id[:12]} replaced it, {_when(entry)}"
        )

    def at_tip(self, newest: str, live: str) -> Iterator[str]:
        """What is wrong with the tip of `live`, if it is not an entry."""
        if live == newest:
            return
        repairs = self.publisher.reconciler.follow(self.right, live).repairs
        if repairs:
            yield f"{live[:12]} is live but needs repairs: {', '.join(sorted(repairs)[:3])}"


def _when(commit: Commit) -> str:
    return datetime.fromtimestamp(commit.author.time, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
