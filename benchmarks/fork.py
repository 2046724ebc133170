"""A generated fleet as a repository that operations are done on."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from hashlib import sha256
from pathlib import Path
from typing import Any

from desired.core.operations import OPERATION, Intent
from desired.git import run_git
from desired.publish.publisher import Publisher

from .fleet import ROOT, GeneratedFleet, generate, variables

ACTOR = "Bench <bench@example.com>"


class Fork:
    """A generated fleet in a bare remote repository, with a clone."""

    def __init__(self, folder: Path, services: int) -> None:
        self.fleet: GeneratedFleet = generate(folder / "fleet", services)
        self.services, self.remote, self.clone = services, folder / "remote.git", folder / "clone"
        (self.fleet.folder / "locks").mkdir()
        (self.fleet.folder / "locks" / "synth.txt").write_bytes((ROOT / "locks" / "synth.txt").read_bytes())
        (self.fleet.folder / ".gitignore").write_text(".cache/\n.scratch/\n__pycache__/\n")
        self.variables = variables(self.fleet.folder)
        subprocess.run(self.fleet.command(), cwd=self.fleet.folder, env=self.variables, check=True, capture_output=True)
        for words in (("init", "-q", "-b", "main"), ("add", "-A"), ("commit", "-q", "-m", "A fleet")):
            self.git(self.fleet.folder, *words)
        self.git(folder, "clone", "-q", "--bare", str(self.fleet.folder), str(self.remote))
        self.git(folder, "clone", "-q", str(self.remote), str(self.clone))
        os.environ["DESIRED_CACHE_DIR"] = self.variables["DESIRED_CACHE_DIR"]

    def git(self, folder: Path, *words: str) -> str:
        """Run git, and return its output."""
        identity = ("-c", "user.name=Bench", "-c", "user.email=bench@example.com", "-c", "commit.gpgsign=false")
        done = run_git(*identity, *words, folder=folder)
        done.check_returncode()
        return done.stdout.decode().strip()

    def publisher(self) -> Publisher:
        """Return an open publisher of the clone."""
        return Publisher.open(self.clone, "origin")

    def desired(self, *words: str) -> None:
        """Run the command line in a separate process."""
        command = [sys.executable, "-c", "from desired.cli import main; main()", "-C", str(self.clone)]
        command += ["--actor", ACTOR, *words]
        subprocess.run(
            command, env={**self.variables, "PYTHONPATH": str(ROOT)}, check=True, capture_output=True, cwd=self.clone
        )

    def image(self, service: str, number: int) -> str:
        """Return an image of a service, different for each number."""
        return f"registry.example.com/fleet/{service}@sha256:{sha256(str(number).encode()).hexdigest()}"


def ask(publisher: Publisher, **given: Any) -> None:
    """Perform an operation."""
    operation = OPERATION.validate_python(given)
    head = publisher.branches.main
    publisher.perform(
        Intent(operation=operation, actor=ACTOR, expected=head, key=uuid.uuid4().hex), lambda environment: None
    )
