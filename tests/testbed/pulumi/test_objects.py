"""How the stand-in compares objects, and what it waits for."""

from typing import Any

import pytest

from testbed.pulumi.objects import differences, is_true


@pytest.mark.parametrize(
    ("before", "after", "paths"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": {"b": 1}}, {"a": {"b": 2}}, ["a.b"]),
        ({"a": 1}, {"a": 1, "b": {}}, ["b"]),
        ({"a": [{"b": 1}]}, {"a": [{"b": 2}]}, ["a[0].b"]),
        ({"a": [1]}, {"a": [1, 2]}, ["a"]),
    ],
)
def test_differences_are_the_paths_that_change(before: Any, after: Any, paths: list[str]) -> None:
    assert list(differences(before, after)) == paths


@pytest.mark.parametrize(
    ("condition", "met"),
    [
        ({"type": "Ready", "status": "True"}, True),
        ({"type": "Ready", "status": "True", "observedGeneration": 2}, True),
        ({"type": "Ready", "status": "True", "observedGeneration": 1}, False),
        ({"type": "Ready", "status": "False"}, False),
        ({"type": "Other", "status": "True"}, False),
    ],
)
def test_a_condition_counts_for_the_current_generation_only(condition: dict[str, Any], met: bool) -> None:
    item = {"metadata": {"generation": 2}, "status": {"conditions": [condition]}}
    assert is_true(item, "Ready") is met


def test_an_object_without_a_status_has_no_condition() -> None:
    assert not is_true({"metadata": {"generation": 1}}, "Ready")
    assert not is_true(None, "Ready")
