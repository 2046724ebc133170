"""JSON data as files and processes exchange it, and its digest."""

from __future__ import annotations

import hashlib
import json
from typing import Any

Json = dict[str, Any]
"""A JSON object that nothing has validated yet."""


def canonical(data: object) -> str:
    """JSON text that is the same for the same data, whatever the order of its keys."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(text: str) -> str:
    """The SHA-256 of a text, in hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()
