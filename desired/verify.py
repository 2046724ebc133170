"""Whether the log is whole: everything since the start is done again, and must come out as it stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from constructs_lib.synth.progress import Progress

from . import files, log
from .apply import apply
from .git import Author
from .model import State
from .problems import Problem, Refused
from .publisher import Publisher
from .rendering import MANIFESTS, Changes

_MADE = (files.ROOT, MANIFESTS)


@dataclass(frozen=True)
class Report:
    """What was found."""

    start: str
    """The commit with which the log begins."""
    commits: int
    """How many were looked at."""
    problems: tuple[str, ...]
    """One sentence for each commit that is not what it should be."""


def verify(publisher: Publisher) -> Report:
    """Every commit of `live` since the first publishing. Raises Refused where nothing was published."""
    live = publisher.repository.live
    if live is None:
        raise Refused("nothing is published yet; run `desired publish` once, it makes the branch live")
    found = list(publisher.git.log(None, live))
    kinds = [log.trailers(message).get(log.OPERATION_TRAILER, "") for *_, message in found]
    if log.START not in kinds:
        raise Refused("live has no commit of a first publishing; verify has nothing to begin at")
    first = len(kinds) - 1 - kinds[::-1].index(log.START)
    since = found[first + 1 :]
    problems = tuple(_Walk(publisher, found[first][0]).problems(since))
    return Report(found[first][0], len(since), problems)


class _Walk:
    """From one published commit to the next."""

    def __init__(self, publisher: Publisher, start: str) -> None:
        self._publisher, self._live = publisher, start

    def problems(self, commits: list[tuple[str, str, Author, str]]) -> list[str]:
        """A sentence for each commit that is not what it should be, and was never made right."""
        progress, wrong = Progress("verifying", len(commits)), list[str]()
        try:
            for id_, parent, author, message in commits:
                progress.step(id_[:12])
                if log.OPERATION_TRAILER in log.trailers(message):
                    found = self._published(id_, parent, author, message)
                    wrong.extend(found)
                    if not found:
                        # What stood before it and was wrong is put back by it, or by the commit that it stands on.
                        self._live, wrong = id_, []
        finally:
            progress.close()
        if commits and commits[-1][0] != self._live:
            wrong.extend(each for each in self._right(commits[-1][0]) if not wrong)
        return wrong

    def _published(self, id_: str, parent: str, author: Author, message: str) -> list[str]:
        """What is wrong with a commit of the publisher's, who may have been in a hurry when it was made."""
        found = list(self._made(id_, parent, author, message, hurry=False))
        return found and list(self._made(id_, parent, author, message, hurry=True)) and found

    def _made(self, id_: str, parent: str, author: Author, message: str, *, hurry: bool) -> Iterator[str]:
        ground = self._publisher.grounds.follow(self._live, parent, hurry=hurry)
        recorded = log.recorded(message)
        if recorded is None:
            yield from self._same(id_, parent, ground.repairs)
            return
        if ground.repairs:
            yield f"{id_[:12]} stands on {parent[:12]}, which is not right: {', '.join(sorted(ground.repairs)[:3])}"
            return
        state = State(ground.described_at, ground.environments, self._publisher.past)
        try:
            outcome = apply(recorded.intent, state, recorded.observed, datetime.fromtimestamp(author.time, UTC))
            before = ground.environments[outcome.state.name]
            changes: Changes = dict(files.changed(before, outcome.state))
            changes |= self._publisher.manifests(ground, parent, before, outcome)
        except Problem as problem:
            yield f"{id_[:12]} is no legal {recorded.intent.operation.verb}: {problem.sentences[0]}"
            return
        yield from self._same(id_, parent, changes)
        if recorded.revision != self._publisher.git.tree_id(id_, files.ROOT):
            yield f"{id_[:12]} names the revision {recorded.revision[:12]}, and holds another one"

    def _right(self, id_: str) -> Iterator[str]:
        """The newest commit is a person's: it is live only if nothing in it had to be made right."""
        repairs = self._publisher.grounds.follow(self._live, id_).repairs
        if repairs:
            yield f"{id_[:12]} is live, and is not right: {', '.join(sorted(repairs)[:3])}"

    def _same(self, id_: str, parent: str, changes: Changes) -> Iterator[str]:
        """Whether a commit made just these changes to `releases/` and `manifests/`."""
        git = self._publisher.git
        changed = {path for folder in _MADE for path in git.changed_paths(parent, id_, f"{folder}/")}
        wanted = {path for path, text in changes.items() if git.file(parent, path) != text}
        wrong = sorted(path for path in changed | wanted if path not in wanted or git.file(id_, path) != changes[path])
        if wrong:
            more = f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""
            yield f"{id_[:12]}: {wrong[0]}{more} is not what its operation makes; `desired show {id_[:12]}` shows it"
