"""A cluster by Cluster API: a topology of a ClusterClass, with pools in every zone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pulumi

from constructs_lib import Pool
from constructs_lib.parts.names import TIER_NODE_LABEL
from constructs_lib.values import Problem

from .infrastructure import CLUSTER_CLASS, WORKER
from .objects import Object, options, register
from .side import INPUTS, Side, freed

_AUTOSCALER = "cluster.x-k8s.io/cluster-api-autoscaler-node-group"
_POOL_LABEL = "node.cluster.x-k8s.io/pool"
CLUSTER_NAME_LABEL = "cluster.x-k8s.io/cluster-name"
CLUSTER_API = "cluster.x-k8s.io/v1beta2"
# Cluster API takes a cluster apart from the machines down; Pulumi's default lets Kubernetes delete all parts at once.
_IN_ITS_ORDER = {"pulumi.com/deletionPropagationPolicy": "background"}
_DELETION = {"nodeDrainTimeoutSeconds": 900, "nodeVolumeDetachTimeoutSeconds": 300, "nodeDeletionTimeoutSeconds": 60}


class ClusterClass(pulumi.ComponentResource):
    """The class and the templates of an infrastructure, under names that change with their content.

    Another content makes another class, the cluster moves to it, and only then the old one is deleted.
    """

    name: pulumi.Output[str]
    """The name of the ClusterClass, known once that exists: Cluster API refuses a Cluster of one that does not."""

    def __init__(self, side: Side, opts: pulumi.ResourceOptions) -> None:
        super().__init__("desired:stacks:ClusterClass", side.name, None, opts)
        templates = side.infrastructure.templates(side.name)
        self.objects = [self._object(side, item) for item in templates.objects]
        self.name = self.objects[-1].id.apply(lambda _: templates.class_name)
        self.register_outputs({"name": self.name})

    def _object(self, side: Side, item: Object) -> pulumi.CustomResource:
        # A Cluster is refused a class that Cluster API has not taken up yet.
        awaited = {"pulumi.com/waitFor": "condition=VariablesReady"} if item["kind"] == CLUSTER_CLASS else {}
        meta = {**item["metadata"], "labels": side.labels, "annotations": awaited}
        return register({**item, "metadata": meta}, options(self))


class Cluster(pulumi.ComponentResource):
    """One workload cluster."""

    def __init__(
        self, side: Side, in_class: ClusterClass, remembered: Mapping[str, str], opts: pulumi.ResourceOptions
    ) -> None:
        """`remembered` are annotations for the next run; the one on protection lets it be deleted."""
        super().__init__("desired:stacks:Cluster", side.name, None, opts)
        protected = side.pair.protected and "cluster" not in freed(remembered)
        annotations = {INPUTS: side.inputs(), **_IN_ITS_ORDER, **remembered}
        item = {
            "apiVersion": CLUSTER_API,
            "kind": "Cluster",
            "metadata": {
                "name": side.name,
                "namespace": side.name,
                "labels": {**side.labels, CLUSTER_NAME_LABEL: side.name},
                "annotations": annotations,
            },
            "spec": {"clusterNetwork": _NETWORK, "topology": topology(side) | {"classRef": {"name": in_class.name}}},
        }
        self.object = register(item, options(self, protected, depends_on=in_class.objects))
        self.register_outputs({})


_NETWORK = {
    "pods": {"cidrBlocks": ["10.64.0.0/12"]},
    "services": {"cidrBlocks": ["10.96.0.0/16"]},
    "serviceDomain": "cluster.local",
}


def _network(side: Side) -> Iterator[dict[str, str]]:
    network = side.pair.network(side.role)
    if network and not side.infrastructure.takes("network"):
        raise Problem(
            f"envs/{side.environment.name}.py: {side.infrastructure.name} takes no network, got {network!r} for "
            f"{side.role}; remove {side.role}_network"
        )
    if network:
        yield {"name": "network", "value": network}


def topology(side: Side) -> dict[str, Any]:
    """What a Cluster says beside its class. Raises Problem for a zone or a network that the infrastructure cannot."""
    return {
        "version": side.pair.kubernetes,
        "controlPlane": {"replicas": side.pair.control_plane, "deletion": _DELETION},
        "workers": {"machineDeployments": list(_machine_deployments(side))},
        "variables": [
            {"name": "region", "value": side.pair.region},
            {"name": "machineType", "value": side.infrastructure.words.machines["M"].type},
            *_network(side),
        ],
    }


def _machine_deployments(side: Side) -> Iterator[dict[str, Any]]:
    for pool in side.pools:
        for zone in side.environment.zones:
            domain = side.infrastructure.failure_domain(side.pair.region, zone)
            yield _machine_deployment(side, pool, zone) | {"failureDomain": domain}


def _machine_deployment(side: Side, pool: Pool, zone: str) -> dict[str, Any]:
    machine = side.infrastructure.words.machines[pool.size]
    labels = {_POOL_LABEL: pool.name} | {TIER_NODE_LABEL.format(tier=tier): "" for tier in pool.tiers}
    # Of a pool that grows, the autoscaler owns the number of nodes, and we say none.
    grows = {f"{_AUTOSCALER}-min-size": str(pool.min), f"{_AUTOSCALER}-max-size": str(pool.max)}
    return {
        "class": WORKER,
        "name": f"{pool.name}-{zone}",
        **({"replicas": pool.min} if pool.min == pool.max else {}),
        "metadata": {"labels": labels, **({"annotations": grows} if pool.min < pool.max else {})},
        "deletion": _DELETION,
        "variables": {"overrides": [{"name": "machineType", "value": machine.type}]},
    }
