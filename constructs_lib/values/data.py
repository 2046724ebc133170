"""JSON data that files and processes exchange, and its digest."""

from __future__ import annotations

import hashlib
import json
from typing import Any

Json = dict[str, Any]
"""A JSON object that is not validated yet."""
Object = Json
"""A Kubernetes object, as a manifest has it."""


def canonical(data: object) -> str:
    """Return the data as a JSON string that does not depend on the order of keys."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(text: str) -> str:
    """Return the SHA-256 of a string, in hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()
