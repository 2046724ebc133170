"""What a cluster is made from: the same data is the same text, and what belongs to a service changes its own text."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.values.data import Json
from desired.render.inputs import ClusterInputs, ServiceInput, inputs_of
from tests.support.fleet import environment

ROLLOUT = {"schema": 1, "phase": "open", "share": 40, "members": {"cart": "green"}}


def release(image: str) -> Json:
    return {"schema": 1, "stable": "blue", "slots": {"blue": {"image": image}}}


def inputs(**fields: Any) -> ClusterInputs:
    given = {"cart": release("one"), "shop": release("two")} | fields.pop("releases", {})
    services = {name: ServiceInput(each, None) for name, each in given.items()}
    return ClusterInputs("lab-apps", services, fields.pop("rollouts", {}))


def test_the_same_data_has_the_same_key_whatever_its_order() -> None:
    other = ClusterInputs("lab-apps", dict(reversed(list(inputs().services.items()))), {})
    assert inputs().key == other.key


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(inputs(releases={"cart": release("three")}), id="another release"),
        pytest.param(inputs(releases={"ad": release("four")}), id="one more service"),
        pytest.param(inputs(rollouts={"cart": ROLLOUT}), id="a rollout"),
        pytest.param(ClusterInputs("lab-ops", inputs().services, {}), id="another cluster"),
    ],
)
def test_other_data_has_another_key(changed: ClusterInputs) -> None:
    assert changed.key != inputs().key


def test_a_rollout_changes_the_digests_of_its_members_only() -> None:
    before, after = inputs().digests, inputs(rollouts={"cart": ROLLOUT}).digests
    assert {name for name in before if before[name] != after[name]} == {"cart"}


def test_a_rollout_whose_members_are_malformed_still_has_a_key() -> None:
    assert inputs(rollouts={"cart": {"members": ["cart"]}}).key != inputs().key


@pytest.mark.parametrize(("follows", "spec"), [(True, {"name": "cart"}), (False, None)])
def test_specs_at_head_count_only_where_the_environment_follows_them(follows: bool, spec: Json | None) -> None:
    lab = environment("lab", follows_apps=follows)
    made = inputs_of(lab, "apps", {"cart": release("one")}, {}, {"cart": {"name": "cart"}, "ad": {"name": "ad"}})
    assert {name: each.spec for name, each in made.services.items()} == {"cart": spec}


def test_an_ops_cluster_runs_no_service() -> None:
    made = inputs_of(environment("lab"), "ops", {"cart": release("one")}, {"cart": ROLLOUT}, {})
    assert (made.cluster, dict(made.services), dict(made.rollouts)) == ("lab-ops", {}, {})


def test_data_that_is_known_is_digested_once() -> None:
    known: dict[tuple[int, int], ServiceInput] = {}
    lab, releases = environment("lab"), {"cart": release("one")}
    first, second = (inputs_of(lab, "apps", releases, {}, {}, known) for _ in range(2))
    assert first.services["cart"] is second.services["cart"]
