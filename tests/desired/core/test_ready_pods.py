"""The gate ready, by the share: of a service with six pods at its peak, how many must be ready."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from constructs_lib import Override, Scale
from tests.support.fleet_states import Fleet, chain, ready, refusal, with_spec

RUNNING = ("shop", "cart")
PASS: dict[str, Any] = {"unobserved": True, "reason": "the cluster is away"}
SHARES = [(1, 1), (16, 1), (17, 2), (40, 3), (50, 3), (51, 4), (99, 6), (100, 6)]
"""Shares, and the pods that each needs."""


def of_six(share: int = 0, **fields: Any) -> Fleet:
    """A rollout of the shop, whose next spec says how many pods it has, in an environment with the gate ready."""
    fleet = Fleet(chain(trial=("ready",)), running=RUNNING)
    fleet.merge("shop", with_spec("shop", **{"scale": Scale.between(2, 6).model_dump(), **fields}))
    fleet.deploy("trial", "shop", canary=True)
    if share:
        fleet.do("canary", "trial", service="shop", share=share, **PASS)
    return fleet


@pytest.mark.parametrize(("share", "pods"), SHARES)
def test_a_slot_needs_as_many_ready_pods_as_its_share_of_the_peak_rounded_up(share: int, pods: int) -> None:
    fleet = of_six()
    said = refusal(fleet, "canary", "trial", ready("shop-green", pods=pods - 1), service="shop", share=share)
    seen = "1 ready pod" if pods == 2 else f"{pods - 1} ready pods"
    assert f"shop-green in trial has {seen}, and {share} % of the traffic need {pods}. Wait until" in said
    fleet.ask("canary", "trial", ready("shop-green", pods=pods), service="shop", share=share)


def test_a_slot_needs_all_its_pods_before_it_is_stable() -> None:
    fleet = of_six(share=100)
    said = refusal(fleet, "finalize", "trial", ready("shop-green", pods=5), service="shop")
    assert "shop-green in trial has 5 ready pods, and 100 % of the traffic need 6" in said
    fleet.do("finalize", "trial", ready("shop-green", pods=6), service="shop")


def test_each_raise_of_the_share_needs_another_look_and_no_other_change_of_it_does() -> None:
    fleet = of_six(share=40)
    assert "Cannot check" in refusal(fleet, "canary", "trial", service="shop", share=41)
    assert "need 6" in refusal(fleet, "canary", "trial", ready("shop-green", pods=3), service="shop", share=100)
    for share in (40, 39, 1, 0):
        fleet.ask("canary", "trial", service="shop", share=share)


def test_an_undo_that_raises_the_share_needs_as_many_pods() -> None:
    fleet = of_six(share=100)
    fleet.do("canary", "trial", service="shop", share=40)
    assert "need 6" in refusal(fleet, "undo", "trial", ready("shop-green", pods=5), commit=fleet.head)
    fleet.do("undo", "trial", ready("shop-green", pods=6), commit=fleet.head)


@pytest.mark.parametrize(("scale", "pods"), [("S", 2), ("M", 4), ("L", 9), (Scale.fixed(3).model_dump(), 3)])
def test_the_peak_is_what_the_spec_says_in_the_sizes_of_the_environment(scale: object, pods: int) -> None:
    fleet = of_six(scale=scale)
    assert f"need {pods}." in refusal(fleet, "canary", "trial", ready(), service="shop", share=100)


def test_the_peak_is_that_of_the_environments_exception_where_there_is_one() -> None:
    fleet, override = of_six(), Override(reason="the fair is on", scale=Scale.fixed(5))
    here = fleet.environments["trial"]
    special = here.environment.model_copy(update={"overrides": {"shop": override}})
    fleet.environments = {**fleet.environments, "trial": replace(here, environment=special)}
    assert "need 5." in refusal(fleet, "canary", "trial", ready(), service="shop", share=100)


def test_the_peak_of_a_pinned_cluster_is_that_of_the_code_which_makes_it() -> None:
    fleet = of_six(scale="M")
    fleet.do("platform", "trial", tag="v1", commit=fleet.head, **PASS)
    sizes = {"S": Scale.fixed(1), "M": Scale.fixed(3), "L": Scale.fixed(4)}
    pin = fleet.environments["trial"].platform
    assert pin
    assert "need 4." in refusal(fleet, "canary", "trial", ready(), service="shop", share=100)
    older = fleet.environments["trial"].environment.model_copy(update={"scales": sizes})
    fleet.past.environments["trial", pin.commit] = older
    assert "need 3." in refusal(fleet, "canary", "trial", ready(), service="shop", share=100)


@pytest.mark.parametrize(("verb", "fields", "share"), [("canary", {"share": 100}, 40), ("finalize", {}, 100)])
def test_what_the_first_rules_allowed_stays_legal(verb: str, fields: dict[str, Any], share: int) -> None:
    fleet = of_six(share=share)
    observed = ready("shop-green", pods=1) if verb == "finalize" else None
    assert refusal(fleet, verb, "trial", observed, service="shop", **fields)
    fleet.ask(verb, "trial", observed, service="shop", rules=1, **fields)


def test_the_first_rules_asked_for_one_ready_pod() -> None:
    fleet = of_six()
    assert "need 1." in refusal(fleet, "canary", "trial", ready(), service="shop", share=40, rules=1)
    fleet.ask("canary", "trial", ready("shop-green", pods=1), service="shop", share=100, rules=1)
