"""Verifies the history: repeats every operation since the start and compares the results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from ..core.errors import Problem, Refused
from ..git import Commit, Content
from ..history import commit_message, release_files
from ..progress import Progress
from ..render.manifests import MANIFESTS, Changes
from .publisher import Publisher

_MADE = (release_files.ROOT, MANIFESTS)


@dataclass(frozen=True)
class Report:
    """What was found."""

    start: str
    """The commit with which the history begins."""
    commits: int
    """How many were checked."""
    problems: tuple[str, ...]
    """One sentence for each invalid commit."""


def verify(publisher: Publisher) -> Report:
    """Verifies every commit of `live` since the first publishing. Raises Refused if nothing was published."""
    found = list(publisher.git.log(None, publisher.live()))
    kinds = [commit_message.trailers(each.message).get(commit_message.OPERATION_TRAILER, "") for each in found]
    if commit_message.START not in kinds:
        raise Refused("live has no commit of a first publishing. There is nothing to verify from")
    first = len(kinds) - 1 - kinds[::-1].index(commit_message.START)
    since = found[first + 1 :]
    return Report(found[first].id, len(since), tuple(_Walk(publisher, found[first].id).problems(since)))


class _Walk:
    """From one published commit to the next."""

    def __init__(self, publisher: Publisher, start: str) -> None:
        self._publisher, self._live = publisher, start

    def problems(self, commits: list[Commit]) -> list[str]:
        """A sentence for each invalid commit that was never repaired."""
        progress, wrong = Progress("verifying", len(commits)), list[str]()
        try:
            for commit in commits:
                progress.step(commit.id[:12])
                if commit_message.OPERATION_TRAILER in commit_message.trailers(commit.message):
                    found = self._published(commit)
                    wrong.extend(found)
                    if not found:
                        # What was wrong before it is reverted by it, or by the commit that it builds on.
                        self._live, wrong = commit.id, []
        finally:
            progress.close()
        if commits and commits[-1].id != self._live:
            wrong.extend(each for each in self._right(commits[-1].id) if not wrong)
        return wrong

    def _published(self, commit: Commit) -> list[str]:
        """What is wrong with a commit of the publisher, which may have been made with `hurry`."""
        found = list(self._made(commit, hurry=False))
        return found and list(self._made(commit, hurry=True)) and found

    def _made(self, commit: Commit, *, hurry: bool) -> Iterator[str]:
        short = commit.id[:12]
        baseline = self._publisher.reconciler.follow(self._live, commit.parent, hurry=hurry)
        recorded = commit_message.recorded(commit.message)
        if recorded is None:
            yield from self._same(commit, baseline.repairs)
            return
        if baseline.repairs:
            files = ", ".join(sorted(baseline.repairs)[:3])
            yield f"{short} builds on {commit.parent[:12]}, which needs repairs: {files}"
            return
        when = datetime.fromtimestamp(commit.author.time, UTC)
        try:
            before, outcome = self._publisher.decide(recorded.intent, baseline, recorded.observed, when)
            changes: Changes = dict(release_files.file_changes(before, outcome.state))
            changes |= self._publisher.manifests(baseline, commit.parent, before, outcome)
        except Problem as problem:
            yield f"{short} is not a legal {recorded.intent.operation.verb}: {problem.sentences[0]}"
            return
        yield from self._same(commit, changes)
        if recorded.revision != self._publisher.git.tree_id(commit.id, release_files.ROOT):
            yield f"{short} names the revision {recorded.revision[:12]} but holds another one"

    def _right(self, id_: str) -> Iterator[str]:
        """The newest commit is a person's. It is valid only if nothing in it has to be reverted."""
        repairs = self._publisher.reconciler.follow(self._live, id_).repairs
        if repairs:
            yield f"{id_[:12]} is live but needs repairs: {', '.join(sorted(repairs)[:3])}"

    def _same(self, commit: Commit, changes: Mapping[str, Content]) -> Iterator[str]:
        """Whether a commit made just these changes to `releases/` and `manifests/`."""
        git, id_, parent = self._publisher.git, commit.id, commit.parent
        changed = {path for folder in _MADE for path in git.changed_paths(parent, id_, f"{folder}/")}
        wanted = {path for path, content in changes.items() if not git.holds(parent, path, content)}
        wrong = sorted(
            path for path in changed | wanted if path not in wanted or not git.holds(id_, path, changes[path])
        )
        if wrong:
            more = f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""
            yield f"{id_[:12]}: {wrong[0]}{more} is not what its operation makes. See `desired show {id_[:12]}`"
