"""Manifests of a cluster after a change: only what the change touches is rendered, all rules are asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from constructs_lib.synth.children import Code, Crew, Died, Job, findings
from constructs_lib.synth.clusters import Piece
from constructs_lib.synth.output import KUSTOMIZATION, kustomizations
from constructs_lib.synth.progress import Progress
from constructs_lib.synth.store import Store, digest
from constructs_lib.synth.units import Request, canonical

from .git import Git
from .problems import Problem

Json = dict[str, Any]
MANIFESTS = "manifests"
Changes = dict[str, str | None]
"""Paths of the repository and their new texts; None for files that go away."""


@dataclass(frozen=True)
class Target:
    """A cluster as it should be: the code that makes it, and what runs in it."""

    code: Code
    request: Request

    @property
    def cluster(self) -> str:
        """The cluster's name."""
        return self.request.cluster

    @property
    def folder(self) -> str:
        """Where its manifests lie."""
        return f"{MANIFESTS}/{self.cluster}"


class Renderer:
    """Asks the code of clusters what their manifests are. Its children live on from one question to the next."""

    def __init__(self, git: Git, crew: Crew, store: Store) -> None:
        self._git, self._crew, self._store = git, crew, store
        self._plans: dict[str, list[Piece]] = {}
        self._dead: dict[Code, tuple[str, ...]] = {}
        """Code whose renderer ended by itself: nobody waits for it again as long as this process lives."""

    def delta(self, commit: str, before: Target | None, after: Target) -> Changes:
        """What a change does to the manifests of a cluster, which at the commit are as `before` makes them.

        Raises Problem with everything that the code or a rule refuses.
        """
        if (
            before
            and before.code == after.code
            and canonical(before.request.as_json()) == canonical(after.request.as_json())
        ):
            return {}
        if after.code in self._dead:
            raise Problem(*self._dead[after.code])
        try:
            return self._delta(commit, before, after)
        except Died as death:
            self._dead[after.code] = death.sentences
            raise

    def _delta(self, commit: str, before: Target | None, after: Target) -> Changes:
        known = self._plan(before) if before and before.code == after.code else []
        old = {piece.key: piece for piece in known}
        pieces = self._plan_from(before, known, after) if before and known else self._plan(after)
        self._render(after, [piece for piece in pieces if piece.key not in old])
        self._check(after, pieces)
        if not old:
            return self._whole(commit, after, pieces)
        kept = {piece.key for piece in pieces}
        return self._part(
            commit,
            after,
            gone=[piece for key, piece in old.items() if key not in kept],
            come=[piece for piece in pieces if piece.key not in old],
            pieces=pieces,
        )

    def _plan(self, target: Target) -> list[Piece]:
        key = _plan_key(target)
        if key in self._plans:
            return self._plans[key]
        if found := self._newest_plan(target, key):
            self._plans[key] = found
            return found
        return self._kept(target, key, sorted(_pieces(self._ask(target, "plan")), key=_order))

    def _plan_from(self, before: Target, known: list[Piece], after: Target) -> list[Piece]:
        """The plan after a change: only services that the change can touch are planned again."""
        key = _plan_key(after)
        if key in self._plans or before.request.specs != after.request.specs:
            return self._plan(after)
        changed = _changed(before.request, after.request)
        answers = self._ask(after, "plan", changed=sorted(changed))
        if not answers or "touched" not in answers[0]:
            return self._kept(after, key, _pieces(answers))
        touched = {*changed, *answers[0]["touched"]}
        same = [piece for piece in known if _service(piece) not in touched]
        return self._kept(after, key, sorted(same + _pieces(answers[1:]), key=_order))

    def _newest_plan(self, target: Target, key: str) -> list[Piece]:
        """The plan that was made last for the cluster, if it is this one: what one operation leaves, the next finds."""
        found = self._store.note(f"plan\0{target.folder}") or {}
        if found.get("key") != key:
            return []
        return [Piece(unit, piece, folder, tuple(sources)) for unit, piece, folder, sources in found["pieces"]]

    def _kept(self, target: Target, key: str, pieces: list[Piece]) -> list[Piece]:
        if len(self._plans) > 8:
            self._plans.pop(next(iter(self._plans)))
        self._plans[key] = pieces
        listed = [[piece.unit, piece.key, piece.folder, piece.sources] for piece in pieces]
        self._store.take_note(f"plan\0{target.folder}", {"key": key, "pieces": listed})
        return pieces

    def _render(self, target: Target, pieces: list[Piece]) -> None:
        missing = {piece.unit: piece.key for piece in pieces if self._store.digests(piece.key) is None}
        problems: list[str] = []
        progress = Progress("rendering", len(missing))

        def take(job: Job, answer: Json) -> None:
            progress.step(f"{target.cluster} {answer['unit']}")
            if "problems" in answer:
                problems.extend(f"{target.cluster}: {sentence}" for sentence in answer["problems"])
            else:
                self._store.put(answer["key"], answer["files"], answer["facts"])

        size = max(8, -(-len(missing) // self._crew.size))
        units = list(missing.items())
        jobs = [
            Job(target.code, target.request.as_json(), dict(units[at : at + size])) for at in range(0, len(units), size)
        ]
        try:
            self._crew.render(jobs, take)
        finally:
            progress.close()
        if problems:
            raise Problem(*dict.fromkeys(problems))

    def _check(self, target: Target, pieces: list[Piece]) -> None:
        key = digest("\0".join(("check", target.code.folder.name, target.cluster, *(piece.key for piece in pieces))))
        if self._store.note(key) == []:
            return
        self._render(target, pieces)
        found = findings(partial(self._ask, target), self._store, [piece.key for piece in pieces])
        if found:
            raise Problem(*(f"{target.cluster}: {each.sentence} [{each.rule}]" for each in found))
        self._store.take_note(key, [])

    def _ask(self, target: Target, do: str, **more: Any) -> list[Json]:
        child = self._crew.one(target.code)
        try:
            answers = list(child.ask(do, target.request.as_json(), **more))
        except Died:
            child.close()
            raise
        except Problem as problem:
            self._crew.back(child)
            name = target.code.name
            raise Problem(*(f"{target.cluster} with {name}: {sentence}" for sentence in problem.sentences)) from None
        self._crew.back(child)
        return answers

    def _whole(self, commit: str, target: Target, pieces: list[Piece]) -> Changes:
        """All files of the cluster; those at the commit that are none of them go away."""
        changes: Changes = dict.fromkeys(self._git.files(commit, target.folder))
        texts = {path: text for piece in pieces for path, text in self._store.files(piece.key).items()}
        texts |= kustomizations(texts, _sources(pieces))
        return changes | {f"{target.folder}/{path}": text for path, text in texts.items()}

    def _part(
        self, commit: str, target: Target, *, gone: list[Piece], come: list[Piece], pieces: list[Piece]
    ) -> Changes:
        """The files of some pieces, and the lists of the folders in which files came or went."""
        changes: Changes = {path: None for piece in gone for path in self._store.digests(piece.key) or ()}
        for piece in gone:
            if self._store.digests(piece.key) is None:
                # Their files are not known any more, so that nobody can say which went: all is written.
                return self._everything(commit, target, pieces)
        for piece in come:
            changes |= self._store.files(piece.key)
        lists = dict(self._lists(commit, target, changes, pieces))
        return {f"{target.folder}/{path}": text for path, text in {**changes, **lists}.items()}

    def _everything(self, commit: str, target: Target, pieces: list[Piece]) -> Changes:
        self._render(target, pieces)
        return self._whole(commit, target, pieces)

    def _lists(
        self, commit: str, target: Target, changes: Changes, pieces: list[Piece]
    ) -> Iterator[tuple[str, str | None]]:
        sources = _sources(pieces)
        for folder in sorted({path.rpartition("/")[0] for path in changes}):
            there = {
                name: name for name in self._git.tree(commit, f"{target.folder}/{folder}") if name != KUSTOMIZATION
            }
            names = set(there)
            for path, text in changes.items():
                if path.rpartition("/")[0] == folder:
                    (names.discard if text is None else names.add)(path.rpartition("/")[2])
            if not names:
                yield f"{folder}/{KUSTOMIZATION}", None
            else:
                yield from kustomizations({f"{folder}/{name}": "" for name in names}, sources).items()


def _sources(pieces: list[Piece]) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for piece in pieces:
        found.setdefault(piece.folder, piece.sources)
    return found


def _plan_key(target: Target) -> str:
    return digest(f"{target.code.folder}\0{canonical(target.request.as_json())}")


def _pieces(answers: list[Json]) -> list[Piece]:
    return [Piece(each["unit"], each["key"], each["folder"], tuple(each["sources"])) for each in answers]


def _service(piece: Piece) -> str:
    return piece.unit.partition("/")[0]


def _order(piece: Piece) -> tuple[bool, str]:
    """The platform first, then the services; of one, as they were planned."""
    return not piece.unit.startswith("platform/"), _service(piece) if not piece.unit.startswith("platform/") else ""


def _changed(before: Request, after: Request) -> set[str]:
    """The services whose release or rollout differs."""
    names = {*before.releases, *after.releases}
    found = {name for name in names if before.releases.get(name) != after.releases.get(name)}
    for name in {*before.rollouts, *after.rollouts}:
        old, new = before.rollouts.get(name), after.rollouts.get(name)
        if old != new:
            found.update(*(each["members"] for each in (old, new) if each))
    return found
