"""A copy of this repository, and the commands that people run in it to bring up a pair."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from stacks.resources.settings import PROJECT
from testbed.bed import BedCluster

ROOT = Path(__file__).resolve().parents[3]
_SECONDS = 900
_COPIED = ("apps", "constructs_lib", "desired", "envs", "locks", "stacks", "testbed")


class Code:
    """The files that stacks are made from."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @classmethod
    def copied(cls, folder: Path) -> "Code":
        """A copy of this repository that a test may change."""
        for name in _COPIED:
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        for cluster in (ROOT / "manifests").iterdir():
            shutil.copytree(cluster / "platform", folder / "manifests" / cluster.name / "platform")
        return cls(folder)

    def replace(self, path: str, pattern: str, new: str) -> None:
        """Changes the first match in a file. There must be one."""
        file = self.root / path
        text, count = re.subn(pattern, new, file.read_text(encoding="utf-8"), count=1)
        assert count, f"{path} does not match {pattern}"
        file.write_text(text, encoding="utf-8")

    def set(self, stack: str, settings: Mapping[str, Any]) -> None:
        """Changes settings in `Pulumi.<stack>.yaml`."""
        file = self.root / "stacks" / f"Pulumi.{stack}.yaml"
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
        content["config"] |= {f"{PROJECT}:{key}": value for key, value in settings.items()}
        file.write_text(yaml.safe_dump(content), encoding="utf-8")


class Commands:
    """`make stack`, `make stack-up` and `pulumi`, as they run without the command `pulumi`."""

    def __init__(self, code: Code, clusters: Mapping[str, BedCluster]) -> None:
        """`clusters` are those of `make cluster` by name: the management cluster, and stand-ins for a pair's."""
        self.code = code
        self._kubeconfigs = code.root / ".scratch" / "kubeconfigs"
        self._kubeconfigs.mkdir(parents=True)
        for name, cluster in clusters.items():
            shutil.copy(cluster.kubeconfig, self._kubeconfigs / name)

    def secrets(self, stack: str, **secrets: str) -> None:
        """Sets secrets of a stack, instead of made-up ones. All of them."""
        file = self.code.root / ".scratch" / "stacks" / f"{stack}.secrets.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(secrets), encoding="utf-8")

    def make(self, task: str, environment: str) -> str:
        """`make stack` (task `plan`) or `make stack-up` (task `up`): what it printed."""
        return _succeeded(self._run("testbed.demonstration", task, "-e", environment))

    def up(self, stack: str) -> list[dict[str, Any]]:
        """`pulumi up`: the steps that changed something."""
        steps: list[dict[str, Any]] = json.loads(_succeeded(self._pulumi("up", stack)))["steps"]
        return [step for step in steps if step["action"] in ("create", "update")]

    def refusal(self, stack: str) -> str:
        """What a `pulumi up` prints that fails."""
        done = self._pulumi("up", stack)
        assert done.returncode == 1, done.stdout
        return done.stderr

    def _pulumi(self, task: str, stack: str) -> subprocess.CompletedProcess[str]:
        return self._run(
            "testbed.pulumi", task, "-s", stack, "--json", KUBECONFIG=str(self._kubeconfigs / "management")
        )

    def _run(self, module: str, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        env = {key: value for key, value in os.environ.items() if key not in ("KUBECONFIG", "PYTHONPATH")}
        env |= {"PATH": f"{os.path.dirname(sys.executable)}{os.pathsep}{env['PATH']}", "COLUMNS": "160", **environ}
        return subprocess.run(
            [sys.executable, "-m", module, *words],
            cwd=self.code.root,
            env=env,
            capture_output=True,
            text=True,
            check=False,
            timeout=_SECONDS,
        )


def _succeeded(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + (done.stderr if "--json" not in done.args else "")
