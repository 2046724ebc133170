"""Changes one field of JSON data. Source: RFC 6902 (JSON Patch) and RFC 6901 (JSON Pointer)."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, Literal

from ..values.data import Json


def change(document: Json, op: Literal["add", "replace", "remove"], path: str, value: object = None) -> None:
    """Add, replace or remove the field at the path, in place.

    Raises LookupError if the path does not exist. The message says how far it exists.
    """
    *way, last = [part.replace("~1", "/").replace("~0", "~") for part in path.split("/")[1:]]
    place: Any = document
    walked = ""
    for part in way:
        place, walked = place[_key(place, part, walked)], f"{walked}/{part}"
    if op == "add":
        _add(place, last, deepcopy(value), walked)
    elif op == "remove":
        del place[_key(place, last, walked)]
    else:
        place[_key(place, last, walked)] = deepcopy(value)


def _add(place: object, part: str, value: object, walked: str) -> None:
    if isinstance(place, dict):
        place[part] = value
    elif isinstance(place, list) and part in ("-", str(len(place))):
        place.append(value)
    else:
        index = _key(place, part, walked)
        if isinstance(place, list) and isinstance(index, int):
            place.insert(index, value)


def _key(place: object, part: str, walked: str) -> str | int:
    if isinstance(place, dict) and part in place:
        return part
    if isinstance(place, list) and part.isdecimal() and part.isascii() and int(part) < len(place):
        return int(part)
    raise LookupError(f"{walked or 'the object'} has no {part!r}")
