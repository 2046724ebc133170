"""Writes the JSON Schemas of the stacks' settings for editors to `docs/schemas/`: `python -m stacks.schemas`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from .settings import PROJECT, ManagementSettings, PairSettings, Settings

_FILES: dict[str, type[Settings]] = {"stack-pair": PairSettings, "stack-management": ManagementSettings}
_SECURE = {
    "type": "object",
    "properties": {"secure": {"type": "string"}},
    "required": ["secure"],
    "additionalProperties": False,
    "description": "Written by `pulumi config set --secret`.",
}


def schema(kind: type[Settings]) -> dict[str, Any]:
    """The schema of a file `Pulumi.<stack>.yaml`.

    Nothing is required: secrets are set later, and Pulumi reports what is missing when it runs.
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


def _as_stored(field: dict[str, Any]) -> dict[str, Any]:
    is_secret = '"format": "password"' in json.dumps(field)
    return {**_SECURE, "title": field.get("title", "")} if is_secret else field


def files() -> dict[str, str]:
    """All files by their path, as they should be."""
    return {
        f"docs/schemas/{name}.schema.json": json.dumps(schema(kind), indent=2, ensure_ascii=False) + "\n"
        for name, kind in _FILES.items()
    }


def main() -> int:
    """The command. Returns the exit code."""
    for path, text in files().items():
        (Path.cwd() / path).write_text(text, encoding="utf-8", newline="\n")
        print(f"wrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
