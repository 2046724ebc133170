"""The life of a pair with Cluster API's own controllers: it becomes Available, is scaled, upgraded and deleted."""

import time
from collections.abc import Iterator

import pytest

from stacks.observed import unhealthy
from stacks.settings import MANAGEMENT
from testbed.api import Object, Ref, Refused
from testbed.bed import Bed
from testbed.cluster_api import ClusterApi
from testbed.process import until
from testbed.pulumi import Failed
from testbed.report import Record
from tests.e2e.pairs.ground import CLUSTER_API, CNPG, DATABASES, Code, Ground, environments, prepare, tools

CHAPTER = "Stacks"
PAIR = environments()[0]
OPS, APPS = f"{PAIR}-ops", f"{PAIR}-apps"


@pytest.fixture(scope="module")
def living(bed: Bed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """A management cluster with Cluster API, and clusters that stand for the two whose machines are in memory."""
    tools()
    folder = tmp_path_factory.mktemp("living")
    with (
        bed.cluster("management", kwok=False) as management,
        ClusterApi(management),
        bed.cluster(OPS, kwok=False) as ops,
        bed.cluster(APPS, kwok=False) as apps,
    ):
        for cluster in (ops, apps):
            prepare(cluster)
        made = Ground(management, {OPS: ops, APPS: apps}, folder / "states")
        made.states.mkdir()
        made.code = Code.copied(folder / "code")
        made.stack(MANAGEMENT).up(skip_preview=True)
        yield made


def _cluster(living: Ground, name: str) -> Object | None:
    return living.api.get(Ref(CLUSTER_API, "Cluster", name, name))


def _available(living: Ground, name: str) -> float:
    return until(lambda: unhealthy(_cluster(living, name), name) or True, f"{name} is Available", 240, pause=0.5)


def _refused(living: Ground, sentence: str) -> None:
    with pytest.raises(Failed, match=sentence):
        living.stack(APPS).up(skip_preview=True)


def test_the_webhooks_of_cluster_api_are_asked(living: Ground) -> None:
    meta = {"name": OPS, "namespace": OPS, "labels": {"desired.dev/owner": "somebody"}}
    nonsense = {"topology": {"classRef": {"name": "none"}, "version": "banana"}}
    with pytest.raises(Refused, match=r"admission webhook .* must be a valid semantic version"):
        living.api.apply({"apiVersion": CLUSTER_API, "kind": "Cluster", "metadata": meta, "spec": nonsense})


def test_ops_comes_first_and_then_apps_with_their_databases(living: Ground, record: Record) -> None:
    began = time.monotonic()
    _refused(living, f"{OPS} was not made yet")
    assert _cluster(living, APPS) is None
    living.stack(OPS).up(skip_preview=True)
    _refused(living, f"{APPS} stays as it is: {OPS} is not")
    _available(living, OPS)
    done = living.stack(OPS).up(skip_preview=True)
    assert "waiting" not in done.outputs
    living.stack(APPS).up(skip_preview=True)
    _available(living, APPS)
    done = living.stack(APPS).up(skip_preview=True)
    assert "waiting" not in done.outputs
    record.measure(
        CHAPTER, "from nothing to a pair that is Available, with its databases' objects", time.monotonic() - began, "s"
    )
    for name in (OPS, APPS):
        assert living.standing[name].api.get(Ref(CNPG, "Cluster", "postgres", DATABASES)) is not None
        assert not living.stack(name).up(refresh=True).changes
    wanted = {item["metadata"]["name"] for item in living.standing[APPS].api.list(CNPG, "Database", DATABASES)}
    assert set(done.outputs["databaseSecrets"]) == wanted != set()


def test_a_changed_size_changes_just_that(living: Ground, record: Record) -> None:
    before = len(living.api.list(CLUSTER_API, "Machine", APPS))
    living.code.replace(
        f"envs/{PAIR}.py", r'name="critical", size="M", min=1, max=1', 'name="critical", size="M", min=2, max=2'
    )
    done = living.stack(APPS).up(skip_preview=True)
    assert [(step.name, step.action) for step in done.changes] == [(f"{APPS}/{APPS}", "update")]
    record.measure(CHAPTER, "a pool of two zones grows by a node in each", _available(living, APPS), "s")
    assert len(living.api.list(CLUSTER_API, "Machine", APPS)) == before + 2


def test_a_new_version_of_kubernetes_reaches_apps_only_once_ops_is_healthy_with_it(
    living: Ground, record: Record
) -> None:
    living.code.replace(f"envs/{PAIR}.py", r'kubernetes="v1\.36\.\d+"', 'kubernetes="v1.36.9"')
    _refused(living, f"{OPS} was made from other inputs")
    living.stack(OPS).up(skip_preview=True)
    _refused(living, f"{APPS} stays as it is: {OPS} is not done with its last change|has not taken up")
    assert _versions(living, APPS) != {"v1.36.9"}
    record.measure(CHAPTER, "an ops cluster is upgraded", _available(living, OPS), "s")
    assert _versions(living, OPS) == {"v1.36.9"}
    living.stack(APPS).up(skip_preview=True)
    _available(living, APPS)
    assert _versions(living, APPS) == {"v1.36.9"}


def _versions(living: Ground, name: str) -> set[str]:
    return {machine["spec"]["version"] for machine in living.api.list(CLUSTER_API, "Machine", name)}


def test_another_content_of_the_class_is_another_class_that_the_cluster_moves_to(living: Ground) -> None:
    before = {item["metadata"]["name"] for item in living.api.list(CLUSTER_API, "ClusterClass", OPS)}
    living.code.replace(
        "stacks/infrastructures/in-memory.yaml", r"nodeStartupTimeoutSeconds: 900", "nodeStartupTimeoutSeconds: 901"
    )
    living.stack(OPS).up(skip_preview=True)
    _available(living, OPS)
    after = {item["metadata"]["name"] for item in living.api.list(CLUSTER_API, "ClusterClass", OPS)}
    assert len(before) == len(after) == 1
    assert before != after
    living.stack(APPS).up(skip_preview=True)
    _available(living, APPS)


def test_what_a_cluster_begins_with_is_carried_into_it(living: Ground) -> None:
    bindings = living.api.list("addons.cluster.x-k8s.io/v1beta2", "ClusterResourceSetBinding", OPS)
    named = {
        resource["name"]
        for each in bindings
        for binding in each["spec"]["bindings"]
        for resource in binding["resources"]
    }
    assert named == {"bootstrap-install", "bootstrap-credentials", "bootstrap-sync"}


def test_a_pair_that_is_not_protected_is_deleted_apps_first(living: Ground, record: Record) -> None:
    began = time.monotonic()
    for name in (APPS, OPS):
        living.stack(name).destroy()
        assert _cluster(living, name) is None
        assert living.api.list(CLUSTER_API, "Machine", name) == []
        assert living.api.list(CLUSTER_API, "ClusterClass", name) == []
    record.measure(CHAPTER, "a pair is deleted", time.monotonic() - began, "s")
