"""Applies the JSON patches of a service to its rendered objects."""

from __future__ import annotations

import cdk8s
from constructs import Construct

from ..values import Patch, Problem
from ..values.data import Json
from .json_patch import change


def apply_patches(scope: Construct, subject: str, patches: tuple[Patch, ...]) -> None:
    """Apply each patch, in order, to the objects of its kind and name.

    A patch may be meant for an object of another unit of the service. The rule `patch-fits` reports patches that match
    no object at all. Raises Problem with every path that does not exist.
    """
    objects = [each for each in scope.node.find_all() if isinstance(each, cdk8s.ApiObject)] if patches else []
    bodies: dict[cdk8s.ApiObject, Json] = {}
    problems: list[str] = []
    for patch in patches:
        for each in objects:
            if each.kind != patch.kind or patch.name not in (None, each.name):
                continue
            if each not in bodies:
                bodies[each] = each.to_json()
            problems += _patched(bodies[each], patch, f"{subject}: the patch of {each.kind} {each.name}")
    if problems:
        raise Problem(*problems)
    for each, body in bodies.items():
        _say_again(each, body)


def _patched(body: Json, patch: Patch, subject: str) -> list[str]:
    """Apply the patch to the body, and return the mistakes of the patch as sentences."""
    try:
        change(body, patch.op, patch.path, patch.value)
    except LookupError as error:
        return [f"{subject} cannot {patch.op} {patch.path}: {error.args[0]}; correct the path, or take the patch out"]
    metadata = body.get("metadata")
    identity = [body.get("apiVersion"), body.get("kind"), metadata.get("name") if isinstance(metadata, dict) else None]
    if not all(isinstance(each, str) and each for each in identity):
        return [f"{subject} would leave it without a kind or a name by {patch.op} {patch.path}; take the patch out"]
    return []


def _say_again(each: cdk8s.ApiObject, body: Json) -> None:
    """Replace the object by plain data. The types of cdk8s-plus-27 would drop fields outside their schema."""
    scope, name = each.node.scope, each.node.id
    assert isinstance(scope, Construct)
    scope.node.try_remove_child(name)
    plain = cdk8s.ApiObject(scope, name, api_version=body["apiVersion"], kind=body["kind"])
    plain.add_json_patch(cdk8s.JsonPatch.replace("", body))
