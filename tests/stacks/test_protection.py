"""What outlives its stack, and the two steps by which it does not."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from stacks.side import UNPROTECTED, Side
from tests.stacks.parts import CLUSTER, OURS, POSTGRES, parts
from tests.support.kubectl import Kubectl
from tests.support.recording import Run
from tests.support.stacks import first, run, up

SIDE = first("apps", lambda side: side.pair.protected)


def lasting(side: Side) -> set[str]:
    """What outlives the stack where the environment is protected."""
    kinds = ("PodMonitor", "Pooler")
    of_database = {name for name in parts(side)["DatabaseCluster"] if not any(f":{kind} " in name for kind in kinds)}
    return {*parts(side)["Cluster"], *of_database}


@OURS
def test_what_lasts_is_protected_and_retained_where_the_environment_says_so(
    side: Side, runs: Mapping[str, Run]
) -> None:
    made = runs[side.name]
    kept = {str(each) for each in made.registered if each.kept == (True, True)}
    assert kept == (lasting(side) if side.pair.protected else set())
    assert {each.kept for each in made.registered} <= {(True, True), (False, False)}


@OURS
def test_what_is_not_kept_of_a_database_goes_with_its_cluster(side: Side, runs: Mapping[str, Run]) -> None:
    made = runs[side.name]
    for each in made.objects:
        goes = str(each) in parts(side)["DatabaseCluster"] and each.kept == (False, False)
        assert each.request.deletedWith == (made.one(CLUSTER).urn if goes else "")


@pytest.mark.parametrize("freed", ["cluster", "database"])
def test_the_first_of_two_steps_frees_what_it_names_and_nothing_else(freed: str) -> None:
    made = run(SIDE.name, config={"unprotected": json.dumps([freed])})
    all_of_it = set(parts(SIDE)["Cluster" if freed == "cluster" else "DatabaseCluster"])
    assert {str(each) for each in made.registered if each.kept == (True, True)} == lasting(SIDE) - all_of_it
    annotations = {str(each): each.item["metadata"]["annotations"].get(UNPROTECTED) for each in made.objects}
    # The Cluster says it of both: the next run, and who deletes it, read it there.
    assert {name: said for name, said in annotations.items() if said} == dict.fromkeys(
        {*all_of_it, *parts(SIDE)["Cluster"]}, freed
    )


def _after(side: Side, **config: str) -> Kubectl:
    """The clusters as they are after a run with such settings."""
    kubectl = up(side.name)
    kubectl.clusters[side.name]["metadata"]["annotations"] = (
        run(side.name, config=config).one(CLUSTER).item["metadata"]["annotations"]
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
def test_another_restore_of_a_protected_database_is_refused_until_it_was_set_free(
    before: dict[str, str] | None, now: dict[str, str] | None
) -> None:
    first_run = {"restore": json.dumps(before)} if before else {}
    second_run = {"restore": json.dumps(now)} if now else {}
    # Setting it free in the same run is one step.
    refused = run(SIDE.name, _after(SIDE, **first_run), config={**second_run, "unprotected": FREED})
    said = f"the database of {SIDE.name} is protected, and another desired:restore makes it anew; "
    assert refused.refused[0].startswith(said)
    assert refused.registered == []
    kubectl = _after(SIDE, **first_run, unprotected=FREED)
    assert run(SIDE.name, kubectl, config={**second_run, "unprotected": FREED}).one(POSTGRES)


def test_a_restored_database_stays_as_long_as_its_setting_does() -> None:
    config = {"restore": json.dumps(RESTORE)}
    assert run(SIDE.name, _after(SIDE, **config), config=config).one(POSTGRES).kept == (True, True)


def test_a_new_database_of_a_protected_environment_may_begin_with_a_restore() -> None:
    assert run(SIDE.name, config={"restore": json.dumps(RESTORE)}).one(POSTGRES).kept == (True, True)


def test_a_database_that_is_not_protected_is_restored_in_one_step() -> None:
    side = first("apps", lambda each: each.environment.database.backups and not each.pair.protected)
    assert run(side.name, _after(side), config={"restore": json.dumps(RESTORE)}).one(POSTGRES)
