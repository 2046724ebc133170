"""The table of `docs/defects.md`: who refuses each planted defect, and with which words."""

from __future__ import annotations

import re

from tests.support.shipped import ROOT

PAGE = ROOT / "docs" / "defects.md"
_BEGIN, _END = "<!-- the table begins -->\n", "<!-- the table ends -->\n"
_HEAD = ["| Defect | values | rules | checkers | API server | First words |", "| --- | --- | --- | --- | --- | --- |"]
_CELLS = re.compile(r"(?<!\\)\|")
_LENGTH = 120


def cell(words: str) -> str:
    """The first words, as they stand in a cell of the table."""
    short = words if len(words) <= _LENGTH else words[:_LENGTH].rpartition(" ")[0] + " …"
    return short.replace("|", "\\|").replace("<", "&lt;")


def mark(words: str) -> str:
    """The cell of a layer that refuses a defect with these words, or accepts it without any."""
    return "✓" if words else ""


def read() -> dict[str, list[str]]:
    """The cells of each row by the name of the defect: values, rules, checkers, API server, first words."""
    table = PAGE.read_text(encoding="utf-8").partition(_BEGIN)[2].partition(_END)[0].splitlines()
    assert table[:2] == _HEAD
    rows = [[text.strip() for text in _CELLS.split(line)[1:-1]] for line in table[2:]]
    return {name: cells for name, *cells in rows}


def write(rows: dict[str, list[str]]) -> None:
    """Writes the table anew."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(_BEGIN)
    lines = [*_HEAD, *(f"| {' | '.join([name, *cells])} |" for name, cells in rows.items())]
    PAGE.write_text(before + _BEGIN + "\n".join(lines) + "\n" + _END + rest.partition(_END)[2], encoding="utf-8")
