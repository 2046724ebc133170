"""A cluster's topology: what of the pair it says, pool by pool and zone by zone."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib import Pool
from constructs_lib.parts.names import TIER_NODE_LABEL
from stacks.resources.cluster_spec import ClusterSpec
from stacks.resources.infrastructure import FOLDER, load
from stacks.resources.program import cluster_spec_of
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


def test_a_growing_pool_has_bounds_and_no_replicas(topology: dict[str, Any]) -> None:
    growing, _, fixed, _ = topology["workers"]["machineDeployments"]
    assert growing["metadata"]["annotations"] == {f"{AUTOSCALER}-min-size": "2", f"{AUTOSCALER}-max-size": "5"}
    assert "replicas" not in growing
    assert "annotations" not in fixed["metadata"]
    assert fixed["replicas"] == 1


def test_nodes_are_labelled_with_their_pool_and_its_tiers(topology: dict[str, Any]) -> None:
    general, _, critical, _ = (each["metadata"]["labels"] for each in topology["workers"]["machineDeployments"])
    assert general == {"node.cluster.x-k8s.io/pool": "general"}
    tiers = {TIER_NODE_LABEL.format(tier=tier): "" for tier in (1, 2)}
    assert critical == {"node.cluster.x-k8s.io/pool": "critical", **tiers}


def test_sizes_are_the_machines_of_the_infrastructure(topology: dict[str, Any]) -> None:
    machines = cluster_spec_of(APPS.name, ENVIRONMENTS).infrastructure.config.machines
    overrides = [each["variables"]["overrides"] for each in topology["workers"]["machineDeployments"]]
    assert overrides == [[{"name": "machineType", "value": machines[size].type}] for size in ("S", "S", "L", "L")]
    assert topology["variables"] == [
        {"name": "region", "value": "far"},
        {"name": "machineType", "value": machines["M"].type},
        {"name": "network", "value": "10.9.0.0/16"},
    ]


def test_a_network_is_refused_if_the_infrastructure_has_none() -> None:
    name = next(file.stem for file in FOLDER.glob("*.yaml") if not load(file.stem).takes("network"))
    environments = changed(APPS, pair__infrastructure=name, pair__apps_network="10.9.0.0/16")
    refused = run(APPS.name, environments=environments)
    said = f"{name} has no setting for a network, got '10.9.0.0/16' for apps; remove apps_network"
    assert refused.refused == (f"envs/{APPS.environment.name}.py: {said}",)
    assert refused.registered == []


def test_draining_a_node_has_a_time_limit(topology: dict[str, Any]) -> None:
    deletion = {"nodeDrainTimeoutSeconds": 900, "nodeVolumeDetachTimeoutSeconds": 300, "nodeDeletionTimeoutSeconds": 60}
    workers = topology["workers"]["machineDeployments"]
    assert [each["deletion"] for each in (*workers, topology["controlPlane"])] == [deletion] * 5


def test_the_topology_has_the_control_plane_and_version_of_the_pair(topology: dict[str, Any]) -> None:
    assert (topology["controlPlane"]["replicas"], topology["version"]) == (5, APPS.pair.kubernetes)


def test_a_cluster_uses_the_class_of_the_same_run(made: Run, topology: dict[str, Any]) -> None:
    (in_class,) = made.of("cluster.x-k8s.io/v1beta2:ClusterClass")
    assert topology["classRef"] == {"name": in_class.item["metadata"]["name"]}


def test_a_changed_class_is_a_new_object_and_the_cluster_stays(made: Run) -> None:
    other = run(APPS.name)
    before, after = ({each.urn for each in one.objects if "ClusterClass" in each.urn} for one in (made, other))
    assert not before & after
    assert made.one(CLUSTER).urn == other.one(CLUSTER).urn


@OURS
def test_pods_and_services_have_fixed_network_ranges(cluster_spec: ClusterSpec, runs: dict[str, Run]) -> None:
    item = runs[cluster_spec.name].one(CLUSTER).item
    assert item["spec"]["clusterNetwork"] == {
        "pods": {"cidrBlocks": ["10.64.0.0/12"]},
        "services": {"cidrBlocks": ["10.96.0.0/16"]},
        "serviceDomain": "cluster.local",
    }
    assert item["metadata"]["labels"]["cluster.x-k8s.io/cluster-name"] == cluster_spec.name
