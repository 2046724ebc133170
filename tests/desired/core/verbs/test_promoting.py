"""The recipe of one environment enters the next; the platform has an operation of its own."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib import Pin
from desired.core.errors import Problem
from desired.core.model import Observation
from tests.support.fleet_states import Fleet, chain, commit_of, image, refusal, with_spec, without


def newer(*names: str, **fields: Any) -> Fleet:
    """A fleet whose lab has newer versions of some services."""
    fleet = Fleet(running=("shop", "cart", "mailer"))
    fleet.deploy("lab", *names, **fields)
    return fleet


def promote(fleet: Fleet, where: str = "trial", **fields: Any) -> tuple[str, ...]:
    """Promotes what its source has now; what was said."""
    source = fleet.environments[where].environment.promoted_from
    return fleet.do("promote", where, **{"source": source, "recipe": fleet.head, **fields}).notes


def test_versions_enter_with_their_specs_as_one_rollout_at_share_0() -> None:
    fleet = Fleet(running=("shop", "cart", "mailer"))
    fleet.merge("shop", with_spec("shop", env={"LEVEL": "1"}))
    fleet.deploy("lab", "shop", "mailer")
    promote(fleet)
    here = fleet.environments["trial"]
    rollout = here.rollouts["from-lab"]
    assert (rollout.phase, rollout.share, rollout.members) == ("open", 0, {"mailer": "green", "shop": "green"})
    version = here.releases["shop"].slots["green"]
    assert (version.image, version.commit, version.ref) == (image("shop"), commit_of(1001), "main")
    assert version.spec == with_spec("shop", env={"LEVEL": "1"})
    assert here.releases["shop"].slots["blue"].image == image("shop", 0)


def test_the_spec_is_that_of_the_recipe_and_not_of_today() -> None:
    fleet = newer("shop")
    recipe = fleet.head
    fleet.merge("shop", with_spec("shop", env={"LEVEL": "1"}))
    promote(fleet, recipe=recipe)
    assert fleet.spec("trial", "shop", "green") == with_spec("shop")


def test_another_spec_alone_is_another_version() -> None:
    fleet = Fleet(running=("shop", "cart", "mailer"))
    fleet.merge("shop", with_spec("shop", env={"LEVEL": "1"}))
    promote(fleet)
    assert fleet.environments["trial"].rollouts["from-lab"].members == {"shop": "green"}


def test_what_is_the_same_is_skipped_and_said_so() -> None:
    said = promote(newer("shop"))
    assert any("unchanged" in each and "cart, mailer" in each and "shop" not in each for each in said)


def test_what_is_new_enters_at_once_and_that_is_said() -> None:
    fleet = newer("quotes", "shop")
    said = promote(fleet)
    here = fleet.environments["trial"]
    assert list(here.releases["quotes"].slots) == ["blue"]
    assert "quotes" not in here.rollouts["from-lab"].members
    assert any("quotes" in each and "at once" in each for each in said)


def test_where_all_is_new_there_is_no_rollout() -> None:
    fleet = newer("quotes")
    promote(fleet)
    assert not fleet.environments["trial"].rollouts


def test_what_is_left_out_stays_and_it_is_not_the_tested_recipe() -> None:
    fleet = newer("shop", "cart")
    said = promote(fleet, without=["cart"])
    assert fleet.environments["trial"].rollouts["from-lab"].members == {"shop": "green"}
    assert any("cart" in each and "not the tested recipe" in each for each in said)


def test_what_was_left_out_is_not_called_the_same() -> None:
    said = promote(newer("shop", "cart"), without=["cart"])
    assert not any("unchanged" in each and "cart" in each for each in said)


def test_what_the_source_does_not_run_stays_as_it_is() -> None:
    fleet = newer("shop")
    fleet.deploy("trial", "quotes", number=5)
    promote(fleet)
    assert fleet.stable("trial", "quotes").image == image("quotes", 5)
    assert fleet.environments["trial"].rollouts["from-lab"].members == {"shop": "green"}


def test_the_chain_goes_on_from_what_is_finalized() -> None:
    fleet = newer("shop")
    promote(fleet)
    fleet.do("canary", "trial", service="shop", share=100)
    assert not without(
        refusal(fleet, "promote", "public", source="trial", recipe=fleet.head),
        ("trial", "from-lab", "Finalize or close"),
    )
    fleet.do("finalize", "trial", service="shop")
    promote(fleet, "public")
    assert fleet.environments["public"].releases["shop"].slots["green"].image == image("shop")


def test_an_earlier_recipe_can_be_promoted_while_a_rollout_runs() -> None:
    fleet = newer("shop")
    recipe = fleet.head
    fleet.deploy("lab", "shop", number=2, canary=True)
    promote(fleet, recipe=recipe)
    assert fleet.environments["trial"].releases["shop"].slots["green"].image == image("shop")


@pytest.mark.parametrize(("lab", "trial"), [(None, "v1"), ("v1", None), ("v2", "v1")])
def test_another_platform_is_named_and_not_moved(lab: str | None, trial: str | None) -> None:
    fleet = newer("shop")
    for where, tag in (("lab", lab), ("trial", trial)):
        if tag:
            fleet.do("platform", where, tag=tag, commit=commit_of(len(tag)), unobserved=True, reason="a test")
    before = fleet.environments["trial"].platform
    said = next(each for each in promote(fleet) if "platform" in each)
    assert not without(said, ("lab", "trial", *filter(None, (lab, trial)), "desired platform"))
    assert fleet.environments["trial"].platform == before


def test_of_the_same_platform_nothing_is_said() -> None:
    assert not [each for each in promote(newer("shop")) if "platform" in each]


def test_a_rollout_may_have_another_name() -> None:
    fleet = newer("shop")
    promote(fleet, name="november")
    assert list(fleet.environments["trial"].rollouts) == ["november"]


REFUSALS: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "not the environment before": (
        {"environment": "public", "source": "lab"},
        ("lab", "public", "promoted from trial"),
    ),
    "into the first": ({"environment": "lab", "source": "trial"}, ("nothing is promoted to it", "Deploy there")),
    "left out what does not run": ({"without": ["ghost"]}, ("lab", "ghost", "Take it out of --without")),
    "left out everything": ({"without": ["shop", "cart"]}, ("trial", "every version of lab", "Nothing to promote")),
}


@pytest.mark.parametrize("row", REFUSALS)
def test_a_refused_promotion_says_what_is_wrong(row: str) -> None:
    fields, words = REFUSALS[row]
    fleet = newer("shop", "cart")
    given = {"source": "lab", "recipe": fleet.head, **fields}
    assert not without(refusal(fleet, "promote", given.pop("environment", "trial"), **given), words)


def test_a_recipe_without_the_source_is_refused() -> None:
    fleet = newer("shop")
    fleet.past.states[fleet.head] = {}
    said = refusal(fleet, "promote", "trial", source="lab", recipe=fleet.head)
    assert not without(said, ("lab", fleet.head[:12], "another commit"))


@pytest.mark.parametrize(
    ("ref", "shown"), [("topic", "topic"), ("", "an unknown ref"), ("v1.2", "v1.2"), ("mainly", "mainly")]
)
def test_what_was_not_built_from_main_stops_it_unless_left_out(ref: str, shown: str) -> None:
    fleet = newer("shop", ref=ref)
    fleet.deploy("lab", "cart")
    said = refusal(fleet, "promote", "trial", source="lab", recipe=fleet.head)
    assert not without(said, ("main", "shop", shown, "--without"))
    assert "cart" not in said
    promote(fleet, without=["shop"])
    assert fleet.environments["trial"].rollouts["from-lab"].members == {"cart": "green"}


def test_what_was_not_built_from_main_stops_it_also_where_it_is_new() -> None:
    fleet = newer("quotes", ref="topic")
    assert "quotes" in refusal(fleet, "promote", "trial", source="lab", recipe=fleet.head)


def test_a_service_in_an_open_rollout_stops_it_and_one_that_stays_does_not() -> None:
    fleet = newer("shop")
    fleet.deploy("trial", "cart", canary=True)
    promote(fleet)
    fleet.deploy("lab", "cart", number=3)
    said = refusal(fleet, "promote", "trial", source="lab", recipe=fleet.head, without=["shop"])
    assert not without(said, ("cart", "open rollout cart", "trial"))


def test_a_name_that_is_taken_can_be_another() -> None:
    fleet = newer("shop")
    promote(fleet)
    fleet.deploy("lab", "cart")
    said = refusal(fleet, "promote", "trial", source="lab", recipe=fleet.head, without=["shop"])
    assert not without(said, ("from-lab", "trial", "another name"))
    promote(fleet, without=["shop"], name="second")
    assert set(fleet.environments["trial"].rollouts) == {"from-lab", "second"}


def test_a_finalized_promotion_is_closed_by_the_next_one() -> None:
    fleet = newer("shop")
    promote(fleet)
    fleet.do("canary", "trial", service="shop", share=100)
    fleet.do("finalize", "trial", service="shop")
    fleet.deploy("lab", "shop", number=2)
    said = promote(fleet)
    assert any("from-lab" in each and "closed" in each for each in said)
    assert fleet.environments["trial"].rollouts["from-lab"].members == {"shop": "blue"}


# The platform


def healthy(commit: str) -> Observation:
    """An ops cluster that is healthy with the platform of a commit."""
    return Observation(healthy_platform=f"digest-of-{commit}")


def test_the_platform_moves_when_ops_was_healthy_with_it() -> None:
    fleet = Fleet()
    fleet.do("platform", "trial", healthy(fleet.head), tag="v1", commit=fleet.head)
    assert fleet.environments["trial"].platform == Pin(schema=1, commit=commit_of(0), tag="v1")


@pytest.mark.parametrize(
    ("observed", "words"),
    [
        (None, ("trial-ops", "Cannot check", "--unobserved")),
        (Observation(), ("trial-ops", "Cannot check", "--unobserved")),
        (healthy("other"), ("trial-ops", "digest-of-ot", "digest-of-b6", "Name the tag")),
    ],
)
def test_the_platform_stays_when_nobody_saw_it_healthy(observed: Observation | None, words: tuple[str, ...]) -> None:
    fleet = Fleet()
    assert not without(refusal(fleet, "platform", "trial", observed, tag="v1", commit=fleet.head), words)
    fleet.do("platform", "trial", observed, tag="v1", commit=fleet.head, unobserved=True, reason="ops is away")


def test_the_same_platform_again_is_refused() -> None:
    fleet = Fleet()
    commit = fleet.head
    fleet.do("platform", "trial", healthy(commit), tag="v1", commit=commit)
    assert not without(refusal(fleet, "platform", "trial", tag="v1", commit=commit), ("trial", "v1", "already"))


def test_the_way_back_of_a_platform_is_an_undo() -> None:
    fleet = Fleet()
    fleet.do("platform", "trial", healthy(fleet.head), tag="v1", commit=fleet.head)
    fleet.do("undo", "trial", commit=fleet.head)
    assert fleet.environments["trial"].platform is None


# What a version must have stood


def stricter() -> Fleet:
    return Fleet(chain(public=("tested",)), running=("shop", "cart"))


def test_a_version_that_never_stood_in_the_environment_before_is_refused() -> None:
    fleet = stricter()
    services = {"shop": {"image": image("shop", 7)}}
    said = refusal(fleet, "deploy", "public", services=services, specs_at=fleet.head)
    assert not without(said, ("shop", "public", image("shop", 7), "never stable", "trial", "Finalize it in trial"))


def test_a_version_in_an_open_rollout_has_not_stood_yet() -> None:
    fleet = stricter()
    fleet.deploy("trial", "shop", number=7, canary=True)
    fleet.do("canary", "trial", service="shop", share=100)
    fields: dict[str, Any] = {"services": {"shop": {"image": image("shop", 7)}}, "specs_at": fleet.head}
    assert "never stable" in refusal(fleet, "deploy", "public", **fields)
    fleet.do("finalize", "trial", service="shop")
    fleet.do("deploy", "public", **fields)


def test_a_new_service_must_have_stood_too() -> None:
    fleet = stricter()
    assert "quotes" in refusal(
        fleet, "deploy", "public", services={"quotes": {"image": image("quotes")}}, specs_at=fleet.head
    )


def test_what_stood_here_once_may_come_back() -> None:
    fleet = stricter()
    earlier = fleet.head
    fleet.deploy("trial", "shop")
    fleet.deploy("public", "shop")
    fleet.do("reset", "public", to=earlier)
    assert fleet.stable("public", "shop").image == image("shop", 0)


def test_a_history_that_nobody_can_read_is_a_problem_and_no_promotion() -> None:
    fleet = newer("shop")
    with pytest.raises(Problem, match="This clone has no commit"):
        fleet.ask("promote", "trial", source="lab", recipe="f" * 40)
