"""A copy of the repository whose releases the tests change, as operations would, and what its code makes of them."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from constructs_lib import Release, Rollout
from desired.render.yaml import dump
from testbed.api import Api, Ref

ROOT = Path(__file__).resolve().parents[3]
_COPIED = ("apps", "envs", "releases", "manifests", "locks")
_NEW_IMAGE = "ghcr.io/open-telemetry/demo@sha256:" + "0" * 56 + "5ca1ab1e"
FLUX = "kustomize-controller"
"""As whom we apply, so that Flux finds the fields that are its own."""
_ENVIRONMENT, CLUSTER = "prod", "prod-apps"

Tree = dict[str, str]
"""Manifests of the applications: texts by path."""


class Steps(NamedTuple):
    """What the manifests are at each step of a rollout."""

    before: Tree
    entered: Tree
    """The new slot runs, at share 0."""
    canary: Tree
    """At share 40."""
    everything: Tree
    """At share 100."""
    finalized: Tree
    closed: Tree
    """The old slot is gone."""


class Fleet:
    """The copy, in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "repository"
        for name in _COPIED:
            shutil.copytree(ROOT / name, self.root / name, ignore=shutil.ignore_patterns("__pycache__"))

    @property
    def manifests(self) -> Path:
        """Those of the cluster."""
        return self.root / "manifests" / CLUSTER

    def rollouts(self, *services: str) -> Steps:
        """Rollouts side by side, each of one of these services, from the stable slot to a new version in the other.

        The copy is as it was afterwards.
        """
        before = self.rendered()
        entered, canary, everything = (self._rendered(services, share, "open") for share in (0, 40, 100))
        finalized = self._rendered(services, 100, "finalized")
        closed = self._rendered(services, None, "closed")
        shutil.rmtree(self.root / "releases")
        shutil.copytree(ROOT / "releases", self.root / "releases")
        assert self.rendered() == before
        return Steps(before, entered, canary, everything, finalized, closed)

    def write(self, service: str, share: int | None, phase: str) -> None:
        """The release of the service and its rollout, which moves it from blue to green; no share: it is closed."""
        folder = self.root / "releases" / _ENVIRONMENT
        original = ROOT / "releases" / _ENVIRONMENT / f"{service}.yaml"
        release: Any = yaml.safe_load(original.read_text(encoding="utf-8"))
        release["slots"]["green"] = {**release["slots"]["blue"], "image": _NEW_IMAGE, "ref": "2.3.0"}
        release["stable"] = "blue" if phase == "open" else "green"
        rollout = {"schema": 1, "phase": phase, "share": share, "members": {service: "green"}}
        file = folder / "rollouts" / f"{service}.yaml"
        if share is None:
            del release["slots"]["blue"]
            file.unlink()
        else:
            file.parent.mkdir(exist_ok=True)
            file.write_text(_checked(Rollout, rollout), encoding="utf-8")
        (folder / f"{service}.yaml").write_text(_checked(Release, release), encoding="utf-8")

    def rendered(self) -> Tree:
        """What our code makes of the copy now. Raises `AssertionError` with the sentences of a refusal."""
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-m", "envs"]
        done = subprocess.run(command, cwd=self.root, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        folder = self.manifests / "apps"
        files = (file for file in folder.rglob("*.yaml") if file.name != "kustomization.yaml")
        return {str(file.relative_to(folder)): file.read_text(encoding="utf-8") for file in files}

    def _rendered(self, services: Iterable[str], share: int | None, phase: str) -> Tree:
        for service in services:
            self.write(service, share, phase)
        return self.rendered()


def _checked(form: type[Release | Rollout], data: dict[str, Any]) -> str:
    form.model_validate(data)
    return dump(data)


def move(api: Api, old: Tree, new: Tree) -> float:
    """Applies what is new in a tree, then deletes what vanished, as Flux does. The Unix time when all was taken."""
    for path in sorted(path for path, text in new.items() if old.get(path) != text):
        api.apply(yaml.safe_load(new[path]), manager=FLUX)
    for path in sorted(old.keys() - new.keys()):
        api.delete(Ref.of(yaml.safe_load(old[path])))
    return time.time()
