"""One object as plain data."""

from __future__ import annotations

import cdk8s
import pytest

from constructs_lib.crossing import UnitChart
from constructs_lib.parts.objects import Manifest, Meta


@pytest.mark.parametrize(
    ("meta", "metadata"),
    [
        pytest.param(Meta("a"), {"name": "a"}, id="a name alone"),
        pytest.param(Meta("a", "b"), {"name": "a", "namespace": "b"}, id="a namespace"),
        pytest.param(
            Meta("a", labels={"y": "1", "x": "2"}, annotations={"note": "it"}),
            {"annotations": {"note": "it"}, "labels": {"x": "2", "y": "1"}, "name": "a"},
            id="labels and annotations",
        ),
    ],
)
def test_metadata_holds_only_what_was_given(meta: Meta, metadata: dict[str, object]) -> None:
    chart = UnitChart()
    Manifest(chart, "v1", "Thing", meta)
    assert chart.objects() == [{"apiVersion": "v1", "kind": "Thing", "metadata": metadata}]


def test_a_manifest_is_an_api_object_of_its_scope() -> None:
    chart = UnitChart()
    made = Manifest(chart, "apps/v1", "Deployment", Meta("web"), spec={"replicas": 2})
    assert (made.api_object.kind, made.api_object.api_group, made.api_object.name) == ("Deployment", "apps", "web")
    assert made.api_object.node.scope is chart


def test_data_that_changes_later_does_not_change_the_manifest() -> None:
    chart = UnitChart()
    spec = {"replicas": 2}
    Manifest(chart, "apps/v1", "Deployment", Meta("web"), spec=spec)
    spec["replicas"] = 3
    assert chart.objects()[0]["spec"] == {"replicas": 2}


@pytest.mark.parametrize(
    ("given", "rendered"),
    [
        pytest.param({"a": None, "b": {"c": None}}, {"b": {}}, id="fields without a value are dropped"),
        pytest.param({"a": [None, 1]}, {"a": [None, 1]}, id="items without a value are kept"),
        pytest.param({"a": 1.0, "b": 0.5}, {"a": 1, "b": 0.5}, id="numbers are those of JavaScript"),
    ],
)
def test_values_are_rendered_as_jsii_does(given: dict[str, object], rendered: dict[str, object]) -> None:
    chart = UnitChart()
    Manifest(chart, "v1", "Thing", Meta("thing"), spec=given)
    plain = cdk8s.ApiObject(chart, "plain", api_version="v1", kind="Thing")
    plain.add_json_patch(cdk8s.JsonPatch.add("/spec", given))
    assert [each["spec"] for each in chart.objects()] == [rendered, rendered]


def test_a_tuple_is_a_list() -> None:
    chart = UnitChart()
    Manifest(chart, "v1", "Thing", Meta("thing"), spec={"a": ("x", "y")})
    assert chart.objects()[0]["spec"] == {"a": ["x", "y"]}


def test_a_number_that_json_cannot_hold_raises() -> None:
    with pytest.raises(ValueError, match="JSON"):
        Manifest(UnitChart(), "v1", "Thing", Meta("thing"), spec={"a": float("nan")})
