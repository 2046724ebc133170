"""A cluster's topology: what of the pair it says, pool by pool and zone by zone."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib import Pool
from constructs_lib.parts.names import TIER_NODE_LABEL
from stacks.infrastructure import FOLDER, load
from stacks.program import side_of
from stacks.side import Side
from tests.stacks.parts import APPS, CLUSTER, OURS
from tests.support.recording import Run
from tests.support.stacks import changed, run

AUTOSCALER = "cluster.x-k8s.io/cluster-api-autoscaler-node-group"
GROWING = Pool(name="general", size="S", min=2, max=5)
FIXED = Pool(name="critical", size="L", min=1, max=1, tiers=(1, 2))
ENVIRONMENTS = changed(
    APPS, pair__apps=(GROWING, FIXED), pair__region="far", pair__control_plane=5, pair__infrastructure="azure",
    pair__apps_network="10.9.0.0/16", zones=("a", "c"),
)  # fmt: skip


@pytest.fixture(scope="module")
def made() -> Run:
    return run(APPS.name, environments=ENVIRONMENTS)


@pytest.fixture(scope="module")
def topology(made: Run) -> dict[str, Any]:
    found: dict[str, Any] = made.one(CLUSTER).item["spec"]["topology"]
    return found


def test_a_pool_is_one_machine_deployment_in_each_zone(topology: dict[str, Any]) -> None:
    found = topology["workers"]["machineDeployments"]
    assert [(each["name"], each["failureDomain"], each["class"]) for each in found] == [
        ("general-a", "1", "worker"),
        ("general-c", "3", "worker"),
        ("critical-a", "1", "worker"),
        ("critical-c", "3", "worker"),
    ]


def test_of_a_pool_that_grows_the_bounds_are_said_and_never_the_number(topology: dict[str, Any]) -> None:
    growing, _, fixed, _ = topology["workers"]["machineDeployments"]
    assert growing["metadata"]["annotations"] == {f"{AUTOSCALER}-min-size": "2", f"{AUTOSCALER}-max-size": "5"}
    assert "replicas" not in growing
    assert "annotations" not in fixed["metadata"]
    assert fixed["replicas"] == 1


def test_nodes_carry_their_pool_and_the_tiers_that_are_drawn_to_it(topology: dict[str, Any]) -> None:
    general, _, critical, _ = (each["metadata"]["labels"] for each in topology["workers"]["machineDeployments"])
    assert general == {"node.cluster.x-k8s.io/pool": "general"}
    tiers = {TIER_NODE_LABEL.format(tier=tier): "" for tier in (1, 2)}
    assert critical == {"node.cluster.x-k8s.io/pool": "critical", **tiers}


def test_sizes_are_the_machines_of_the_infrastructure(topology: dict[str, Any]) -> None:
    machines = side_of(APPS.name, ENVIRONMENTS).infrastructure.words.machines
    overrides = [each["variables"]["overrides"] for each in topology["workers"]["machineDeployments"]]
    assert overrides == [[{"name": "machineType", "value": machines[size].type}] for size in ("S", "S", "L", "L")]
    assert topology["variables"] == [
        {"name": "region", "value": "far"},
        {"name": "machineType", "value": machines["M"].type},
        {"name": "network", "value": "10.9.0.0/16"},
    ]


def test_a_network_for_an_infrastructure_that_takes_none_is_refused_before_anything_is_made() -> None:
    name = next(file.stem for file in FOLDER.glob("*.yaml") if not load(file.stem).takes("network"))
    environments = changed(APPS, pair__infrastructure=name, pair__apps_network="10.9.0.0/16")
    refused = run(APPS.name, environments=environments)
    said = f"{name} takes no network, got '10.9.0.0/16' for apps; remove apps_network"
    assert refused.refused == (f"envs/{APPS.environment.name}.py: {said}",)
    assert refused.registered == []


def test_nodes_are_drained_before_they_go_but_not_for_ever(topology: dict[str, Any]) -> None:
    deletion = {"nodeDrainTimeoutSeconds": 900, "nodeVolumeDetachTimeoutSeconds": 300, "nodeDeletionTimeoutSeconds": 60}
    workers = topology["workers"]["machineDeployments"]
    assert [each["deletion"] for each in (*workers, topology["controlPlane"])] == [deletion] * 5


def test_the_control_plane_and_the_version_are_those_of_the_pair(topology: dict[str, Any]) -> None:
    assert (topology["controlPlane"]["replicas"], topology["version"]) == (5, APPS.pair.kubernetes)


def test_a_cluster_is_of_the_class_that_was_made_with_it(made: Run, topology: dict[str, Any]) -> None:
    (in_class,) = made.of("cluster.x-k8s.io/v1beta2:ClusterClass")
    assert topology["classRef"] == {"name": in_class.item["metadata"]["name"]}


def test_a_class_with_another_content_is_another_object_that_the_cluster_moves_to(made: Run) -> None:
    other = run(APPS.name)
    before, after = ({each.urn for each in one.objects if "ClusterClass" in each.urn} for one in (made, other))
    assert not before & after
    assert made.one(CLUSTER).urn == other.one(CLUSTER).urn


@OURS
def test_pods_and_services_have_ranges_that_no_network_of_nodes_may_have(side: Side, runs: dict[str, Run]) -> None:
    item = runs[side.name].one(CLUSTER).item
    assert item["spec"]["clusterNetwork"] == {
        "pods": {"cidrBlocks": ["10.64.0.0/12"]},
        "services": {"cidrBlocks": ["10.96.0.0/16"]},
        "serviceDomain": "cluster.local",
    }
    assert item["metadata"]["labels"]["cluster.x-k8s.io/cluster-name"] == side.name
