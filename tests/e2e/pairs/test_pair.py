"""The life of a pair by the commands that people run, with Cluster API's own controllers."""

import time
from collections.abc import Iterator

import pytest

from constructs_lib.parts.names import DATABASES
from stacks.resources.observed import unhealthy
from testbed.api import Api, ApiError, Object, Ref
from testbed.bed import Bed, BedCluster
from testbed.cluster_api import ClusterApi
from testbed.process import until
from testbed.report import Record
from tests.e2e.pairs.accepting import CLUSTER_API, CNPG, PAIRS, POSTGRES, add_database_namespace, kubectl_on_path
from tests.e2e.pairs.commands import Code, Commands

CHAPTER = "Stacks"
PAIR = PAIRS[0]
OPS, APPS = f"{PAIR}-ops", f"{PAIR}-apps"
_SECONDS = 600


class LivingPair:
    """A management cluster with Cluster API, clusters that stand for the two of the pair, and a copy of the code."""

    def __init__(self, commands: Commands, api: Api, standing: dict[str, BedCluster]) -> None:
        self.commands = commands
        self.code = commands.code
        self.api = api
        self.standing = standing

    def cluster(self, name: str) -> Object | None:
        """The Cluster of that name."""
        return self.api.get(Ref(CLUSTER_API, "Cluster", name, name))

    def available(self, name: str) -> float:
        """Waits until the cluster matches its topology. Returns the seconds that it took."""
        return until(lambda: unhealthy(self.cluster(name), name) or True, f"{name} is Available", _SECONDS, pause=0.5)

    def machines(self, name: str) -> list[Object]:
        """The Machines of a cluster."""
        return self.api.list(CLUSTER_API, "Machine", name)

    def versions(self, name: str) -> set[str]:
        """The versions of Kubernetes on the machines of a cluster."""
        return {machine["spec"]["version"] for machine in self.machines(name)}

    def classes(self, name: str) -> set[str]:
        """The names of the ClusterClasses of a cluster, old and new."""
        return {item["metadata"]["name"] for item in self.api.list(CLUSTER_API, "ClusterClass", name)}


@pytest.fixture(scope="module")
def living(bed: Bed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LivingPair]:
    kubectl_on_path()
    with (
        bed.cluster("management", kwok=False) as management,
        ClusterApi(management),
        bed.cluster(OPS, kwok=False) as ops,
        bed.cluster(APPS, kwok=False) as apps,
    ):
        for cluster in (ops, apps):
            add_database_namespace(cluster)
        code = Code.copied(tmp_path_factory.mktemp("living") / "code")
        commands = Commands(code, {"management": management, OPS: ops, APPS: apps})
        commands.up("management")
        yield LivingPair(commands, management.api, {OPS: ops, APPS: apps})


def test_the_webhooks_of_cluster_api_are_called(living: LivingPair) -> None:
    meta = {"name": OPS, "namespace": OPS, "labels": {"desired.dev/owner": "somebody"}}
    nonsense = {"topology": {"classRef": {"name": "none"}, "version": "banana"}}
    with pytest.raises(ApiError, match=r"admission webhook .* must be a valid semantic version"):
        living.api.apply({"apiVersion": CLUSTER_API, "kind": "Cluster", "metadata": meta, "spec": nonsense})


def test_the_plan_of_a_pair_shows_both_clusters_and_changes_nothing(living: LivingPair) -> None:
    printed = living.commands.make("plan", PAIR)
    for name in (OPS, APPS):
        assert f"{name}:\n" in printed
        assert f"+ {name}/{name}  Cluster" in printed
        assert living.cluster(name) is None
    assert f"{APPS} was not changed: {OPS} does not exist yet" in printed
    assert "pulumi is not on PATH: a stand-in for demonstrations is used" in printed


