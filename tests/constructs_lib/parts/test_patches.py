"""The escape hatch: any rendered field can be changed, and what would be lost is refused in a sentence."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib import Config, Patch, Problem, Scale
from constructs_lib.testing import Object, one, render
from tests.support.fleet import service
from tests.support.rendered import ENV

_REASON = "No field of a service says this."


def patch(kind: str, path: str, **fields: Any) -> Patch:
    return Patch(kind=kind, path=path, reason=_REASON, **fields)


def patched(*patches: Patch, **fields: Any) -> list[Object]:
    return render(service(patches=patches, **fields), ENV)


def test_add_sets_a_field() -> None:
    objects = patched(patch("Deployment", "/spec/template/spec/hostname", value="me"))
    assert one(objects, "Deployment")["spec"]["template"]["spec"]["hostname"] == "me"


def test_replace_changes_a_field() -> None:
    objects = patched(patch("Deployment", "/spec/revisionHistoryLimit", op="replace", value=9))
    assert one(objects, "Deployment")["spec"]["revisionHistoryLimit"] == 9


def test_remove_takes_a_field_out() -> None:
    objects = patched(patch("Deployment", "/spec/template/spec/containers/0/livenessProbe", op="remove"))
    assert "livenessProbe" not in one(objects, "Deployment")["spec"]["template"]["spec"]["containers"][0]


def test_patches_are_laid_on_in_their_order() -> None:
    objects = patched(
        patch("Deployment", "/metadata/annotations", value={}),
        patch("Deployment", "/metadata/annotations/acme.io~1note", value="kept"),
    )
    assert one(objects, "Deployment")["metadata"]["annotations"] == {"acme.io/note": "kept"}


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        pytest.param("HTTPRoute", "greeter", id="a route, which slots share"),
        pytest.param("NetworkPolicy", "greeter", id="a network policy"),
        pytest.param("Service", "greeter", id="the alias"),
        pytest.param("Service", "greeter-blue", id="the Service of a slot"),
        pytest.param("HorizontalPodAutoscaler", "greeter-blue", id="an autoscaler"),
        pytest.param("PodDisruptionBudget", "greeter-blue", id="a budget"),
        pytest.param("ServiceAccount", "greeter-blue", id="an account"),
    ],
)
def test_a_field_that_the_library_does_not_know_arrives(kind: str, name: str) -> None:
    objects = patched(
        patch(kind, "/newerThanTheSchema", value={"inner": [1, True, None]}, name=name), scale=Scale.between(2, 4)
    )
    assert one(objects, kind, name)["newerThanTheSchema"] == {"inner": [1, True, None]}


def test_a_patch_with_a_name_spares_the_other_objects_of_its_kind() -> None:
    objects = patched(patch("Service", "/spec/trafficDistribution", value="PreferClose", name="greeter-blue"))
    assert "trafficDistribution" not in one(objects, "Service", "greeter")["spec"]


def test_a_patch_without_a_name_changes_every_object_of_its_kind() -> None:
    configs = (Config(name="a", data={"k": "1"}), Config(name="b", data={"k": "2"}))
    objects = patched(patch("ConfigMap", "/data/more", value="x"), configs=configs)
    assert [each["data"].get("more") for each in objects if each["kind"] == "ConfigMap"] == ["x", "x"]


def test_a_patch_changes_the_slot_whose_spec_has_it_alone() -> None:
    with_patch = service(patches=(patch("Deployment", "/spec/paused", value=True),))
    objects = render(service(), ENV, candidate=with_patch, share=10)
    assert [one(objects, "Deployment", f"greeter-{slot}")["spec"].get("paused") for slot in ("blue", "green")] == [
        None,
        True,
    ]


def test_what_is_not_patched_is_the_same_as_without_a_patch() -> None:
    before = [each for each in render(service(), ENV) if each["kind"] != "Deployment"]
    after = [each for each in patched(patch("Deployment", "/spec/paused", value=True)) if each["kind"] != "Deployment"]
    assert after == before


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        pytest.param(
            patch("Deployment", "/spec/nothing/here", value=1),
            "greeter: the patch of Deployment greeter-blue cannot add /spec/nothing/here: /spec has no 'nothing'; "
            "correct the path, or take the patch out",
            id="a path whose parent is not there",
        ),
        pytest.param(
            patch("Deployment", "/spec/nothing", op="replace", value=1),
            "greeter: the patch of Deployment greeter-blue cannot replace /spec/nothing: /spec has no 'nothing'; "
            "correct the path, or take the patch out",
            id="nothing to replace",
        ),
        pytest.param(
            patch("HTTPRoute", "/spec/rules/7", op="remove"),
            "greeter: the patch of HTTPRoute greeter cannot remove /spec/rules/7: /spec/rules has no '7'; "
            "correct the path, or take the patch out",
            id="nothing to remove in a route",
        ),
        pytest.param(
            patch("Deployment", "/metadata", value={}),
            "greeter: the patch of Deployment greeter-blue would leave it without a kind or a name by add /metadata; "
            "take the patch out",
            id="an object without a name",
        ),
        pytest.param(
            patch("Deployment", "/kind", op="remove"),
            "greeter: the patch of Deployment greeter-blue would leave it without a kind or a name by remove /kind; "
            "take the patch out",
            id="an object without a kind",
        ),
    ],
)
def test_a_patch_that_cannot_be_laid_on_is_one_sentence(given: Patch, sentence: str) -> None:
    with pytest.raises(Problem) as refused:
        patched(given)
    assert refused.value.sentences == (sentence,)


def test_everything_wrong_with_the_patches_is_said_at_once() -> None:
    with pytest.raises(Problem) as refused:
        patched(patch("Deployment", "/spec/a/b", value=1), patch("Deployment", "/spec/c", op="remove"))
    assert len(refused.value.sentences) == 2
