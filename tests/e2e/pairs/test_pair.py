"""The life of a pair by the commands of people, with Cluster API's own controllers: from nothing to its end."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from stacks.observed import unhealthy
from testbed.api import Api, Object, Ref, Refused
from testbed.bed import Bed, Cluster
from testbed.cluster_api import ClusterApi
from testbed.process import until
from testbed.report import Record
from tests.e2e.pairs.ground import CLUSTER_API, CNPG, DATABASES, Code, environments, prepare, tools

CHAPTER = "Stacks"
PAIR = environments()[0]
OPS, APPS = f"{PAIR}-ops", f"{PAIR}-apps"
_SECONDS = 400


class Living:
    """A management cluster with Cluster API, clusters that stand for the two of the pair, and a copy of the code."""

    def __init__(self, code: Code, clusters: dict[str, Cluster]) -> None:
        self.code = code
        self.api: Api = clusters["management"].api
        self.standing = clusters
        folder = code.root / ".scratch" / "kubeconfigs"
        folder.mkdir(parents=True)
        for name, cluster in clusters.items():
            (folder / name).write_text(cluster.kubeconfig.read_text(encoding="utf-8"), encoding="utf-8")

    def stack(self, task: str, *words: str) -> subprocess.CompletedProcess[str]:
        """`make stack` (task `plan`) or `make stack-up` (`up`), as the Makefile runs it without the command pulumi."""
        return self._run("testbed.demonstration", task, "-e", PAIR, *words)

    def pulumi(self, task: str, name: str, *words: str) -> dict[str, Any]:
        """One stack; what was done."""
        done = self._run("testbed.pulumi", task, "-s", name, "--json", *words)
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def refused(self, name: str) -> str:
        """What `up` says that does not do it."""
        done = self._run("testbed.pulumi", "up", "-s", name)
        assert done.returncode == 1
        return done.stderr

    def cluster(self, name: str) -> Object | None:
        """The Cluster of that name."""
        return self.api.get(Ref(CLUSTER_API, "Cluster", name, name))

    def available(self, name: str) -> float:
        """Waits until it is what its topology says; the seconds that it took."""
        return until(lambda: unhealthy(self.cluster(name), name) or True, f"{name} is Available", 240, pause=0.5)

    def machines(self, name: str) -> list[Object]:
        """Those of a cluster."""
        return self.api.list(CLUSTER_API, "Machine", name)

    def versions(self, name: str) -> set[str]:
        """Of Kubernetes on the machines of a cluster."""
        return {machine["spec"]["version"] for machine in self.machines(name)}

    def _run(self, module: str, *words: str) -> subprocess.CompletedProcess[str]:
        env = {key: value for key, value in os.environ.items() if key not in ("KUBECONFIG", "PYTHONPATH")}
        env |= {"PATH": f"{os.path.dirname(sys.executable)}{os.pathsep}{env['PATH']}", "COLUMNS": "160"}
        if module == "testbed.pulumi":
            env["KUBECONFIG"] = str(self.code.root / ".scratch" / "kubeconfigs" / "management")
        command = [sys.executable, "-m", module, *words]
        return subprocess.run(
            command, cwd=self.code.root, env=env, capture_output=True, text=True, check=False, timeout=_SECONDS
        )


@pytest.fixture(scope="module")
def living(bed: Bed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Living]:
    tools()
    with (
        bed.cluster("management", kwok=False) as management,
        ClusterApi(management),
        bed.cluster(OPS, kwok=False) as ops,
        bed.cluster(APPS, kwok=False) as apps,
    ):
        for cluster in (ops, apps):
            prepare(cluster)
        code = Code.copied(tmp_path_factory.mktemp("living") / "code")
        made = Living(code, {"management": management, OPS: ops, APPS: apps})
        made.pulumi("up", "management")
        yield made


def test_the_webhooks_of_cluster_api_are_asked(living: Living) -> None:
    meta = {"name": OPS, "namespace": OPS, "labels": {"desired.dev/owner": "somebody"}}
    nonsense = {"topology": {"classRef": {"name": "none"}, "version": "banana"}}
    with pytest.raises(Refused, match=r"admission webhook .* must be a valid semantic version"):
        living.api.apply({"apiVersion": CLUSTER_API, "kind": "Cluster", "metadata": meta, "spec": nonsense})


def test_the_plan_of_a_pair_shows_both_clusters_and_changes_nothing(living: Living) -> None:
    done = living.stack("plan")
    assert done.returncode == 0, done.stderr
    for name in (OPS, APPS):
        assert f"{name}:\n" in done.stdout
        assert f"+ {name}/{name}  Cluster" in done.stdout
        assert living.cluster(name) is None
    assert f"{APPS} stays as it is: {OPS} was not made yet" in done.stdout
    assert "stands in for it, for tests and demonstration only" in done.stderr


def test_one_command_brings_up_the_pair_ops_first_with_its_databases(living: Living, record: Record) -> None:
    assert f"{APPS} stays as it is: {OPS} was not made yet" in living.refused(APPS)
    began = time.monotonic()
    done = living.stack("up")
    assert done.returncode == 0, done.stderr
    seconds = time.monotonic() - began
    record.measure(
        CHAPTER, "`make stack-up`: from nothing to a pair that is Available, with its databases", seconds, "s"
    )
    for name in (OPS, APPS):
        assert unhealthy(living.cluster(name), name) is None
        assert living.standing[name].api.get(Ref(CNPG, "Cluster", "postgres", DATABASES)) is not None
        again = living.pulumi("up", name, "--refresh")
        assert {step["action"] for step in again["steps"]} <= {"same", "read"}
    wanted = {item["metadata"]["name"] for item in living.standing[APPS].api.list(CNPG, "Database", DATABASES)}
    assert set(again["outputs"]["databaseSecrets"]) == wanted != set()
    assert len(living.machines(APPS)) > len(living.machines(OPS))


def test_what_a_cluster_begins_with_is_carried_into_it(living: Living) -> None:
    bindings = living.api.list("addons.cluster.x-k8s.io/v1beta2", "ClusterResourceSetBinding", OPS)
    carried = [binding for each in bindings for binding in each["spec"]["bindings"]]
    names = {resource["name"] for binding in carried for resource in binding["resources"]}
    assert names == {"bootstrap-install", "bootstrap-credentials", "bootstrap-sync"}


def test_a_changed_size_changes_just_that(living: Living, record: Record) -> None:
    before = len(living.machines(APPS))
    living.code.replace(
        f"envs/{PAIR}.py", r'name="critical", size="M", min=1, max=1', 'name="critical", size="M", min=2, max=2'
    )
    done = living.pulumi("up", APPS)
    changed = [(step["name"], step["action"]) for step in done["steps"] if step["action"] not in ("same", "read")]
    assert changed == [(f"{APPS}/{APPS}", "update")]
    record.measure(CHAPTER, "a pool of two zones grows by a node in each", living.available(APPS), "s")
    assert len(living.machines(APPS)) == before + 2


def test_a_new_version_of_kubernetes_reaches_apps_only_once_ops_is_healthy_with_it(
    living: Living, record: Record
) -> None:
    living.code.replace(f"envs/{PAIR}.py", r'kubernetes="v1\.36\.\d+"', 'kubernetes="v1.36.9"')
    assert f"{OPS} was made from other inputs" in living.refused(APPS)
    living.pulumi("up", OPS)
    assert f"{APPS} stays as it is: {OPS} " in living.refused(APPS)
    assert "v1.36.9" not in living.versions(APPS)
    record.measure(CHAPTER, "an ops cluster is upgraded", living.available(OPS), "s")
    assert living.versions(OPS) == {"v1.36.9"}
    living.pulumi("up", APPS)
    living.available(APPS)
    assert living.versions(APPS) == {"v1.36.9"}


def test_another_content_of_the_class_is_another_class_that_the_cluster_moves_to(living: Living) -> None:
    before = {item["metadata"]["name"] for item in living.api.list(CLUSTER_API, "ClusterClass", OPS)}
    living.code.replace(
        "stacks/infrastructures/in-memory.yaml", "nodeStartupTimeoutSeconds: 900", "nodeStartupTimeoutSeconds: 901"
    )
    living.pulumi("up", OPS)
    living.available(OPS)
    after = {item["metadata"]["name"] for item in living.api.list(CLUSTER_API, "ClusterClass", OPS)}
    assert len(before) == len(after) == 1
    assert before != after
    living.pulumi("up", APPS)
    living.available(APPS)


def test_a_pair_that_is_not_protected_is_deleted_apps_first(living: Living, record: Record) -> None:
    began = time.monotonic()
    for name in (APPS, OPS):
        living.pulumi("destroy", name)
        assert living.cluster(name) is None
        assert living.machines(name) == []
        assert living.api.list(CLUSTER_API, "ClusterClass", name) == []
    record.measure(CHAPTER, "a pair is deleted", time.monotonic() - began, "s")
