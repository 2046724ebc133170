"""Writes tables into the README, each between two markers."""

from __future__ import annotations

from pathlib import Path


def _marks(name: str) -> tuple[str, str]:
    return f"<!-- {name} -->\n", f"<!-- /{name} -->"


def block(readme: str, name: str = "bench") -> str:
    """Return the block between the markers of that name. Raises ValueError if the markers are missing."""
    begin, end = _marks(name)
    return readme[readme.index(begin) + len(begin) : readme.index(end)]


def put(file: Path, table: str, name: str = "bench") -> None:
    """Replace the block between the markers of that name."""
    begin, end = _marks(name)
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace(begin + block(text, name) + end, begin + table + end), encoding="utf-8")
