"""Writes the JSON Schemas of the stacks' settings to `docs/schemas/`: `python -m stacks.tools.schemas`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from constructs_lib.values.data import Json

from ..resources.settings import PROJECT, ManagementSettings, PairSettings, StackSettings

_FILES: dict[str, type[StackSettings]] = {"stack-pair": PairSettings, "stack-management": ManagementSettings}
_SECURE = {
    "type": "object",
    "properties": {"secure": {"type": "string"}},
    "required": ["secure"],
    "additionalProperties": False,
    "description": "Written by `pulumi config set --secret`.",
}


def schema(kind: type[StackSettings]) -> Json:
    """The schema of a file `Pulumi.<stack>.yaml`.

    No field is required: secrets are set later, and the stack reports what is missing when it runs.
    """
    made = kind.model_json_schema(by_alias=True)
    fields = {f"{PROJECT}:{name}": _as_stored(field) for name, field in made["properties"].items()}
    config = {"type": "object", "properties": fields, "additionalProperties": False}
    pulumis_own = {"encryptionsalt": {"type": "string"}, "encryptedkey": {"type": "string"}}
    return {
        "title": kind.__name__,
        "description": (kind.__doc__ or "").strip(),
        "type": "object",
        "properties": {"config": config, "secretsprovider": {"type": "string"}, **pulumis_own},
        "additionalProperties": False,
        "$defs": made.get("$defs", {}),
    }


def _as_stored(field: Json) -> Json:
    is_secret = '"format": "password"' in json.dumps(field)
    return {**_SECURE, "title": field.get("title", "")} if is_secret else field


def files() -> dict[str, str]:
    """The content of each file, by its path."""
    return {
        f"docs/schemas/{name}.schema.json": json.dumps(schema(kind), indent=2, ensure_ascii=False) + "\n"
        for name, kind in _FILES.items()
    }


def main() -> int:
    """Runs the command, and returns its exit code."""
    for path, text in files().items():
        (Path.cwd() / path).write_text(text, encoding="utf-8", newline="\n")
        print(f"wrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
