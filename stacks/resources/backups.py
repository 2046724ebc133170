"""Backups of a database to an object store, and a database restored from one, as CloudNativePG's objects say it."""

from __future__ import annotations

from constructs_lib import Backups
from constructs_lib.parts.names import DATABASE_CLUSTER
from constructs_lib.values.data import Json

from .settings import DatabaseRestore

STORE, STORE_KEYS = "backups", "backup-credentials"
"""The names of the ObjectStore, and of the Secret with its access key (`id` and `key`)."""
_PLUGIN = "barman-cloud.cloudnative-pg.io"


def object_store(backups: Backups, cluster: str) -> Json:
    """The spec of the ObjectStore. Each cluster has its own folder."""
    configuration = {
        "destinationPath": f"{backups.to}/{cluster}",
        **({"endpointURL": backups.endpoint} if backups.endpoint else {}),
        "s3Credentials": {
            "accessKeyId": {"name": STORE_KEYS, "key": "id"},
            "secretAccessKey": {"name": STORE_KEYS, "key": "key"},
        },
        "wal": {"compression": "gzip"},
        "data": {"compression": "gzip"},
    }
    return {"configuration": configuration, "retentionPolicy": backups.retention}


def schedule(backups: Backups) -> Json:
    """The spec of the ScheduledBackup."""
    return {
        "cluster": {"name": DATABASE_CLUSTER},
        "schedule": backups.schedule,
        "immediate": True,
        "backupOwnerReference": "none",
        "method": "plugin",
        "pluginConfiguration": {"name": _PLUGIN},
    }


def archive(restore: DatabaseRestore | None) -> Json:
    """The plugin that archives the write-ahead log: of a restored database to a new archive."""
    parameters = {"barmanObjectName": STORE, "serverName": restore.archive if restore else DATABASE_CLUSTER}
    return {"name": _PLUGIN, "isWALArchiver": True, "parameters": parameters}


def bootstrap(restore: DatabaseRestore | None) -> Json:
    """The part of PostgreSQL's spec that says how it starts: empty, or restored to a point in time."""
    if restore is None:
        return {"bootstrap": {"initdb": {}}}
    target = {"targetTime": restore.time.isoformat()}
    source = {"barmanObjectName": STORE, "serverName": restore.source}
    return {
        "bootstrap": {"recovery": {"source": "origin", "recoveryTarget": target}},
        "externalClusters": [{"name": "origin", "plugin": {"name": _PLUGIN, "parameters": source}}],
    }
