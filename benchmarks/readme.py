"""Puts the table into the README, between two marks."""

from __future__ import annotations

from pathlib import Path

BEGIN, END = "<!-- bench -->\n", "<!-- /bench -->"


def block(readme: str) -> str:
    """What stands between the marks. Raises ValueError where they are not there."""
    return readme[readme.index(BEGIN) + len(BEGIN) : readme.index(END)]


def put(file: Path, table: str) -> None:
    """Replace what stands between the marks."""
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace(BEGIN + block(text) + END, BEGIN + table + END), encoding="utf-8")
