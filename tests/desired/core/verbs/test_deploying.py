"""Versions enter an environment: deploy and reset."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from constructs_lib import Port, Slot
from desired.core.apply import apply
from desired.core.errors import Problem
from desired.core.operations import Deploy
from tests.support.fleet_states import Fleet, build, commit_of, image, intent, refusal, with_spec, without


def test_without_a_canary_it_is_a_rolling_update_in_the_stable_slot() -> None:
    fleet = Fleet(running=("shop",))
    fleet.deploy("trial", "shop")
    release = fleet.environments["trial"].releases["shop"]
    assert release.stable == "blue"
    assert list(release.slots) == ["blue"]
    version = release.slots["blue"]
    assert (version.image, version.commit, version.ref) == (image("shop"), commit_of(1001), "main")
    assert version.since == "2026-11-02T09:31:00Z"


def test_times_are_written_in_utc_and_whole_seconds() -> None:
    fleet = Fleet()
    asked = intent("deploy", "trial", services={"shop": build("shop")}, specs_at=fleet.head)
    now = datetime(2026, 11, 2, 1, 30, 5, 999_999, tzinfo=timezone(timedelta(hours=2)))
    version = apply(asked, fleet.facts(asked), now).state.releases["shop"].slots["blue"]
    assert version.since == "2026-11-01T23:30:05Z"


def test_a_canary_enters_the_other_slot_at_share_0() -> None:
    fleet = Fleet(running=("shop",))
    fleet.deploy("trial", "shop", canary=True)
    release = fleet.environments["trial"].releases["shop"]
    assert release.stable == "blue"
    assert release.slots["blue"].image == image("shop", 0)
    assert release.slots["green"].image == image("shop")
    rollout = fleet.environments["trial"].rollouts["shop"]
    assert (rollout.phase, rollout.share, rollout.members) == ("open", 0, {"shop": "green"})


def test_a_set_enters_as_one_rollout_and_what_is_new_enters_at_once() -> None:
    fleet = Fleet(running=("shop", "cart"))
    outcome = fleet.deploy("trial", "shop", "cart", "quotes", canary=True, name="autumn")
    assert fleet.environments["trial"].rollouts["autumn"].members == {"shop": "green", "cart": "green"}
    assert list(fleet.environments["trial"].releases["quotes"].slots) == ["blue"]
    assert any("quotes" in said and "at once" in said for said in outcome.notes)


def test_what_has_no_share_changes_at_once_when_asked() -> None:
    fleet = Fleet(running=("shop", "mailer"))
    fleet.deploy("trial", "shop", "mailer", canary=True, first=["mailer"])
    assert fleet.stable("trial", "mailer").image == image("mailer")
    assert fleet.environments["trial"].rollouts["shop"].members == {"shop": "green"}


def test_a_rollout_that_nobody_named_has_the_names_of_its_members() -> None:
    fleet = Fleet(running=("shop", "cart"))
    fleet.deploy("trial", "shop", "cart", canary=True)
    (name,) = fleet.environments["trial"].rollouts
    assert "shop" in name
    assert "cart" in name


def test_where_specs_are_written_the_spec_of_the_named_commit_goes_with_the_image() -> None:
    fleet = Fleet(running=("shop",))
    before = fleet.head
    fleet.merge("shop", with_spec("shop", env={"LEVEL": "1"}))
    fleet.deploy("trial", "shop", specs_at=before)
    assert fleet.spec("trial", "shop") == with_spec("shop")
    fleet.deploy("trial", "shop")
    assert fleet.spec("trial", "shop") == with_spec("shop", env={"LEVEL": "1"})
    fleet.merge("shop", with_spec("shop", env={"LEVEL": "2"}))
    assert fleet.spec("trial", "shop") == with_spec("shop", env={"LEVEL": "1"})


def test_where_apps_is_followed_only_the_stable_slot_follows() -> None:
    fleet = Fleet(running=("shop",))
    fleet.deploy("lab", "shop", canary=True)
    release = fleet.environments["lab"].releases["shop"]
    assert release.slots["blue"].spec is None
    assert release.slots["green"].spec == with_spec("shop")


def test_a_finalized_rollout_is_closed_by_the_next_deploy_which_says_so() -> None:
    fleet = finalized(Fleet(running=("shop", "cart")), "shop", "cart")
    outcome = fleet.deploy("trial", "shop", number=2)
    assert any("both" in said and "closed" in said for said in outcome.notes)
    here = fleet.environments["trial"]
    assert not here.rollouts
    assert {name: list(each.slots) for name, each in here.releases.items()} == {"shop": ["green"], "cart": ["green"]}


def test_the_next_canary_may_have_the_name_of_the_rollout_that_it_closes() -> None:
    fleet = finalized(Fleet(running=("shop",)), "shop")
    fleet.deploy("trial", "shop", number=2, canary=True, name="both")
    assert fleet.environments["trial"].rollouts["both"].members == {"shop": "blue"}


def test_a_service_that_apps_has_no_more_cannot_enter_where_apps_is_followed() -> None:
    fleet = Fleet()
    old = fleet.head
    fleet.merge("mailer", None)
    said = refusal(fleet, "deploy", "lab", services={"mailer": build("mailer")}, specs_at=old)
    assert not without(said, ("mailer", "apps/", "Put apps/mailer.py back"))
    fleet.deploy("trial", "mailer", specs_at=old)


def test_a_reset_to_what_apps_has_no_more_brings_its_spec_with_it() -> None:
    fleet = Fleet()
    fleet.deploy("lab", "mailer")
    ran = fleet.head
    fleet.do("retire", "lab", service="mailer")
    fleet.merge("mailer", None)
    fleet.do("reset", "lab", to=ran, services=["mailer"])
    assert fleet.units(fleet.environments["lab"])


REFUSALS: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "an environment that is not there": ({"environment": "prod"}, ("'prod'", "lab, trial, public")),
    "a service that apps/ has not": (
        {"services": {"ghost": build("ghost")}}, ("ghost", commit_of(0)[:12], "Name a service that is there")),
    "an image of another service": (
        {"services": {"shop": build("cart")}},
        ("shop", "registry.example.com/cart", "registry.example.com/shop", "Name one from there")),
    "first names what is not deployed": (
        {"canary": True, "first": ["mailer"]}, ("first", "mailer", "Name services that it deploys")),
    "first names what has a route": (
        {"canary": True, "first": ["shop"]}, ("shop has a route", "Take it out of --first")),
    "a canary of a worker alone": (
        {"canary": True, "services": {"mailer": build("mailer")}}, ("mailer", "without a route", "without --canary")),
    "a canary of a stateful service alone": (
        {"canary": True, "services": {"queue": build("queue")}}, ("queue", "without a route", "without --canary")),
    "a canary of a service without a route": (
        {"canary": True, "services": {"collector": build("collector")}}, ("collector", "without --canary")),
    "a name that a rollout has already": (
        {"canary": True, "services": {"cart": build("cart")}, "name": "taken"}, ("taken", "another name")),
}  # fmt: skip


@pytest.mark.parametrize("row", REFUSALS)
def test_a_refused_deploy_names_what_it_is_about_and_what_to_do(row: str) -> None:
    fields, words = REFUSALS[row]
    fleet = Fleet(running=("shop", "cart", "mailer", "queue", "collector", "quotes"))
    head = fleet.head
    fleet.deploy("trial", "quotes", canary=True, name="taken")
    given = {"services": {"shop": build("shop")}, "specs_at": head, **fields}
    assert not without(refusal(fleet, "deploy", given.pop("environment", "trial"), **given), words)


@pytest.mark.parametrize("canary", [False, True])
def test_another_kind_is_refused_until_the_service_is_retired(canary: bool) -> None:
    fleet = Fleet(running=("mailer", "shop"))
    fleet.merge("mailer", with_spec("mailer", ports=(Port.http(8080),)))
    services = {"mailer": build("mailer")}
    said = refusal(fleet, "deploy", "trial", services=services, specs_at=fleet.head, canary=canary)
    assert not without(said, ("mailer is a worker", "trial", "a microservice", "Retire it there first"))


@pytest.mark.parametrize("name", ["platform", "holds", "rollouts"])
def test_a_service_does_not_have_the_name_of_another_file(name: str) -> None:
    fleet = Fleet()
    try:
        fleet.merge(name, with_spec("shop", name=name, image=f"registry.example.com/{name}"))
        fleet.deploy("trial", name)
    except (Problem, ValueError):
        return
    assert name in fleet.environments["trial"].releases


@pytest.mark.parametrize("name", ["platform", "holds", "rollouts"])
def test_a_rollout_does_not_have_the_name_of_another_file(name: str) -> None:
    fleet = Fleet(running=("shop",))
    fleet.deploy("lab", "shop")
    deployed: dict[str, Any] = {"services": {"shop": build("shop")}, "specs_at": fleet.head, "canary": True}
    promoted: dict[str, Any] = {"source": "lab", "recipe": fleet.head}
    for verb, fields in (("deploy", deployed), ("promote", promoted)):
        said = refusal(fleet, verb, "trial", name=name, **fields)
        assert said == (
            f"A rollout cannot be named {name}: platform, holds, rollouts name files of releases/. "
            f"Give it another name with --name"
        )
        fleet.ask(verb, "trial", name=f"{name}-2", **fields)
        fleet.ask(verb, "trial", name=name, rules=1, **fields)


def test_a_deploy_names_a_service() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Deploy(environment="trial", services={}, specs_at=commit_of(0))


# Reset: back to an earlier recipe


def test_a_reset_brings_back_every_image_and_spec_of_an_earlier_recipe() -> None:
    fleet = Fleet(running=("shop", "cart", "quotes"))
    earlier = fleet.head
    fleet.merge("shop", with_spec("shop", env={"LEVEL": "1"}))
    fleet.deploy("trial", "shop", "cart")
    fleet.do("reset", "trial", to=earlier)
    assert fleet.stable("trial", "shop").image == image("shop", 0)
    assert fleet.spec("trial", "shop") == with_spec("shop")
    assert fleet.stable("trial", "cart").image == image("cart", 0)
    assert fleet.stable("trial", "cart").since == "2026-11-02T09:33:00Z"
    assert fleet.stable("trial", "quotes").since == "2026-11-01T00:00:00Z"


def test_a_reset_writes_the_spec_out_where_apps_is_followed_until_the_next_deploy() -> None:
    fleet = Fleet(running=("shop",))
    earlier = fleet.head
    fleet.merge("shop", with_spec("shop", env={"LEVEL": "1"}))
    fleet.do("reset", "lab", to=earlier)
    assert fleet.stable("lab", "shop").spec == with_spec("shop")
    fleet.deploy("lab", "shop")
    assert fleet.stable("lab", "shop").spec is None


def test_a_reset_of_some_leaves_the_others() -> None:
    fleet = Fleet(running=("shop", "cart"))
    earlier = fleet.head
    fleet.deploy("trial", "shop", "cart")
    fleet.do("reset", "trial", to=earlier, services=["cart"])
    assert (fleet.stable("trial", "shop").image, fleet.stable("trial", "cart").image) == (
        image("shop"),
        image("cart", 0),
    )


def test_a_reset_of_a_finalized_rollout_closes_it_and_says_so() -> None:
    fleet = Fleet(running=("shop",))
    earlier = fleet.head
    finalized(fleet, "shop")
    outcome = fleet.do("reset", "trial", to=earlier)
    assert any("closed" in said for said in outcome.notes)
    assert not fleet.environments["trial"].rollouts
    assert fleet.stable("trial", "shop").image == image("shop", 0)


def test_a_reset_does_not_change_the_kind() -> None:
    fleet = Fleet(running=("mailer",))
    earlier = fleet.head
    for name in ("public", "trial", "lab"):
        fleet.do("retire", name, service="mailer")
    fleet.merge("mailer", with_spec("mailer", ports=(Port.http(8080),)))
    fleet.deploy("trial", "mailer")
    said = refusal(fleet, "reset", "trial", to=earlier)
    assert not without(said, ("mailer", "microservice", "worker", "Retire it there first"))


RESETS: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "what did not run": ({"services": ["quotes"]}, ("quotes", "did not run", commit_of(0)[:12], "another commit")),
    "nothing to bring back": ({"services": ["cart"]}, ("trial", commit_of(0)[:12], "already")),
}


@pytest.mark.parametrize("row", RESETS)
def test_a_refused_reset_says_what_is_wrong(row: str) -> None:
    fields, words = RESETS[row]
    fleet = Fleet(running=("shop", "cart"))
    start = fleet.head
    fleet.deploy("trial", "shop")
    assert not without(refusal(fleet, "reset", "trial", to=start, **fields), words)


def test_a_reset_to_a_commit_without_the_environment_is_refused() -> None:
    fleet = Fleet(running=("shop",))
    start = fleet.head
    fleet.past.states[start] = {}
    assert not without(refusal(fleet, "reset", "trial", to=start), ("trial", start[:12], "history"))


def finalized(fleet: Fleet, *names: str) -> Fleet:
    """A fleet with a finalized rollout in trial."""
    fleet.deploy("trial", *names, canary=True, name="both")
    fleet.do("canary", "trial", service=names[0], share=100)
    fleet.do("finalize", "trial", service=names[0])
    slots: set[Slot] = {each.stable for each in fleet.environments["trial"].releases.values()}
    assert slots == {"green"}
    return fleet
