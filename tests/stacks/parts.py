"""What the clusters of our environments are made of, in names."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from constructs_lib.parts.names import DATABASES
from stacks.resources.cluster_spec import ClusterSpec
from tests.support.stacks import CLUSTER_SPECS, SERVICES, first

CLUSTER, POSTGRES = "cluster.x-k8s.io/v1beta2:Cluster", "postgresql.cnpg.io/v1:Cluster"
STEPS = ("install", "credentials", "sync")
OURS = pytest.mark.parametrize("cluster_spec", CLUSTER_SPECS, ids=lambda cluster_spec: cluster_spec.name)
SERVED = {name: each.database for name, each in SERVICES.items() if each.database}
APPS = first("apps")
OPS = APPS.environment.cluster_name("ops")


def database(cluster_spec: ClusterSpec) -> Iterator[str]:
    wanted = cluster_spec.environment.database
    yield POSTGRES + " databases/postgres"
    yield "monitoring.coreos.com/v1:PodMonitor databases/postgres"
    if wanted.pooler:
        yield "postgresql.cnpg.io/v1:Pooler databases/postgres-pooler"
    if wanted.backups:
        yield "core/v1:Secret databases/backup-credentials"
        yield "barmancloud.cnpg.io/v1:ObjectStore databases/backups"
        yield "postgresql.cnpg.io/v1:ScheduledBackup databases/backups"
    for name in SERVED if cluster_spec.role == "apps" else ():
        yield f"core/v1:Secret {DATABASES}/{name}"
        yield f"postgresql.cnpg.io/v1:Database {DATABASES}/{name}"


def autoscaler(cluster_spec: ClusterSpec) -> Iterator[str]:
    if any(pool.min < pool.max for pool in cluster_spec.pools):
        rbac = "rbac.authorization.k8s.io/v1"
        for kind in ("core/v1:ServiceAccount", f"{rbac}:Role", f"{rbac}:RoleBinding", "apps/v1:Deployment"):
            yield f"{kind} {cluster_spec.name}/cluster-autoscaler"


def parts(cluster_spec: ClusterSpec) -> dict[str, list[str]]:
    """What stands below each component, and below the stack itself."""
    name = cluster_spec.name
    carried = ("core/v1:Secret", "addons.cluster.x-k8s.io/v1beta2:ClusterResourceSet")
    templates = cluster_spec.infrastructure.templates(name).objects
    found = {
        "": [f"core/v1:Secret {name}/image-pull", f"core/v1:Secret {name}/{cluster_spec.infrastructure.name}"],
        "ClusterClass": [
            f"{each['apiVersion']}:{each['kind']} {name}/{each['metadata']['name']}" for each in templates
        ],
        "Cluster": [f"{CLUSTER} {name}/{name}"],
        "Bootstrap": [f"{kind} {name}/bootstrap-{step}" for kind in carried for step in STEPS],
        "Autoscaler": list(autoscaler(cluster_spec)),
        "DatabaseCluster": list(database(cluster_spec)),
    }
    return {part: sorted(names) for part, names in found.items() if names}
