"""A fork of this repository, as a team would have it: its own Git server, its own signing key, branches main and live.

It is written as operations and people write it: releases and code change, synth follows, one commit says so.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from desired.render.yaml import dump, load
from testbed.git_server import GitServer

ROOT = Path(__file__).resolve().parents[3]
PUBLISHER = "publisher"
"""Whose signature clusters accept."""
STRANGER = "stranger"


def image(number: int, name: str = "demo") -> str:
    """An image by digest; another one for each number."""
    return f"ghcr.io/open-telemetry/{name}@sha256:{number:064x}"


class Repository:
    """The fork, a clone in `folder` that may push to the server."""

    def __init__(self, folder: Path, server: GitServer) -> None:
        self.root = folder / "clone"
        self.server = server
        self._keys = folder / "keys"
        self._keys.mkdir(parents=True)
        for name in (PUBLISHER, STRANGER):
            words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(self._keys / name)]
            subprocess.run(words, check=True)
        self._copy()
        self.replace("envs/shared.py", r'(GIT = Git\(\s*url=)"[^"]+"', rf'\1"{server.url}"')
        self.git("init", "-q", "-b", "main")

    @property
    def signer(self) -> str:
        """The public key of the publisher."""
        return (self._keys / f"{PUBLISHER}.pub").read_text(encoding="utf-8")

    def manifests(self, cluster: str) -> Path:
        """The folder of a cluster."""
        return self.root / "manifests" / cluster

    def git(self, *words: str) -> str:
        """What git says in the clone."""
        done = subprocess.run(["git", *words], cwd=self.root, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def replace(self, path: str, pattern: str, new: str) -> None:
        """Changes the first place of a file that matches; there must be one."""
        file = self.root / path
        text, count = re.subn(pattern, new, file.read_text(encoding="utf-8"), count=1)
        assert count, f"{path} has nothing like {pattern}"
        file.write_text(text, encoding="utf-8")

    def release(self, service: str) -> Any:
        """The release of a service in prod, as data."""
        return load((self._releases / f"{service}.yaml").read_text(encoding="utf-8"))

    def write(self, name: str, content: Any) -> None:
        """Writes a file of prod's releases: `cart`, `rollouts/cart`, `platform`."""
        file = self._releases / f"{name}.yaml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(dump(content), encoding="utf-8")

    def remove(self, name: str) -> None:
        """Removes a file of prod's releases."""
        (self._releases / f"{name}.yaml").unlink()

    def deploy(self, service: str, image: str, slot: str = "blue") -> None:
        """Gives a slot of the service this image; the slot is a copy of the stable one if it was not there."""
        release = self.release(service)
        version = release["slots"].get(slot) or release["slots"][release["stable"]]
        spec = {**version["spec"], "image": image.partition("@")[0]}
        release["slots"][slot] = {**version, "image": image, "spec": spec}
        self.write(service, release)

    def canary(self, service: str, share: int) -> None:
        """Sets the share of the service's green slot: a rollout of size one."""
        self.write(f"rollouts/{service}", {"schema": 1, "phase": "open", "share": share, "members": {service: "green"}})

    def synth(self) -> None:
        """Writes the manifests."""
        # In CI the cache is not trusted: there it would be the pipeline's, here it is this run's own.
        env = {key: value for key, value in os.environ.items() if key not in ("CI", "DESIRED_CACHE")}
        env |= {"PYTHONPATH": str(self.root), "DESIRED_CACHE_DIR": str(self.root.parent / "cache")}
        command = [sys.executable, "-m", "envs"]
        done = subprocess.run(command, cwd=self.root, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def commit(self, message: str, signer: str | None = PUBLISHER) -> str:
        """Commits all that changed, signed or not; the commit's id."""
        self.git("add", "-A")
        self.git(*self._identity(signer), "commit", "-q", "-m", message)
        return self.git("rev-parse", "HEAD")

    def revert(self, commit: str) -> str:
        """A commit that takes another one back; its id."""
        self.git(*self._identity(PUBLISHER), "revert", "--no-edit", commit)
        return self.git("rev-parse", "HEAD")

    def push(self) -> float:
        """Moves main and live to the clone's commit, both or none; when it began (`time.monotonic`)."""
        began = time.monotonic()
        self.git("push", "-q", "--atomic", self.server.push_url, "HEAD:refs/heads/main", "HEAD:refs/heads/live")
        return began

    def change(self, message: str) -> tuple[str, float]:
        """Synthesizes, commits and pushes; the commit's id, and when the push began."""
        self.synth()
        commit = self.commit(message)
        return commit, self.push()

    @property
    def _releases(self) -> Path:
        return self.root / "releases" / "prod"

    def _identity(self, signer: str | None) -> Sequence[str]:
        name = signer or "nobody"
        options = [f"user.name={name}", f"user.email={name}@example.com", f"commit.gpgsign={str(bool(signer)).lower()}"]
        options += ["gpg.format=ssh", f"user.signingkey={self._keys / name}"] if signer else []
        return [word for option in options for word in ("-c", option)]

    def _copy(self) -> None:
        """All that is in the repository, or would be with the next commit."""
        words = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split("\0")
        for path in filter(None, listed):
            if (ROOT / path).is_file():  # not one that was just deleted
                (self.root / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / path, self.root / path)
