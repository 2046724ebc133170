"""Checks an entry of the log: whether it follows from the one before it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from ..core.errors import Problem, Refused
from ..core.model import EnvironmentState, Outcome
from ..core.operations import RULES
from ..git import Clone, Commit, Content
from ..history import commit_message, release_files
from ..history.commit_message import Recorded
from ..render.manifests import MANIFESTS, Changes
from . import leaving
from .commits import Commits
from .reconcile import Baseline, Reconciler

_MADE = (release_files.ROOT, MANIFESTS)


@dataclass(frozen=True)
class Checker:
    """Repeats what the publisher did."""

    git: Clone
    reconciler: Reconciler
    commits: Commits

    # Before an entry is believed

    def decision(self, previous: str, entry: Commit) -> str:
        """What is wrong with what an entry does to `releases/`; empty if nothing is. Renders nothing.

        Raises Refused if a newer version of this program made it.
        """
        if commit_message.rules(entry.message) > RULES:
            raise Refused(f"{entry.id[:12]} was made by a newer version of desired. Install that version")
        checks = (self._begun_anew, self._older_rules, self.commits.signatures.problem, self._releases)
        return next(filter(None, (check(previous, entry) for check in checks)), "")

    def _releases(self, previous: str, entry: Commit) -> str:
        """Whether the operation of an entry, or nothing, made the release files that it holds."""
        before, found = self.git.tree_id(previous, release_files.ROOT), commit_message.recorded(entry.message)
        if found is None:
            same = not previous or self.git.tree_id(entry.id, release_files.ROOT) == before
            same = same or self._only_left(previous, entry.id)
            return "" if same else f"{entry.id[:12]} changes {release_files.ROOT}/ without an operation"
        if self.git.tree_id(entry.parent, release_files.ROOT) != before:
            return f"{entry.id[:12]} builds on manual edits in {entry.parent[:12]}"
        try:
            changes = release_files.file_changes(*self._states(entry, found, self.reconciler.told(previous, entry.id)))
        except Problem as problem:
            return f"{entry.id[:12]} is not a legal {found.intent.operation.verb}: {problem.sentences[0]}"
        return next(self._same(entry, changes, (release_files.ROOT,)), "")

    def _only_left(self, previous: str, entry: str) -> bool:
        """Whether all that an entry changes in `releases/` is that environments leave in which nothing runs."""
        undefined = leaving.undefined(self.reconciler.at(previous).environments, self.reconciler.at(entry).environments)
        left = tuple(f"{release_files.folder(name)}/" for name, why in undefined.items() if not why)
        changed = self.git.changed_paths(previous, entry, f"{release_files.ROOT}/")
        return all(path.startswith(left) and not self.git.entry(entry, path) for path in changed)

    def _begun_anew(self, previous: str, entry: Commit) -> str:
        """What is wrong with a first publishing that is not the first one."""
        if previous and commit_message.kind(entry.message) == commit_message.START:
            return f"{entry.id[:12]} says that it is the first publishing, after {previous[:12]}"
        return ""

    def _older_rules(self, previous: str, entry: Commit) -> str:
        """What is wrong with an entry that was decided by older rules than the one before it."""
        before, now = commit_message.rules(self.git.message(previous)), commit_message.rules(entry.message)
        return f"{entry.id[:12]} was decided by rules {now}, after rules {before}" if now < before else ""

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
        yield from filter(None, [self.commits.signatures.problem(previous, entry)])

    def _taken_in(self, previous: str, entry: Commit, *, hurry: bool) -> Iterator[str]:
        """What is wrong with an entry that takes in what people committed."""
        short = entry.id[:12]
        if anew := self._begun_anew(previous, entry):
            yield anew
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
        yield from filter(None, [self._older_rules(baseline.log, entry)])
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
