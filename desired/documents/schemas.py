"""Writes what editors and people read about the values: `python -m desired.documents.schemas`.

JSON Schemas go to `docs/schemas/`, and a page with every field to `docs/reference.md`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from constructs_lib import Component, Environment, Pin, Release, Rollout
from constructs_lib.values import Service, Value
from constructs_lib.values.data import Json
from constructs_lib.values.release import SCHEMA

from .reference import reference

VALUES: tuple[type[Value], ...] = (Service, Environment, Release, Rollout, Pin)


def schema(value: type[Value]) -> Json:
    """The JSON Schema of a value as a file holds it, written out in full or in short."""
    made = value.model_json_schema(mode="validation", by_alias=True)
    for each in (made, *made.get("$defs", {}).values()):
        if each.get("title") == Service.__name__:
            _as_written(each)
    return made


def _as_written(service: Json) -> None:
    """What reading a spec accepts beside its fields: the version of its form, and a dependency by its name alone."""
    version = {"const": SCHEMA, "description": "The version of the written form.", "type": "integer"}
    service["properties"] = {"schema": version, **service["properties"]}
    depends_on = service["properties"]["depends_on"]
    depends_on["items"] = {"anyOf": [depends_on["items"], service["properties"]["name"] | {"title": "Service"}]}


def files() -> dict[str, str]:
    """All files by their path, as they should be."""
    schemas = {
        f"docs/schemas/{value.__name__.lower()}.schema.json": json.dumps(schema(value), indent=2, ensure_ascii=False)
        for value in VALUES
    }
    return {path: f"{text}\n" for path, text in schemas.items()} | {
        "docs/reference.md": reference((*VALUES, Component))
    }


def main() -> int:
    """The command. Returns the exit code."""
    for path, text in files().items():
        file = Path.cwd() / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8", newline="\n")
        print(f"wrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
