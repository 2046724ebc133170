"""The PostgreSQL of a cluster: what an environment's database class means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes
import pytest
import yaml

from constructs_lib import Backups, DatabaseClass, Pair, Pool, Pooler
from constructs_lib.values import Database, Resources, Service
from constructs_lib.values.service import DATABASE_KEYS
from stacks.resources.cluster_spec import ROOT, ClusterSpec
from stacks.resources.database import DatabaseCluster
from stacks.resources.infrastructure import load
from stacks.resources.settings import PairSettings
from tests.stacks.parts import APPS, POSTGRES, SERVED
from tests.support.fleet import environment, service
from tests.support.recording import Registered, Run, record
from tests.support.stacks import SECRETS, WITH_PAIR

POOL = Pool(name="general", min=1, max=1)
PAIR = Pair(owner="team-a", infrastructure="in-memory", kubernetes="v1.36.3", apps=(POOL,), ops=(POOL,))
BACKUPS = Backups(to="s3://bucket/folder", retention="7d", schedule="0 30 1 * * *")
RESTORE = {"source": "postgres", "archive": "second", "time": "2026-11-20T08:30:00+01:00"}
CNPG = "postgresql.cnpg.io/v1"
PLUGIN = "barman-cloud.cloudnative-pg.io"
SERVICES = {
    "checkout": service("checkout", database=Database(name="orders", owner="shop", extensions=("vector", "pg_trgm"))),
    "cart": service("cart", database=Database(name="carts", owner="shop")),
    "payment": service("payment", database=Database(name="payment", owner="payment")),
    "ad": service("ad"),
}


def made(wanted: DatabaseClass | None = None, services: Mapping[str, Service] | None = None, **settings: Any) -> Run:
    """The databases of a made-up cluster with three zones."""
    zoned = environment("here", pair=PAIR, database=wanted or DatabaseClass(), zones=("a", "b", "c"))
    cluster_spec = ClusterSpec(zoned, "apps", load("in-memory"))
    told = PairSettings.model_validate({**SECRETS, **settings})

    async def program() -> dict[str, Any]:
        within = pulumi.ComponentResource("test:Cluster", "cluster")
        options = pulumi.ResourceOptions(provider=kubernetes.Provider("here-apps", kubeconfig="kubeconfig"))
        DatabaseCluster(cluster_spec, SERVICES if services is None else services, told, within, options)
        return {}

    return record(program)


def _spec(run_: Run, kind: str = "Cluster", name: str = "") -> dict[str, Any]:
    spec: dict[str, Any] = run_.one(f"{CNPG}:{kind}", name).item["spec"]
    return spec


def _names(run_: Run, kind: str) -> list[str]:
    return sorted(each.name for each in run_.of(kind))


@pytest.mark.parametrize(
    ("instances", "synchronous", "spread"),
    [
        (1, None, "required"),
        # With two, a lost standby must not stop every write.
        (2, {"method": "any", "number": 1, "dataDurability": "preferred"}, "required"),
        (3, {"method": "any", "number": 1, "dataDurability": "required"}, "required"),
        (4, {"method": "any", "number": 1, "dataDurability": "required"}, "preferred"),
    ],
)
def test_instances_stand_in_different_zones_and_a_commit_waits_for_a_second_one(
    instances: int, synchronous: dict[str, Any] | None, spread: str
) -> None:
    spec = _spec(made(DatabaseClass(instances=instances)))
    assert spec["instances"] == instances
    assert spec.get("postgresql", {}).get("synchronous") == synchronous
    assert spec["affinity"] == {
        "enablePodAntiAffinity": True,
        "podAntiAffinityType": spread,
        "topologyKey": "topology.kubernetes.io/zone",
    }


def test_an_instance_has_the_storage_and_resources_of_its_class() -> None:
    wanted = DatabaseClass(storage="20Gi", resources=Resources(cpu="2", memory="3Gi"))
    spec = _spec(made(wanted))
    assert spec["storage"] == {"size": "20Gi", "storageClass": "standard"}
    # Memory is never taken back from a database.
    assert spec["resources"] == {"requests": {"cpu": "2", "memory": "3Gi"}, "limits": {"memory": "3Gi"}}
    assert "@sha256:" in spec["imageName"]


# -- who logs in ----------------------------------------------------------------------------------------------------


def test_a_service_that_asks_for_a_database_has_one_that_its_role_owns() -> None:
    found = {each.item["metadata"]["name"]: each.item["spec"] for each in made().of(f"{CNPG}:Database")}
    assert found == {
        name: {
            "cluster": {"name": "postgres"},
            "name": wanted.name,
            "owner": wanted.owner,
            "databaseReclaimPolicy": "retain",
            "extensions": [{"name": each, "ensure": "present"} for each in wanted.extensions],
        }
        for name, each in SERVICES.items()
        if (wanted := each.database)
    }
    assert len(found) == 3


def test_a_role_is_made_once_with_the_password_of_a_secret() -> None:
    run_ = made()
    roles = {each["name"]: each for each in _spec(run_)["managed"]["roles"]}
    assert [each["name"] for each in _spec(run_)["managed"]["roles"]] == ["payment", "shop"]
    for name, role in roles.items():
        secret = run_.one("core/v1:Secret", f"databases/{role['passwordSecret']['name']}").item
        assert secret["type"] == "kubernetes.io/basic-auth"
        assert secret["metadata"]["labels"]["cnpg.io/reload"] == "true"
        assert (secret["stringData"]["username"], role["login"], role["ensure"]) == (name, True, "present")


def test_a_service_without_a_database_has_no_objects() -> None:
    run_ = made(services={"ad": SERVICES["ad"]})
    assert (run_.of(f"{CNPG}:Database"), run_.of("core/v1:Secret")) == ([], [])
    assert _spec(run_)["managed"] == {"roles": []}


@pytest.mark.parametrize("pooler", [None, Pooler()])
def test_services_connect_through_the_pooler_if_there_is_one(pooler: Pooler | None) -> None:
    values = made(DatabaseClass(pooler=pooler)).one("core/v1:Secret", "databases/cart").item["stringData"]
    host = "postgres-pooler" if pooler else "postgres-rw"
    assert values["host"] == f"{host}.databases.svc.cluster.local"
    assert values.keys() == {*DATABASE_KEYS}


@pytest.mark.parametrize("name", SERVED)
def test_a_service_reads_its_credentials_where_they_are_kept(name: str, runs: Mapping[str, Run]) -> None:
    folder = ROOT / "manifests" / APPS.name / "apps" / name
    items = [yaml.safe_load(file.read_text(encoding="utf-8")) for file in folder.glob("externalsecret-*.yaml")]
    (reads,) = [each["spec"] for each in items if each["spec"]["secretStoreRef"]["name"] == "databases"]
    kept = runs[APPS.name].one("core/v1:Secret", f"databases/{name}").item
    references = {(each["remoteRef"]["key"], each["remoteRef"]["property"]) for each in reads["data"]}
    assert references == {(kept["metadata"]["name"], key) for key in kept["stringData"]}


def test_passwords_differ_from_cluster_to_cluster(runs: Mapping[str, Run]) -> None:
    passwords = [
        each.item["stringData"]["password"]
        for made_ in runs.values()
        for each in made_.of("core/v1:Secret")
        if each.item.get("type") == "kubernetes.io/basic-auth"
    ]
    assert len(set(passwords)) == len(passwords) == len(SERVED) * len(WITH_PAIR)


# -- backups --------------------------------------------------------------------------------------------------------


def test_a_database_without_backups_archives_nothing() -> None:
    run_ = made()
    assert "plugins" not in _spec(run_)
    assert [_names(run_, kind) for kind in (f"{CNPG}:ScheduledBackup", "barmancloud.cnpg.io/v1:ObjectStore")] == [
        [],
        [],
    ]
    assert "databases/backup-credentials" not in _names(run_, "core/v1:Secret")


def test_the_log_is_archived_to_the_clusters_own_folder_with_its_retention() -> None:
    run_ = made(DatabaseClass(backups=BACKUPS))
    store = run_.one("barmancloud.cnpg.io/v1:ObjectStore").item
    assert store["spec"]["retentionPolicy"] == "7d"
    configuration = store["spec"]["configuration"]
    assert configuration["destinationPath"] == "s3://bucket/folder/here-apps"
    assert "endpointURL" not in configuration
    keys = run_.one("core/v1:Secret", "databases/backup-credentials").item
    assert keys["stringData"] == {"id": SECRETS["backupKeyId"], "key": SECRETS["backupKey"]}
    for reference in configuration["s3Credentials"].values():
        assert reference["name"] == keys["metadata"]["name"]
        assert reference["key"] in keys["stringData"]
    parameters = {"barmanObjectName": store["metadata"]["name"], "serverName": "postgres"}
    assert _spec(run_)["plugins"] == [{"name": PLUGIN, "isWALArchiver": True, "parameters": parameters}]


def test_an_object_store_may_have_its_own_endpoint() -> None:
    backups = BACKUPS.model_copy(update={"endpoint": "https://s3.example.com"})
    store = made(DatabaseClass(backups=backups)).one("barmancloud.cnpg.io/v1:ObjectStore").item
    assert store["spec"]["configuration"]["endpointURL"] == "https://s3.example.com"


def test_a_base_backup_is_made_at_once_and_by_a_schedule_of_six_fields() -> None:
    spec = _spec(made(DatabaseClass(backups=BACKUPS)), "ScheduledBackup")
    assert len(spec["schedule"].split()) == 6
    assert spec == {
        "cluster": {"name": "postgres"},
        "schedule": "0 30 1 * * *",
        "immediate": True,
        # A backup outlives the schedule that made it.
        "backupOwnerReference": "none",
        "method": "plugin",
        "pluginConfiguration": {"name": PLUGIN},
    }


# -- restore --------------------------------------------------------------------------------------------------------


def _restored() -> Run:
    return made(DatabaseClass(backups=BACKUPS), restore=RESTORE)


def test_a_restored_database_starts_from_an_archive_and_writes_to_another() -> None:
    spec = _spec(_restored())
    assert spec["bootstrap"] == {
        "recovery": {"source": "origin", "recoveryTarget": {"targetTime": "2026-11-20T08:30:00+01:00"}}
    }
    (origin,) = spec["externalClusters"]
    (archive,) = spec["plugins"]
    assert origin["name"] == "origin"
    assert origin["plugin"]["parameters"] == {"barmanObjectName": "backups", "serverName": "postgres"}
    assert archive["parameters"] == {"barmanObjectName": "backups", "serverName": "second"}


def test_a_database_starts_empty_by_default() -> None:
    spec = _spec(made())
    assert spec["bootstrap"] == {"initdb": {}}
    assert "externalClusters" not in spec


@pytest.mark.parametrize("restored", [True, False])
def test_another_bootstrap_replaces_the_database_under_its_name(restored: bool) -> None:
    request = (_restored() if restored else made()).one(POSTGRES).request
    assert list(request.replaceOnChanges) == ["spec.bootstrap"]
    assert (request.deleteBeforeReplace, request.deleteBeforeReplaceDefined) == (True, True)


# -- beside it ------------------------------------------------------------------------------------------------------


def test_the_pooler_is_as_its_class_says() -> None:
    run_ = made(DatabaseClass(pooler=Pooler(instances=3, mode="transaction")))
    assert _spec(run_, "Pooler") == {
        "cluster": {"name": "postgres"},
        "type": "rw",
        "instances": 3,
        "pgbouncer": {"poolMode": "transaction"},
    }
    assert made().of(f"{CNPG}:Pooler") == []


def test_all_database_pods_are_monitored() -> None:
    spec = made().one("monitoring.coreos.com/v1:PodMonitor").item["spec"]
    assert spec["selector"] == {"matchLabels": {"cnpg.io/cluster": "postgres"}}
    assert [each["port"] for each in spec["podMetricsEndpoints"]] == ["metrics"]


def test_database_objects_are_in_one_namespace_and_have_an_owner() -> None:
    run_ = made(DatabaseClass(backups=BACKUPS, pooler=Pooler()))
    items: list[Registered] = run_.objects
    assert {each.item["metadata"]["namespace"] for each in items} == {"databases"}
    assert {each.item["metadata"]["labels"]["desired.dev/owner"] for each in items} == {"team-a"}
    assert _spec(run_)["inheritedMetadata"]["labels"].items() <= items[0].item["metadata"]["labels"].items()
