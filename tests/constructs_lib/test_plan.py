"""What a cluster consists of, decided from its releases and rollouts."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib import Problem, Service
from constructs_lib.plan import Plan
from constructs_lib.units import Request, SharedInputs, SlotInputs, Unit
from tests.support.fleet import IMAGE, environment, service, worker

SINCE = "2026-01-01T00:00:00Z"
Json = dict[str, Any]


def version(spec: Service | None) -> Json:
    return {"image": IMAGE, "since": SINCE, **({"spec": spec.written()} if spec else {})}


def release(blue: Service | None, green: Service | None = None, stable: str = "blue") -> Json:
    slots = {"blue": version(blue), **({"green": version(green)} if green else {})}
    return {"schema": 1, "stable": stable, "slots": slots}


def rollout(share: int, phase: str = "open", **members: str) -> Json:
    return {"schema": 1, "phase": phase, "share": share, "members": members}


def plan(releases: Json, rollouts: Json | None = None, specs: Json | None = None, **fields: Any) -> Plan:
    request = Request("test-apps", releases, rollouts or {}, specs or {})
    return Plan(environment(**fields), "apps", request, ())


def unit(units: list[Unit], id_: str) -> Unit:
    return next(each for each in units if each.id == id_)


def front(found: Plan, name: str) -> SharedInputs:
    inputs = unit(found.units(), f"{name}/front").inputs
    assert isinstance(inputs, SharedInputs)
    return inputs


def slot(found: Plan, id_: str) -> SlotInputs:
    inputs = unit(found.units(), id_).inputs
    assert isinstance(inputs, SlotInputs)
    return inputs


def problem(found: Plan) -> str:
    with pytest.raises(Problem) as raised:
        found.units()
    return str(raised.value)


WEIGHTS = {
    "no rollout": (None, {"blue": 100}, False),
    "open at 0": (rollout(0, a="green"), {"blue": 100, "green": 0}, True),
    "open at 40": (rollout(40, a="green"), {"blue": 60, "green": 40}, True),
    "open at 100": (rollout(100, a="green"), {"blue": 0, "green": 100}, True),
}


@pytest.mark.parametrize("name", WEIGHTS)
def test_the_share_of_a_rollout_is_the_weights_of_its_slots(name: str) -> None:
    moving, weights, at_peak = WEIGHTS[name]
    found = plan({"a": release(service("a"), service("a"))}, {"r": moving} if moving else {})
    assert front(found, "a").weights == weights
    assert slot(found, "a/blue").at_peak is slot(found, "a/green").at_peak is at_peak


def test_a_finalized_rollout_keeps_both_slots_at_peak_and_sends_all_to_the_stable_one() -> None:
    moved = {"a": release(service("a"), service("a"), stable="green")}
    found = plan(moved, {"r": rollout(100, "finalized", a="green")})
    assert front(found, "a").weights == {"green": 100}
    assert slot(found, "a/blue").at_peak


def test_objects_of_a_slot_lie_in_a_folder_of_their_own() -> None:
    found = plan({"a": release(service("a"), service("a")), "b": release(worker("b"))})
    assert {each.id: each.folder for each in found.units()} == {
        "a/front": "apps/a",
        "a/blue": "apps/a-blue",
        "a/green": "apps/a-green",
        "b/front": "apps/b",
        "b/blue": "apps/b",
    }


def test_a_worker_runs_its_stable_version_only() -> None:
    found = plan({"b": release(worker("b"), worker("b"), stable="green")})
    assert [each.id for each in found.units()] == ["b/front", "b/green"]


def test_the_spec_at_head_is_taken_where_the_environment_follows_it() -> None:
    head = service("a", tier=1)
    found = plan({"a": release(None)}, specs={"a": head.written()}, follows_apps=True)
    assert slot(found, "a/blue").resolved.service == head


def test_a_written_spec_goes_before_the_one_at_head() -> None:
    found = plan({"a": release(service("a", tier=3))}, specs={"a": service("a", tier=1).written()}, follows_apps=True)
    assert slot(found, "a/blue").resolved.service.tier == 3


def test_the_time_of_a_version_does_not_change_its_key() -> None:
    later = release(service("a"))
    later["slots"]["blue"]["since"] = "2026-02-02T00:00:00Z"
    one, other = plan({"a": release(service("a"))}).units(), plan({"a": later}).units()
    assert [each.key("") for each in one] == [each.key("") for each in other]


def test_a_caller_reads_only_the_public_facts_of_the_service_that_it_names() -> None:
    caller, keys = service("caller", depends_on=("a",)), []
    for callee in (service("a"), service("a", env={"X": "y"}), service("a", route=None)):
        found = plan({"a": release(callee), "caller": release(caller)})
        keys.append(unit(found.units(), "caller/blue").key(""))
    assert keys[0] == keys[1] != keys[2]


REFUSED = {
    "no spec, and the environment does not follow": (
        plan({"a": release(None)}),
        "the stable slot has no spec, and test does not follow apps/",
    ),
    "the file in apps/ is gone": (
        plan({"a": release(None)}, follows_apps=True),
        "a runs in test, but apps/a.py is gone. Put the file back until you have retired a, also if you renamed it",
    ),
    "the file in apps/ is gone, and only the stable slot has a spec": (
        plan({"a": release(None, service("a"), stable="green")}, follows_apps=True),
        "a runs in test, but apps/a.py is gone",
    ),
    "the spec of another service": (plan({"a": release(service("b"))}), "the spec in blue is that of 'b'"),
    "the stable slot is missing": (
        plan({"a": release(service("a"), stable="green")}),
        "slots must hold the stable one",
    ),
    "a member in two rollouts": (
        plan({"a": release(service("a"), service("a"))}, {"r": rollout(0, a="green"), "s": rollout(0, a="green")}),
        "a is in the rollout r already",
    ),
    "a slot that is stable already": (
        plan({"a": release(service("a"), service("a"))}, {"r": rollout(0, a="blue")}),
        "which is stable already",
    ),
    "a slot that is not there": (
        plan({"a": release(service("a"))}, {"r": rollout(0, a="green")}),
        "which its release lacks",
    ),
    "a share between 0 and 100 for two routed services": (
        plan(
            {name: release(service(name), service(name)) for name in ("a", "b")},
            {"r": rollout(40, a="green", b="green")},
        ),
        "the rollout moves several services with a route (a, b), so their shares would multiply. "
        "Set its share to 0 or 100, got 40",
    ),
    "a share of more than all": (
        plan({"a": release(service("a"), service("a"))}, {"r": rollout(101, a="green")}),
        "101",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_is_refused(name: str) -> None:
    found, said = REFUSED[name]
    assert said in problem(found)


@pytest.mark.parametrize("share", [0, 100])
def test_two_routed_services_move_together_at_0_and_100(share: int) -> None:
    releases = {name: release(service(name), service(name)) for name in ("a", "b")}
    found = plan(releases, {"r": rollout(share, a="green", b="green")})
    assert front(found, "b").weights == {"blue": 100 - share, "green": share}


def test_a_worker_beside_one_routed_service_leaves_the_share_free() -> None:
    releases = {"a": release(service("a"), service("a")), "b": release(worker("b"), worker("b"))}
    found = plan(releases, {"r": rollout(40, a="green", b="green")})
    assert front(found, "a").weights == {"blue": 60, "green": 40}


def test_all_problems_come_at_once() -> None:
    said = problem(plan({"a": release(None), "b": release(service("c"))}))
    assert "releases/test/a.yaml" in said
    assert "releases/test/b.yaml" in said
