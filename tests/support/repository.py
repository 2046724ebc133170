"""A small platform repository in a folder of its own, with environments of other names than ours."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import first_releases
from tests.support.fleet import IMAGE

ROOT = Path(__file__).parent.parent.parent

_ENVIRONMENT = '''"""An environment."""

from constructs_lib import (
    Cluster, Environment, Git, Override, Port, Quota, Reference, Resources, Scale, Service
)

_QUOTA = Quota(cpu="100", memory="200Gi", pods=500)
_REFERENCE = Service(name="probe", owner="team-a", image="registry.example.com/probe", ports=(Port.http(8080),))

ENV = Environment(
    name="{name}",
    domain="{name}.example.com",
    follows_apps={follows},
    promoted_from={promoted_from},
    namespace="work",
    zones=("a", "b"),
    log_level="info",
    git=Git(url="https://git.example.com/fleet.git"),
    sizes={{"S": Resources(cpu="50m", memory="64Mi"), "M": Resources(cpu="100m", memory="128Mi"),
           "L": Resources(cpu="200m", memory="256Mi")}},
    scales={{"S": Scale.fixed(2), "M": Scale.between(2, 4), "L": Scale.between(3, 9)}},
    apps=Cluster(quota=_QUOTA, gateway_replicas=Scale.fixed(1)),
    ops=Cluster(
        quota=_QUOTA,
        gateway_replicas=Scale.fixed(1),
        reference=Reference(service=_REFERENCE, image="{image}"),
    ),
)
'''

_SERVICE = '''"""A service."""

from constructs_lib import Port, Service

SERVICE = Service(
    name="{name}",
    owner="team-a",
    image="registry.example.com/{name}",
    ports=(Port.http(8080),),{more}
)
'''


@dataclass
class Repository:
    """A folder with `apps/`, `envs/` and `releases/`; its own copy of the library where a test changes that."""

    root: Path
    cache: Path
    environment: dict[str, str] = field(default_factory=dict)

    def write(self, path: str, text: str) -> Path:
        """Write a file."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def replace(self, path: str, old: str, new: str) -> None:
        """Change a file; the old text must be there."""
        text = (self.root / path).read_text(encoding="utf-8")
        assert old in text, f"{path} does not hold {old!r}"
        self.write(path, text.replace(old, new))

    def service(self, name: str, more: str = "") -> None:
        """Add or change a service; `more` are further fields."""
        fields = f"\n    {more}" if more else ""
        self.write(f"apps/{name.replace('-', '_')}.py", _SERVICE.format(name=name, more=fields))

    def add_environment(self, name: str, *, follows: bool = False, promoted_from: str | None = None) -> None:
        """Add an environment."""
        text = _ENVIRONMENT.format(name=name, follows=follows, promoted_from=repr(promoted_from), image=IMAGE)
        self.write(f"envs/{name.replace('-', '_')}.py", text)

    def variables(self, **environment: str) -> dict[str, str]:
        """The process environment of what runs in the repository."""
        library = self.root if (self.root / "constructs_lib").is_dir() else ROOT
        return {
            **{key: value for key, value in os.environ.items() if key not in ("CI", "DESIRED_CACHE")},
            "PYTHONPATH": str(library),
            "DESIRED_CACHE_DIR": str(self.cache),
            **self.environment,
            **environment,
        }

    def run(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a module of Python in the repository."""
        command, variables = [sys.executable, "-m", *words], self.variables(**environment)
        return subprocess.run(command, cwd=self.root, env=variables, capture_output=True, text=True, check=False)

    def synth(self, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the app that `cdk8s synth` runs."""
        return self.run("envs", **environment)

    def release(self, environment: str, *services: str) -> None:
        """Write first releases."""
        first_releases.write(self.root, environment, dict.fromkeys(services, IMAGE), self.variables())

    def tree(self, folder: str = "manifests") -> dict[str, str]:
        """All files below a folder, by path."""
        base = self.root / folder
        return {
            str(file.relative_to(base)): file.read_text(encoding="utf-8")
            for file in sorted(base.rglob("*"))
            if file.is_file()
        }

    def git(self, *words: str) -> str:
        """Run git in the repository; returns what it prints."""
        identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"]
        done = subprocess.run(["git", *identity, *words], cwd=self.root, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def commit(self) -> str:
        """Commit everything; returns the commit."""
        if not (self.root / ".git").is_dir():
            self.git("init", "-q", "-b", "main")
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "change")
        return self.git("rev-parse", "HEAD")

    def own_library(self) -> None:
        """Give the repository its own copy of the library and its lock."""
        skipped = shutil.ignore_patterns("__pycache__")
        for package in ("constructs_lib", "desired"):
            shutil.copytree(ROOT / package, self.root / package, ignore=skipped)
        self.write("locks/synth.txt", (ROOT / "locks" / "synth.txt").read_text())


def repository(folder: Path) -> Repository:
    """Two environments, `first` which follows `apps/` and `second` which is promoted from it, and no service."""
    made = Repository(folder / "repository", folder / "cache")
    for name in ("__init__", "__main__", "render"):
        made.write(f"envs/{name}.py", (ROOT / "envs" / f"{name}.py").read_text())
    made.write("envs/compose.py", _COMPOSE)
    made.write("apps/__init__.py", "")
    made.add_environment("first", follows=True)
    made.add_environment("second", promoted_from="first")
    return made


_COMPOSE = (ROOT / "envs" / "compose.py").read_text()
