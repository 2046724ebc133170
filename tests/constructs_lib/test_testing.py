"""What users write their own unit tests with."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib import Component, Environment, Patch, Role, Scale
from constructs_lib.testing import IMAGE, Object, Problem, findings, one, render, render_platform
from tests.support.fleet import service
from tests.support.rendered import ENV, main_container, names


def no_components(environment: Environment, role: Role) -> tuple[Component, ...]:
    return ()


def priorities(environment: Environment, role: Role) -> tuple[Component, ...]:
    return (Component(name="priorities", made_by="constructs_lib.platform.priorities:Priorities"),)


def test_render_gives_the_objects_of_one_service_and_of_no_other() -> None:
    objects = render(service(depends_on=("web",)), ENV, among=[service("web")])
    assert names(objects, "Deployment") == ["greeter-blue"]
    assert main_container(objects)["image"] == IMAGE


def test_render_is_the_same_each_time() -> None:
    assert render(service(), ENV) == render(service(), ENV)


def test_what_cannot_be_rendered_is_a_problem() -> None:
    patch = Patch(kind="Deployment", path="/spec/a/b", value=1, reason="No field of a service says this.")
    with pytest.raises(Problem, match="greeter: the patch of Deployment greeter-blue"):
        render(service(patches=(patch,)), ENV)


@pytest.mark.parametrize(
    ("way", "slots"),
    [
        pytest.param({}, ["blue"], id="no candidate"),
        pytest.param({"candidate": service(scale=Scale.fixed(5))}, ["blue", "green"], id="a candidate"),
    ],
)
def test_a_candidate_runs_in_the_other_slot(way: dict[str, Any], slots: list[str]) -> None:
    assert names(render(service(), ENV, **way), "Deployment") == [f"greeter-{slot}" for slot in slots]


def test_the_platform_is_rendered_for_a_role() -> None:
    objects = render_platform(ENV, "ops", priorities)
    assert names(objects, "PriorityClass") == ["tier-1", "tier-2", "tier-3"]
    assert one(objects, "Kustomization")["spec"]["path"] == "./manifests/test-ops/platform/priorities"


_OBJECTS: list[Object] = [
    {"kind": "Service", "metadata": {"name": "a"}},
    {"kind": "Service", "metadata": {"name": "b"}},
    {"kind": "Deployment", "metadata": {"name": "a"}},
]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        pytest.param(("Deployment",), _OBJECTS[2], id="by kind"),
        pytest.param(("Service", "b"), _OBJECTS[1], id="by kind and name"),
    ],
)
def test_one_is_the_object_of_a_kind(asked: tuple[str, ...], found: Object) -> None:
    assert one(_OBJECTS, *asked) is found


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        pytest.param(("Service",), "expected one Service, found a, b", id="several"),
        pytest.param(("Secret",), "expected one Secret, found none", id="none"),
        pytest.param(("Service", "c"), "expected one Service c, found none", id="no such name"),
    ],
)
def test_one_says_what_is_there_instead(asked: tuple[str, ...], said: str) -> None:
    with pytest.raises(LookupError) as refused:
        one(_OBJECTS, *asked)
    assert refused.value.args == (said,)


def test_the_rules_find_a_dependency_that_does_not_run() -> None:
    found = findings([service(depends_on=("absent",))], ENV, no_components)
    assert [each for each in found if "absent" in each]
