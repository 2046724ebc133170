"""Synth: from a repository to `manifests/`, rendering only what is not known yet.

The steps stand in `synthesize`: read, plan, render, check, exchange. Nothing is written before every rule has passed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ..environment import Environment, Role
from ..release import Pin
from ..values import Problem, Service, sentences
from . import yaml
from .children import Code, Crew, Job
from .facts import Facts, Finding
from .fleet import Releases, load_environments, load_releases, load_services
from .library import library_digest
from .output import exchange, kustomizations
from .pins import code_of
from .plan import Component, Plan, Request, canonical
from .progress import Progress, say
from .renderer import Components
from .store import Store, cache_folder, cache_is_trusted, digest

Json = dict[str, Any]
_ROLES: tuple[Role, ...] = ("ops", "apps")


@dataclass(frozen=True)
class Fleet:
    """A repository, read: everything that synth depends on, except the code of pinned commits."""

    root: Path
    environments: dict[str, Environment]
    specs: dict[str, Json]
    releases: dict[str, Releases]
    components: Components


@dataclass(frozen=True)
class Piece:
    """A unit as the parent knows it: where it goes, and the key of its output."""

    unit: str
    key: str
    folder: str
    sources: tuple[str, ...]


@dataclass
class ClusterWork:
    """One cluster on its way: who renders it, from what, in which pieces."""

    environment: Environment
    role: Role
    request: Request
    code: Code
    pieces: list[Piece] = field(default_factory=list)
    expected: dict[str, str] = field(default_factory=dict)
    """Paths below the cluster's folder, and the digests of their files."""

    @property
    def name(self) -> str:
        """The cluster's name."""
        return self.request.cluster

    @property
    def pinned(self) -> bool:
        """Whether another commit's code renders it."""
        return self.code.name != "head"


def read(root: Path, components: Components) -> Fleet:
    """Read `envs/`, `apps/` and `releases/`. Raises Problem with everything that is wrong in any of them."""
    problems: list[str] = []
    environments: dict[str, Environment] = {}
    services: dict[str, Service] = {}
    releases: dict[str, Releases] = {}
    try:
        environments = load_environments()
    except Problem as problem:
        problems.extend(problem.sentences)
    try:
        services = load_services()
    except Problem as problem:
        problems.extend(problem.sentences)
    if not problems:
        releases = load_releases(root, environments)
    if problems:
        raise Problem(*problems)
    specs = {name: service.written() for name, service in services.items()}
    return Fleet(root, environments, specs, releases, components)


