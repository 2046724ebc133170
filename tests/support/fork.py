"""A small fleet on a real remote: this repository's code with eight routed services of its own, in two branches."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks import first_releases
from desired.git import Clone
from desired.publish.branches import Branches
from desired.publish.publisher import Publisher
from tests.support.renderers import shared_pool
from tests.support.repository import ROOT

SERVICES = ("basket", "billing", "catalog", "courier", "gallery", "ledger", "reviews", "search")
ENVIRONMENTS = ("staging", "preprod")
"""Those that run the services. Staging follows `apps/` and has no gate; preprod asks that slots are ready."""

_SERVICE = '''"""A service of the fork."""

from constructs_lib import Port, Service

SERVICE = Service(
    name="{name}",
    owner="team-a",
    image="registry.example.com/{name}",
    ports=(Port.http(8080),),{more}
)
'''
_IDENTITY = {"user.name": "Test", "user.email": "test@example.com", "commit.gpgsign": "false"}


def git(folder: Path, *words: str) -> str:
    """Run git in a folder; returns what it prints."""
    done = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"git {' '.join(words)}: {done.stderr}"
    return done.stdout.strip()


def image(service: str, number: int) -> str:
    """An image of a service by digest."""
    return f"registry.example.com/{service}@sha256:{number:064x}"


@dataclass(frozen=True)
class Fork:
    """The remote in a folder, and clones beside it."""

    folder: Path

    @property
    def remote(self) -> Path:
        """The bare repository whose branches count."""
        return self.folder / "remote.git"

    def clone(self, name: str) -> Path:
        """A clone, made where it is not there."""
        place = self.folder / name
        if not place.is_dir():
            git(self.folder, "clone", "-q", "-b", "main", str(self.remote), name)
            for key, value in _IDENTITY.items():
                git(place, "config", key, value)
        return place

    def publisher(self, name: str = "clone", timeout: float = 60.0) -> Publisher:
        """A publisher of a clone, with the renderer that all share."""
        repository = Branches(Clone(self.clone(name), timeout), "origin")
        return Publisher(repository, shared_pool())

    def tip(self, branch: str) -> str:
        """The commit that a branch of the remote is at."""
        return git(self.remote, "rev-parse", f"refs/heads/{branch}")

    def unpublish(self) -> None:
        """Takes the first publishing back, as if there had been none. There is nothing else in the log yet."""
        git(self.remote, "branch", "-f", "main", "live~1")
        git(self.remote, "branch", "-D", "live")

    def copied(self, folder: Path) -> Fork:
        """Another remote that holds the same, without clones."""
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copytree(self.remote, folder / "remote.git")
        return Fork(folder)


def make(folder: Path, services: tuple[str, ...] = SERVICES) -> Fork:
    """The fork, synthesized and published. Caches go to `$DESIRED_CACHE_DIR`."""
    work = folder / "work"
    work.mkdir(parents=True)
    for part in ("constructs_lib", "desired", "envs"):
        shutil.copytree(ROOT / part, work / part, ignore=shutil.ignore_patterns("__pycache__"))
    (work / "locks").mkdir()
    shutil.copy(ROOT / "locks" / "synth.txt", work / "locks" / "synth.txt")
    (work / "README.md").write_text("A fork.\n")
    (work / ".gitignore").write_text("__pycache__/\n.scratch/\n")
    _services(work, services)
    _run(work, "envs")
    _commit_all(work)
    git(folder, "clone", "-q", "--bare", str(work), "remote.git")
    fork = Fork(folder)
    with fork.publisher() as publisher:
        publisher.publish()
    return fork


def _services(work: Path, services: tuple[str, ...]) -> None:
    (work / "apps").mkdir()
    (work / "apps" / "__init__.py").write_text("")
    for number, name in enumerate(services):
        # Every second one calls the one before it.
        more = f'\n    depends_on=("{services[number - 1]}",),' if number % 2 else ""
        (work / "apps" / f"{name}.py").write_text(_SERVICE.format(name=name, more=more))
    for environment in ENVIRONMENTS:
        first_releases.write(work, environment, {name: image(name, 1) for name in services}, _variables(work))


def _run(work: Path, *words: str) -> None:
    command = [sys.executable, "-m", *words]
    done = subprocess.run(command, cwd=work, env=_variables(work), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def _variables(work: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("CI", "DESIRED_CACHE")}
    return {**kept, "PYTHONPATH": str(work)}


def _commit_all(work: Path) -> None:
    git(work, "init", "-q", "-b", "main")
    for key, value in _IDENTITY.items():
        git(work, "config", key, value)
    git(work, "add", "-A")
    git(work, "commit", "-q", "-m", "A fleet")
