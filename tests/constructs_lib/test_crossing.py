"""Objects go to node in batches, and code that reads the construct tree cannot tell."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import cdk8s
import jsii
import pytest
from constructs import Construct

from constructs_lib import Config, Environment, Problem, Role, Scale, Secret, crossing
from constructs_lib.crossing import UnitChart
from constructs_lib.parts.objects import Manifest, Meta
from constructs_lib.testing import Object, render, render_platform
from constructs_lib.units import Component
from tests.support.fleet import service
from tests.support.rendered import ENV


class Counted:
    """Counts the calls to node."""

    def __init__(self, provider: Any) -> None:
        self._provider, self.crossings = provider, 0

    def __getattr__(self, name: str) -> Any:
        self.crossings += 1
        return getattr(self._provider, name)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    counted = Counted(jsii.kernel.provider)
    monkeypatch.setattr(jsii.kernel, "provider", counted)
    return counted


def component(name: str) -> list[Object]:
    """The objects of one of the components in `tests/support`, without the one that syncs its folder."""

    def components(environment: Environment, role: Role) -> tuple[Component, ...]:
        return (Component(name="own", made_by=f"tests.support.components:{name}"),)

    return [each for each in render_platform(ENV, "apps", components) if each["kind"] != "Kustomization"]


def names(objects: list[Object]) -> list[str]:
    return [each["metadata"]["name"] for each in objects]


def test_a_unit_takes_three_crossings_for_its_chart_its_construct_and_its_objects(counted: Counted) -> None:
    render(service(), ENV)
    assert counted.crossings == 3 * len(["what slots share", "the slot"])


def test_a_unit_with_many_objects_takes_as_many_crossings_as_one_with_few(counted: Counted) -> None:
    configs = tuple(Config(name=f"config-{number}", data={"key": "value"}) for number in range(20))
    secrets = tuple(Secret(name=f"secret-{number}", keys={"key": "a/b#c"}) for number in range(20))
    objects = render(service(configs=configs, secrets=secrets, scale=Scale.between(2, 4)), ENV)
    assert (len(objects) > 40, counted.crossings) == (True, 6)


def test_manifests_work_beside_api_objects_and_the_constructs_of_cdk8s_plus() -> None:
    assert names(component("Mixed")) == [
        "a-manifest",
        "b-api-object",
        "c-manifest",
        "d-kube",
        "e-manifest",
        "f-config-map",
    ]


def test_a_construct_that_reads_the_tree_finds_the_manifests_that_it_just_added() -> None:
    assert names(component("Counting")) == ["a", "b", "a-and-b"]


def test_a_manifest_takes_json_patches_of_cdk8s() -> None:
    assert component("Patched")[0]["spec"] == {"finalizers": ["a", "b"]}


def test_two_manifests_with_one_name_are_reported_in_a_sentence() -> None:
    with pytest.raises(Problem) as refused:
        component("Twice")
    assert refused.value.sentences == (
        "platform/own: cdk8s rejected an object: There is already a Construct with name 'Namespace-same' in "
        "Construct [twice]; fix the construct that adds it",
    )


def test_a_value_that_is_not_json_data_raises_in_the_construct_that_gave_it() -> None:
    with pytest.raises(TypeError, match="set is not JSON serializable") as refused:
        component("NoData")
    assert "components.py" in {Path(str(entry.path)).name for entry in refused.traceback}


def test_objects_of_a_failed_unit_do_not_fail_the_next_unit() -> None:
    with pytest.raises(LookupError):
        component("Failing")
    assert names(component("Counting")) == ["a", "b", "a-and-b"]


def test_objects_of_a_failed_unit_are_never_created() -> None:
    failed = UnitChart()
    Manifest(failed, "v1", "Namespace", Meta("left"))
    UnitChart()
    assert failed.node.children == []


def test_a_chart_is_alone_in_its_app_so_that_rendering_it_visits_no_other_chart() -> None:
    UnitChart()
    assert len(UnitChart().node.root.node.find_all()) == len(["the app", "the chart"])


def test_a_manifest_keeps_the_order_of_its_fields() -> None:
    chart = UnitChart()
    Manifest(chart, "v1", "Thing", Meta("thing"), spec={"z": {"b": 1, "a": 2}, "y": 3})
    assert list(chart.objects()[0]["spec"]) == ["z", "y"]


def test_manifests_of_several_scopes_each_land_in_their_own() -> None:
    chart = UnitChart()
    scopes = [Construct(chart, name) for name in ("a", "b")]
    for name in ("one", "two"):
        for scope in scopes:
            Manifest(scope, "v1", "Thing", Meta(name))
    assert [[each.node.id for each in scope.node.children] for scope in scopes] == [["Thing-one", "Thing-two"]] * 2


@pytest.mark.parametrize("text", ["ü€😀", 'quote " and \\ backslash', "line\nbreak", "\u2028", "</script>", "${x}"])
def test_a_string_comes_back_unchanged(text: str) -> None:
    chart = UnitChart()
    Manifest(chart, "v1", "ConfigMap", Meta("texts"), data={text: text})
    assert chart.objects()[0]["data"] == {text: text}


def test_objects_are_those_that_cdk8s_itself_renders() -> None:
    chart = UnitChart()
    Manifest(chart, "v1", "Thing", Meta("thing", "place", {"b": "1", "a": "2"}, {"note": "it"}), spec={"on": True})
    assert chart.objects() == chart.to_json() == cdk8s.Testing.synth(chart)


def test_the_module_has_the_same_bytes_at_any_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = crossing._packed()
    monkeypatch.setattr(time, "time", lambda: 4_000_000_000.0)
    assert crossing._packed() == now
