"""Which environment a command means, and what it says where none or several fit."""

from __future__ import annotations

import pytest

from constructs_lib import Release, Rollout, Version
from desired.cli import choices
from desired.cli.choices import Choice
from desired.core.errors import Problem
from desired.core.model import EnvironmentState, HoldEntry, Holds
from tests.support.command_line import Desired
from tests.support.fleet import IMAGE, environment
from tests.support.fork import image

_VERSION = Version(image=IMAGE, since="2026-11-02T09:30:00Z")
_RELEASE = Release(schema=1, stable="blue", slots={"blue": _VERSION})
_HELD = Holds(schema=1, services={"cart": HoldEntry(reason="an audit is running", actor="Ada")})
ROLLING = EnvironmentState(
    environment("qa"),
    releases={"cart": _RELEASE},
    rollouts={"cart": Rollout(schema=1, phase="open", share=0, members={"cart": "green"})},
)
STEADY = EnvironmentState(environment("live", promoted_from="qa"), releases={"cart": _RELEASE}, holds=_HELD)
EMPTY = EnvironmentState(environment("spare", promoted_from="live"))


def chosen(choice: Choice, *states: EnvironmentState) -> str:
    return choices.choose(choice, {each.name: each for each in states}).name


@pytest.mark.parametrize(
    ("choice", "name"),
    [
        (choices.in_rollout("roll back cart", "cart", "…"), "qa"),
        (choices.entry("deploy"), "qa"),
        (choices.held("remove the hold of cart", "cart"), "live"),
    ],
)
def test_the_only_environment_that_fits_is_chosen(choice: Choice, name: str) -> None:
    assert chosen(choice, ROLLING, STEADY, EMPTY) == name


@pytest.mark.parametrize(
    ("choice", "sentence"),
    [
        (
            choices.in_rollout("roll back cart", "cart", "Start a rollout"),
            "Cannot roll back cart in any environment. live: cart is in no rollout; "
            "spare: cart does not run there. Start a rollout",
        ),
        (
            choices.running("hold tea", "tea"),
            "Cannot hold tea in any environment. live: tea does not run there; spare: tea does not run there. "
            "`desired status` lists the services that run",
        ),
        (
            choices.held("remove a hold", None),
            "Cannot remove a hold in any environment. live: it is not held; spare: it is not held. "
            "`desired status` shows what is held",
        ),
        (
            choices.entry("deploy"),
            "Cannot deploy in any environment. live: its versions come from qa; spare: its versions come from live. "
            "Name the environment with -e",
        ),
    ],
)
def test_where_no_environment_fits_each_one_says_why(choice: Choice, sentence: str) -> None:
    with pytest.raises(Problem) as problem:
        chosen(choice, STEADY, EMPTY)
    assert problem.value.sentences == (sentence,)


def test_where_several_environments_fit_they_are_named() -> None:
    with pytest.raises(Problem) as problem:
        chosen(choices.anywhere("move the platform to v1"), ROLLING, STEADY, EMPTY)
    assert problem.value.sentences == (
        "move the platform to v1: it could be qa, live or spare. Name the environment with -e",
    )


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ("rollback", "search"),
            "staging: search is in no rollout; preprod: search is in no rollout; prod: search",
        ),
        (("canary", "search", "40"), "Start a rollout with `desired deploy search=VERSION --canary`"),
        (("finalize", "tea"), "Cannot finalize tea in any environment. staging: tea does not run there; preprod:"),
        (("close", "search"), "There is nothing to close"),
        (("hold", "search", "-m", "an audit is running"), "hold search: it could be staging or preprod. Name"),
        (("unhold", "search"), "staging: search is not held; preprod: search is not held"),
        (("restore", "search"), "staging: search runs there; preprod: search runs there; prod: search was never"),
        (("restore", "tea"), "staging: tea was never retired there"),
    ],
)
def test_a_command_without_e_says_what_each_environment_says(
    reading: Desired, words: tuple[str, ...], sentence: str
) -> None:
    assert sentence in reading(*words, code=1).stderr


def test_undo_of_a_commit_without_releases_says_so_for_each_environment(reading: Desired) -> None:
    stderr = reading("undo", "main", code=1).stderr
    assert "✗ Cannot undo main in any environment. staging: " in stderr
    assert stderr.count("changed nothing there") == 3
    assert "`desired history` lists them" in stderr


def test_two_rollouts_of_one_service_need_the_environment(desired: Desired) -> None:
    for name in ("staging", "preprod"):
        desired("deploy", "search", "-e", name, "--canary", "--image", image("search", 2))
    assert "✗ roll back search: it could be staging or preprod" in desired("rollback", "search", code=1).stderr
    desired("rollback", "search", "-e", "preprod")
