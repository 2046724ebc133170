"""API servers with the real definitions and no controllers of Cluster API, and the stacks on them."""

import contextlib
import json
import os
import threading
from collections.abc import Mapping
from typing import Any

from constructs_lib.parts.names import DATABASES
from desired.render.fleet import load_environments
from stacks.resources.settings import MANAGEMENT, PROJECT
from testbed.api import Api, ApiError, Object, Ref, read
from testbed.bed import BedCluster
from testbed.programs.build import program
from testbed.pulumi.__main__ import settings
from testbed.pulumi.monitor import Monitor, run
from testbed.pulumi.plan import Step
from tests.e2e.pairs.commands import ROOT

CLUSTER_API = "cluster.x-k8s.io/v1beta2"
CNPG = "postgresql.cnpg.io/v1"
POSTGRES = Ref(CNPG, "Cluster", "postgres", DATABASES)
SECRETS = {
    key: f"secret-{key}-of-the-stack"
    for key in ("gitPassword", "receiverToken", "alertAddress", "databaseSeed", "backupKeyId", "backupKey")
}
_DATABASE_OBJECTS = {
    CNPG: ("Database", "Pooler", "ScheduledBackup", "Cluster"),
    "barmancloud.cnpg.io/v1": ("ObjectStore",),
    "monitoring.coreos.com/v1": ("PodMonitor",),
    "v1": ("Secret",),
}
PAIRS = [name for name, each in load_environments("envs").items() if each.pair]
"""The environments that have a pair."""


class Stacks:
    """The stacks of this repository on one management cluster."""

    def __init__(self, management: BedCluster, standing: Mapping[str, BedCluster]) -> None:
        """`standing` are clusters that stand for those which the stacks make, by role: `ops` and `apps`."""
        self.management = management
        self._standing = standing
        self._outputs: dict[str, dict[str, Any]] = {}

    @property
    def api(self) -> Api:
        """The management cluster's API server."""
        return self.management.api

    def standing(self, stack: str) -> Api:
        """The API server that stands for the cluster of a stack."""
        return self._standing[stack.rpartition("-")[2]].api

    def up(self, stack: str, preview: bool = False, reached: bool = True, **changed: Any) -> Monitor:
        """Brings up a stack with the committed settings, secrets, and changed settings.

        Unless `reached`, the cluster is reached by the kubeconfig in the Secret that Cluster API makes.
        """
        os.environ["KUBECONFIG"] = str(self.management.kubeconfig)
        secret = {} if stack == MANAGEMENT else {**SECRETS, **(self._kubeconfig(stack) if reached else {})}
        config = {**settings(stack), **{key: json.dumps(value) for key, value in changed.items()}, **secret}
        monitor = Monitor(preview, lambda name: self._outputs[name.rpartition("/")[2]])
        keys = [f"{PROJECT}:{key}" for key in secret]
        run(
            ROOT / "stacks" / "resources",
            PROJECT,
            stack,
            {f"{PROJECT}:{k}": v for k, v in config.items()},
            keys,
            monitor,
        )
        if not preview:
            self._outputs[stack] = monitor.outputs
        return monitor

    def up_with_database(self, stack: str) -> None:
        """Brings up a stack, says that its cluster is Available, and brings it up again with its database."""
        self.up(stack)
        self.is_available(stack)
        self.up(stack)

    def empty(self, stack: str) -> None:
        """Removes the database objects of other stacks from the cluster that stands for this one."""
        api = self.standing(stack)
        for version, kinds in _DATABASE_OBJECTS.items():
            for kind in kinds:
                for item in api.list(version, kind, DATABASES):
                    api.delete(Ref.of(item))

    def is_available(self, stack: str) -> None:
        """Says of a cluster, in place of Cluster API's controllers, that it matches its topology."""
        ref = Ref(CLUSTER_API, "Cluster", stack, stack)
        cluster = self.api.get(ref)
        assert cluster is not None
        conditions = {"TopologyReconciled": "True", "RollingOut": "False", "Available": "True"}
        status = {
            "observedGeneration": cluster["metadata"]["generation"],
            "initialization": {"controlPlaneInitialized": True, "infrastructureProvisioned": True},
            "conditions": [_condition(kind, status) for kind, status in conditions.items()],
        }
        self.api.merge(ref, {"status": status}, part="status")

    def _kubeconfig(self, stack: str) -> dict[str, str]:
        file = self._standing[stack.rpartition("-")[2]].kubeconfig
        return {"kubeconfig": file.read_text(encoding="utf-8")}


def reconcile_classes(api: Api, end: threading.Event) -> None:
    """Says of every ClusterClass, in place of Cluster API's controllers, that it is reconciled. Runs until the end."""
    while not end.wait(0.1):
        for item in api.list(CLUSTER_API, "ClusterClass"):
            if not item.get("status", {}).get("conditions"):
                ready = _condition("VariablesReady", "True")
                with contextlib.suppress(ApiError):  # the class may be deleted by now
                    api.merge(Ref.of(item), {"status": {"conditions": [ready]}}, part="status")


def changes(made: Monitor) -> list[Step]:
    """The steps of a run that create or update something."""
    return [step for step in made.steps if step.action in ("create", "update")]


def _condition(kind: str, status: str) -> Object:
    moment = "2026-01-01T00:00:00Z"
    return {"type": kind, "status": status, "reason": "Said", "message": "", "lastTransitionTime": moment}


def add_database_namespace(cluster: BedCluster) -> None:
    """Adds the one thing that a database needs and that the bed's definitions lack: Flux would bring it."""
    folder = ROOT / "manifests" / f"{PAIRS[0]}-ops" / "platform" / "namespaces"
    for item in read([folder / f"namespace-{DATABASES}.yaml"]):
        cluster.api.apply(item)


def kubectl_on_path() -> None:
    """Puts the bed's kubectl first on PATH, because the stacks read clusters with it."""
    os.environ["PATH"] = f"{program('kubectl').parent}{os.pathsep}{os.environ['PATH']}"
