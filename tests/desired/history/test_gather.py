"""The facts of a decision are looked up before it: all that the operation needs, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from desired.core.errors import Problem, Refused
from desired.core.facts import Needs, needs
from desired.core.model import EnvironmentState
from tests.support.fleet_states import Fleet, build, chain, commit_of, intent

COMMIT = commit_of(7)


@pytest.fixture
def fleet() -> Fleet:
    return Fleet(running=("shop", "cart"))


@pytest.mark.parametrize(
    ("verb", "fields", "wanted"),
    [
        pytest.param(
            "deploy", {"services": {"shop": build("shop")}, "specs_at": COMMIT}, {"specs_at": COMMIT}, id="deploy"
        ),
        pytest.param("reset", {"to": COMMIT}, {"recipe": ("trial", COMMIT)}, id="reset"),
        pytest.param("promote", {"source": "lab", "recipe": COMMIT}, {"recipe": ("lab", COMMIT)}, id="promote"),
        pytest.param("restore", {"service": "shop", "at": COMMIT}, {"state": ("trial", COMMIT)}, id="restore"),
        pytest.param("undo", {"commit": COMMIT}, {"undone": ("trial", COMMIT)}, id="undo"),
        pytest.param("platform", {"tag": "v1", "commit": COMMIT}, {"platform": COMMIT}, id="platform"),
        pytest.param("canary", {"service": "shop", "share": 40}, {}, id="canary"),
        pytest.param("retire", {"service": "shop"}, {}, id="retire"),
    ],
)
def test_an_operation_says_what_it_needs(verb: str, fields: dict[str, Any], wanted: dict[str, Any]) -> None:
    assert needs(intent(verb, "trial", **fields).operation, chain()["trial"]) == Needs(**wanted)


def test_the_gate_tested_needs_the_stable_images_of_both_environments() -> None:
    operation = intent("canary", "trial", service="shop", share=40).operation
    assert needs(operation, chain(trial=("tested",))["trial"]).stable_in == ("lab", "trial")
    assert needs(operation, chain(lab=("tested",))["lab"]).stable_in == ()


@pytest.mark.parametrize(
    ("verb", "fields"),
    [("canary", {"service": "shop", "share": 40}), ("finalize", {"service": "shop"}), ("undo", {"commit": COMMIT})],
)
def test_the_gate_ready_needs_the_environment_as_the_pinned_code_has_it(verb: str, fields: dict[str, Any]) -> None:
    operation = intent(verb, "trial", **fields).operation
    assert needs(operation, chain(trial=("ready",))["trial"]).pinned
    assert not needs(operation, chain()["trial"]).pinned


def test_without_a_pin_the_environment_is_that_of_head() -> None:
    fleet = Fleet(chain(trial=("ready",)), running=("shop",))
    facts = fleet.facts(intent("canary", "trial", service="shop", share=40))
    assert facts.made == fleet.environments["trial"].environment


def test_an_undo_gathers_the_states_before_and_after_its_commit(fleet: Fleet) -> None:
    fleet.deploy("lab", "shop", number=2)
    facts = fleet.facts(intent("undo", "lab", commit=fleet.head))
    assert isinstance(facts.then, EnvironmentState)
    assert isinstance(facts.before_then, EnvironmentState)
    assert facts.then.releases["shop"] != facts.before_then.releases["shop"]


def test_before_its_first_operation_an_environment_is_empty_unless_it_did_not_exist(fleet: Fleet) -> None:
    fleet.do("hold", "trial", because="the fair is on", by="Ada")
    undo, before = intent("undo", "trial", commit=fleet.head), fleet.commits[-2]
    here = fleet.environments["trial"].environment
    del fleet.past.states[before]["trial"]
    assert fleet.facts(undo).before_then is None
    fleet.past.environments["trial", before] = here
    assert fleet.facts(undo).before_then == EnvironmentState(here)


def test_the_state_before_an_undone_pin_brings_the_digest_of_its_platform(fleet: Fleet) -> None:
    pin: dict[str, Any] = {"unobserved": True, "reason": "no cluster in this test"}
    fleet.do("platform", "lab", tag="v1", commit=fleet.commits[0], **pin)
    fleet.do("platform", "lab", tag="v2", commit=fleet.commits[1], **pin)
    facts = fleet.facts(intent("undo", "lab", commit=fleet.head))
    assert set(facts.platform_digests) == {fleet.commits[0]}


def test_a_recipe_has_the_specs_of_its_own_commit(fleet: Fleet) -> None:
    then = fleet.head
    fleet.merge("shop", None)
    facts = fleet.facts(intent("promote", "trial", source="lab", recipe=then))
    assert facts.recipe is not None
    assert facts.recipe.versions["shop"].spec is not None


def test_facts_name_every_environment_and_what_runs_there(fleet: Fleet) -> None:
    facts = fleet.facts(intent("canary", "trial", service="shop", share=0))
    assert facts.running == {name: {"shop", "cart"} for name in ("lab", "trial", "public")}
    assert list(facts.later("lab")) == ["trial", "public"]


def test_an_unknown_environment_is_refused_before_anything_is_looked_up(fleet: Fleet) -> None:
    with pytest.raises(Refused, match=r"Unknown environment 'moon'\. Choose one of lab, trial, public"):
        fleet.facts(intent("undo", "moon", commit=COMMIT))


def test_a_commit_that_is_missing_is_a_problem(fleet: Fleet) -> None:
    with pytest.raises(Problem, match="This clone has no commit"):
        fleet.facts(intent("restore", "lab", service="shop", at=COMMIT))


def test_the_facts_are_data_of_their_own(fleet: Fleet) -> None:
    facts = fleet.facts(intent("canary", "trial", service="shop", share=0))
    assert type(facts.here.releases) is dict
    assert type(facts.here.rollouts) is dict
