"""The stacks of this repository, or of a changed copy, on API servers: one to manage, others standing for clusters."""

import contextlib
import os
import re
import shutil
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from desired.render.fleet import load_environments
from stacks.program import side_of
from stacks.settings import MANAGEMENT, PROJECT
from testbed.api import Api, Object, Ref, Refused, read
from testbed.bed import Cluster
from testbed.programs.build import program
from testbed.pulumi import Outcome, Stack
from testbed.pulumi.__main__ import settings

ROOT = Path(__file__).resolve().parents[3]
CLUSTER_API = "cluster.x-k8s.io/v1beta2"
CNPG = "postgresql.cnpg.io/v1"
DATABASES = "databases"
SECRETS = {
    key: f"secret-{key}-of-the-stack"
    for key in ("gitPassword", "receiverToken", "alertAddress", "databaseSeed", "backupKeyId", "backupKey")
}
_HELD = {
    CNPG: ("Database", "Pooler", "ScheduledBackup", "Cluster"),
    "barmancloud.cnpg.io/v1": ("ObjectStore",),
    "monitoring.coreos.com/v1": ("PodMonitor",),
    "v1": ("Secret",),
}
_COPIED = ("apps", "constructs_lib", "envs", "locks", "stacks", "testbed")


class Code:
    """What stacks are made from, in a folder."""

    def __init__(self, root: Path = ROOT) -> None:
        self.root = root

    @classmethod
    def copied(cls, folder: Path) -> "Code":
        """A copy of this repository's, to be changed as people change it."""
        for name in _COPIED:
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        for cluster in (ROOT / "manifests").iterdir():
            shutil.copytree(cluster / "platform", folder / "manifests" / cluster.name / "platform")
        return cls(folder)

    def replace(self, path: str, pattern: str, new: str) -> None:
        """Changes the first place of a file that matches; there must be one."""
        file = self.root / path
        text, count = re.subn(pattern, new, file.read_text(encoding="utf-8"), count=1)
        assert count, f"{path} has nothing like {pattern}"
        file.write_text(text, encoding="utf-8")


class Ground:
    """Stacks on one management cluster; `standing` are the clusters that stand for those which the stacks make."""

    def __init__(self, management: Cluster, standing: dict[str, Cluster], states: Path) -> None:
        self.management = management
        self.standing = standing
        self.states = states
        self.secrets = SECRETS
        self.code = Code()
        self._told: dict[str, dict[str, Any]] = {}

    @property
    def api(self) -> Api:
        """The management cluster's API server."""
        return self.management.api

    def stack(self, name: str, told: dict[str, Any] | None = None, fail_after: int | None = None) -> Stack:
        """A stack with the settings in Git, made-up secrets, and what it is told beside them."""
        os.environ["KUBECONFIG"] = str(self.management.kubeconfig)
        secrets = {} if name == MANAGEMENT else SECRETS | self.secrets | self._kubeconfig(name)
        config = {**settings(name), **(told or {})}
        self._told[name] = told or {}
        return Stack(
            name,
            self.code.root / "stacks",
            self.states,
            config,
            secrets,
            project=PROJECT,
            fail_after=fail_after,
            seconds=120,
        )

    def _kubeconfig(self, name: str) -> dict[str, str]:
        found = self.standing.get(name)
        return {"kubeconfig": found.kubeconfig.read_text(encoding="utf-8")} if found else {}

    def answers(self, name: str) -> None:
        """Says of a cluster, in place of Cluster API's controllers, that it is what its topology says."""
        ref = Ref(CLUSTER_API, "Cluster", name, name)
        cluster = self.api.get(ref)
        assert cluster is not None
        said = {"TopologyReconciled": "True", "RollingOut": "False", "Available": "True"}
        conditions = [_condition(kind, status) for kind, status in said.items()]
        status = {
            "observedGeneration": cluster["metadata"]["generation"],
            "initialization": {"controlPlaneInitialized": True, "infrastructureProvisioned": True},
            "conditions": conditions,
        }
        self.api.merge(ref, {"status": status}, part="status")

    def takes_up_classes(self, end: threading.Event) -> None:
        """Says of every class, in place of Cluster API's controllers, that it is taken up, until the end."""
        while not end.wait(0.1):
            for item in self.api.list(CLUSTER_API, "ClusterClass"):
                if not item.get("status", {}).get("conditions"):
                    ready = _condition("VariablesReady", "True")
                    with contextlib.suppress(Refused):  # it may be gone by now
                        self.api.merge(Ref.of(item), {"status": {"conditions": [ready]}}, part="status")

    def up(self, environment: str) -> list[Outcome]:
        """Brings up the pair of an environment, ops first, with its databases: what each last `up` did."""
        done = []
        for role in ("ops", "apps"):
            name = f"{environment}-{role}"
            self.stack(name).up(skip_preview=True)
            self.answers(name)
            done.append(self.stack(name).up(skip_preview=True))
        return done

    def destroy(self, name: str, told: dict[str, Any] | None = None) -> None:
        """Destroys a stack. What its cluster holds goes with it; here the one that stands for it is wiped."""
        self.stack(name, told).destroy()
        api = self.standing[name].api
        for version, kinds in _HELD.items():
            for kind in kinds:
                for item in api.list(version, kind, DATABASES):
                    api.delete(Ref.of(item))

    def clean(self) -> None:
        """Takes all pairs away, in the two steps that people take."""
        for name in [f"{environment}-{role}" for environment in environments() for role in ("apps", "ops")]:
            if (self.states / f"{name}.json").exists():
                if (ops := name.replace("-apps", "-ops")) != name:
                    self.answers(ops)
                told = {**self._told[name], "unprotected": ["cluster", "database"]}
                if side_of(name, load_environments("envs")).pair.protected:
                    self.stack(name, told).up(skip_preview=True)
                self.destroy(name, told)
                (self.states / f"{name}.json").unlink()


def _condition(kind: str, status: str) -> Object:
    moment = "2026-01-01T00:00:00Z"
    return {"type": kind, "status": status, "reason": "Said", "message": "", "lastTransitionTime": moment}


def prepare(cluster: Cluster) -> None:
    """Gives a cluster what Flux would bring, as far as databases need it."""
    name = f"{environments()[0]}-ops"
    for item in read([ROOT / "manifests" / name / "platform" / "namespaces" / "namespace-databases.yaml"]):
        cluster.api.apply(item)


def tools() -> None:
    """The stacks look at clusters with kubectl: puts the bed's own first on PATH."""
    os.environ["PATH"] = f"{program('kubectl').parent}{os.pathsep}{os.environ['PATH']}"


def environments() -> list[str]:
    """Those that have a pair."""
    return [name for name, each in load_environments("envs").items() if each.pair]


def database(cluster: Cluster) -> Object:
    """The PostgreSQL of a cluster, as its API server has it."""
    found = cluster.api.get(Ref(CNPG, "Cluster", "postgres", DATABASES))
    assert found is not None
    return found


def warnings(outcomes: Iterable[Outcome]) -> list[str]:
    """All that was warned of."""
    return [message.text for outcome in outcomes for message in outcome.messages if message.level == "warning"]
