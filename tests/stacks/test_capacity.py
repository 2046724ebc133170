"""How many nodes the clusters need."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from constructs_lib import DatabaseClass, Pair, Pool, Pooler
from constructs_lib.values import Problem, Resources
from desired.render.fleet import load_environments
from stacks.capacity import RESERVED, Capacity, Load, Loads, Need, Nodes, as_markdown, capacity, loads, need, read
from stacks.infrastructure import load
from tests.support.fleet import environment
from tests.support.repository import ROOT

GI = 1024**3
NONE = DatabaseClass(resources=Resources(cpu="1m", memory="1Mi"))
ONE = Load(1, Decimal("0.001"), Decimal(1024**2))
"""The one instance of the smallest database, which is always there."""
SMALL, LARGE = Load(110, Decimal(2), Decimal(8 * GI)), Load(110, Decimal(8), Decimal(32 * GI))


def of(pods: int, cpu: str, gi: str) -> Load:
    return Load(pods, Decimal(cpu), Decimal(gi) * GI)


def workload(kind: str = "Deployment", name: str = "a", slot: str = "", **spec: Any) -> dict[str, Any]:
    labels = {"app.kubernetes.io/name": "a"} | ({"desired.dev/slot": slot} if slot else {})
    container = {"name": "a", "resources": {"requests": {"cpu": "500m", "memory": "1Gi"}}}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    return {"kind": kind, "metadata": {"name": name, "namespace": "shop"}, "spec": {"template": template, **spec}}


def autoscaler(name: str, low: int, high: int) -> dict[str, Any]:
    target = {"kind": "Deployment", "name": name}
    spec = {"minReplicas": low, "maxReplicas": high, "scaleTargetRef": target}
    return {"kind": "HorizontalPodAutoscaler", "metadata": {"name": name, "namespace": "shop"}, "spec": spec}


def proxy(**kubernetes: Any) -> dict[str, Any]:
    provider = {"type": "Kubernetes", "kubernetes": kubernetes}
    return {"kind": "EnvoyProxy", "metadata": {"name": "external"}, "spec": {"provider": provider}}


@pytest.mark.parametrize(
    ("objects", "least", "peak"),
    [
        pytest.param([], of(0, "0", "0"), of(0, "0", "0"), id="nothing"),
        pytest.param([workload(replicas=3)], of(3, "1.5", "3"), of(3, "1.5", "3"), id="replicas"),
        pytest.param([workload("StatefulSet", replicas=2)], of(2, "1", "2"), of(2, "1", "2"), id="stateful"),
        pytest.param([workload(), autoscaler("a", 2, 6)], of(2, "1", "2"), of(6, "3", "6"), id="autoscaler"),
        pytest.param(
            [workload(slot="blue", replicas=2)], of(2, "1", "2"), of(4, "2", "4"), id="a-slot-alone-counts-as-both"
        ),
        pytest.param(
            [workload(name="a-blue", slot="blue", replicas=2), workload(name="a-green", slot="green", replicas=3)],
            of(5, "2.5", "5"),
            of(5, "2.5", "5"),
            id="both-slots-of-a-rollout",
        ),
        pytest.param(
            [proxy(envoyHpa={"minReplicas": 3, "maxReplicas": 9})],
            of(3, "0.3", "1.5"),
            of(9, "0.9", "4.5"),
            id="proxies-that-grow",
        ),
        pytest.param([proxy(envoyDeployment={"replicas": 2})], of(2, "0.2", "1"), of(2, "0.2", "1"), id="proxies"),
    ],
)
def test_pods_ask_for_what_their_requests_say(objects: list[dict[str, Any]], least: Load, peak: Load) -> None:
    assert loads(objects, NONE) == Loads(least + ONE, peak + ONE)


def test_a_database_is_its_instances_and_its_pooler() -> None:
    database = DatabaseClass(instances=3, resources=Resources(cpu="1", memory="4Gi"), pooler=Pooler(instances=2))
    assert loads([], database).least == of(5, "3", "12")


@pytest.mark.parametrize(
    ("asked", "available", "apart", "needed"),
    [
        pytest.param(of(1, "0.1", "0.1"), [Nodes(SMALL, 9)], 1, Need(1, "memory"), id="one"),
        pytest.param(of(10, "2", "1"), [Nodes(SMALL, 9)], 1, Need(2, "CPU"), id="the-system-has-its-share-of-cpu"),
        pytest.param(of(10, "1", "8"), [Nodes(SMALL, 9)], 1, Need(2, "memory"), id="and-of-memory"),
        pytest.param(of(94, "1", "1"), [Nodes(SMALL, 9)], 1, Need(2, "pods"), id="and-of-pods"),
        pytest.param(of(10, "7", "1"), [Nodes(SMALL, 9), Nodes(LARGE, 9)], 1, Need(2, "CPU"), id="largest-first"),
        pytest.param(of(10, "8.4", "1"), [Nodes(SMALL, 9), Nodes(LARGE, 1)], 1, Need(2, "CPU"), id="then-the-others"),
        pytest.param(of(10, "18", "1"), [Nodes(LARGE, 1)], 1, Need(3, "CPU"), id="beyond-the-end"),
        pytest.param(of(3, "1", "1"), [Nodes(LARGE, 9)], 3, Need(3, "instances apart"), id="instances-apart"),
    ],
)
def test_nodes_are_as_few_as_can_hold_it(asked: Load, available: list[Nodes], apart: int, needed: Need) -> None:
    assert need(asked, available, apart) == needed


def cluster(pods: int, most: int) -> Capacity:
    pair = Pair(
        owner="team-a",
        infrastructure="in-memory",
        kubernetes="v1.36.3",
        apps=(Pool(name="general", size="S", min=1, max=most),),
        ops=(Pool(name="general", min=1, max=1),),
    )
    made = environment("test-two", pair=pair, zones=("a", "b"))
    return capacity(made, "apps", load("in-memory"), [workload(replicas=pods)])


def test_pools_that_hold_the_peak_lack_nothing() -> None:
    found = cluster(6, 1)
    assert (found.peak.nodes, found.nodes, found.lacking) == (2, (2, 2), None)


def test_pools_that_end_too_early_are_a_sentence_with_the_remedy() -> None:
    assert cluster(40, 3).lacking == (
        "test-two-apps needs about 12 nodes at its peak, and its pools end at 6; raise max of a pool in "
        "envs/test_two.py, or give it larger machines"
    )


def test_the_table_has_a_line_for_each_cluster_and_says_what_lacks() -> None:
    text = as_markdown([cluster(6, 1), cluster(40, 3)])
    assert "\n| `test-two-apps` | 7 | 4 | 7 Gi | 2 (by memory) | 2 |\n" in text
    assert text.count("\n| `test-two-apps` |") == 2
    assert "- test-two-apps needs about 12 nodes" in text
    assert "can hold their peak" not in text
    assert as_markdown([cluster(6, 1)]).endswith("The pools of all clusters can hold their peak.\n")


def test_a_cluster_without_manifests_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="manifests/test-apps: has nothing that makes pods; run `make synth`"):
        read(tmp_path, "test-apps")


def test_what_is_read_of_our_manifests_is_every_pod_that_they_make(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    for name in (each.cluster_name(role) for each in load_environments().values() for role in ("apps", "ops")):
        texts = [file.read_text(encoding="utf-8") for file in (ROOT / "manifests" / name).rglob("*.yaml")]
        making = [text for text in texts if "\n  template:\n" in text and "\n      containers:\n" in text]
        kinds = [each["kind"] for each in read(ROOT, name)]
        assert len(making) == sum(kind in ("Deployment", "StatefulSet", "Job", "CronJob") for kind in kinds)
        assert sum("kind: DaemonSet\n" in text for text in texts) == 0


def test_a_share_of_every_node_is_kept() -> None:
    assert 0 < RESERVED < 1
