"""Gates and holds: what must be seen first, and what is never held up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from desired.core.apply import apply
from desired.core.errors import Refused
from desired.core.gates import needs_observation, what_counted
from desired.core.model import Observation
from desired.history.gather import gather
from tests.support.fleet_states import NOW, Fleet, build, chain, image, intent, ready, refusal, without

RUNNING = ("shop", "cart", "mailer", "collector", "queue")
WHY: dict[str, Any] = {"because": "the fair is on", "by": "Ada"}
PASS: dict[str, Any] = {"unobserved": True, "reason": "the cluster is away"}


def gated(*names: str, share: int = 0) -> Fleet:
    """A rollout in an environment with the gate ready."""
    fleet = Fleet(chain(trial=("ready",)), running=RUNNING)
    fleet.deploy("trial", *names, canary=True, name="both")
    if share:
        fleet.do("canary", "trial", service=names[0], share=share, **PASS)
    return fleet


# Ready


UNSEEN: dict[str, tuple[Observation | None, str]] = {
    "nobody looked": (None, "Cannot check"),
    "nobody looked at endpoints": (Observation(applied="a" * 40), "Cannot check"),
    "the slot is not there": (ready("shop-blue", "cart-blue", "cart-green"), "has 0 ready pods"),
    "none is ready": (Observation(ready={"shop-green": 0, "cart-green": 2}), "has 0 ready pods"),
}


@pytest.mark.parametrize("row", UNSEEN)
@pytest.mark.parametrize(
    ("verb", "fields", "share"), [("canary", {"share": 40}, 0), ("canary", {"share": 100}, 0), ("finalize", {}, 100)]
)
def test_a_slot_that_nobody_saw_ready_gets_no_traffic(verb: str, fields: dict[str, Any], share: int, row: str) -> None:
    observed, words = UNSEEN[row]
    fleet = gated("shop", share=share)
    said = refusal(fleet, verb, "trial", observed, service="shop", **fields)
    assert not without(said, ("shop-green", "trial", words))
    assert "--unobserved" in said if words == "Cannot check" else "Wait" in said
    assert needs_observation(intent(verb, "trial", service="shop", **fields))


@pytest.mark.parametrize(("verb", "fields", "share"), [("canary", {"share": 40}, 0), ("finalize", {}, 100)])
def test_it_is_passed_without_a_look_when_somebody_says_why(verb: str, fields: dict[str, Any], share: int) -> None:
    fleet = gated("shop", share=share)
    fleet.do(verb, "trial", service="shop", **fields, **PASS)


def test_to_pass_it_without_a_reason_is_no_operation() -> None:
    for reason in ("", "  "):
        with pytest.raises(ValidationError, match="needs a reason"):
            intent("finalize", "trial", service="shop", unobserved=True, reason=reason)


def test_every_member_with_slots_must_be_ready_and_those_without_need_not() -> None:
    fleet = gated("shop", "cart", "mailer", "queue", "collector")
    slots = ["shop-green", "cart-green", "collector-green"]
    for missing in slots:
        seen_ready = ready(*(each for each in slots if each != missing))
        assert missing in refusal(fleet, "canary", "trial", seen_ready, service="shop", share=100)
    fleet.do("canary", "trial", ready(*slots), service="shop", share=100)
    fleet.do("finalize", "trial", ready(*slots), service="queue")


def test_without_the_gate_nobody_has_to_look() -> None:
    fleet = Fleet(running=RUNNING)
    fleet.deploy("trial", "shop", canary=True)
    fleet.do("canary", "trial", Observation(ready={}), service="shop", share=100)
    fleet.do("finalize", "trial", service="shop")


def test_an_undo_does_not_go_around_the_gate() -> None:
    fleet = gated("shop", share=100)
    fleet.do("rollback", "trial", service="shop")
    assert "shop-green" in refusal(fleet, "undo", "trial", commit=fleet.head)
    fleet.do("undo", "trial", ready("shop-green"), commit=fleet.head)
    fleet.do("finalize", "trial", ready("shop-green"), service="shop")
    fleet.do("rollback", "trial", service="shop")
    assert "shop-green" in refusal(fleet, "undo", "trial", commit=fleet.head)


def test_an_undo_asks_for_no_slot_that_is_stable_already() -> None:
    fleet = gated("shop", "mailer", "collector", share=100)
    fleet.do("finalize", "trial", ready("shop-green", "collector-green"), service="shop")
    fleet.deploy("trial", "shop", number=2, canary=True, name="both")
    fleet.do("undo", "trial", commit=fleet.head)
    assert fleet.environments["trial"].rollouts["both"].phase == "finalized"


BACK: dict[str, tuple[int, Callable[[Fleet], object]]] = {
    "rollback at 40": (40, lambda fleet: fleet.do("rollback", "trial", service="shop")),
    "share 0": (40, lambda fleet: fleet.do("canary", "trial", service="shop", share=0)),
    "rollback after finalize": (100, lambda fleet: fleet.do("rollback", "trial", service="shop")),
}


@pytest.mark.parametrize("row", BACK)
@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("observed", [None, Observation(ready={}, requests={"shop": 9.0})])
def test_nothing_holds_up_a_way_back(row: str, whole: bool, observed: Observation | None) -> None:
    share, back = BACK[row]
    fleet = gated("shop", share=share)
    if row == "rollback after finalize":
        fleet.do("finalize", "trial", service="shop", **PASS)
    fleet.do("hold", "trial", service=None if whole else "shop", **WHY)
    back(fleet)
    assert fleet.share("trial", "both") == 0
    assert fleet.stable("trial", "shop").image == image("shop", 0)


@pytest.mark.parametrize("observed", [None, Observation(), ready(), ready("shop-green")])
def test_a_way_back_asks_for_no_look(observed: Observation | None) -> None:
    fleet = gated("shop", share=100)
    for fields in ({"verb": "rollback"}, {"verb": "canary", "share": 0}):
        given: dict[str, Any] = {"environment": "trial", "service": "shop", **fields}
        assert not needs_observation(intent(**given))
        fleet.ask(**given, observed=observed)


def test_what_the_log_keeps_of_a_look_decides_the_same() -> None:
    fleet = gated("shop", "cart")
    observed = Observation(
        ready={"shop-green": 2, "cart-green": 3, "mailer-blue": 4}, requests={"shop": 1.5, "cart": 2.0}
    )
    asked = intent("canary", "trial", service="shop", share=100)
    outcome = fleet.ask("canary", "trial", observed, service="shop", share=100)
    kept = what_counted(observed, asked, fleet.environments[asked.operation.environment], outcome.state)
    assert kept.ready == {"shop-green": 2, "cart-green": 3}
    assert dict(fleet.ask("canary", "trial", kept, service="shop", share=100).state.rollouts) == dict(
        outcome.state.rollouts
    )


# Traffic


def test_with_the_gate_somebody_looks_for_requests_before_a_service_is_retired() -> None:
    fleet = Fleet(chain(public=("ready",)), running=RUNNING)
    said = refusal(fleet, "retire", "public", service="mailer")
    assert not without(said, ("mailer", "public", "Cannot check", "no requests", "--unobserved"))
    said = refusal(fleet, "retire", "public", Observation(requests={"mailer": 0.5}), service="mailer")
    assert not without(said, ("mailer", "public", "0.5 requests per second", "when it gets none"))
    fleet.ask("retire", "public", Observation(requests={"shop": 9.0}), service="mailer")
    fleet.do("retire", "public", service="mailer", **PASS)


# Holds


FIELDS: Mapping[str, Callable[[Fleet], dict[str, Any]]] = {
    "deploy": lambda fleet: {"services": {"shop": build("shop", 4)}, "specs_at": fleet.head},
    "promote": lambda fleet: {"source": "lab", "recipe": fleet.head},
    "reset": lambda fleet: {"to": fleet.commits[0]},
    "retire": lambda fleet: {"service": "shop"},
    "canary": lambda fleet: {"service": "shop", "share": 40},
    "finalize": lambda fleet: {"service": "shop"},
    "close": lambda fleet: {"service": "shop"},
    "undo": lambda fleet: {"commit": fleet.head},
}


def held_before(verb: str) -> Fleet:
    """A fleet in which the verb is legal on the shop in trial; the newest commit changed the shop there."""
    fleet = Fleet(running=RUNNING)
    fleet.do("retire", "public", service="shop")
    fleet.deploy("lab", "shop", number=3)
    fleet.deploy("trial", "shop", number=2)
    if verb in ("canary", "finalize", "close"):
        fleet.deploy("trial", "shop", number=3, canary=True)
    if verb == "finalize":
        fleet.do("canary", "trial", service="shop", share=100)
    return fleet


@pytest.mark.parametrize("verb", FIELDS)
@pytest.mark.parametrize("whole", [False, True])
def test_what_is_held_does_not_change(verb: str, whole: bool) -> None:
    fleet = held_before(verb)
    fields = FIELDS[verb](fleet)
    fleet.ask(verb, "trial", **fields)
    until = "2026-11-02T10:00:00Z"
    fleet.do("hold", "trial", service=None if whole else "shop", until=until, **WHY)
    said = refusal(fleet, verb, "trial", **fields)
    assert not without(said, ("trial" if whole else "shop in trial", "held by Ada", until, "the fair is on", "unhold"))
    fleet.do("unhold", "trial", service=None if whole else "shop")
    fleet.ask(verb, "trial", **fields)


def test_a_held_environment_keeps_its_platform() -> None:
    fleet = Fleet()
    fleet.do("hold", "trial", **WHY)
    assert "trial is held by Ada: the fair is on" in refusal(
        fleet, "platform", "trial", tag="v1", commit=fleet.head, **PASS
    )


def test_a_held_service_stops_a_set_that_it_is_in_and_no_other() -> None:
    fleet = Fleet(running=RUNNING)
    fleet.do("hold", "trial", service="shop", **WHY)
    services = {name: build(name) for name in ("shop", "cart")}
    assert "shop" in refusal(fleet, "deploy", "trial", services=services, specs_at=fleet.head)
    fleet.deploy("trial", "cart")
    fleet.deploy("lab", "shop")


def test_a_member_that_is_held_stops_what_the_whole_rollout_does() -> None:
    fleet = Fleet(running=RUNNING)
    fleet.deploy("trial", "shop", "mailer", canary=True)
    fleet.do("hold", "trial", service="mailer", **WHY)
    assert "mailer" in refusal(fleet, "canary", "trial", service="shop", share=40)


def test_a_hold_ends_at_its_time() -> None:
    fleet = Fleet(running=RUNNING)
    fleet.do("hold", "trial", service="shop", until="2026-11-02T09:33:00Z", **WHY)
    asked = intent("deploy", "trial", services={"shop": build("shop")}, specs_at=fleet.head)
    for second, free in ((59, False), (60, True)):
        now = datetime.fromtimestamp(NOW.timestamp() + 120 + second, UTC)
        if free:
            apply(asked, fleet.facts(asked), now)
        else:
            with pytest.raises(Refused, match="held by Ada until 2026-11-02T09:33:00Z"):
                apply(asked, fleet.facts(asked), now)


def test_a_hold_is_about_what_this_operation_changes() -> None:
    fleet = Fleet(running=RUNNING)
    states = dict(fleet.environments)
    for asked in (
        intent("deploy", "trial", services={"shop": build("shop")}, specs_at=fleet.head),
        intent("hold", "trial", service="shop", **WHY),
        intent("deploy", "trial", services={"cart": build("cart")}, specs_at=fleet.head),
    ):
        # One state after the other, without reading them from files again.
        outcome = apply(asked, gather(asked.operation, states, fleet.specs, fleet.past), fleet.now)
        states["trial"] = outcome.state
    assert states["trial"].releases["cart"].slots["blue"].image == image("cart")
