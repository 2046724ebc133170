"""The escape hatch."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from constructs_lib import Patch
from tests.support.mistakes import REASON, by_sentence, mistake
from tests.support.strategies import JSON

PATCH: dict[str, Any] = {"kind": "Deployment", "path": "/spec/replicas", "reason": REASON}
DATA = "must be strings, numbers, booleans, lists and mappings with strings as keys"
POINTER = "a JSON pointer, such as '/spec/replicas'"


@given(value=JSON)
def test_any_data_is_accepted_and_written(value: object) -> None:
    written = json.loads(json.dumps(Patch(**PATCH, value=value).written()))
    assert written.get("value") == value


def test_a_tuple_is_a_list() -> None:
    assert Patch(**PATCH, value=({"a": (1,)},)).value == [{"a": [1]}]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"path": "spec"}, f"Patch.path must be {POINTER}, got 'spec'"),
        ({"path": "/"}, f"Patch.path must be {POINTER}, got '/'"),
        ({"path": "/a~2"}, f"Patch.path must be {POINTER}, got '/a~2'"),
        ({"kind": "deployment"}, "Patch.kind must be the kind of an object, such as 'Deployment', got 'deployment'"),
        ({"reason": "now"}, "Patch.reason must be one line of 10 to 500 characters that says why, got 'now'"),
        ({"op": "move"}, "Patch.op must be 'add', 'replace' or 'remove', got 'move'"),
        ({"value": object()}, f"Patch.value {DATA}, got a value of the type object"),
        ({"value": {"a": {1: 2}}}, f"Patch.value {DATA}, got a mapping"),
        ({"value": [float("nan")]}, f"Patch.value {DATA}, got a list"),
        ({"value": 2**64}, f"Patch.value {DATA}, got 18446744073709551616"),
        ({"value": {1, 2}}, f"Patch.value {DATA}, got a set"),
        ({"value": {"a\x00": 1}}, "Patch.value must be printable text, found the character U+0000"),
    ],
    ids=by_sentence,
)
def test_what_cannot_be_written_is_refused(fields: dict[str, Any], sentence: str) -> None:
    assert mistake(Patch, {**PATCH, **fields}) == sentence


@pytest.mark.parametrize(
    "path", ["/a", "/spec/template/spec/containers/0/env/-", "/metadata/annotations/a.b~1c", "/a b"]
)
def test_a_pointer_is_accepted(path: str) -> None:
    assert Patch(**{**PATCH, "path": path}).path == path
