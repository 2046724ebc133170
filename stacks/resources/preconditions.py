"""What must be true before a cluster's stack registers anything. A failed check ends the run with one sentence.

The checks read the annotations of the Cluster and the outputs of the ops stack: what earlier runs left behind.
"""

from __future__ import annotations

from collections.abc import Mapping

import pulumi

from constructs_lib.values import Problem
from constructs_lib.values.data import Object

from .cluster_spec import DATABASE, INPUTS, RESTORED, UNPROTECTED, ClusterSpec, unprotected
from .observed import ManagementCluster, initialized, missing, unhealthy
from .settings import MANAGEMENT, PROJECT, PairSettings


async def check_ops(apps: ClusterSpec, seen: ManagementCluster) -> None:
    """Raises Problem unless the ops cluster is Available, and was made from the same inputs as the apps cluster.

    A preview only warns: it changes nothing, and can show both clusters of a pair that does not exist yet.
    """
    ops = apps.environment.cluster_name("ops")
    cluster = seen.cluster(ops)
    given = annotations_of(cluster).get(INPUTS)
    if cluster:
        # Pulumi writes a stack's outputs only after everything was applied.
        reference = pulumi.StackReference(f"{pulumi.get_organization()}/{PROJECT}/{ops}")
        given = (await reference.get_output_details("inputs")).value
    reason = unhealthy(cluster, ops)
    if given != apps.inputs():
        was = f"was made from other inputs ({given})" if given else "does not exist yet"
        reason = f"{ops} {was}, and {apps.name} needs {apps.inputs()}"
    if reason:
        _refuse(f"{apps.name} was not changed: {reason}; bring up {ops} first (`pulumi up -s {ops}`)")


def check_namespace(cluster_spec: ClusterSpec, seen: ManagementCluster) -> None:
    """Raises Problem if the management stack has not made the cluster's namespace. A preview only warns."""
    if not seen.has_namespace(cluster_spec.name):
        _refuse(
            f"the management cluster has no namespace {cluster_spec.name}; bring up {MANAGEMENT} first "
            f"(`pulumi up -s {MANAGEMENT}`)"
        )


def check_restore(cluster_spec: ClusterSpec, settings: PairSettings, cluster: Object | None) -> None:
    """Raises Problem for another restore of a protected database, unless an earlier run unprotected it.

    Pulumi itself would replace a database that the same run unprotects.
    """
    before = annotations_of(cluster)
    another = DATABASE in before and before.get(RESTORED, "") != str(settings.restore or "")
    if cluster_spec.pair.protected and another and "database" not in unprotected(before):
        raise Problem(
            f"the database of {cluster_spec.name} is protected, and another desired:restore replaces it; add "
            f"'database' to desired:unprotected, run `pulumi up -s {cluster_spec.name}`, then set desired:restore"
        )


def reach(
    cluster_spec: ClusterSpec, settings: PairSettings, seen: ManagementCluster, cluster: Object | None
) -> tuple[str | None, str | None]:
    """What the database still waits for, in one sentence, or the kubeconfig of a cluster that is ready for it.

    Raises Problem if the cluster had its database in an earlier run and is not ready now: Pulumi would delete a
    database that this run does not register.
    """
    waiting, kubeconfig = None, None
    if not initialized(cluster):
        waiting = f"{cluster_spec.name} does not answer yet"
    else:
        kubeconfig = (
            settings.kubeconfig.get_secret_value() if settings.kubeconfig else seen.kubeconfig_of(cluster_spec.name)
        )
        archives = cluster_spec.environment.database.backups is not None
        waiting = (
            missing(kubeconfig, cluster_spec.name, archives)
            if kubeconfig
            else f"{cluster_spec.name} has no kubeconfig yet"
        )
    if waiting and DATABASE in annotations_of(cluster):
        raise Problem(f"{waiting}, but it already has a database; nothing was changed: fix it and run this again")
    return waiting, None if waiting else kubeconfig


def remembered(settings: PairSettings, has_database: bool) -> dict[str, str]:
    """The annotations of the Cluster that the next run reads."""
    found = {
        UNPROTECTED: ",".join(sorted(settings.unprotected)),
        DATABASE: "true" if has_database else "",
        RESTORED: str(settings.restore or ""),
    }
    return {name: value for name, value in found.items() if value}


def annotations_of(cluster: Object | None) -> Mapping[str, str]:
    """The annotations of a Cluster; none if it does not exist."""
    found: Mapping[str, str] = (cluster or {}).get("metadata", {}).get("annotations", {})
    return found


def _refuse(sentence: str) -> None:
    if not pulumi.runtime.is_dry_run():
        raise Problem(sentence)
    pulumi.log.warn(sentence)
