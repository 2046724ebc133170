"""Operations that keep: holds, undo, and the end and return of a service."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from desired.core.errors import Conflict, Problem
from desired.core.model import HoldEntry, Observation
from tests.support.fleet_states import Fleet, image, refusal, same, with_spec, without

RUNNING = ("shop", "cart", "mailer")
WHY: dict[str, Any] = {"because": "the fair is on", "by": "Ada"}
UNSEEN: dict[str, Any] = {"unobserved": True, "reason": "nobody can look in a test"}


# Holds


def test_a_hold_says_who_why_and_until_when() -> None:
    fleet = Fleet(running=RUNNING)
    fleet.do("hold", "trial", service="shop", until="2026-11-03T00:00:00Z", **WHY)
    hold = fleet.environments["trial"].holds.services["shop"]
    assert hold == HoldEntry(reason="the fair is on", actor="Ada", until="2026-11-03T00:00:00Z")


def test_a_hold_is_taken_away_and_leaves_no_file() -> None:
    fleet = Fleet(running=RUNNING)
    before = dict(fleet.texts)
    fleet.do("hold", "trial", service="shop", **WHY)
    fleet.do("hold", "trial", **WHY)
    fleet.do("unhold", "trial", service="shop")
    assert fleet.environments["trial"].holds.environment
    fleet.do("unhold", "trial")
    assert fleet.texts == before


HOLDS: dict[str, tuple[str, dict[str, Any], tuple[str, ...]]] = {
    "what does not run": ("hold", {"service": "ghost", **WHY}, ("ghost", "trial", "Name a service that does")),
    "until a time that has passed": (
        "hold", {"service": "shop", "until": "2026-11-02T09:31:00Z", **WHY}, ("2026-11-02T09:31:00Z", "a later time")),
    "a service that is not held": ("unhold", {"service": "shop"}, ("shop", "not held")),
    "an environment that is not held": ("unhold", {}, ("trial", "not held")),
}  # fmt: skip


@pytest.mark.parametrize("row", HOLDS)
def test_a_refused_hold_says_what_is_wrong(row: str) -> None:
    verb, fields, words = HOLDS[row]
    assert not without(refusal(Fleet(running=RUNNING), verb, "trial", **fields), words)


# Undo: each kind of operation


def rollout(fleet: Fleet, *verbs: str) -> Fleet:
    """A rollout of two services that goes on through some verbs."""
    fleet.deploy("trial", "shop", "mailer", canary=True, name="both")
    for verb in verbs:
        fields: dict[str, Any] = {"share": int(verb)} if verb.isdigit() else {}
        fleet.do("canary" if verb.isdigit() else verb, "trial", service="shop", **fields)
    return fleet


def retire_mailer(fleet: Fleet, *environments: str) -> Fleet:
    for name in environments:
        fleet.do("retire", name, service="mailer")
    return fleet


UNDONE: dict[str, Callable[[Fleet], object]] = {
    "deploy": lambda fleet: fleet.deploy("trial", "shop", "quotes"),
    "deploy as a canary": rollout,
    "deploy of what is finalized": lambda fleet: (rollout(fleet, "100", "finalize"),
                                                  fleet.deploy("trial", "shop", number=2)),
    "canary": lambda fleet: rollout(fleet, "40", "100"),
    "finalize": lambda fleet: rollout(fleet, "100", "finalize"),
    "rollback": lambda fleet: rollout(fleet, "40", "rollback"),
    "rollback after finalize": lambda fleet: rollout(fleet, "100", "finalize", "rollback"),
    "close": lambda fleet: rollout(fleet, "close"),
    "close after finalize": lambda fleet: rollout(fleet, "100", "finalize", "close"),
    "reset": lambda fleet: (fleet.deploy("trial", "cart"), fleet.do("reset", "trial", to=fleet.commits[0])),
    "promote": lambda fleet: (fleet.deploy("lab", "shop", "quotes"),
                              fleet.do("promote", "trial", source="lab", recipe=fleet.head)),
    "platform": lambda fleet: fleet.do("platform", "trial", tag="v1", commit=fleet.head, **UNSEEN),
    "hold": lambda fleet: fleet.do("hold", "trial", service="shop", **WHY),
    "unhold": lambda fleet: (fleet.do("hold", "trial", service="shop", **WHY),
                             fleet.do("unhold", "trial", service="shop")),
    "retire": lambda fleet: retire_mailer(fleet, "public", "trial"),
    "restore": lambda fleet: (retire_mailer(fleet, "public", "trial"),
                              fleet.do("restore", "trial", service="mailer", at=fleet.commits[0])),
    "undo": lambda fleet: (fleet.deploy("trial", "shop"), fleet.do("undo", "trial", commit=fleet.head)),
}  # fmt: skip


@pytest.mark.parametrize("what", UNDONE)
def test_an_undo_makes_it_what_it_was_before(what: str) -> None:
    fleet = Fleet(running=RUNNING)
    UNDONE[what](fleet)
    last, texts = fleet.head, fleet.texts
    before = fleet.past.states[fleet.past.before(last)]["trial"]
    after = fleet.do("undo", "trial", commit=last, **UNSEEN).state
    assert same(after, before)
    assert fleet.units(after)
    fleet.do("undo", "trial", commit=fleet.head, **UNSEEN)
    assert fleet.texts == texts


@pytest.mark.parametrize("what", [each for each in UNDONE if each not in ("deploy as a canary", "promote")])
def test_an_undo_of_something_older_leaves_what_came_after_to_others(what: str) -> None:
    fleet = Fleet(running=(*RUNNING, "queue"))
    UNDONE[what](fleet)
    last = fleet.head
    fleet.deploy("trial", "queue", number=5)
    fleet.do("undo", "trial", commit=last)
    assert fleet.stable("trial", "queue").image == image("queue", 5)


CHANGED: dict[str, tuple[Callable[[Fleet], object], str]] = {
    "deploy": (lambda fleet: fleet.deploy("trial", "shop", number=5), "shop"),
    "canary": (lambda fleet: fleet.do("canary", "trial", service="shop", share=50), "rollout both"),
    "finalize": (lambda fleet: fleet.do("close", "trial", service="shop"), "mailer"),
    "platform": (lambda fleet: fleet.do("platform", "trial", tag="v2", commit=fleet.head, **UNSEEN), "platform's pin"),
    "hold": (lambda fleet: fleet.do("unhold", "trial", service="shop"), "a hold"),
    "retire": (lambda fleet: fleet.deploy("trial", "mailer"), "mailer"),
}  # fmt: skip


@pytest.mark.parametrize("what", CHANGED)
def test_an_undo_of_what_has_changed_since_is_a_conflict(what: str) -> None:
    fleet = Fleet(running=RUNNING)
    UNDONE[what](fleet)
    last = fleet.head
    change, word = CHANGED[what]
    change(fleet)
    with pytest.raises(Conflict) as raised:
        fleet.ask("undo", "trial", commit=last)
    assert not without(str(raised.value), (last[:12], word, "changed since", "Undo that first"))


def test_an_undo_of_another_environments_operation_is_refused() -> None:
    fleet = Fleet(running=RUNNING)
    fleet.deploy("lab", "shop")
    said = refusal(fleet, "undo", "trial", commit=fleet.head)
    assert not without(said, (fleet.head[:12], "nothing in trial", "Name the commit"))


def test_an_undo_of_the_commit_with_which_the_environment_came_is_refused() -> None:
    fleet = Fleet(running=RUNNING)
    fleet.deploy("trial", "shop")
    del fleet.past.states[fleet.commits[0]]["trial"]
    said = refusal(fleet, "undo", "trial", commit=fleet.head)
    assert not without(said, (fleet.head[:12], "no trial before it", "another commit"))


def test_an_undo_of_the_first_commit_is_refused() -> None:
    fleet = Fleet(running=RUNNING)
    with pytest.raises(Problem, match="first commit"):
        fleet.ask("undo", "trial", commit=fleet.head)


def test_an_undo_removes_no_service_that_another_calls() -> None:
    fleet = Fleet()
    fleet.deploy("trial", "cart")
    first = fleet.head
    fleet.deploy("trial", "shop")
    said = refusal(fleet, "undo", "trial", commit=first)
    assert not without(said, ("cart", "shop", "depend"))


def test_an_undo_removes_no_service_that_the_next_environment_runs() -> None:
    fleet = Fleet()
    fleet.deploy("lab", "quotes")
    first = fleet.head
    fleet.do("promote", "trial", source="lab", recipe=first)
    assert not without(refusal(fleet, "undo", "lab", commit=first), ("quotes", "trial"))


def test_an_undo_of_a_retirement_needs_the_file_in_apps_where_that_is_followed() -> None:
    fleet = Fleet()
    fleet.deploy("lab", "mailer")
    fleet.do("retire", "lab", service="mailer")
    retired = fleet.head
    fleet.merge("mailer", None)
    assert not without(refusal(fleet, "undo", "lab", commit=retired), ("mailer", "apps/"))


def test_a_rollout_whose_name_was_used_again_comes_back_whole() -> None:
    fleet = Fleet(running=RUNNING)
    rollout(fleet, "100", "finalize")
    before = fleet.environments["trial"]
    fleet.deploy("trial", "shop", number=2, canary=True, name="both")
    fleet.do("undo", "trial", commit=fleet.head)
    assert same(fleet.environments["trial"], before)


# Retire and restore


def test_a_retired_service_is_gone_with_its_file() -> None:
    fleet = Fleet(running=RUNNING)
    retire_mailer(fleet, "public", "trial", "lab")
    assert not [path for path in fleet.texts if "mailer" in path]


@pytest.mark.parametrize(("where", "later"), [("lab", "trial"), ("trial", "public")])
def test_it_is_retired_in_reverse_order_of_promotion(where: str, later: str) -> None:
    said = refusal(Fleet(running=RUNNING), "retire", where, service="mailer")
    assert not without(said, ("mailer", where, later, "first"))


def test_the_order_holds_also_over_an_environment_that_does_not_run_it() -> None:
    fleet = Fleet()
    fleet.deploy("lab", "quotes")
    fleet.deploy("public", "quotes")
    assert not without(refusal(fleet, "retire", "lab", service="quotes"), ("quotes", "lab", "public", "first"))


def test_who_is_called_is_not_retired() -> None:
    fleet = Fleet(running=RUNNING)
    said = refusal(fleet, "retire", "public", service="cart")
    assert not without(said, ("cart", "public", "shop depends on it", "Deploy versions without it"))


def test_a_caller_in_the_other_slot_counts() -> None:
    fleet = Fleet(running=("cart", "mailer"))
    fleet.deploy("public", "mailer", number=2)
    fleet.merge("mailer", with_spec("mailer", depends_on=[{"service": "cart"}]))
    fleet.deploy("lab", "mailer")
    fleet.do("promote", "trial", source="lab", recipe=fleet.head)
    fleet.do("retire", "public", service="cart")
    assert "mailer" in refusal(fleet, "retire", "trial", service="cart")


def test_a_caller_that_follows_apps_counts() -> None:
    fleet = Fleet(running=())
    fleet.deploy("lab", "cart", "mailer")
    fleet.merge("mailer", with_spec("mailer", depends_on=[{"service": "cart"}]))
    assert "mailer" in refusal(fleet, "retire", "lab", service="cart")


def test_who_gets_requests_is_not_retired_with_or_without_a_gate() -> None:
    fleet = Fleet(running=RUNNING)
    busy = Observation(requests={"mailer": 2.5})
    assert not without(refusal(fleet, "retire", "public", busy, service="mailer"), ("mailer", "public", "2.5"))


def test_restore_brings_it_back_as_it_was() -> None:
    fleet = Fleet(running=RUNNING)
    before = fleet.environments["public"].releases["mailer"]
    ran = fleet.head
    fleet.do("retire", "public", service="mailer")
    fleet.merge("mailer", with_spec("mailer", env={"LEVEL": "9"}))
    fleet.do("restore", "public", service="mailer", at=ran)
    release = fleet.environments["public"].releases["mailer"]
    assert release.slots[release.stable].image == before.slots[before.stable].image
    assert release.slots[release.stable].spec == before.slots[before.stable].spec


def test_of_a_rollout_only_the_stable_version_comes_back() -> None:
    fleet = Fleet(running=("shop",))
    fleet.deploy("public", "shop", canary=True)
    during = fleet.head
    fleet.do("close", "public", service="shop")
    fleet.do("retire", "public", service="shop")
    fleet.do("restore", "public", service="shop", at=during)
    assert list(fleet.environments["public"].releases["shop"].slots) == ["blue"]
    assert fleet.stable("public", "shop").image == image("shop", 0)


def test_restore_needs_a_commit_at_which_it_ran_and_its_file() -> None:
    fleet = Fleet(running=RUNNING)
    ran = fleet.head
    retire_mailer(fleet, "public", "trial", "lab")
    gone = fleet.head
    said = refusal(fleet, "restore", "lab", service="mailer", at=gone)
    assert not without(said, ("mailer", "lab", gone[:12], "another commit"))
    fleet.merge("mailer", None)
    assert not without(
        refusal(fleet, "restore", "lab", service="mailer", at=ran), ("mailer", "apps/", "Put apps/mailer.py back")
    )
    fleet.do("restore", "trial", service="mailer", at=ran)
