"""The clusters of a fleet on their way to manifests: who renders each one, from what, in which pieces."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from ..environment import Environment, Role
from ..release import Pin
from ..values import Problem, sentences, unknown_field
from .children import HEAD, Code, Crew
from .fleet import Releases
from .library import library_of
from .pins import code_of
from .plan import Plan
from .repository import Fleet
from .store import Store, digest
from .units import Component, Request, canonical

Json = dict[str, Any]
_ROLES: tuple[Role, ...] = ("ops", "apps")


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
    lists: dict[str, str] = field(default_factory=dict)
    """Paths and texts of the `kustomization.yaml` files among them."""

    @property
    def name(self) -> str:
        """The cluster's name."""
        return self.request.cluster

    @property
    def pinned(self) -> bool:
        """Whether another commit's code renders it."""
        return self.code.name != HEAD


class Planner:
    """Plans clusters: with this code, or by asking the code that a cluster is pinned to."""

    def __init__(self, fleet: Fleet, crew: Crew, store: Store) -> None:
        self._fleet, self._crew, self._store = fleet, crew, store
        self._libraries: dict[tuple[Component, ...], str] = {}

    def clusters(self) -> list[ClusterWork]:
        """All clusters, the ops cluster of each pair first. Raises Problem with everything that is wrong."""
        works: list[ClusterWork] = []
        problems: list[str] = []
        for environment in self._fleet.environments.values():
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

    def unreleased(self) -> list[ClusterWork]:
        """Clusters as they would be with the services that have no release yet, so that rules see those too."""
        environments = self._fleet.environments.values()
        followers = [each for each in environments if each.follows_apps] or list(environments)[:1]
        works: list[ClusterWork] = []
        for environment in followers:
            released = self._fleet.releases[environment.name]
            missing = {name: spec for name, spec in self._fleet.specs.items() if name not in released.services}
            if missing:
                releases = released.services | {name: _first(spec) for name, spec in missing.items()}
                specs = self._fleet.specs if environment.follows_apps else {}
                request = Request(environment.cluster_name("apps"), releases, released.rollouts, specs)
                work = ClusterWork(environment, "apps", request, Code(self._fleet.root))
                work.pieces = self._pieces(work)
                works.append(work)
        return works

    def _work(self, environment: Environment, role: Role) -> ClusterWork:
        releases = self._fleet.releases[environment.name]
        apps = role == "apps"
        request = Request(
            environment.cluster_name(role),
            releases.services if apps else {},
            releases.rollouts if apps else {},
            # Specs at head are handed over only where the environment follows them.
            {name: spec for name, spec in self._fleet.specs.items() if name in releases.services}
            if apps and environment.follows_apps
            else {},
        )
        return ClusterWork(environment, role, request, self._code(environment, role, releases))

    def _code(self, environment: Environment, role: Role, releases: Releases) -> Code:
        if role == "ops" or releases.platform is None:
            return Code(self._fleet.root)
        file = f"releases/{environment.name}/platform.yaml"
        try:
            pin = Pin.model_validate(releases.platform)
        except ValidationError as error:
            raise Problem(*sentences(file, error)) from None
        return code_of(self._fleet.root, pin.commit, f"{environment.name}'s platform {pin.tag or pin.commit[:12]}")

    def _pieces(self, work: ClusterWork) -> list[Piece]:
        if not work.pinned:
            components = self._fleet.components(work.environment, work.role)
            library = self.library(components)
            units = Plan(work.environment, work.role, work.request, components).units()
            return [Piece(unit.id, unit.key(library), unit.folder, unit.sources) for unit in units]
        key = digest(f"plan\0{work.code.folder.name}\0{canonical(work.request.as_json())}")
        answers = self._store.note(key)
        if answers is None:
            answers = self.ask(work, "plan")
            self._store.take_note(key, answers)
        return [Piece(each["unit"], each["key"], each["folder"], tuple(each["sources"])) for each in answers]

    def library(self, components: tuple[Component, ...] = ()) -> str:
        """The digest of the library, and of the code that components of the repository's own come from."""
        if components not in self._libraries:
            self._libraries[components] = library_of(self._fleet.root, components)
        return self._libraries[components]

    def ask(self, work: ClusterWork, do: str, **more: Any) -> list[Json]:
        """The answers of the pinned code to a question about its cluster. Raises Problem."""
        child = self._crew.one(work.code)
        try:
            answers = list(child.ask(do, work.request.as_json(), **more))
        except Problem as problem:
            self._crew.back(child)
            raise Problem(*_for_the_pin(problem, work)) from None
        self._crew.back(child)
        return answers


def _first(spec: Json) -> Json:
    """A release as the first one will be, with an image that stands for any."""
    version = {"image": f"{spec['image']}@sha256:{'0' * 64}", "since": "1970-01-01T00:00:00Z", "spec": spec}
    return {"schema": 1, "stable": "blue", "slots": {"blue": version}}


def _for_the_pin(problem: Problem, work: ClusterWork) -> list[str]:
    """What an older platform does not know is said as what to do about it."""
    name = work.code.name
    return [
        f"{name} does not know `{field}`; move the platform first" if field else f"{name}: {sentence}"
        for sentence in problem.sentences
        for field in (unknown_field(sentence),)
    ]
