"""What outlives its stack, and the two steps by which it does not."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from stacks.resources.cluster_spec import UNPROTECTED, ClusterSpec
from tests.stacks.parts import CLUSTER, OURS, POSTGRES, parts
from tests.support.kubectl import Kubectl
from tests.support.recording import Run
from tests.support.stacks import first, run, up

SPEC = first("apps", lambda cluster_spec: cluster_spec.pair.protected)


def lasting(cluster_spec: ClusterSpec) -> set[str]:
    """What outlives the stack where the environment is protected."""
    kinds = ("PodMonitor", "Pooler")
    of_database = {
        name for name in parts(cluster_spec)["DatabaseCluster"] if not any(f":{kind} " in name for kind in kinds)
    }
    return {*parts(cluster_spec)["Cluster"], *of_database}


@OURS
def test_lasting_objects_are_protected_and_retained_in_a_protected_environment(
    cluster_spec: ClusterSpec, runs: Mapping[str, Run]
) -> None:
    made = runs[cluster_spec.name]
    kept = {str(each) for each in made.registered if each.kept == (True, True)}
    assert kept == (lasting(cluster_spec) if cluster_spec.pair.protected else set())
    assert {each.kept for each in made.registered} <= {(True, True), (False, False)}


@OURS
def test_unprotected_database_objects_are_deleted_with_the_cluster(
    cluster_spec: ClusterSpec, runs: Mapping[str, Run]
) -> None:
    made = runs[cluster_spec.name]
    for each in made.objects:
        goes = str(each) in parts(cluster_spec)["DatabaseCluster"] and each.kept == (False, False)
        assert each.request.deletedWith == (made.one(CLUSTER).urn if goes else "")


@pytest.mark.parametrize("freed", ["cluster", "database"])
def test_the_unprotected_setting_unprotects_only_what_it_names(freed: str) -> None:
    made = run(SPEC.name, config={"unprotected": json.dumps([freed])})
    all_of_it = set(parts(SPEC)["Cluster" if freed == "cluster" else "DatabaseCluster"])
    assert {str(each) for each in made.registered if each.kept == (True, True)} == lasting(SPEC) - all_of_it
    annotations = {str(each): each.item["metadata"]["annotations"].get(UNPROTECTED) for each in made.objects}
    # The Cluster says it of both: the next run, and who deletes it, read it there.
    assert {name: said for name, said in annotations.items() if said} == dict.fromkeys(
        {*all_of_it, *parts(SPEC)["Cluster"]}, freed
    )


def _after(cluster_spec: ClusterSpec, **config: str) -> Kubectl:
    """The clusters as they are after a run with such settings."""
    kubectl = up(cluster_spec.name)
    kubectl.clusters[cluster_spec.name]["metadata"]["annotations"] = (
        run(cluster_spec.name, config=config).one(CLUSTER).item["metadata"]["annotations"]
    )
    return kubectl


RESTORE = {"source": "postgres", "archive": "second", "time": "2026-11-20T08:30:00Z"}
FREED = json.dumps(["database"])


@pytest.mark.parametrize(
    ("before", "now"),
    [
        pytest.param(None, RESTORE, id="the first"),
        pytest.param(RESTORE, {**RESTORE, "source": "second", "archive": "third"}, id="a second"),
        pytest.param(RESTORE, {**RESTORE, "time": "2026-11-21T08:30:00Z"}, id="another time"),
        pytest.param(RESTORE, None, id="none"),
    ],
)
def test_another_restore_of_a_protected_database_is_refused_until_it_was_unprotected(
    before: dict[str, str] | None, now: dict[str, str] | None
) -> None:
    first_run = {"restore": json.dumps(before)} if before else {}
    second_run = {"restore": json.dumps(now)} if now else {}
    # Setting it free in the same run is one step.
    refused = run(SPEC.name, _after(SPEC, **first_run), config={**second_run, "unprotected": FREED})
    said = f"the database of {SPEC.name} is protected, and another desired:restore replaces it; "
    assert refused.refused[0].startswith(said)
    assert refused.registered == []
    kubectl = _after(SPEC, **first_run, unprotected=FREED)
    assert run(SPEC.name, kubectl, config={**second_run, "unprotected": FREED}).one(POSTGRES)


def test_a_restored_database_stays_as_long_as_its_setting_does() -> None:
    config = {"restore": json.dumps(RESTORE)}
    assert run(SPEC.name, _after(SPEC, **config), config=config).one(POSTGRES).kept == (True, True)


def test_a_new_protected_database_may_start_with_a_restore() -> None:
    assert run(SPEC.name, config={"restore": json.dumps(RESTORE)}).one(POSTGRES).kept == (True, True)


def test_an_unprotected_database_is_restored_in_one_step() -> None:
    cluster_spec = first("apps", lambda each: each.environment.database.backups and not each.pair.protected)
    assert run(cluster_spec.name, _after(cluster_spec), config={"restore": json.dumps(RESTORE)}).one(POSTGRES)
