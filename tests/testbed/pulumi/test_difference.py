"""What the Kubernetes provider would call a difference, and what of it needs a new object."""

from typing import Any

import pytest

from testbed.pulumi import paths
from testbed.pulumi.difference import Mutable, changes, drift
from testbed.pulumi.values import UNKNOWN, Secret

_LIVE = {"uid": "1", "resourceVersion": "7", "namespace": "shop"}
_META = {"name": "it", "namespace": "shop"}


def _item(kind: str, version: str = "apps/v1", **fields: Any) -> dict[str, Any]:
    return {"apiVersion": version, "kind": kind, "metadata": _META, **fields}


def _found(old: dict[str, Any], new: dict[str, Any], mutable: Mutable = Mutable(), **added: Any) -> dict[str, bool]:  # noqa: B008
    live = old | {"metadata": old["metadata"] | _LIVE, "status": {"x": 1}} | added
    return {paths.text(change.path): change.replaces for change in changes(old, live, new, mutable)}


ROWS: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, bool]]] = {
    "what the server added is no difference": (
        _item("Deployment", spec={"replicas": 1}),
        _item("Deployment", spec={"replicas": 1}),
        {},
    ),
    "a number": (
        _item("Deployment", spec={"replicas": 1}),
        _item("Deployment", spec={"replicas": 2}),
        {"spec.replicas": False},
    ),
    "a selector of a Deployment": (
        _item("Deployment", spec={"selector": {"matchLabels": {"a": "b"}}}),
        _item("Deployment", spec={"selector": {"matchLabels": {"a": "c"}}}),
        {"spec.selector.matchLabels.a": True},
    ),
    "a new property": (
        _item("Widget", "example.com/v1", spec={}),
        _item("Widget", "example.com/v1", spec={"a": {"b": 1}}),
        {"spec.a": False},
    ),
    "a property that went": (
        _item("Widget", "example.com/v1", spec={"a": 1, "b": 2}),
        _item("Widget", "example.com/v1", spec={"a": 1}),
        {"spec.b": False},
    ),
    "a list that grew": (
        _item("Widget", "example.com/v1", spec=[{"a": 1}]),
        _item("Widget", "example.com/v1", spec=[{"a": 2}, {"a": 3}]),
        {"spec[0].a": False, "spec[1]": False},
    ),
    "the same quantity": (
        _item("Deployment", spec={"requests": {"cpu": "1", "memory": "1024Mi"}}),
        _item("Deployment", spec={"requests": {"cpu": "1000m", "memory": "1Gi"}}),
        {},
    ),
    "a label that looks like a quantity": (
        _item("Deployment", spec={"labels": {"x": "1"}}),
        _item("Deployment", spec={"labels": {"x": "1000m"}}),
        {"spec.labels.x": False},
    ),
    "the data of a Secret": (
        _item("Secret", "v1", data={"a": "YQ=="}),
        _item("Secret", "v1", stringData=Secret({"a": "b"})),
        {"data.a": True},
    ),
    "the same data as text": (
        _item("Secret", "v1", data={"a": "YQ=="}),
        _item("Secret", "v1", stringData=Secret({"a": "a"})),
        {},
    ),
    "another version of the same group": (
        _item("Widget", "example.com/v1"),
        _item("Widget", "example.com/v2"),
        {"apiVersion": False},
    ),
    "another group": (
        _item("Widget", "example.com/v1"),
        _item("Widget", "example.org/v1"),
        {"apiVersion": True},
    ),
    "a name": (
        _item("Widget", "example.com/v1"),
        _item("Widget", "example.com/v1") | {"metadata": _META | {"name": "other"}},
        {"metadata.name": True},
    ),
    "a name that is not known yet": (
        _item("Widget", "example.com/v1"),
        _item("Widget", "example.com/v1") | {"metadata": UNKNOWN},
        {"metadata": True},
    ),
    "nothing in place of what is empty": (
        _item("Deployment", spec={"a": {}}),
        _item("Deployment", spec={"a": {}, "b": {}, "c": [], "d": None}),
        {},
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=list(ROWS))
def test_differences(row: tuple[dict[str, Any], dict[str, Any], dict[str, bool]]) -> None:
    old, new, expected = row
    assert _found(old, new) == expected


def test_a_mutable_secret_changes_in_place() -> None:
    old, new = _item("Secret", "v1", data={"a": "YQ=="}), _item("Secret", "v1", data={"a": "Yg=="})
    assert _found(old, new, Mutable(secrets=True)) == {"data.a": False}
    assert _found(old, new | {"immutable": True}, Mutable(secrets=True))["data.a"] is True


def test_what_somebody_else_changed_shows_once_it_was_seen() -> None:
    inputs = _item("Widget", "example.com/v1", spec={"a": 1})
    assert _found(inputs, inputs, spec={"a": 2, "b": 1}) == {"spec.a": False}
    assert drift(inputs, inputs | {"spec": {"a": 1}}, inputs | {"spec": {"a": 2, "b": 1}}) == [("spec", "a")]
