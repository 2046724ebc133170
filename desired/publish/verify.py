"""Verifies the history: repeats every operation since the start and compares the results."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ..core.errors import Problem, Refused
from ..core.keys import KEY_SECONDS
from ..git import Commit
from ..history import commit_message
from ..progress import Progress
from .publisher import NOT_PUBLISHED, Publisher


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
    newest: str = ""
    """The newest entry."""
    signed: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """By environment that names signers, and by signer: the number of entries that they signed."""
    stands_on: tuple[str, ...] = ()
    """What shows that the past was not rewritten, beside the commits themselves."""


def verify(publisher: Publisher) -> Report:
    """Verifies every entry of the log of `live` since the first publishing. Raises Refused if nothing was published."""
    live, chain = publisher.branches.live, publisher.history.chain
    if live is None:
        seen = publisher.log_tips.seen
        lost = f"live was deleted: this clone has checked the log up to {seen[:12]}. `desired publish` restores it"
        raise Refused(lost if seen else NOT_PUBLISHED)
    start = chain.start(live)
    if not start:
        raise Refused("live has no commit of a first publishing. There is nothing to verify from")
    publisher.index.follow(chain.entry(live))
    entries = list(chain.entries(start, live))
    walk = _Walk(publisher, start, start)
    walk.follow(entries)
    newest = entries[-1].id if entries else start
    problems = (*_forgotten(publisher, start, live), *walk.problems, *walk.at_tip(newest, live))
    stands_on = tuple(_stands_on(publisher, live))
    if not problems:
        publisher.log_tips.remember(newest)
    return Report(start, len(entries), problems, tuple(walk.repaired), newest, walk.signed, stands_on)


def _stands_on(publisher: Publisher, live: str) -> Iterator[str]:
    if seen := publisher.log_tips.seen:
        yield f"what this clone checked before, up to {seen[:12]}"
    yield from (f"{each.words}, at {each.commit[:12]}" for each in publisher.anchors.all(live)[-1:])


def _forgotten(publisher: Publisher, start: str, live: str) -> Iterator[str]:
    """What `live` should have in its history, and has not."""
    yield from publisher.anchors.problems(live)
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
    """The newest entry that is right, and after which nothing waits for a repair."""
    last: str
    """The entry before the next one."""
    problems: list[str] = field(default_factory=list)
    repaired: list[str] = field(default_factory=list)
    signed: dict[str, Counter[str]] = field(default_factory=dict)
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
        found = [*self._found(self.last, entry), *self._repeated(entry)]
        if was_live := commit_message.trailers(entry.message).get(commit_message.WAS_LIVE):
            self.repaired.extend(self._replaced(was_live, entry))
        self.last = entry.id
        self.problems.extend(found)
        for environment, who in self.publisher.checker.commits.signatures.by(self.right, entry):
            self.signed.setdefault(environment, Counter())[who] += 1
        if not self.problems:
            self.right = entry.id
        elif not found and commit_message.recorded(entry.message) is None and not self._found(self.right, entry):
            # What it holds is what the legal operations before the first problem have made.
            self.repaired.extend(f"{each}. {entry.id[:12]} repaired it, {_when(entry)}" for each in self.problems)
            self.problems.clear()
            self.right = entry.id

    def _found(self, previous: str, entry: Commit) -> list[str]:
        try:
            return self.publisher.checker.problems(previous, entry)
        except Problem as problem:  # as where a release file is no YAML
            return [f"{entry.id[:12]} cannot be checked: {problem.sentences[0]}"]

    def _repeated(self, entry: Commit) -> Iterator[str]:
        """What is wrong with the key of an operation: one acts once in 24 hours."""
        found = commit_message.recorded(entry.message)
        if found:
            before = self._keys.get(found.intent.key)
            if before and entry.author.time - before.author.time < KEY_SECONDS:
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
