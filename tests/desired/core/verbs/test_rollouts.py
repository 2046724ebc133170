"""An open rollout and what becomes of it: share, finalize, rollback, close."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from desired.core.operations import Canary
from desired.history import release_files as files
from tests.support.fleet_checks import running
from tests.support.fleet_states import Fleet, image, intent, refusal, with_spec, without

ALL = ("shop", "cart", "quotes", "mailer", "collector", "queue")


def opened(*names: str, where: str = "trial", share: int = 0, **fields: Any) -> Fleet:
    """A fleet with an open rollout of some services."""
    fleet = Fleet(running=ALL)
    fleet.deploy(where, *names, canary=True, **fields)
    if share:
        fleet.do("canary", where, service=names[0], share=share)
    return fleet


def finalized(*names: str, where: str = "trial", **fields: Any) -> Fleet:
    """A fleet with a finalized rollout of some services."""
    fleet = opened(*names, where=where, share=100, **fields)
    fleet.do("finalize", where, service=names[0])
    return fleet


# The share


@pytest.mark.parametrize("share", [0, 1, 50, 99, 100])
def test_one_routed_service_takes_every_share(share: int) -> None:
    fleet = opened("shop", share=40)
    fleet.do("canary", "trial", service="shop", share=share)
    assert fleet.share("trial", "shop") == share


@given(share=st.integers() | st.booleans() | st.floats() | st.text(max_size=3) | st.none())
def test_a_share_is_a_whole_number_from_0_to_100_or_no_operation(share: object) -> None:
    good = isinstance(share, int) and not isinstance(share, bool) and 0 <= share <= 100
    try:
        made = Canary(environment="trial", service="shop", share=share)
    except ValidationError:
        assert not good
    else:
        assert good
        assert made.share == share


def test_the_share_is_that_of_the_whole_rollout_whichever_member_is_named() -> None:
    fleet = opened("shop", "mailer", name="both")
    fleet.do("canary", "trial", service="mailer", share=40)
    assert fleet.share("trial", "both") == 40


def test_rollouts_of_different_services_run_side_by_side() -> None:
    fleet = opened("shop", share=40)
    fleet.deploy("trial", "cart", canary=True)
    fleet.do("canary", "trial", service="cart", share=70)
    assert (fleet.share("trial", "shop"), fleet.share("trial", "cart")) == (40, 70)
    assert fleet.units(fleet.environments["trial"])


@pytest.mark.parametrize("share", [1, 50, 99])
def test_several_routed_services_take_only_0_and_100(share: int) -> None:
    fleet = opened("shop", "quotes", name="both")
    said = refusal(fleet, "canary", "trial", service="quotes", share=share)
    assert not without(said, ("both", "quotes, shop", "Set its share to 0 or 100", f"got {share}"))
    fleet.do("canary", "trial", service="quotes", share=100)
    fleet.do("canary", "trial", service="quotes", share=0)


def test_services_without_a_route_do_not_count_among_several() -> None:
    fleet = opened("shop", "mailer", "collector", "queue", name="all")
    fleet.do("canary", "trial", service="shop", share=40)
    assert fleet.share("trial", "all") == 40


def without_routes() -> Fleet:
    """A rollout in lab whose routed service lost its route in apps/ while the share was 40 %."""
    fleet = opened("shop", where="lab", share=40)
    fleet.merge("shop", with_spec("shop", route=None))
    return fleet


def test_share_0_is_taken_also_where_apps_took_the_route_away() -> None:
    fleet = without_routes()
    fleet.do("canary", "lab", service="shop", share=0)
    assert fleet.share("lab", "shop") == 0


def test_nothing_is_finalized_at_a_share_between_because_apps_took_the_route_away() -> None:
    said = refusal(without_routes(), "finalize", "lab", service="shop")
    assert not without(said, ("shop", "40 %"))


@pytest.mark.parametrize(("verb", "fields"), [("canary", {"share": 0}), ("rollback", {})])
def test_what_is_so_already_changes_no_file(verb: str, fields: dict[str, Any]) -> None:
    fleet = opened("shop")
    here = fleet.environments["trial"]
    assert files.file_changes(here, fleet.ask(verb, "trial", service="shop", **fields).state) == {}


# Finalize


@pytest.mark.parametrize("where", ["lab", "trial"])
@pytest.mark.parametrize("merged", [False, True])
def test_finalize_changes_what_is_stable_and_no_pod(where: str, merged: bool) -> None:
    fleet = opened("shop", "mailer", where=where, share=100, name="both")
    if merged:
        fleet.merge("shop", with_spec("shop", env={"LEVEL": "1"}))
    before = running(fleet, where)
    fleet.do("finalize", where, service="shop")
    assert running(fleet, where) == before
    here = fleet.environments[where]
    assert {here.releases[name].stable for name in ("shop", "mailer")} == {"green"}
    assert here.rollouts["both"].phase == "finalized"


def test_finalize_makes_the_new_slot_follow_apps_and_writes_out_the_old_one() -> None:
    fleet = Fleet(running=("shop",))
    fleet.merge("shop", with_spec("shop", env={"LEVEL": "1"}))
    fleet.deploy("lab", "shop", canary=True)
    fleet.do("canary", "lab", service="shop", share=100)
    fleet.do("finalize", "lab", service="shop")
    slots = fleet.environments["lab"].releases["shop"].slots
    assert slots["green"].spec is None
    assert slots["blue"].spec == with_spec("shop", env={"LEVEL": "1"})


def test_a_rollout_without_a_route_is_finalized_without_a_share() -> None:
    fleet = opened("shop", "mailer", "queue")
    fleet.do("close", "trial", service="shop")
    # Only a promotion makes a rollout of services that have no share.
    fleet.deploy("lab", "mailer", "queue")
    fleet.do("promote", "trial", source="lab", recipe=fleet.head)
    said = refusal(fleet, "canary", "trial", service="mailer", share=100)
    assert not without(said, ("from-lab", "none of its services has a route", "Finalize it"))
    fleet.do("finalize", "trial", service="mailer")
    assert fleet.stable("trial", "queue").image == image("queue")
    fleet.do("rollback", "trial", service="mailer")
    assert fleet.stable("trial", "queue").image == image("queue", 0)
    fleet.do("close", "trial", service="queue")
    assert not fleet.environments["trial"].rollouts


# Rollback


@pytest.mark.parametrize("share", [0, 1, 40, 100])
def test_a_rollback_of_an_open_rollout_is_share_0_and_nothing_else(share: int) -> None:
    fleet = opened("shop", share=share)
    before = fleet.environments["trial"]
    after = fleet.do("rollback", "trial", service="shop").state
    assert after.releases == before.releases or dict(after.releases) == dict(before.releases)
    assert fleet.environments["trial"].rollouts["shop"] == before.rollouts["shop"].model_copy(update={"share": 0})


@pytest.mark.parametrize("where", ["lab", "trial"])
def test_a_rollback_after_finalize_is_the_way_back_with_the_same_image_and_spec(where: str) -> None:
    fleet = opened("shop", "mailer", where=where, share=100, name="both")
    before = {name: (fleet.stable(where, name).image, fleet.spec(where, name)) for name in ("shop", "mailer")}
    fleet.do("finalize", where, service="shop")
    fleet.merge("shop", with_spec("shop", env={"LEVEL": "1"}))
    ran = running(fleet, where)
    fleet.do("rollback", where, service="mailer")
    assert {name: (fleet.stable(where, name).image, fleet.spec(where, name)) for name in before} == before
    rollout = fleet.environments[where].rollouts["both"]
    assert (rollout.phase, rollout.share) == ("open", 0)
    assert running(fleet, where) == ran


def test_what_was_rolled_back_after_finalize_keeps_its_spec_until_the_next_deploy() -> None:
    fleet = finalized("shop", where="lab")
    fleet.do("rollback", "lab", service="shop")
    slots = fleet.environments["lab"].releases["shop"].slots
    assert {slot: version.spec for slot, version in slots.items()} == dict.fromkeys(
        ("blue", "green"), with_spec("shop")
    )
    fleet.do("close", "lab", service="shop")
    fleet.merge("shop", with_spec("shop", env={"LEVEL": "1"}))
    assert fleet.spec("lab", "shop") == with_spec("shop")
    fleet.deploy("lab", "shop", number=2)
    assert fleet.spec("lab", "shop") == with_spec("shop", env={"LEVEL": "1"})


def test_what_was_rolled_back_can_be_tried_again() -> None:
    fleet = finalized("shop", where="lab")
    fleet.do("rollback", "lab", service="shop")
    fleet.do("canary", "lab", service="shop", share=100)
    fleet.do("finalize", "lab", service="shop")
    assert fleet.stable("lab", "shop").image == image("shop")


# Close


@pytest.mark.parametrize("where", ["lab", "trial"])
def test_close_after_finalize_keeps_the_new_and_removes_the_old(where: str) -> None:
    fleet = finalized("shop", "mailer", where=where)
    fleet.do("close", where, service="mailer")
    here = fleet.environments[where]
    assert not here.rollouts
    assert {name: list(here.releases[name].slots) for name in ("shop", "mailer")} == {
        "shop": ["green"],
        "mailer": ["green"],
    }
    assert fleet.stable(where, "shop").image == image("shop")


def test_close_at_share_0_removes_the_new_and_keeps_the_old() -> None:
    fleet = opened("shop", share=40)
    fleet.do("rollback", "trial", service="shop")
    fleet.do("close", "trial", service="shop")
    assert list(fleet.environments["trial"].releases["shop"].slots) == ["blue"]
    assert fleet.stable("trial", "shop").image == image("shop", 0)


def test_the_next_version_goes_into_the_other_slot_again() -> None:
    fleet = finalized("shop")
    fleet.do("close", "trial", service="shop")
    fleet.deploy("trial", "shop", number=2, canary=True)
    assert fleet.environments["trial"].rollouts["shop"].members == {"shop": "blue"}


@pytest.mark.parametrize("verb", ["canary", "finalize", "rollback", "close"])
def test_only_the_rollout_of_the_named_service_moves(verb: str) -> None:
    fleet = opened("shop", share=0 if verb == "close" else 100)
    fleet.deploy("trial", "cart", canary=True)
    before = fleet.environments["trial"]
    fields: dict[str, Any] = {"share": 40} if verb == "canary" else {}
    after = fleet.do(verb, "trial", service="shop", **fields).state
    assert after.rollouts["cart"] == before.rollouts["cart"]
    assert after.releases["cart"] == before.releases["cart"]
    assert intent(verb, "trial", service="shop", **fields).operation.named() == ("shop",)
