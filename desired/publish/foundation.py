"""Prepares the commit that everything new is built on: the log, with what people committed.

Where main grew out of the newest entry of the log, that is main. Where it did not, as after an everyday merge, a rebase
or a forced push, both are brought together first. Operations that the log does not have are done again on top.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from ..core.errors import Problem
from ..core.model import EnvironmentState
from ..git import Clone, Commit
from ..history import commit_message, release_files
from ..history.chain import Chain
from ..history.index import Index
from ..render.manifests import Changes
from .commits import Commits
from .log_tip import LogTip
from .reconcile import Baseline, Reconciler
from .removals import Removals


@dataclass(frozen=True)
class Foundation:
    """What to build on."""

    baseline: Baseline
    commit: str
    """The commit that the next one follows."""
    notes: tuple[str, ...]
    """What people should know about how it came to be."""


@dataclass(frozen=True)
class Foundations:
    """Makes the commits that bring the log and the branches together. No branch points to them yet."""

    git: Clone
    chain: Chain
    index: Index
    reconciler: Reconciler
    commits: Commits
    removals: Removals

    def at(self, tip: LogTip, *, hurry: bool = False, publish: bool = False) -> Foundation:
        """What to build on, at `tip`. To publish, a commit of the log is made of everything that is new."""
        edits = [edit for each in tip.beside for edit in self._edits(tip.commit, each)]
        known = self.reconciler.at(tip.commit).environments if edits else ()
        baseline = self._baseline(tip, (*tip.notes, *_reverted(edits, known)), hurry)
        # What people deleted with an environment that leaves is not put back.
        notes = (*tip.notes, *_reverted(edits, known, baseline.left), *baseline.unused, *baseline.left.values())
        said = tuple(dict.fromkeys((*notes, *self.removals.going(tip.commit, baseline))))
        make = self.commits.published if publish else self.commits.repaired
        foundation = Foundation(baseline, make(baseline, said), said)
        for commit in self._lacking(tip):
            foundation = self._done_again(foundation, commit) or _without(foundation, commit)
        return foundation

    def _baseline(self, tip: LogTip, notes: Iterable[str], hurry: bool) -> Baseline:
        """The baseline on top of the log, where the branches are brought together first if that is needed."""
        kept, log = self.commits.unsignable(tip.commit), tip.commit
        if self._grew(tip):
            return self.reconciler.follow(log, tip.beside[0] if tip.beside else log, hurry=hurry, kept=kept)
        codes = json.dumps(dict(self.reconciler.at(log).codes), sort_keys=True)
        joined = self.commits.joined(tip, codes, notes)
        return self.reconciler.follow(joined, joined, hurry=hurry, kept=kept)

    def _grew(self, tip: LogTip) -> bool:
        """Whether people only committed on top of the log, and nothing there says that it is an entry."""
        if tip.was_live or len(tip.beside) > 1:
            return False
        return all(
            self.chain.grew(tip.commit, each) and not any(self.chain.entries(tip.commit, each)) for each in tip.beside
        )

    def _edits(self, log: str, tip: str) -> Iterator[tuple[Commit, list[str]]]:
        """What people did to `releases/` on a branch since it left the log, by commit."""
        base = self.git.merge_base(log, tip)
        changed = self.git.changed_paths(base, tip, f"{release_files.ROOT}/")
        by_commit: dict[str, tuple[Commit, list[str]]] = {}
        for path in changed:
            if self.git.entry(tip, path) != self.git.entry(log, path):
                for commit in list(self.git.beyond(log, [tip], path))[-1:]:
                    by_commit.setdefault(commit.id, (commit, []))[1].append(path)
        yield from by_commit.values()

    # Operations that the log does not have

    def _lacking(self, tip: LogTip) -> Iterator[Commit]:
        """Commits beside the log that say they are operations which the log does not have. Old ones come first."""
        for commit in self.git.beyond(tip.commit, tip.beside) if tip.beside else ():
            found = commit_message.recorded(commit.message)
            if found and len(commit.parents) == 1 and not self.index.by_key(found.intent.key, 0):
                yield commit

    def _done_again(self, foundation: Foundation, commit: Commit) -> Foundation | None:
        """The foundation with the operation of a commit on top, if it is legal there and is what the commit holds."""
        found, baseline = commit_message.recorded(commit.message), foundation.baseline
        newest = self.git.message(baseline.log)
        if found is None or found.intent.rules < commit_message.rules(newest):
            return None
        when = datetime.fromtimestamp(commit.author.time, UTC)
        try:
            before, outcome = self.reconciler.decide(found.intent, baseline, found.observed, when)
            files = release_files.file_changes(before, outcome.state)
            if not self._did(commit, files):
                return None
            changes: Changes = files | self.reconciler.manifests(baseline, foundation.commit, before, outcome)
            made = self.commits.operation(
                baseline, foundation.commit, changes, found.intent, found.observed, outcome.notes, commit.author.time
            )
        except Problem:
            return None
        note = f"{commit.id[:12]} was not in the log: {commit_message.title(found.intent.operation)} is done again"
        notes = tuple(each for each in foundation.notes if commit.id[:12] not in each)
        return Foundation(_with(baseline, made, outcome.state), made, (*notes, note))

    def _did(self, commit: Commit, files: Mapping[str, str | None]) -> bool:
        """Whether a commit made just these changes to `releases/`, and any."""
        paths = self.git.changed_paths(commit.parent, commit.id, f"{release_files.ROOT}/")
        return (
            bool(files)
            and sorted(paths) == sorted(files)
            and all(self.git.holds(commit.id, *each) for each in files.items())
        )


def _without(foundation: Foundation, commit: Commit) -> Foundation:
    """The foundation without an operation, which is said."""
    note = f"{commit_message.named(commit)} is not in the log: it is not legal there, so it is not done again"
    return replace(foundation, notes=(*foundation.notes, note))


def _with(baseline: Baseline, commit: str, state: EnvironmentState) -> Baseline:
    """The baseline after an operation."""
    states = {**baseline.environments, state.name: state}
    return replace(baseline, log=commit, commit=commit, environments=states, repairs={})


def _reverted(
    edits: Iterable[tuple[Commit, list[str]]], known: Collection[str], left: Collection[str] = ()
) -> Iterator[str]:
    """A sentence for each commit that edited `releases/` by hand, but for environments that left."""
    for commit, paths in edits:
        if found := [path for path in paths if path.split("/")[1] not in left]:
            yield _reverted_by(commit, found, known)


def _reverted_by(commit: Commit, paths: list[str], known: Collection[str]) -> str:
    first = paths[0].removeprefix(f"{release_files.ROOT}/").removesuffix(".yaml")
    environment, _, service = first.partition("/")
    remedy = f"`desired deploy {service}=… -e {environment}`"
    if service == release_files.PIN:
        remedy = f"`desired platform TAG -e {environment}`"
    elif service.startswith("rollouts/"):
        remedy = f"`desired canary`, `finalize` or `rollback` with -e {environment}"
    more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    remedy = f"Use {remedy}" if environment in known else f"Only operations write {release_files.ROOT}/"
    return f"reverted {paths[0]}{more}, which {commit.author.name} edited by hand in {commit.id[:12]}. {remedy}"
