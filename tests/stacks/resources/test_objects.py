"""Plain data becomes resources that are the same from run to run."""

from __future__ import annotations

import copy
from typing import Any

import pulumi
import pytest

from stacks.resources.objects import register
from tests.support.recording import Registered, Run, record
from tests.support.stacks import STACKS

META = {"name": "one", "labels": {"desired.dev/owner": "team-a"}}
WIDGET = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": META, "spec": {"someField": {"innerField": 1}}}


def registered(item: dict[str, Any]) -> Registered:
    async def program() -> dict[str, Any]:
        register(item, pulumi.ResourceOptions())
        return {}

    (found,) = record(program).registered
    return found


@pytest.mark.parametrize(("namespace", "name"), [("here", "here/one"), (None, "one")])
def test_a_resource_has_the_name_of_its_object(namespace: str | None, name: str) -> None:
    meta = META | ({"namespace": namespace} if namespace else {})
    found = registered({**WIDGET, "metadata": meta})
    assert (found.name, found.request.type) == (name, "kubernetes:example.com/v1:Widget")


SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": META, "type": "Opaque", "stringData": {"aKey": "x"}}


@pytest.mark.parametrize("item", [WIDGET, SECRET], ids=lambda item: str(item["kind"]))
def test_an_object_is_registered_unchanged(item: dict[str, Any]) -> None:
    before = copy.deepcopy(item)
    found = registered(item).item
    assert item == before
    found["metadata"].pop("annotations")
    assert found == item


@pytest.mark.parametrize("stack", STACKS)
def test_every_object_takes_back_fields_that_others_changed(stack: str, runs: dict[str, Run]) -> None:
    annotations = [each.item["metadata"]["annotations"] for each in runs[stack].objects]
    assert {each["pulumi.com/patchForce"] for each in annotations} == {"true"}


@pytest.mark.parametrize("stack", STACKS)
def test_built_in_kinds_are_registered_with_their_typed_class(stack: str, runs: dict[str, Run]) -> None:
    for each in runs[stack].objects:
        group = each.item["apiVersion"].rpartition("/")[0]
        custom = "." in group and not group.endswith(".k8s.io")
        assert each.request.type.startswith("kubernetes:" if custom else f"kubernetes:{group or 'core'}/")
