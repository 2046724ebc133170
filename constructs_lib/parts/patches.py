"""The escape hatch: JSON patches that a service's value lays over what was rendered."""

from __future__ import annotations

import cdk8s
from constructs import Construct

from ..values import Patch, Problem


def apply_patches(scope: Construct, subject: str, patches: tuple[Patch, ...], elsewhere: set[str]) -> None:
    """Lay each patch over the objects of its kind and name.

    `elsewhere` are the kinds that the service has in its other set of objects. Raises Problem for a patch
    that fits no object at all, as it would be lost in silence.
    """
    objects = [each for each in scope.node.find_all() if isinstance(each, cdk8s.ApiObject)] if patches else []
    for patch in patches:
        fitting = [each for each in objects if each.kind == patch.kind and patch.name in (None, each.name)]
        if not fitting and patch.kind not in elsewhere:
            raise Problem(
                f"{subject}: the patch of {patch.kind} {patch.name or ''} {patch.path} fits none of its objects; "
                f"correct its kind or name, or take it out"
            )
        for each in fitting:
            each.add_json_patch(_operation(patch))


def _operation(patch: Patch) -> cdk8s.JsonPatch:
    if patch.op == "remove":
        return cdk8s.JsonPatch.remove(patch.path)
    make = cdk8s.JsonPatch.add if patch.op == "add" else cdk8s.JsonPatch.replace
    return make(patch.path, patch.value)