def test_one_command_brings_up_the_pair_ops_first_with_its_databases(living: LivingPair, record: Record) -> None:
    assert f"{APPS} was not changed: {OPS} does not exist yet" in living.commands.refusal(APPS)
    began = time.monotonic()
    living.commands.make("up", PAIR)
    seconds = time.monotonic() - began
    record.measure(
        CHAPTER, "`make stack-up`: from nothing to a pair that is Available, with its databases", seconds, "s"
    )
    for name in (OPS, APPS):
        assert unhealthy(living.cluster(name), name) is None
        assert living.standing[name].api.get(POSTGRES) is not None
        assert living.commands.up(name) == []
    assert living.standing[APPS].api.list(CNPG, "Database", DATABASES) != []
    assert len(living.machines(APPS)) > len(living.machines(OPS))


def test_a_new_cluster_gets_the_resource_sets_of_its_stack(living: LivingPair) -> None:
    bindings = living.api.list("addons.cluster.x-k8s.io/v1beta2", "ClusterResourceSetBinding", OPS)
    found = [binding for each in bindings for binding in each["spec"]["bindings"]]
    names = {resource["name"] for binding in found for resource in binding["resources"]}
    assert names == {"bootstrap-install", "bootstrap-credentials", "bootstrap-sync"}


def test_a_changed_pool_changes_only_its_cluster(living: LivingPair, record: Record) -> None:
    before = len(living.machines(APPS))
    living.code.replace(
        f"envs/{PAIR}.py", r'name="critical", size="M", min=1, max=1', 'name="critical", size="M", min=2, max=2'
    )
    assert [(step["name"], step["action"]) for step in living.commands.up(APPS)] == [(f"{APPS}/{APPS}", "update")]
    record.measure(CHAPTER, "a pool of two zones grows by a node in each", living.available(APPS), "s")
    assert len(living.machines(APPS)) == before + 2


def test_a_new_version_of_kubernetes_reaches_apps_after_ops_is_healthy_with_it(
    living: LivingPair, record: Record
) -> None:
    living.code.replace(f"envs/{PAIR}.py", r'kubernetes="v1\.36\.\d+"', 'kubernetes="v1.36.9"')
    assert f"{OPS} was made from other inputs" in living.commands.refusal(APPS)
    living.commands.up(OPS)
    assert f"{APPS} was not changed: " in living.commands.refusal(APPS)
    assert "v1.36.9" not in living.versions(APPS)
    record.measure(CHAPTER, "an ops cluster is upgraded", living.available(OPS), "s")
    assert living.versions(OPS) == {"v1.36.9"}
    living.commands.up(APPS)
    living.available(APPS)
    assert living.versions(APPS) == {"v1.36.9"}


def test_a_cluster_moves_to_a_changed_class(living: LivingPair) -> None:
    (before,) = living.classes(OPS)
    living.code.replace(
        "stacks/infrastructures/in-memory.yaml", "nodeStartupTimeoutSeconds: 900", "nodeStartupTimeoutSeconds: 901"
    )
    living.commands.up(OPS)
    living.available(OPS)
    (after,) = living.classes(OPS) - {before}
    cluster = living.cluster(OPS)
    assert cluster is not None
    assert cluster["spec"]["topology"]["classRef"]["name"] == after
    # Pulumi deletes the old class, and Cluster API allows it because no cluster uses it.
    living.api.delete(Ref(CLUSTER_API, "ClusterClass", before, OPS))


def test_an_unprotected_pair_is_deleted_apps_first(living: LivingPair, record: Record) -> None:
    began = time.monotonic()
    for name in (APPS, OPS):
        # As Pulumi does by the annotation of the Cluster.
        cluster = living.cluster(name)
        assert cluster is not None
        policy = cluster["metadata"]["annotations"]["pulumi.com/deletionPropagationPolicy"]
        living.api.delete(Ref.of(cluster), propagation=policy.capitalize())
        until(lambda name=name: living.cluster(name) is None, f"{name} is deleted", _SECONDS)  # type: ignore[misc]
        assert living.machines(name) == []
    record.measure(CHAPTER, "a pair is deleted", time.monotonic() - began, "s")
