"""Generates a platform repository: services, three environments with an Ops/Apps pair each, and releases."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from . import first_releases
from .templates import CDK8S, ENVIRONMENT, service_source

ENVIRONMENTS = ("dev", "uat", "production")
FOLLOWS = "dev"
"""The environment that follows `apps/`. A changed service is rendered again there."""
ROOT = Path(__file__).parent.parent
_PACKAGES = ("constructs_lib", "desired")
_COPIED = ("__init__.py", "__main__.py", "compose.py", "render.py")
_AREAS = ("orders", "payments", "catalog", "search", "delivery", "accounts", "pricing", "messages")


@dataclass(frozen=True)
class GeneratedFleet:
    """A generated repository."""

    folder: Path
    services: int

    @property
    def manifests(self) -> Path:
        """The folder that synth writes."""
        return self.folder / "manifests"

    @property
    def cache(self) -> Path:
        """The cache folder of synth."""
        return self.folder / ".cache"

    def command(self) -> list[str]:
        """Return the command that `cdk8s synth` runs."""
        return [sys.executable, "-m", "envs"]

    def forget(self) -> None:
        """Remove all output and caches of synth.

        The files are moved, not deleted: after many deletions, ext4 creates files several times slower for minutes.
        """
        gone = self.folder.parent / "gone"
        gone.mkdir(exist_ok=True)
        for made in (self.manifests, self.cache, self.folder / ".scratch"):
            if made.exists():
                made.rename(gone / f"{made.name}-{len(list(gone.iterdir()))}")

    def edit(self, number: int) -> None:
        """Set an environment variable of one service to its n-th value."""
        position = self.services // 2
        _write_service(self.folder, position, revision=number)


def generate(folder: Path, services: int) -> GeneratedFleet:
    """Generate a repository with that many services in each environment. It contains a copy of this library."""
    for package in _PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    for part in ("apps", "envs"):
        (folder / part).mkdir()
    for name in _COPIED:
        shutil.copyfile(ROOT / "envs" / name, folder / "envs" / name)
    for number, name in enumerate(ENVIRONMENTS):
        (folder / "envs" / f"{name}.py").write_text(_environment(number, services), encoding="utf-8")
    (folder / "apps" / "__init__.py").write_text('"""Services."""\n', encoding="utf-8")
    for position in range(services):
        _write_service(folder, position)
    (folder / "cdk8s.yaml").write_text(CDK8S.format(python=sys.executable), encoding="utf-8")
    for environment in ENVIRONMENTS:
        _release(folder, environment, services)
    return GeneratedFleet(folder, services)


def variables(fleet: Path) -> dict[str, str]:
    """Return the process environment of all measured programs. It inherits nothing from the shell.

    Byte code is cached next to the fleet, so that Python settings of the shell have no effect.
    """
    kept = {key: os.environ[key] for key in ("HOME", "LANG", "TMPDIR") if key in os.environ}
    return {
        **kept,
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath))),
        "DESIRED_CACHE_DIR": str(fleet / ".cache"),
        "PYTHONPYCACHEPREFIX": str(fleet.parent / "byte-code"),
    }


def name_of(position: int) -> str:
    """Return the name of the n-th service. The first service is the telemetry collector."""
    return f"{_AREAS[position % len(_AREAS)]}-{position:03}" if position else "collector"


def _write_service(folder: Path, position: int, revision: int = 0) -> None:
    name = name_of(position)
    # Each revision has a different length: Python detects changed source by its size and the second of the change.
    text = service_source(name, position, _callees(position), batch="1" + "0" * revision)
    (folder / "apps" / f"{name.replace('-', '_')}.py").write_text(text, encoding="utf-8")


def _callees(position: int) -> list[str]:
    """Return two or three earlier services that this one calls. The choice is deterministic and has no cycles."""
    possible = [each for each in range(1, position) if each % 10 not in (7, 8)]
    wanted = min(2 + position % 2, len(possible))
    found: list[int] = []
    salt = 0
    while len(found) < wanted:
        drawn = int(sha256(f"{position}/{salt}".encode()).hexdigest(), 16) % len(possible)
        found += [possible[drawn]] * (possible[drawn] not in found)
        salt += 1
    return [name_of(each) for each in found]


def _environment(number: int, services: int) -> str:
    name = ENVIRONMENTS[number]
    return ENVIRONMENT.format(
        name=name,
        place=f"promoted_from={ENVIRONMENTS[number - 1]!r}" if number else "follows_apps=True",
        level=("debug", "info", "warn")[number],
        milli=20 * (number + 1),
        memory=64 * (number + 1),
        pods=number + 1,
        zones=("a", "b", "c")[: number + 1],
        cpu_quota=services * 60,
        memory_quota=services * 120,
        pod_quota=services * 60,
    )


def _release(folder: Path, environment: str, services: int) -> None:
    """Write the first release of each service."""
    images = {}
    for name in map(name_of, range(services)):
        digest = sha256(f"{name} in {environment}".encode()).hexdigest()
        images[name] = f"registry.example.com/fleet/{name}@sha256:{digest}"
    first_releases.write(folder, environment, images, variables(folder), ref="1.0.0")
