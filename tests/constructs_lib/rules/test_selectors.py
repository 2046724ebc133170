"""Label selectors pick what Kubernetes would pick."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.rules.selectors import chosen, selects

LABELS = {"app": "web", "tier": "1"}
SELECTORS: dict[str, tuple[dict[str, Any] | None, bool]] = {
    "none at all": (None, False),
    "an empty one": ({}, True),
    "a label": ({"matchLabels": {"app": "web"}}, True),
    "another value": ({"matchLabels": {"app": "api"}}, False),
    "a label that is missing": ({"matchLabels": {"zone": "a"}}, False),
    "all labels must fit": ({"matchLabels": {"app": "web", "tier": "2"}}, False),
    "in": ({"matchExpressions": [{"key": "app", "operator": "In", "values": ["web"]}]}, True),
    "not in": ({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["web"]}]}, False),
    "not in, and missing": ({"matchExpressions": [{"key": "zone", "operator": "NotIn", "values": ["a"]}]}, True),
    "exists": ({"matchExpressions": [{"key": "app", "operator": "Exists"}]}, True),
    "exists, and is missing": ({"matchExpressions": [{"key": "zone", "operator": "Exists"}]}, False),
    "does not exist": ({"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]}, False),
    "labels and expressions": (
        {"matchLabels": {"app": "web"}, "matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]},
        False,
    ),
}


@pytest.mark.parametrize(("selector", "picked"), SELECTORS.values(), ids=SELECTORS)
def test_a_selector_picks(selector: dict[str, Any] | None, picked: bool) -> None:
    assert selects(selector, LABELS) == picked


def test_the_value_that_a_selector_asks_for() -> None:
    assert chosen({"matchLabels": {"app": "web"}}, "app") == "web"
    assert chosen({"matchLabels": {"app": "web"}}, "tier") is None
    assert chosen(None, "app") is None
