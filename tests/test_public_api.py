"""What people import is as `tests/public_api.txt` says: every exported name, with its fields or its signature.

Changed it on purpose? Run `DESIRED_WRITE_DOCS=1 .venv/bin/pytest tests/test_public_api.py`, look at the difference in
`tests/public_api.txt`, and name the change in CHANGELOG.md. `docs/versions.md` says which changes a version may bring.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import os
import re
from collections.abc import Iterator
from types import FunctionType
from typing import Any

from pydantic import BaseModel

import constructs_lib
from tests.support.repository import ROOT

MODULES = ("constructs_lib", "constructs_lib.testing", "desired.render")
SNAPSHOT = ROOT / "tests" / "public_api.txt"


def api() -> Iterator[str]:
    """One line for each exported name, and one for each of its fields and methods."""
    for name in MODULES:
        module = importlib.import_module(name)
        yield f"{name}"
        for exported in sorted(module.__all__):
            yield from (f"  {line}" for line in _described(exported, getattr(module, exported)))


def _described(name: str, value: Any) -> Iterator[str]:
    if isinstance(value, FunctionType):
        yield f"{name}{_signature(value)}"
    elif not isinstance(value, type):
        yield f"{name} = {value!r}" if isinstance(value, int) else f"{name} = {_short(str(value))}"
    else:
        yield f"class {name}({', '.join(base.__name__ for base in value.__bases__ if base is not object)})"
        yield from (f"  {line}" for line in _members(value))


def _members(value: type) -> Iterator[str]:
    if issubclass(value, BaseModel):
        for name, field in value.model_fields.items():
            yield f"{field.alias or name}{'' if field.is_required() else f' = {field.get_default()!r}'}"
    elif dataclasses.is_dataclass(value):
        yield from (f"{each.name}: {_short(str(each.type))}" for each in dataclasses.fields(value))
    for name, member in sorted(vars(value).items()):
        function = member.__func__ if isinstance(member, classmethod | staticmethod) else member
        if name.startswith("_") or name in ("model_post_init", "model_config"):
            continue
        if isinstance(function, FunctionType):
            yield f"{name}{_signature(function)}"
        elif isinstance(member, property):
            yield f"{name}: property"


def _signature(function: FunctionType) -> str:
    return _short(str(inspect.signature(function)))


def _short(text: str) -> str:
    """Without the modules of types, which are no part of what people write."""
    return re.sub(r"\b(?:[a-z_]\w*\.)+(?=[A-Z])|['\"]", "", text)


def test_the_public_api_is_as_the_snapshot_says() -> None:
    found = "\n".join(api()) + "\n"
    if "DESIRED_WRITE_DOCS" in os.environ:
        SNAPSHOT.write_text(found, encoding="utf-8")
    assert found == SNAPSHOT.read_text(encoding="utf-8"), __doc__


def test_the_snapshot_has_the_names_that_the_documentation_teaches() -> None:
    assert {"Component", "Environment", "Release", "Service"} <= set(constructs_lib.__all__)
    for name in ("class Service(", "class Fleet(", "serve(", "render(service: Service"):
        assert f"\n  {name}" in SNAPSHOT.read_text(encoding="utf-8")
