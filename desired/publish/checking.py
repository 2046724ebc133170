"""Checks an entry of the log: whether it follows from the one before it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ..core.errors import Problem, Refused
from ..core.keys import KEY_SECONDS
from ..core.model import EnvironmentState, Outcome
from ..core.operations import RULES
from ..git import Author, Clone, Commit, Content
from ..history import commit_message, release_files
from ..history.chain import Chain
from ..history.commit_message import Recorded
from ..history.index import Index
from ..render.manifests import MANIFESTS, Changes
from . import leaving
from .commits import Commits
from .reconcile import Baseline, Reconciler

_MADE = (release_files.ROOT, MANIFESTS)
_NEWER = "was made by a newer version of desired. Install that version"
_STRIPPED = " .,:;<>\"'\\"
"""What Git takes away at both ends of names and addresses."""


@dataclass(frozen=True)
class Checker:
    """Repeats what the publisher did."""

    git: Clone
    chain: Chain
    index: Index
    reconciler: Reconciler
    commits: Commits
    _checked: dict[str, str] = field(default_factory=dict)
    """By key: the entry that was checked last."""

    # Before an entry is believed

    def decision(self, previous: str, entry: Commit) -> str:
        """What is wrong with what an entry does to `releases/`; empty if nothing is. Renders nothing.

        Raises Refused if a newer version of this program made it.
        """
        if commit_message.rules(entry.message) > RULES:
            raise Refused(f"{entry.id[:12]} {_NEWER}")
        wrong = itertools.chain(self._malformed(previous, entry), self._releases(previous, entry))
        return next(wrong, "")

    def _releases(self, previous: str, entry: Commit) -> Iterator[str]:
        """What is wrong with the release files of an entry: they are not what its operation, or nothing, made."""
        short, found = entry.id[:12], commit_message.recorded(entry.message)
        same = not previous or self._releases_id(previous) == self._releases_id(entry.id)
        if found is None:
            if not same and not self._only_left(previous, entry.id):
                yield f"{short} changes {release_files.ROOT}/ without an operation"
            return
        if self._releases_id(entry.parent) != self._releases_id(previous):
            yield f"{short} builds on manual edits in {entry.parent[:12]}"
        yield from self._repeats(previous, entry, found)
        try:
            changes = release_files.file_changes(*self._states(entry, found, self.reconciler.told(previous, entry.id)))
        except Problem as problem:
            yield f"{short} is not a legal {found.intent.operation.verb}: {problem.sentences[0]}"
            return
        yield from self._same(entry, changes, (release_files.ROOT,))

    def _releases_id(self, commit: str) -> str:
        return self.git.tree_id(commit, release_files.ROOT)

    def _only_left(self, previous: str, entry: str) -> bool:
        """Whether all that an entry changes in `releases/` is that environments leave in which nothing runs."""
        undefined = leaving.undefined(self.reconciler.at(previous).environments, self.reconciler.at(entry).environments)
        left = tuple(f"{release_files.folder(name)}/" for name, why in undefined.items() if not why)
        changed = self.git.changed_paths(previous, entry, f"{release_files.ROOT}/")
        return all(path.startswith(left) and not self.git.entry(entry, path) for path in changed)

    def _repeats(self, previous: str, entry: Commit, found: Recorded) -> Iterator[str]:
        """What is wrong with the key of an operation: the log up to `previous` has it, as in a copied commit."""
        if not self.index.head:
            self.index.cover(previous)
        key, since = found.intent.key, entry.author.time - KEY_SECONDS + 1
        indexed, checked = self.index.by_key(key, since), self._checked.get(key)
        for done in filter(None, (indexed.id if indexed else "", checked)):
            if done != entry.id and self.chain.grew(done, previous):  # not where it was done again in another log
                yield f"{entry.id[:12]} repeats the key {key} of {done[:12]}"
        self._checked[key] = entry.id

    def could_follow(self, newest: str, entry: Commit) -> bool:
        """Whether the operation of an entry of another log could be done again on top of an entry."""
        found = commit_message.recorded(entry.message)
        if found is None:
            return False
        try:
            files = release_files.file_changes(*self._states(entry, found, self.reconciler.at(newest)))
        except Problem:
            return False
        return bool(files) and all(self.git.holds(entry.id, *each) for each in files.items())

    # What the publisher never makes

    def _malformed(self, previous: str, entry: Commit) -> Iterator[str]:
        """What is wrong with an entry, whatever it does: the publisher never makes such a commit."""
        short, found = entry.id[:12], commit_message.recorded(entry.message)
        if previous and commit_message.kind(entry.message) == commit_message.START:
            yield f"{short} says that it is the first publishing, after {previous[:12]}"
        if found and len(entry.parents) > 1:
            yield f"{short} is an operation with {len(entry.parents)} parents"
        if len(entry.parents) == 1:
            changed = sorted(self.git.changed_entries(entry.parent, entry.id))
            if strange := [path for path in changed if path.split("/")[0] not in _MADE]:
                yield f"{short} changes {strange[0]}, which no entry of the log does"
            if found and not changed:
                yield f"{short} is an operation that changes nothing"
        if previous and self.chain.sealed(previous) and not self.chain.sealed(entry.id):
            yield f"{short} does not name its manifests"
        yield from self._claimed(previous, entry, found)

    def _claimed(self, previous: str, entry: Commit, found: Recorded | None) -> Iterator[str]:
        """What an entry says of who made it, and by which rules, and what is not so."""
        short = entry.id[:12]
        author = commit_message.author_of(found.intent, entry.author.time) if found else entry.author
        if _plain(author) != _plain(entry.author):
            who = f"{entry.author.name} <{entry.author.email}>"
            yield f"{short} says that {author.name} did it, and its author is {who}"
        if not previous:
            return
        before, now = (commit_message.rules(text) for text in (self.git.message(previous), entry.message))
        if now < before:
            yield f"{short} was decided by rules {now}, after rules {before}"
        if unsigned := self.commits.signatures.problem(previous, entry):
            yield unsigned

    def _states(self, entry: Commit, found: Recorded, baseline: Baseline) -> tuple[EnvironmentState, EnvironmentState]:
        """The states before and after the operation of an entry. Raises Problem if it is not legal."""
        when = datetime.fromtimestamp(entry.author.time, UTC)
        before, outcome = self.reconciler.decide(found.intent, baseline, found.observed, when)
        return before, outcome.state

    # When the history is verified

    def problems(self, previous: str, entry: Commit) -> list[str]:
        """All that is wrong with an entry, which may have been made with `hurry`."""
        found = list(self._problems(previous, entry, hurry=False))
        return found and list(self._problems(previous, entry, hurry=True)) and found

    def _problems(self, previous: str, entry: Commit, *, hurry: bool) -> Iterator[str]:
        """What is wrong with a commit of the publisher that follows the right commit `previous`."""
        short, found = entry.id[:12], commit_message.recorded(entry.message)
        if commit_message.rules(entry.message) > RULES:
            yield f"{short} {_NEWER}"
            return
        yield from self._malformed(previous, entry)
        if found is None:
            yield from self._taken_in(previous, entry, hurry=hurry)
            return
        baseline = self.reconciler.follow(previous, entry.parent, hurry=hurry, rules=found.intent.rules)
        if baseline.repairs:
            files = ", ".join(sorted(baseline.repairs)[:3])
            yield f"{short} builds on {entry.parent[:12]}, which needs repairs: {files}"
            return
        newest = self.reconciler.newest(found.intent, baseline)
        if newest and self.commits.said_behind(entry.id) == newest.behind(self.commits.sources):
            baseline = newest
        try:
            before, after = self._states(entry, found, baseline)
            changes: Changes = dict(release_files.file_changes(before, after))
            changes |= self.reconciler.manifests(baseline, entry.parent, before, Outcome(after))
        except Problem as problem:
            yield f"{short} is not a legal {found.intent.operation.verb}: {problem.sentences[0]}"
            return
        yield from self._same(entry, changes, _MADE)
        yield from self._says(entry, baseline)

    def _taken_in(self, previous: str, entry: Commit, *, hurry: bool) -> Iterator[str]:
        """What is wrong with an entry that takes in what people committed."""
        short = entry.id[:12]
        if commit_message.kind(entry.message) == commit_message.START:
            return
        if len(entry.parents) > 1:
            wanted = self.commits.joined_tree(entry.parent, entry.parents[1:])
            if any(path.split("/")[0] not in _MADE for path in self.git.changed_entries(wanted, entry.id)):
                yield f"{short} is not what its parents have together"
        kept = self.commits.signatures.unsigned(previous, entry.id)
        rules = commit_message.rules(entry.message)
        baseline = self.reconciler.follow(previous, entry.id, hurry=hurry, kept=kept, rules=rules)
        if baseline.repairs:
            yield f"{short} is live but needs repairs: {', '.join(sorted(baseline.repairs)[:3])}"
        yield from self._says(entry, baseline)

    def _says(self, entry: Commit, baseline: Baseline) -> Iterator[str]:
        """What the trailers of an entry say and what is not so."""
        said = commit_message.trailers(entry.message)
        for name, folder in ((commit_message.REVISION, release_files.ROOT), (commit_message.MANIFESTS_ID, MANIFESTS)):
            if name in said and said[name] != self.git.tree_id(entry.id, folder):
                what = name.removeprefix("Desired-").lower()
                yield f"{entry.id[:12]} names the {what} {said[name][:12]} but holds another one"
        if self.commits.said_behind(entry.id) != baseline.behind(self.commits.sources):
            yield f"{entry.id[:12]} names other code for its clusters than the code that made them"

    def _same(self, entry: Commit, changes: Mapping[str, Content], folders: tuple[str, ...]) -> Iterator[str]:
        """Whether an entry made just these changes to some folders."""
        id_, parent = entry.id, entry.parent
        changed = {path for folder in folders for path in self.git.changed_paths(parent, id_, f"{folder}/")}
        wanted = {path for path, content in changes.items() if not self.git.holds(parent, path, content)}
        wrong = sorted(
            path for path in changed | wanted if path not in wanted or not self.git.holds(id_, path, changes[path])
        )
        if wrong:
            more = f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""
            yield f"{id_[:12]}: {wrong[0]}{more} is not what its operation makes. See `desired show {id_[:12]}`"


def _plain(author: Author) -> tuple[str, str]:
    return author.name.strip(_STRIPPED), author.email.strip(_STRIPPED)