class Synth:
    """One run over a fleet. Use it as a context, so that its children and its store are closed."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.crew = Crew()
        self.store = Store(cache_folder() / "units.db" if cache_is_trusted() else None)
        self._libraries: dict[tuple[Path, ...], str] = {}
        self.rendered = 0

    def __enter__(self) -> Synth:
        return self

    def __exit__(self, *_: object) -> None:
        self.crew.close()
        self.store.close()

    def clusters(self) -> list[ClusterWork]:
        """Every cluster, planned, rendered where needed, and checked. Raises Problem with everything that is wrong."""
        works = self._planned()
        self._render(works)
        problems = [sentence for work in works for sentence in self._checked(work)]
        if problems:
            raise Problem(*dict.fromkeys(problems))
        for work in works:
            self._expect(work)
        self.store.used([piece.key for work in works for piece in work.pieces])
        return works

    def write(self, works: list[ClusterWork], manifests: Path, scratch: Path) -> list[str]:
        """Exchange `manifests/`; returns the paths that changed."""
        expected = {f"{work.name}/{path}": sum_ for work in works for path, sum_ in work.expected.items()}
        texts = _Texts(self.store, works)
        return exchange(manifests, scratch, expected, texts)

    def _planned(self) -> list[ClusterWork]:
        works: list[ClusterWork] = []
        problems: list[str] = []
        for environment in self.fleet.environments.values():
            for role in _ROLES:
                try:
                    work = self._work(environment, role)
                    work.pieces = self._pieces(work)
                    works.append(work)
                except Problem as problem:
                    problems.extend(problem.sentences)
        if problems:
            raise Problem(*dict.fromkeys(problems))
        return works

    def _work(self, environment: Environment, role: Role) -> ClusterWork:
        releases = self.fleet.releases[environment.name]
        apps = role == "apps"
        request = Request(
            environment.cluster_name(role),
            releases.services if apps else {},
            releases.rollouts if apps else {},
            # Specs at head are handed over only where the environment follows them.
            {name: spec for name, spec in self.fleet.specs.items() if name in releases.services}
            if apps and environment.follows_apps
            else {},
        )
        return ClusterWork(environment, role, request, self._code(environment, role, releases))

    def _code(self, environment: Environment, role: Role, releases: Releases) -> Code:
        if role == "ops" or releases.platform is None:
            return Code(self.fleet.root)
        file = f"releases/{environment.name}/platform.yaml"
        try:
            pin = Pin.model_validate(releases.platform)
        except ValidationError as error:
            raise Problem(*sentences(file, error)) from None
        return code_of(self.fleet.root, pin.commit, f"{environment.name}'s platform {pin.tag or pin.commit[:12]}")

    def _pieces(self, work: ClusterWork) -> list[Piece]:
        if not work.pinned:
            plan = self._plan(work.environment, work.role, work.request)
            return [
                Piece(unit.id, unit.key(self._library(plan.components)), unit.folder, unit.sources)
                for unit in plan.units()
            ]
        key = digest(f"plan\0{work.code.folder.name}\0{canonical(work.request.as_json())}")
        answers = self.store.note(key)
        if answers is None:
            answers = self._asked(work, "plan")
            self.store.take_note(key, answers)
        return [Piece(each["unit"], each["key"], each["folder"], tuple(each["sources"])) for each in answers]

    def _plan(self, environment: Environment, role: Role, request: Request) -> Plan:
        return Plan(environment, role, request, self.fleet.components(environment, role))

    def _library(self, components: tuple[Component, ...]) -> str:
        own = Path(__file__).parent.parent.name
        packages = sorted({each.made_by.partition(".")[0].partition(":")[0] for each in components} - {own})
        folders = tuple(self.fleet.root / package for package in packages)
        if folders not in self._libraries:
            self._libraries[folders] = library_digest(*folders)
        return self._libraries[folders]

    def _asked(self, work: ClusterWork, do: str, **more: Any) -> list[Json]:
        child = self.crew.one(work.code)
        try:
            answers = list(child.ask(do, work.request.as_json(), **more))
        except Problem as problem:
            self.crew.back(child)
            raise Problem(*_for_the_pin(problem, work)) from None
        self.crew.back(child)
        return answers

    def _render(self, works: list[ClusterWork]) -> None:
        jobs: list[Job] = []
        places: dict[tuple[str, str], Piece] = {}
        for work in works:
            missing = [piece for piece in work.pieces if self.store.digests(piece.key) is None]
            places |= {(work.name, piece.unit): piece for piece in missing}
            jobs += self._jobs(work, [piece.unit for piece in missing])
        progress = Progress("rendering", len(places))
        problems: list[str] = []

        def take(job: Job, answer: Json) -> None:
            cluster = job.request["cluster"]
            progress.step(f"{cluster} {answer['unit']}")
            if "problems" in answer:
                problems.extend(f"{cluster}: {sentence}" for sentence in answer["problems"])
                return
            self.rendered += 1
            self.store.put(places[cluster, answer["unit"]].key, answer["files"], answer["facts"])

        try:
            self.crew.render(jobs, take)
        finally:
            progress.close()
        if problems:
            raise Problem(*dict.fromkeys(problems))

    def _jobs(self, work: ClusterWork, units: list[str]) -> Iterator[Job]:
        # Small enough that all cores end together, large enough that a request's own cost does not count.
        size = max(8, min(200, -(-len(units) // (2 * self.crew.size))))
        for start in range(0, len(units), size):
            yield Job(work.code, work.request.as_json(), units[start : start + size])

    def _checked(self, work: ClusterWork) -> list[str]:
        keys = [piece.key for piece in work.pieces]
        rules = work.code.folder.name if work.pinned else self._library(())
        about = work.environment.model_dump_json() if not work.pinned else ""
        key = digest("\0".join(("check", rules, about, work.role, *keys)))
        if self.store.note(key) == []:
            return []
        parts = [self.store.facts(each) for each in keys]
        if work.pinned:
            findings = [Finding(*each) for each in self._asked(work, "check", facts=parts)[0]["findings"]]
        else:
            from ..rules import cluster_findings  # noqa: PLC0415 - not needed where nothing changed

            findings = cluster_findings(Facts.joined(parts), work.environment, work.role)
        found = [f"{work.name}: {finding.sentence} [{finding.rule}]" for finding in findings]
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
        lists = kustomizations(work.expected, sources)
        self.store.put(f"{work.name}/kustomizations", lists, {})
        work.expected |= {path: digest(text) for path, text in lists.items()}


class _Texts:
    """The content of a path of `manifests/`, read from the store when it is needed."""

    def __init__(self, store: Store, works: list[ClusterWork]) -> None:
        self._store = store
        self._keys: dict[str, str] = {}
        for work in works:
            for piece in work.pieces:
                for path in store.digests(piece.key) or ():
                    self._keys[f"{work.name}/{path}"] = piece.key
        self._key, self._files = "", dict[str, str]()

    def __call__(self, path: str) -> str:
        cluster, _, inside = path.partition("/")
        key = self._keys.get(path, f"{cluster}/kustomizations")
        if key != self._key:
            self._key, self._files = key, self._store.files(key)
        return self._files[inside]


def _for_the_pin(problem: Problem, work: ClusterWork) -> list[str]:
    """What an older platform does not know is said as what to do about it."""
    unknown = " is not a field here"
    return [
        f"{work.code.name} does not know `{sentence.split(unknown)[0].rsplit(' ', 1)[-1]}`; move the platform first"
        if unknown in sentence
        else f"{work.code.name}: {sentence}"
        for sentence in problem.sentences
    ]


def synthesize(root: Path, components: Components, scratch: Path) -> int:
    """Bring `manifests/` to what the repository says. Returns the exit code; says what happened in sentences."""
    try:
        with Synth(read(root, components)) as synth:
            works = synth.clusters()
            changed = synth.write(works, root / "manifests", scratch / "exchange")
            _report(works, changed, scratch)
            _summarize(works, changed, synth.rendered)
    except Problem as problem:
        for sentence in problem.sentences:
            say(f"✗ {sentence}")
        say(f"{len(problem.sentences)} to mend; manifests/ is as it was.")
        return 1
    return 0


def _summarize(works: list[ClusterWork], changed: list[str], rendered: int) -> None:
    for work in works:
        count = sum(path.startswith(f"{work.name}/") for path in changed)
        services = len({piece.folder for piece in work.pieces if piece.unit.endswith("/front")})
        code = f", rendered by {work.code.name}" if work.pinned else ""
        say(f"  {work.name:<16} {services:>4} services {len(work.expected):>6} files {count:>6} changed{code}")
    say(f"{len(changed)} files changed, {rendered} units rendered." if changed else "Nothing changed.")


def _report(works: list[ClusterWork], changed: list[str], scratch: Path) -> None:
    """What `cdk8s synth` finds in its output folder: the list of what changed in `manifests/`."""
    scratch.mkdir(parents=True, exist_ok=True)
    by_cluster = {work.name: [path for path in changed if path.startswith(f"{work.name}/")] for work in works}
    (scratch / "changed.yaml").write_text(yaml.dump(by_cluster), encoding="utf-8")


def scratch_folder(root: Path) -> Path:
    """Where work in progress lies: the folder that `cdk8s synth` names, or `.scratch`."""
    return Path(os.environ.get("CDK8S_OUTDIR") or root / ".scratch")


__all__ = ["Fleet", "Synth", "read", "scratch_folder", "synthesize"]
