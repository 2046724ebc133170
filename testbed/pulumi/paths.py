"""Property paths, as options name them: `spec.replicas`, `metadata.annotations["a.b/c"]`, `spec.items[0]`, `*`."""

import re
from collections.abc import Iterable
from typing import Any

Path = tuple[str | int, ...]
_PART = re.compile(r'\["((?:[^"\\]|\\.)*)"\]|\[(\d+|\*)\]|\.?([^.\[\]]+)')
_NEEDS_QUOTES = re.compile(r'[."\[\]]')


class NoPath(Exception):
    """The text is no property path."""


def parse(text: str) -> Path:
    """The parts of a path; `*` stands for any one part. Raises `NoPath`."""
    parts: list[str | int] = []
    end = 0
    for match in _PART.finditer(text):
        if match.start() != end:
            break
        quoted, index, name = match.groups()
        if quoted is not None:
            parts.append(re.sub(r"\\(.)", r"\1", quoted))
        else:
            parts.append(int(index) if index and index.isdigit() else index or name)
        end = match.end()
    if end != len(text) or not parts:
        raise NoPath(f'{text!r} is no property path; one looks like spec.replicas or metadata.annotations["a.b/c"]')
    return tuple(parts)


def text(path: Path) -> str:
    """A path as people write it."""
    said = ""
    for part in path:
        if isinstance(part, int):
            said += f"[{part}]"
        elif _NEEDS_QUOTES.search(part):
            said += '["' + part.replace('"', '\\"') + '"]'
        else:
            said += f".{part}" if said else part
    return said


def covers(pattern: Path, path: Path) -> bool:
    """Whether the path is the pattern or lies below it."""
    return len(pattern) <= len(path) and _alike(pattern, path)


def touches(pattern: Path, path: Path) -> bool:
    """Whether one of the two lies at or below the other."""
    return _alike(pattern, path)


def _alike(pattern: Path, path: Path) -> bool:
    return all(a in ("*", b) for a, b in zip(pattern, path, strict=False))


def get(value: Any, path: Path) -> tuple[bool, Any]:
    """Whether there is something at the path, and what."""
    for part in path:
        held = isinstance(value, dict) and part in value
        if not held and not (isinstance(value, list) and isinstance(part, int) and part < len(value)):
            return False, None
        value = value[part]
    return True, value


def put(value: Any, path: Path, found: bool, item: Any) -> Any:
    """The value with the item at the path (or, if not `found`, with nothing there); the rest as it was."""
    if not path:
        return item
    head, rest = path[0], path[1:]
    if isinstance(value, list) and isinstance(head, int):
        return _put_in_list(value, head, rest, found, item)
    if not isinstance(value, dict):
        return value
    if rest and (head in value or found):
        return {**value, head: put(value.get(head, {}), rest, found, item)}
    if rest or not found:
        return {key: held for key, held in value.items() if rest or key != head}
    return {**value, head: item}


def _put_in_list(value: list[Any], index: int, rest: Path, found: bool, item: Any) -> list[Any]:
    if index >= len(value):
        return value
    return [put(held, rest, found or bool(rest), item) if at == index else held for at, held in enumerate(value)]


def expand(pattern: Path, *values: Any) -> list[Path]:
    """The paths that a pattern with `*` stands for in these values."""
    if "*" not in pattern:
        return [pattern]
    at = pattern.index("*")
    head, rest = pattern[:at], pattern[at + 1 :]
    parts: dict[str | int, None] = {}
    for value in values:
        _, held = get(value, head)
        parts |= dict.fromkeys(held if isinstance(held, dict) else range(len(held)) if isinstance(held, list) else ())
    return [path for part in parts for path in expand((*head, part, *rest), *values)]


def reset(new: Any, old: Any, patterns: Iterable[Path]) -> Any:
    """The new value with what the old one has at these paths (option `ignoreChanges`)."""
    for pattern in patterns:
        for path in expand(pattern, new, old):
            found, item = get(old, path)
            new = put(new, path, found, item)
    return new
