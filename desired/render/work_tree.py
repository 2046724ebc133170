"""The work tree as a source of manifests: its code, its `releases/`, and the clusters that they make."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from constructs_lib.values import Environment, Pin, Problem, Role, validated
from constructs_lib.values.data import Json, digest
from constructs_lib.values.environment import ROLES

from ..git import Clone
from ..wording import few
from . import yaml
from .cache import Cache
from .fleet import Fleet
from .inputs import Target, inputs_of
from .pool import RendererPool
from .server import Renderer
from .source import Code
from .source_at_commit import CommitSources


@dataclass
class ReleaseFiles:
    """The files of one environment's folder in `releases/`, as data."""

    services: dict[str, Json] = field(default_factory=dict)
    rollouts: dict[str, Json] = field(default_factory=dict)
    platform: Json | None = None


class WorkTree:
    """A repository's folder, read completely."""

    def __init__(self, fleet: Fleet, root: Path) -> None:
        self.root = root
        self.renderer = Renderer(fleet, root)
        self._releases: dict[str, ReleaseFiles] | None = None

    @property
    def environments(self) -> dict[str, Environment]:
        """The environments, in the order of promotion. Raises Problem."""
        return self.renderer.environments

    @property
    def releases(self) -> dict[str, ReleaseFiles]:
        """By environment. Raises Problem with everything that cannot be read or does not belong there."""
        if self._releases is None:
            self._releases = load_releases(self.root, self.environments)
        return self._releases

    def check(self) -> None:
        """Raises Problem with everything that is wrong in `envs/`, `apps/` and `releases/`, before anything is made."""
        self.renderer.definitions()
        problems = list(self._orphans())
        if problems:
            raise Problem(*problems)

    def _orphans(self) -> Iterator[str]:
        for name, files in self.releases.items():
            for service in sorted(files.services.keys() - self.renderer.specs.keys()):
                yield (
                    f"apps/{service.replace('-', '_')}.py is gone, but {service} runs in {name} "
                    f"(releases/{name}/{service}.yaml). Put the file back until you have retired {service}, "
                    f"also if you renamed it"
                )

    def targets(self, pool: RendererPool, cache: Cache) -> list[Target]:
        """All clusters, the ops cluster of each pair first. Raises Problem."""
        found: list[Target] = []
        problems: list[str] = []
        for environment in self.environments.values():
            files = self.releases[environment.name]
            for role in ROLES:
                inputs = inputs_of(environment, role, files.services, files.rollouts, self.renderer.specs)
                try:
                    pinned = self._pinned(environment, files, pool, cache) if role == "apps" else None
                except Problem as problem:
                    problems.extend(problem.sentences)
                    continue
                found.append(Target(*(pinned or self._head(environment, role)), inputs))
        if problems:
            raise Problem(*problems)
        return found

    def unreleased(self) -> list[Target]:
        """Clusters with the services that have no release, so that the rules check those too."""
        followers = [each for each in self.environments.values() if each.follows_apps]
        found: list[Target] = []
        for environment in followers or list(self.environments.values())[:1]:
            files, specs = self.releases[environment.name], self.renderer.specs
            missing = {name: _first(spec) for name, spec in specs.items() if name not in files.services}
            if missing:
                inputs = inputs_of(environment, "apps", files.services | missing, files.rollouts, specs)
                found.append(Target(*self._head(environment, "apps"), inputs))
        return found

    def _head(self, environment: Environment, role: Role) -> tuple[Code, str]:
        components = self.renderer.components(environment, role)
        parts = (self.renderer.library(components), role, environment.model_dump_json())
        return Code(self.root), digest("\0".join((*parts, *(each.model_dump_json() for each in components))))

    def _pinned(
        self, environment: Environment, files: ReleaseFiles, pool: RendererPool, cache: Cache
    ) -> tuple[Code, str] | None:
        """The code that an environment's platform is pinned to; None if it follows head."""
        if files.platform is None:
            return None
        pin = validated(Pin, f"releases/{environment.name}/platform.yaml", files.platform)
        name = f"{environment.name}'s platform {pin.tag or pin.commit[:12]}"
        git = Clone(self.root)
        try:
            git.require(pin.commit, f"{name}: the pinned commit", "correct the pin")
            sources = CommitSources(git, pool, cache)
            if problem := sources.pin_problem(pin.commit):
                raise Problem(f"{name}: {problem}")
            code = sources.code(pin.commit, name)
        finally:
            git.close()
        return code, code.folder.name


def load_releases(root: Path, environments: dict[str, Environment]) -> dict[str, ReleaseFiles]:
    """The files of `releases/`. Raises Problem with everything that cannot be read or belongs nowhere."""
    problems: list[str] = []
    found = {name: ReleaseFiles() for name in environments}
    undefined: dict[str, list[str]] = {}
    for file in sorted((root / "releases").rglob("*")):
        if file.is_dir() and not file.is_symlink():
            continue
        path = file.relative_to(root)
        parts = path.parts[1:]
        if parts[0] not in found and len(parts) > 1 and not file.is_symlink():
            undefined.setdefault(parts[0], []).append("/".join(parts[1:]))
            continue
        if len(parts) == 2 and parts[1] == "allowed_signers" and parts[0] in found and not file.is_symlink():
            continue  # it changes no manifest
        if file.is_symlink() or path.suffix != ".yaml" or parts[0] not in found or not _belongs(parts):
            problems.append(
                f"{path}: does not belong here. releases/ holds <environment>/<service>.yaml, "
                f"<environment>/rollouts/<name>.yaml, <environment>/platform.yaml and <environment>/holds.yaml, "
                f"for {', '.join(found)}"
            )
            continue
        try:
            data = yaml.mapping(str(path), file.read_bytes())
        except Problem as problem:
            problems.extend(problem.sentences)
            continue
        if len(parts) == 3:
            found[parts[0]].rollouts[path.stem] = data
        elif path.stem == "platform":
            found[parts[0]].platform = data
        elif path.stem != "holds":  # holds keep people from changing what runs; they change no manifest
            found[parts[0]].services[path.stem] = data
    problems.extend(filter(None, map(_undefined, undefined, undefined.values())))
    if problems:
        raise Problem(*problems)
    return found


def _undefined(environment: str, files: list[str]) -> str:
    """What is wrong with the releases of an environment that `envs/` does not define.

    Nothing is wrong with its pin and its holds: publishing removes them with the environment.
    """
    services = [file for file in files if file not in ("platform.yaml", "holds.yaml", "allowed_signers")]
    if not services:
        return ""
    return (
        f"releases/{environment}/: envs/ does not define {environment}, and this folder holds {few(services)}. Retire "
        f"its services with `desired retire SERVICE -e {environment}`, or put envs/{environment.replace('-', '_')}.py "
        f"back"
    )


def _belongs(parts: tuple[str, ...]) -> bool:
    return len(parts) == 2 or (len(parts) == 3 and parts[1] == "rollouts")


def _first(spec: Json) -> Json:
    """The first release of a service, with a placeholder image."""
    version = {"image": f"{spec['image']}@sha256:{'0' * 64}", "since": "1970-01-01T00:00:00Z", "spec": spec}
    return {"schema": 1, "stable": "blue", "slots": {"blue": version}}
