"""The pair of an environment: its valid and its invalid fields."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from constructs_lib import Pair, Pool
from constructs_lib.values import Value
from tests.support.mistakes import by_sentence, mistake

POOL = {"name": "general", "min": 1, "max": 3}
PAIR = {"owner": "team-a", "infrastructure": "aws", "kubernetes": "v1.36.3", "apps": [POOL], "ops": [POOL]}
RANGE = "a range such as '10.8.0.0/16' outside of the pods' 10.64.0.0/12 and the Services' 10.96.0.0/16"
VERSION = "a version of Kubernetes, such as 'v1.36.3'"
EMPTY = "must have a pool with nodes that always run, as Pool(name='general', min=1, max=3)"


@pytest.mark.parametrize(
    ("model", "fields", "sentence"),
    [
        (Pair, {"kubernetes": "1.36.3"}, f"Pair.kubernetes must be {VERSION}, got '1.36.3'"),
        (Pair, {"kubernetes": "v1.36"}, f"Pair.kubernetes must be {VERSION}, got 'v1.36'"),
        (Pair, {"kubernetes": "v1.٣٦.3"}, f"Pair.kubernetes must be {VERSION}, got 'v1.٣٦.3'"),
        (Pair, {"apps": []}, f"Pair.apps {EMPTY}"),
        (Pair, {"ops": [{**POOL, "min": 0}]}, f"Pair.ops {EMPTY}"),
        (Pair, {"apps": [POOL, POOL]}, "Pair.apps: pools must differ in their names, got 'general' twice"),
        (Pair, {"control_plane": 2}, "Pair.control_plane must be 1, 3 or 5, got 2"),
        (Pair, {"control_plane": True}, "Pair.control_plane must be a whole number, got True"),
        (Pair, {"protected": 1}, "Pair.protected must be True or False, got 1"),
        (Pair, {"apps_network": "10.64.0.0/16"}, f"Pair.apps_network must be {RANGE}, got '10.64.0.0/16'"),
        (Pair, {"ops_network": "10.96.0.0/16"}, f"Pair.ops_network must be {RANGE}, got '10.96.0.0/16'"),
        (
            Pair,
            {"apps_network": "10.1.0.0/16", "ops_network": "10.1.0.0/16"},
            "Pair: the networks of apps and ops must differ, got '10.1.0.0/16' for both",
        ),
        (Pair, {"provider": "aws"}, "Pair has no field `provider`"),
        (Pool, {"min": 4}, "Pool: min must be at most max, got 4 and 3"),
        (Pool, {"max": 0, "min": 0}, "Pool.max must be at least 1, got 0"),
        (Pool, {"size": "XL"}, "Pool.size must be 'S', 'M' or 'L', got 'XL'"),
        (Pool, {"tiers": [4]}, "Pool.tiers.0 must be 1, 2 or 3, got 4"),
    ],
    ids=by_sentence,
)
def test_what_cannot_be_is_refused(model: type[Value], fields: dict[str, Any], sentence: str) -> None:
    complete: dict[type[Value], dict[str, Any]] = {Pair: PAIR, Pool: POOL}
    said = mistake(model, {**complete.get(model, {}), **fields})
    assert said.startswith(sentence)


def test_nodes_may_have_every_range_that_is_not_the_pods_or_the_services() -> None:
    refused = []
    for second in range(256):
        try:
            Pair.model_validate({**PAIR, "apps_network": f"10.{second}.0.0/16"})
        except ValidationError:
            refused.append(second)
    assert refused == [*range(64, 80), 96]


@pytest.mark.parametrize("network", ["10.256.0.0/16", "10.08.0.0/16", "10.1.0.0/17", "192.168.0.0/16", "10.1.1.0/16"])
def test_what_is_no_such_range_is_refused(network: str) -> None:
    assert mistake(Pair, {**PAIR, "apps_network": network}).startswith("Pair.apps_network must be a range")


def test_each_side_has_its_own_pools_and_network_and_all_else_in_common() -> None:
    small = {**POOL, "name": "small", "max": 1}
    pair = Pair.model_validate({**PAIR, "ops": [small], "apps_network": "10.1.0.0/16"})
    assert (pair.pools("apps")[0].name, pair.pools("ops")[0].name) == ("general", "small")
    assert (pair.network("apps"), pair.network("ops")) == ("10.1.0.0/16", None)
    assert set(Pair.model_fields) - {"apps", "ops", "apps_network", "ops_network"} == {
        "owner",
        "infrastructure",
        "region",
        "kubernetes",
        "control_plane",
        "protected",
    }


def test_a_pool_may_have_a_fixed_number_of_nodes_or_none_as_long_as_another_has_some() -> None:
    empty = {"name": "batch", "min": 0, "max": 5}
    pair = Pair.model_validate({**PAIR, "apps": [empty, {**POOL, "max": 1}]})
    assert [(pool.min, pool.max) for pool in pair.apps] == [(0, 5), (1, 1)]
