"""A Cluster API Cluster: a topology of a ClusterClass, with its pools in every zone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pulumi

from constructs_lib import Pool
from constructs_lib.parts.names import TIER_NODE_LABEL
from constructs_lib.values import Problem
from constructs_lib.values.data import Json, Object

from .cluster_spec import INPUTS, ClusterSpec, unprotected
from .infrastructure import CLUSTER_CLASS, WORKER
from .objects import options, register

_AUTOSCALER = "cluster.x-k8s.io/cluster-api-autoscaler-node-group"
_POOL_LABEL = "node.cluster.x-k8s.io/pool"
CLUSTER_NAME_LABEL = "cluster.x-k8s.io/cluster-name"
CLUSTER_API = "cluster.x-k8s.io/v1beta2"
# Cluster API must delete the machines first. With Pulumi's default, Kubernetes would delete all parts at once.
_DELETE_IN_ORDER = {"pulumi.com/deletionPropagationPolicy": "background"}
_DELETION = {"nodeDrainTimeoutSeconds": 900, "nodeVolumeDetachTimeoutSeconds": 300, "nodeDeletionTimeoutSeconds": 60}


class ClusterClass(pulumi.ComponentResource):
    """The ClusterClass and the templates of an infrastructure. Their names change with their content.

    So a change makes a new class, the cluster moves to it, and then Pulumi deletes the old class.
    """

    name: pulumi.Output[str]
    """The name of the ClusterClass, known once it exists: Cluster API refuses a Cluster whose class is missing."""

    def __init__(self, cluster_spec: ClusterSpec, opts: pulumi.ResourceOptions) -> None:
        super().__init__("desired:stacks:ClusterClass", cluster_spec.name, None, opts)
        templates = cluster_spec.infrastructure.templates(cluster_spec.name)
        self.objects = [self._object(cluster_spec, item) for item in templates.objects]
        self.name = self.objects[-1].id.apply(lambda _: templates.class_name)
        self.register_outputs({"name": self.name})

    def _object(self, cluster_spec: ClusterSpec, item: Object) -> pulumi.CustomResource:
        # Cluster API refuses a Cluster until its controller has reconciled the class.
        awaited = {"pulumi.com/waitFor": "condition=VariablesReady"} if item["kind"] == CLUSTER_CLASS else {}
        meta = {**item["metadata"], "labels": cluster_spec.labels, "annotations": awaited}
        return register({**item, "metadata": meta}, options(self))


class WorkloadCluster(pulumi.ComponentResource):
    """The Cluster object of an ops or apps cluster."""

    def __init__(
        self,
        cluster_spec: ClusterSpec,
        in_class: ClusterClass,
        remembered: Mapping[str, str],
        opts: pulumi.ResourceOptions,
    ) -> None:
        """`remembered` holds annotations that the next run reads."""
        super().__init__("desired:stacks:Cluster", cluster_spec.name, None, opts)
        protected = cluster_spec.pair.protected and "cluster" not in unprotected(remembered)
        annotations = {INPUTS: cluster_spec.inputs(), **_DELETE_IN_ORDER, **remembered}
        item = {
            "apiVersion": CLUSTER_API,
            "kind": "Cluster",
            "metadata": {
                "name": cluster_spec.name,
                "namespace": cluster_spec.name,
                "labels": {**cluster_spec.labels, CLUSTER_NAME_LABEL: cluster_spec.name},
                "annotations": annotations,
            },
            "spec": {
                "clusterNetwork": _NETWORK,
                "topology": topology(cluster_spec) | {"classRef": {"name": in_class.name}},
            },
        }
        self.object = register(item, options(self, protected, depends_on=in_class.objects))
        self.register_outputs({})


_NETWORK = {
    "pods": {"cidrBlocks": ["10.64.0.0/12"]},
    "services": {"cidrBlocks": ["10.96.0.0/16"]},
    "serviceDomain": "cluster.local",
}


def _network(cluster_spec: ClusterSpec) -> Iterator[dict[str, str]]:
    network = cluster_spec.pair.network(cluster_spec.role)
    if network and not cluster_spec.infrastructure.takes("network"):
        name = cluster_spec.infrastructure.name
        raise Problem(
            f"envs/{cluster_spec.environment.name}.py: {name} has no setting for a network, got {network!r} for "
            f"{cluster_spec.role}; remove {cluster_spec.role}_network"
        )
    if network:
        yield {"name": "network", "value": network}


def topology(cluster_spec: ClusterSpec) -> Json:
    """The topology of a Cluster, without its class. Raises Problem for an unknown zone or an unsupported network."""
    return {
        "version": cluster_spec.pair.kubernetes,
        "controlPlane": {"replicas": cluster_spec.pair.control_plane, "deletion": _DELETION},
        "workers": {"machineDeployments": list(_machine_deployments(cluster_spec))},
        "variables": [
            {"name": "region", "value": cluster_spec.pair.region},
            {"name": "machineType", "value": cluster_spec.infrastructure.config.machines["M"].type},
            *_network(cluster_spec),
        ],
    }


def _machine_deployments(cluster_spec: ClusterSpec) -> Iterator[Json]:
    for pool in cluster_spec.pools:
        for zone in cluster_spec.environment.zones:
            domain = cluster_spec.infrastructure.failure_domain(cluster_spec.pair.region, zone)
            yield _machine_deployment(cluster_spec, pool, zone) | {"failureDomain": domain}


def _machine_deployment(cluster_spec: ClusterSpec, pool: Pool, zone: str) -> Json:
    machine = cluster_spec.infrastructure.config.machines[pool.size]
    labels = {_POOL_LABEL: pool.name} | {TIER_NODE_LABEL.format(tier=tier): "" for tier in pool.tiers}
    # The autoscaler owns the number of nodes of a pool that may grow, so replicas is not set.
    grows = {f"{_AUTOSCALER}-min-size": str(pool.min), f"{_AUTOSCALER}-max-size": str(pool.max)}
    return {
        "class": WORKER,
        "name": f"{pool.name}-{zone}",
        **({"replicas": pool.min} if pool.min == pool.max else {}),
        "metadata": {"labels": labels, **({"annotations": grows} if pool.min < pool.max else {})},
        "deletion": _DELETION,
        "variables": {"overrides": [{"name": "machineType", "value": machine.type}]},
    }
