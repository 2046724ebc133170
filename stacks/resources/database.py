"""The PostgreSQL of a cluster by CloudNativePG, with a database and a role for each service that asks for one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi

from constructs_lib import Backups, Pooler
from constructs_lib.parts.names import DATABASE_CLUSTER, DATABASES
from constructs_lib.values import Service
from constructs_lib.values.data import Json, Object

from . import backups as backup_specs
from .backups import STORE, STORE_KEYS
from .cluster_spec import UNPROTECTED, ClusterSpec
from .credentials import credentials
from .objects import options, register
from .settings import DatabaseRestore, PairSettings

_API = "postgresql.cnpg.io/v1"
_POOLER = f"{DATABASE_CLUSTER}-pooler"
# A placeholder digest. Replace it with the output of `crane digest <image>:<tag>`.
_IMAGE = "ghcr.io/cloudnative-pg/postgresql:17.6@sha256:" + "0" * 63 + "5"
_SURVIVES_ONE_LOSS = 3


class DatabaseCluster(pulumi.ComponentResource):
    """The PostgreSQL of one cluster, its backups, and the credentials of the services."""

    host: str
    """The Service that services connect to."""
    secrets: dict[str, str]
    """The Secret of each service that has a database, as `namespace/name`."""

    def __init__(
        self,
        cluster_spec: ClusterSpec,
        services: Mapping[str, Service],
        settings: PairSettings,
        within: pulumi.Resource,
        opts: pulumi.ResourceOptions,
    ) -> None:
        """`within` is the Cluster. What is not protected is gone when the Cluster is deleted."""
        super().__init__("desired:stacks:DatabaseCluster", cluster_spec.name, None, opts)
        self._cluster_spec = cluster_spec
        self._within = within
        self._services = {name: each for name, each in services.items() if each.database}
        self._protected = cluster_spec.pair.protected and "database" not in settings.unprotected
        wanted = cluster_spec.environment.database
        self.host = _POOLER if wanted.pooler else f"{DATABASE_CLUSTER}-rw"
        self.secrets = {name: f"{DATABASES}/{name}" for name in self._services}
        before = [*self._logins(settings), *(self._store(wanted.backups, settings) if wanted.backups else [])]
        postgres = self._cluster(settings.restore, before)
        self._databases(postgres)
        self._monitor()
        if wanted.pooler:
            self._pooler(wanted.pooler, postgres)
        if wanted.backups:
            spec = backup_specs.schedule(wanted.backups)
            self._object(_API, "ScheduledBackup", STORE, spec, self._options(depends_on=[postgres]))
        self.register_outputs({})

    def _logins(self, settings: PairSettings) -> list[pulumi.CustomResource]:
        seed = settings.database_seed.get_secret_value()
        found = []
        for name, service in self._services.items():
            assert service.database  # self._services holds only services with a database
            values = credentials(seed, self._cluster_spec.name, self.host, service.database)._asdict()
            found.append(self._secret(name, "kubernetes.io/basic-auth", values))
        return found

    def _store(self, backups: Backups, settings: PairSettings) -> list[pulumi.CustomResource]:
        keys = {
            name: key.get_secret_value()
            for name, key in (("id", settings.backup_key_id), ("key", settings.backup_key))
            if key
        }
        secret = self._secret(STORE_KEYS, "Opaque", keys)
        spec = backup_specs.object_store(backups, self._cluster_spec.name)
        return [secret, self._object("barmancloud.cnpg.io/v1", "ObjectStore", STORE, spec, self._options())]

    def _cluster(self, restore: DatabaseRestore | None, before: list[pulumi.CustomResource]) -> pulumi.CustomResource:
        # PostgreSQL's bootstrap is immutable. So another restore replaces it, under the name that services know.
        options = pulumi.ResourceOptions.merge(
            self._options(depends_on=before),
            pulumi.ResourceOptions(replace_on_changes=["spec.bootstrap"], delete_before_replace=True),
        )
        spec = {**self._postgres(), **backup_specs.bootstrap(restore)}
        if self._cluster_spec.environment.database.backups:
            spec["plugins"] = [backup_specs.archive(restore)]
        return self._object(_API, "Cluster", DATABASE_CLUSTER, spec, options)

    def _postgres(self) -> Json:
        wanted = self._cluster_spec.environment.database
        memory = {"memory": wanted.resources.memory_limit or wanted.resources.memory}
        spread = wanted.instances <= len(self._cluster_spec.environment.zones)
        return {
            "instances": wanted.instances,
            "imageName": _IMAGE,
            "primaryUpdateStrategy": "unsupervised",
            "storage": {"size": wanted.storage, "storageClass": self._cluster_spec.environment.storage_class},
            "resources": {
                "requests": {"cpu": wanted.resources.cpu, "memory": wanted.resources.memory},
                "limits": memory,
            },
            "affinity": {
                "enablePodAntiAffinity": True,
                "podAntiAffinityType": "required" if spread else "preferred",
                "topologyKey": "topology.kubernetes.io/zone",
            },
            "inheritedMetadata": {"labels": self._cluster_spec.labels},
            "managed": {"roles": self._roles()},
            **({"postgresql": {"synchronous": _synchronous(wanted.instances)}} if wanted.instances > 1 else {}),
        }

    def _roles(self) -> list[Json]:
        by_role = {each.database.owner: name for name, each in self._services.items() if each.database}
        return [
            {"name": role, "ensure": "present", "login": True, "passwordSecret": {"name": service}}
            for role, service in sorted(by_role.items())
        ]

    def _databases(self, postgres: pulumi.CustomResource) -> None:
        for name, service in self._services.items():
            assert service.database
            spec = {
                "cluster": {"name": DATABASE_CLUSTER},
                "name": service.database.name,
                "owner": service.database.owner,
                "databaseReclaimPolicy": "retain",
                "extensions": [{"name": each, "ensure": "present"} for each in service.database.extensions],
            }
            self._object(_API, "Database", name, spec, self._options(depends_on=[postgres]))

    def _pooler(self, pooler: Pooler, postgres: pulumi.CustomResource) -> None:
        spec = {
            "cluster": {"name": DATABASE_CLUSTER},
            "type": "rw",
            "instances": pooler.instances,
            "pgbouncer": {"poolMode": pooler.mode},
        }
        self._object(_API, "Pooler", _POOLER, spec, self._options(protected=False, depends_on=[postgres]))

    def _monitor(self) -> None:
        """Selects the pods of PostgreSQL and PgBouncer: both have the cluster's label and a port named `metrics`."""
        spec = {
            "selector": {"matchLabels": {"cnpg.io/cluster": DATABASE_CLUSTER}},
            "podMetricsEndpoints": [{"port": "metrics"}],
        }
        self._object("monitoring.coreos.com/v1", "PodMonitor", DATABASE_CLUSTER, spec, self._options(protected=False))

    def _secret(self, name: str, kind: str, values: Mapping[str, str]) -> pulumi.CustomResource:
        secret = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": self._meta(name, {"cnpg.io/reload": "true"}),
            "type": kind,
            "stringData": {key: pulumi.Output.secret(value) for key, value in values.items()},
        }
        return register(secret, self._options())

    def _object(
        self, version: str, kind: str, name: str, spec: Json, options: pulumi.ResourceOptions
    ) -> pulumi.CustomResource:
        return register({"apiVersion": version, "kind": kind, "metadata": self._meta(name), "spec": spec}, options)

    def _meta(self, name: str, more: Mapping[str, str] | None = None) -> Object:
        is_unprotected = self._cluster_spec.pair.protected and not self._protected
        annotations = {UNPROTECTED: "database"} if is_unprotected else {}
        labels = {**self._cluster_spec.labels, **(more or {})}
        return {"name": name, "namespace": DATABASES, "labels": labels, "annotations": annotations}

    def _options(self, protected: bool = True, depends_on: Sequence[pulumi.Resource] = ()) -> pulumi.ResourceOptions:
        protected = protected and self._protected
        # The Cluster comes first, because its annotation records that it has a database. A protected object outlives
        # the stack, so Pulumi must not treat it as deleted with the Cluster.
        deleted_with = None if protected else self._within
        return options(self, protected, deleted_with=deleted_with, depends_on=[self._within, *depends_on])


def _synchronous(instances: int) -> Json:
    # With two instances, the loss of the standby would stop every write.
    durability = "required" if instances >= _SURVIVES_ONE_LOSS else "preferred"
    return {"method": "any", "number": 1, "dataDurability": durability}
