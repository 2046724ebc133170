"""Environments as files, and back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from constructs_lib import Pin, Release, Rollout, Service, Version
from desired.core.errors import Problem
from desired.core.model import EnvironmentState, HoldEntry, Holds
from desired.history import release_files as files
from desired.render import yaml
from tests.support.fleet import environment
from tests.support.fleet_states import Fleet, commit_of, image
from tests.support.strategies import ANY_TEXT, LINES, NAMES, services

EMPTY = EnvironmentState(environment("trial"))
SINCE = "2026-11-01T00:00:00Z"
VERSIONS = st.builds(
    Version,
    image=st.just(image("shop")),
    commit=st.sampled_from([None, "1234e56", "0000000", commit_of(1)]),
    ref=LINES | st.sampled_from(["main", "y", "on", "1e3", "0x1f", "~", "release/1.0", "#1"]),
    since=st.just(SINCE),
)


@st.composite
def releases(draw: st.DrawFn, spec: st.SearchStrategy[Service | None]) -> Release:
    made = {slot: draw(VERSIONS).model_copy(update={"spec": draw(spec)}) for slot in draw(st.sampled_from(_SLOTS))}
    return Release(schema=1, stable=draw(st.sampled_from(sorted(made))), slots=made)


_SLOTS = [("blue",), ("green",), ("blue", "green"), ("green", "blue")]


@settings(max_examples=60)
@given(release=releases(st.none() | services()))
def test_a_release_is_the_same_after_its_file(release: Release) -> None:
    assert only(EMPTY.with_release("shop", release), "releases/trial/shop.yaml", Release) == release


@given(name=NAMES, phase=st.sampled_from(["open", "finalized"]), share=st.integers(0, 100),
       members=st.dictionaries(NAMES, st.sampled_from(["blue", "green"]), min_size=1, max_size=4))  # fmt: skip
def test_a_rollout_is_the_same_after_its_file(name: str, phase: Any, share: int, members: dict[str, Any]) -> None:
    rollout = Rollout(schema=1, phase=phase, share=share, members=members)
    assert only(EMPTY.with_rollout(name, rollout), f"releases/trial/rollouts/{name}.yaml", Rollout) == rollout


REASONS = LINES.map(lambda text: f"because of {text}")
HOLD = st.builds(HoldEntry, reason=REASONS, actor=LINES, until=st.none() | st.just("2026-11-02T09:30:00Z"))


@given(whole=st.none() | HOLD, some=st.dictionaries(NAMES, HOLD, max_size=3))
def test_holds_are_the_same_after_their_file_and_none_have_no_file(
    whole: HoldEntry | None, some: dict[str, HoldEntry]
) -> None:
    holds = Holds(schema=1, environment=whole, services=some)
    after = EnvironmentState(EMPTY.environment, holds=holds)
    if whole or some:
        assert only(after, "releases/trial/holds.yaml", Holds) == holds
    else:
        assert files.file_changes(EMPTY, after) == {}


def test_a_pin_is_the_same_after_its_file() -> None:
    pin = Pin(schema=1, commit="1" * 40, tag="1e3")
    assert only(EnvironmentState(EMPTY.environment, platform=pin), "releases/trial/platform.yaml", Pin) == pin


def only(after: EnvironmentState, path: str, model: Any) -> object:
    """The value in the one file that differs; another writing of it has the same bytes."""
    changes = files.file_changes(EMPTY, after)
    assert list(changes) == [path]
    text = changes[path]
    assert text is not None
    value = files.parse(model, path, text)
    assert yaml.dump(value.as_file()) == text
    return value


def test_only_what_differs_is_written_and_what_is_gone_is_none() -> None:
    fleet = Fleet(running=("shop", "cart"))
    before = fleet.environments["trial"]
    assert files.file_changes(before, before) == {}
    again = before.with_release("shop", before.releases["shop"])
    assert files.file_changes(before, again) == {}
    assert files.file_changes(before, before.with_release("shop", None)) == {"releases/trial/shop.yaml": None}
    back = before.with_release("shop", None).with_release("shop", before.releases["shop"])
    assert files.file_changes(before, back) == {}


def test_a_release_of_the_written_kind_has_the_form_of_the_design() -> None:
    fleet = Fleet(running=("shop", "cart"))
    fleet.deploy("trial", "shop", canary=True)
    data = yaml.load(fleet.texts["releases/trial/shop.yaml"])
    assert list(data) == ["schema", "stable", "slots"]
    assert (data["schema"], data["stable"], set(data["slots"])) == (1, "blue", {"blue", "green"})
    assert set(data["slots"]["green"]) == {"image", "commit", "ref", "since", "spec"}
    assert data["slots"]["green"]["spec"]["schema"] == 1
    assert "scale" not in data["slots"]["green"]["spec"]
    rollout = yaml.load(fleet.texts["releases/trial/rollouts/shop.yaml"])
    assert rollout == {"schema": 1, "phase": "open", "share": 0, "members": {"shop": "green"}}


WRONG: dict[str, tuple[str, str]] = {
    "no mapping": ("- a\n", "mapping"),
    "no YAML": ("a: [", "YAML"),
    "nothing": ("", "mapping"),
    "a key twice": ("schema: 1\nstable: blue\nstable: green\nslots: {}\n", "appears twice"),
    "another schema": ("schema: 2\nstable: blue\nslots: {}\n", "schema"),
    "a field that nobody knows": ("schema: 1\nstable: blue\nslots: {}\nshare: 40\n", "share"),
    "a stable slot that is not there": ("schema: 1\nstable: blue\nslots: {}\n", "blue"),
    "a slot of another colour": ("schema: 1\nstable: red\nslots: {}\n", "stable"),
    "a tag for an image": (
        f"schema: 1\nstable: blue\nslots:\n  blue: {{image: shop:latest, since: '{SINCE}'}}\n",
        "digest",
    ),
}


@pytest.mark.parametrize("row", WRONG)
def test_a_file_that_is_wrong_is_named_with_what_is_wrong(row: str) -> None:
    text, word = WRONG[row]
    with pytest.raises(Problem) as raised:
        files.parse(Release, "releases/trial/shop.yaml", text)
    assert "releases/trial/shop.yaml" in str(raised.value)
    assert word in str(raised.value)


@settings(max_examples=200)
@given(text=ANY_TEXT)
def test_whatever_a_file_holds_it_is_a_value_or_a_sentence(text: str) -> None:
    for model in (Release, Rollout, Pin, Holds):
        said = ["releases/trial/x.yaml"]
        try:
            files.parse(model, "releases/trial/x.yaml", text)
        except Problem as problem:
            said = list(problem.sentences)
        assert all(each.startswith("releases/trial/x.yaml") for each in said)
