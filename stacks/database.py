"""The PostgreSQL of a cluster by CloudNativePG, with a database and a role for each service that asks for one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from constructs_lib import Backups, Pooler
from constructs_lib.parts.names import DATABASE_CLUSTER, DATABASES
from constructs_lib.values import Service

from .credentials import credentials
from .objects import Object, options, register
from .settings import PairSettings, Restore
from .side import UNPROTECTED, Side

_API = "postgresql.cnpg.io/v1"
_PLUGIN = "barman-cloud.cloudnative-pg.io"
_STORE, _STORE_KEYS = "backups", "backup-credentials"
_POOLER = f"{DATABASE_CLUSTER}-pooler"
# A placeholder, as no registry was asked: replace it by what `crane digest <image>:<tag>` prints.
_IMAGE = "ghcr.io/cloudnative-pg/postgresql:17.6@sha256:" + "0" * 63 + "5"
_SURVIVES_ONE = 3


class DatabaseCluster(pulumi.ComponentResource):
    """The PostgreSQL of one cluster, its backups, and what the services log in with."""

    host: str
    """The Service that services connect to."""
    secrets: dict[str, str]
    """The Secret of each service that has a database, as `namespace/name`."""

    def __init__(
        self,
        side: Side,
        services: Mapping[str, Service],
        settings: PairSettings,
        within: pulumi.Resource,
        opts: pulumi.ResourceOptions,
    ) -> None:
        """`within` is the cluster that they go with when it is deleted."""
        super().__init__("desired:stacks:DatabaseCluster", side.name, None, opts)
        self._side = side
        self._within = within
        self._services = {name: each for name, each in services.items() if each.database}
        self._protected = side.pair.protected and "database" not in settings.unprotected
        wanted = side.environment.database
        self.host = _POOLER if wanted.pooler else f"{DATABASE_CLUSTER}-rw"
        self.secrets = {name: f"{DATABASES}/{name}" for name in self._services}
        before = [*self._logins(settings), *(self._store(wanted.backups, settings) if wanted.backups else [])]
        postgres = self._cluster(settings.restore, before)
        self._databases(postgres)
        self._monitor()
        if wanted.pooler:
            self._pooler(wanted.pooler, postgres)
        if wanted.backups:
            self._schedule(wanted.backups, postgres)
        self.register_outputs({})

    def _logins(self, settings: PairSettings) -> list[pulumi.CustomResource]:
        seed = settings.database_seed.get_secret_value()
        found = []
        for name, service in self._services.items():
            assert service.database  # only those that ask for one are here
            values = credentials(seed, self._side.name, self.host, service.database)._asdict()
            found.append(self._secret(name, "kubernetes.io/basic-auth", values))
        return found

    def _store(self, backups: Backups, settings: PairSettings) -> list[pulumi.CustomResource]:
        keys = {
            name: key.get_secret_value()
            for name, key in (("id", settings.backup_key_id), ("key", settings.backup_key))
            if key
        }
        secret = self._secret(_STORE_KEYS, "Opaque", keys)
        configuration = {
            "destinationPath": f"{backups.to}/{self._side.name}",
            **({"endpointURL": backups.endpoint} if backups.endpoint else {}),
            "s3Credentials": {
                "accessKeyId": {"name": _STORE_KEYS, "key": "id"},
                "secretAccessKey": {"name": _STORE_KEYS, "key": "key"},
            },
            "wal": {"compression": "gzip"},
            "data": {"compression": "gzip"},
        }
        spec = {"configuration": configuration, "retentionPolicy": backups.retention}
        return [secret, self._object("barmancloud.cnpg.io/v1", "ObjectStore", _STORE, spec, self._options())]

    def _cluster(self, restore: Restore | None, before: list[pulumi.CustomResource]) -> pulumi.CustomResource:
        # Where a database began cannot be changed: another restore makes it anew, under the name that services know.
        options = self._options(depends_on=before, replace_on_changes=["spec.bootstrap"], delete_before_replace=True)
        spec = self._postgres() | (_restored(restore) if restore else {"bootstrap": {"initdb": {}}})
        if self._side.environment.database.backups:
            spec["plugins"] = [_archive(restore)]
        return self._object(_API, "Cluster", DATABASE_CLUSTER, spec, options)

    def _postgres(self) -> dict[str, Any]:
        wanted = self._side.environment.database
        memory = {"memory": wanted.resources.memory_limit or wanted.resources.memory}
        spread = wanted.instances <= len(self._side.environment.zones)
        return {
            "instances": wanted.instances,
            "imageName": _IMAGE,
            "primaryUpdateStrategy": "unsupervised",
            "storage": {"size": wanted.storage, "storageClass": self._side.environment.storage_class},
            "resources": {
                "requests": {"cpu": wanted.resources.cpu, "memory": wanted.resources.memory},
                "limits": memory,
            },
            "affinity": {
                "enablePodAntiAffinity": True,
                "podAntiAffinityType": "required" if spread else "preferred",
                "topologyKey": "topology.kubernetes.io/zone",
            },
            "inheritedMetadata": {"labels": self._side.labels},
            "managed": {"roles": self._roles()},
            **({"postgresql": {"synchronous": _synchronous(wanted.instances)}} if wanted.instances > 1 else {}),
        }

    def _roles(self) -> list[dict[str, Any]]:
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

    def _schedule(self, backups: Backups, postgres: pulumi.CustomResource) -> None:
        spec = {
            "cluster": {"name": DATABASE_CLUSTER},
            "schedule": backups.schedule,
            "immediate": True,
            "backupOwnerReference": "none",
            "method": "plugin",
            "pluginConfiguration": {"name": _PLUGIN},
        }
        self._object(_API, "ScheduledBackup", _STORE, spec, self._options(depends_on=[postgres]))

    def _monitor(self) -> None:
        """Of instances and poolers: both carry the cluster's label and name their port alike."""
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
        self, version: str, kind: str, name: str, spec: Mapping[str, Any], options: pulumi.ResourceOptions
    ) -> pulumi.CustomResource:
        return register({"apiVersion": version, "kind": kind, "metadata": self._meta(name), "spec": spec}, options)

    def _meta(self, name: str, more: Mapping[str, str] | None = None) -> Object:
        freed = {} if self._protected or not self._side.pair.protected else {UNPROTECTED: "database"}
        labels = {**self._side.labels, **(more or {})}
        return {"name": name, "namespace": DATABASES, "labels": labels, "annotations": freed}

    def _options(
        self, protected: bool = True, depends_on: Sequence[pulumi.Resource] = (), **more: Any
    ) -> pulumi.ResourceOptions:
        protected = protected and self._protected
        # The Cluster remembers that it has a database, and so comes first. What is to outlive the stack must not be
        # taken for gone with it.
        gone_with = None if protected else self._within
        return options(self, protected, deleted_with=gone_with, depends_on=[self._within, *depends_on], **more)


def _synchronous(instances: int) -> dict[str, Any]:
    # With two, a lost standby would stop every write.
    durability = "required" if instances >= _SURVIVES_ONE else "preferred"
    return {"method": "any", "number": 1, "dataDurability": durability}


def _archive(restore: Restore | None) -> dict[str, Any]:
    parameters = {"barmanObjectName": _STORE, "serverName": restore.archive if restore else DATABASE_CLUSTER}
    return {"name": _PLUGIN, "isWALArchiver": True, "parameters": parameters}


def _restored(restore: Restore) -> dict[str, Any]:
    target = {"targetTime": restore.time.isoformat()}
    source = {"barmanObjectName": _STORE, "serverName": restore.source}
    return {
        "bootstrap": {"recovery": {"source": "origin", "recoveryTarget": target}},
        "externalClusters": [{"name": "origin", "plugin": {"name": _PLUGIN, "parameters": source}}],
    }
