"""How many nodes the clusters need."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from constructs_lib import Pair, Pool
from stacks.resources.cluster_spec import ClusterSpec
from stacks.resources.infrastructure import load
from stacks.tools.capacity import RESERVED, Capacity, Need, Nodes, as_markdown, capacity, need
from stacks.tools.pod_requests import PodRequests
from tests.support.fleet import environment

GI = 1024**3
SMALL, LARGE = PodRequests(110, Decimal(2), Decimal(8 * GI)), PodRequests(110, Decimal(8), Decimal(32 * GI))


def of(pods: int, cpu: str, gi: str) -> PodRequests:
    return PodRequests(pods, Decimal(cpu), Decimal(gi) * GI)


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
def test_need_is_the_smallest_number_of_nodes(
    asked: PodRequests, available: list[Nodes], apart: int, needed: Need
) -> None:
    assert need(asked, available, apart) == needed


def workload(replicas: int) -> dict[str, Any]:
    container = {"name": "a", "resources": {"requests": {"cpu": "500m", "memory": "1Gi"}}}
    template = {"metadata": {"labels": {"app.kubernetes.io/name": "a"}}, "spec": {"containers": [container]}}
    meta = {"name": "a", "namespace": "shop"}
    return {"kind": "Deployment", "metadata": meta, "spec": {"template": template, "replicas": replicas}}


def cluster(pods: int, most: int) -> Capacity:
    pair = Pair(
        owner="team-a",
        infrastructure="in-memory",
        kubernetes="v1.36.3",
        apps=(Pool(name="general", size="S", min=1, max=most),),
        ops=(Pool(name="general", min=1, max=1),),
    )
    made = environment("test-two", pair=pair, zones=("a", "b"))
    return capacity(ClusterSpec(made, "apps", load("in-memory")), [workload(pods)])


def test_pools_that_hold_the_peak_lack_nothing() -> None:
    found = cluster(6, 1)
    assert (found.peak.nodes, found.nodes, found.lacking) == (2, (2, 2), None)


def test_small_pools_are_reported_with_the_remedy() -> None:
    assert cluster(40, 3).lacking == (
        "test-two-apps needs about 12 nodes at its peak, but its pools end at 6; raise max of a pool in "
        "envs/test_two.py, or use larger machines"
    )


def test_the_table_has_a_row_for_each_cluster_and_lists_small_pools() -> None:
    text = as_markdown([cluster(6, 1), cluster(40, 3)])
    assert "\n| `test-two-apps` | 7 | 4 | 7 Gi | 2 (by memory) | 2 |\n" in text
    assert text.count("\n| `test-two-apps` |") == 2
    assert "- test-two-apps needs about 12 nodes" in text
    assert "can hold their peak" not in text
    assert as_markdown([cluster(6, 1)]).endswith("The pools of all clusters can hold their peak.\n")


def test_a_share_of_every_node_is_reserved() -> None:
    assert 0 < RESERVED < 1
