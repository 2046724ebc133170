"""Synth: from a fleet to `manifests/`, rendering only what is not known yet.

The steps stand in `Synth.clusters`: plan, render, check. Nothing is written before every rule has passed.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from ..values import Problem
from .children import Crew, Job, findings
from .clusters import ClusterWork, Planner
from .facts import Facts
from .output import exchange, kustomizations
from .progress import Progress
from .repository import Fleet
from .store import Store, cache_folder, cache_is_trusted, digest

Json = dict[str, Any]


class Synth:
    """One run over a fleet. Use it as a context, so that its children and its store are closed."""

    def __init__(self, fleet: Fleet) -> None:
        self.crew = Crew()
        self.store = Store(cache_folder() / "units.db" if cache_is_trusted() else None)
        self._planner = Planner(fleet, self.crew, self.store)
        self.rendered = 0

    def __enter__(self) -> Synth:
        return self

    def __exit__(self, *_: object) -> None:
        self.crew.close()
        self.store.close()

    def clusters(self) -> list[ClusterWork]:
        """Every cluster, planned, rendered where needed, and checked. Raises Problem with everything that is wrong."""
        works = self._planner.clusters()
        tried = self._planner.unreleased()
        self._render([*works, *tried])
        problems = [sentence for work in (*works, *tried) for sentence in self._checked(work)]
        if problems:
            raise Problem(*dict.fromkeys(problems))
        for work in works:
            self._expect(work)
        self.store.used([piece.key for work in works for piece in work.pieces])
        return works

    def write(self, works: list[ClusterWork], manifests: Path, scratch: Path) -> list[str]:
        """Exchange `manifests/`; returns the paths that changed."""
        expected = {f"{work.name}/{path}": sum_ for work in works for path, sum_ in work.expected.items()}
        return exchange(manifests, scratch, expected, Texts(self.store, works))

    def _render(self, works: list[ClusterWork]) -> None:
        asked: set[str] = set()
        jobs = [job for work in works for job in self._jobs(work, asked)]
        progress = Progress("rendering", sum(len(job.units) for job in jobs))
        problems: list[str] = []

        def take(job: Job, answer: Json) -> None:
            cluster, unit = job.request["cluster"], answer["unit"]
            progress.step(f"{cluster} {unit}")
            if "problems" in answer:
                problems.extend(f"{cluster}: {sentence}" for sentence in answer["problems"])
            elif answer["key"] != job.units[unit]:
                # The child has read files that this process has not: nothing may be kept under either key.
                problems.append(f"{cluster}: envs/ says another thing each time it is read; run it again, or mend it")
            else:
                self.rendered += 1
                self.store.put(answer["key"], answer["files"], answer["facts"])

        try:
            self.crew.render(jobs, take)
        finally:
            progress.close()
        if problems:
            raise Problem(*dict.fromkeys(problems))

    def _jobs(self, work: ClusterWork, asked: set[str]) -> Iterator[Job]:
        """What must be rendered for a cluster, but for keys that are asked for already; adds its own to these."""
        missing = [
            (each.unit, each.key)
            for each in work.pieces
            if each.key not in asked and self.store.digests(each.key) is None
        ]
        asked.update(key for _, key in missing)
        # Small enough that all cores end together, large enough that a request's own cost does not count.
        size = max(8, min(200, -(-len(missing) // (2 * self.crew.size))))
        for start in range(0, len(missing), size):
            yield Job(work.code, work.request.as_json(), dict(missing[start : start + size]))

    def _checked(self, work: ClusterWork) -> list[str]:
        keys = [piece.key for piece in work.pieces]
        rules = work.code.folder.name if work.pinned else self._planner.library()
        about = work.environment.model_dump_json() if not work.pinned else ""
        key = digest("\0".join(("check", rules, about, work.role, *keys)))
        if self.store.note(key) == []:
            return []
        if work.pinned:
            said = findings(partial(self._planner.ask, work), self.store, keys)
        else:
            from ..rules import cluster_findings  # noqa: PLC0415 - not needed where nothing changed

            facts = Facts.joined([self.store.facts(each) for each in keys])
            said = cluster_findings(facts, work.environment, work.role)
        found = [f"{work.name}: {finding.sentence} [{finding.rule}]" for finding in said]
        if not found:
            self.store.take_note(key, [])
        return found

    def _expect(self, work: ClusterWork) -> None:
        sources: dict[str, tuple[str, ...]] = {}
        for piece in work.pieces:
            found = self.store.digests(piece.key) or {}
            if twice := found.keys() & work.expected.keys():
                raise Problem(f"{work.name}: two units write {min(twice)}; rename one of the objects")
            work.expected |= found
            sources.setdefault(piece.folder, piece.sources)
        work.lists = kustomizations(work.expected, sources)
        work.expected |= {path: digest(text) for path, text in work.lists.items()}


class Texts:
    """The content of a path of `manifests/`, read from the store when it is needed."""

    def __init__(self, store: Store, works: list[ClusterWork]) -> None:
        self._store = store
        self._keys: dict[str, str] = {}
        self._lists: dict[str, str] = {}
        for work in works:
            self._lists |= {f"{work.name}/{path}": text for path, text in work.lists.items()}
            for piece in work.pieces:
                self._keys |= {f"{work.name}/{path}": piece.key for path in store.digests(piece.key) or ()}
        self._key, self._files = "", dict[str, str]()

    def __call__(self, path: str) -> str:
        """The text of a path, which begins with the cluster's name."""
        if path in self._lists:
            return self._lists[path]
        if self._keys[path] != self._key:
            self._key = self._keys[path]
            self._files = self._store.files(self._key)
        return self._files[path.partition("/")[2]]
