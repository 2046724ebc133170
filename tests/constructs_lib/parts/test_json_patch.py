"""One place of JSON data is added, replaced or removed; a path that leads nowhere is said."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from constructs_lib.parts.json_patch import change


@pytest.mark.parametrize(
    ("op", "path", "value", "after"),
    [
        pytest.param("add", "/new", 1, {"map": {"a/b": 1}, "list": [1, 2], "new": 1}, id="a new field"),
        pytest.param("add", "/map/c", None, {"map": {"a/b": 1, "c": None}, "list": [1, 2]}, id="a null"),
        pytest.param("add", "/list/0", 0, {"map": {"a/b": 1}, "list": [0, 1, 2]}, id="before an element"),
        pytest.param("add", "/list/2", 3, {"map": {"a/b": 1}, "list": [1, 2, 3]}, id="at the end by index"),
        pytest.param("add", "/list/-", 3, {"map": {"a/b": 1}, "list": [1, 2, 3]}, id="at the end by dash"),
        pytest.param("add", "/list", [], {"map": {"a/b": 1}, "list": []}, id="over what is there"),
        pytest.param("replace", "/map/a~1b", 2, {"map": {"a/b": 2}, "list": [1, 2]}, id="an escaped slash"),
        pytest.param("replace", "/list/1", 9, {"map": {"a/b": 1}, "list": [1, 9]}, id="an element"),
        pytest.param("remove", "/list/0", None, {"map": {"a/b": 1}, "list": [2]}, id="an element taken out"),
        pytest.param("remove", "/map", None, {"list": [1, 2]}, id="a field taken out"),
    ],
)
def test_one_place_changes(op: Literal["add", "replace", "remove"], path: str, value: Any, after: Any) -> None:
    document = {"map": {"a/b": 1}, "list": [1, 2]}
    change(document, op, path, value)
    assert document == after


@pytest.mark.parametrize(
    ("op", "path", "said"),
    [
        pytest.param("add", "/absent/x", "the object has no 'absent'", id="a parent that is not there"),
        pytest.param("add", "/map/a/x", "/map has no 'a'", id="a parent further down"),
        pytest.param("add", "/list/3", "/list has no '3'", id="beyond the end"),
        pytest.param("add", "/text/x", "/text has no 'x'", id="below a text"),
        pytest.param("replace", "/absent", "the object has no 'absent'", id="nothing to replace"),
        pytest.param("replace", "/list/-", "/list has no '-'", id="the end has nothing to replace"),
        pytest.param("remove", "/list/-1", "/list has no '-1'", id="a negative index"),
        pytest.param("remove", "/map/absent", "/map has no 'absent'", id="nothing to remove"),
    ],
)
def test_a_path_that_leads_nowhere_is_said(op: Literal["add", "replace", "remove"], path: str, said: str) -> None:
    document = {"map": {"b": 1}, "list": [1, 2], "text": "abc"}
    with pytest.raises(LookupError) as refused:
        change(document, op, path, 0)
    assert refused.value.args == (said,)
    assert document == {"map": {"b": 1}, "list": [1, 2], "text": "abc"}


def test_the_value_is_copied_so_that_a_later_patch_does_not_change_it() -> None:
    value: dict[str, Any] = {}
    document: dict[str, Any] = {}
    change(document, "add", "/new", value)
    change(document, "add", "/new/x", 1)
    assert value == {}


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(
    document=_json, path=st.from_regex(r"\A(/[a-z0-9~-]{1,3}){1,3}\Z"), op=st.sampled_from(["add", "replace", "remove"])
)
def test_whatever_is_typed_changes_one_place_or_nothing_at_all(
    document: Any, path: str, op: Literal["add", "replace", "remove"]
) -> None:
    before = deepcopy(document)
    try:
        change(document, op, path, "value")
    except LookupError:
        assert document == before
    else:
        assert isinstance(document, dict | list)
