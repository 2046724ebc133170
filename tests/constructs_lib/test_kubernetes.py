"""The types of the built-in kinds match Kubernetes' own schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints, is_typeddict

import kubernetes_validate  # type: ignore[import-untyped]
import pytest

from constructs_lib import kubernetes
from constructs_lib.kubernetes import PodDisruptionBudgetSpec, ServiceSpec
from tests.support.checkers import KUBERNETES

_SCHEMAS = Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema" / f"v{KUBERNETES}.0-local-strict"
_GROUPS = ("", "-networking", "-autoscaling", "-policy", "-rbac", "-meta")
_OURS = {"MetricSource": "PodsMetricSource"}
"""One type here, where Kubernetes has two that are equal."""
TYPES = sorted(name for name, each in vars(kubernetes).items() if is_typeddict(each))


def fields(name: str) -> dict[str, Any]:
    """The fields of a type in Kubernetes' newest schema."""
    stem = _OURS.get(name, name).lower()
    files = [file for group in _GROUPS for file in _SCHEMAS.glob(f"{stem}{group}-v?.json")]
    found: dict[str, Any] = json.loads(max(files).read_text(encoding="utf-8"))["properties"]
    return found


@pytest.mark.parametrize("name", TYPES)
def test_every_field_exists_in_kubernetes(name: str) -> None:
    assert get_type_hints(getattr(kubernetes, name)).keys() <= fields(name).keys()


@pytest.mark.parametrize("name", TYPES)
def test_every_field_has_the_json_type_of_kubernetes(name: str) -> None:
    known = fields(name)
    for field, hint in get_type_hints(getattr(kubernetes, name)).items():
        assert kind(hint) in kinds(known[field]), field


def kind(hint: Any) -> str:
    """The JSON type of a type of Python."""
    first = get_args(hint)[0] if get_origin(hint) is Literal else hint
    if is_typeddict(first):
        return "object"
    origin = get_origin(first)
    if origin is not None:
        return {"Mapping": "object", "Sequence": "array"}.get(origin.__name__, "string or number")
    return "string" if isinstance(first, str) else {str: "string", int: "integer"}[first]


def kinds(schema: dict[str, Any]) -> set[str]:
    """The JSON types that a schema takes; a reference leads to an object, a text, or either a text or a number."""
    said = schema.get("type")
    if said is None:
        target = str(schema.get("$ref", ""))
        return {"string", "integer", "string or number"} if target.endswith("IntOrString") else {"object", "string"}
    return set(said) if isinstance(said, list) else {said}


def test_mypy_rejects_a_field_that_kubernetes_does_not_have() -> None:
    # mypy reports an unused comment when it stops rejecting the line.
    ServiceSpec(port=1)  # type: ignore[typeddict-unknown-key]
    ServiceSpec(ports=[{"number": 1}])  # type: ignore[typeddict-unknown-key]


def test_mypy_rejects_a_value_that_kubernetes_does_not_take() -> None:
    ServiceSpec(selector="web")  # type: ignore[typeddict-item]
    PodDisruptionBudgetSpec(maxUnavailable="one", selector={}, unhealthyPodEvictionPolicy="AlwaysAllow")  # type: ignore[typeddict-item]
