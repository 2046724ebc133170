"""How answers are shown: tables for eyes, JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..publish.result import OperationResult


def console() -> Console:
    """Standard output: as wide as the terminal, and wide enough for a table where there is none."""
    return Console(width=None if sys.stdout.isatty() else 140, highlight=False)


def show_json(data: Any) -> None:
    """One JSON document on standard output."""
    print(json.dumps(data, indent=2, ensure_ascii=False))


def show_answer(answer: OperationResult, as_json: bool) -> None:
    """What became of an operation."""
    if as_json:
        show_json(answer.as_json())
        return
    out = console()
    marks = {"live": ("✓", "green"), "planned": ("…", "yellow"), "unchanged": ("=", "cyan"), "repeated": ("=", "cyan")}
    mark, style = marks[answer.status]
    words = {
        "live": f"is live with {answer.commit[:12]}",
        "planned": "would change:",
        "unchanged": "nothing to do",
        "repeated": f"was done before, with {answer.commit[:12]}",
    }
    out.print(Text(f"{mark} ", style=style) + Text(f"{answer.title}: {words[answer.status]}"))
    for line in answer.notes:
        out.print(Text(f"  {line}", style="yellow"))
    if answer.status == "planned":
        for path, text in sorted(answer.changes.items()):
            out.print(Text(f"  {'-' if text is None else '~'} {path}"))


def table(columns: Sequence[str], rows: Iterable[Iterable[str | Text]]) -> Table:
    """A plain table."""
    found = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        found.add_column(column, overflow="fold")
    for row in rows:
        found.add_row(*row)
    return found


def age(since: str, now: datetime | None = None) -> str:
    """How long ago a time was, in its largest unit: `5m`, `3h`, `12d`."""
    seconds = int(((now or datetime.now(UTC)) - datetime.fromisoformat(since)).total_seconds())
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= length:
            return f"{seconds // length}{unit}"
    return f"{max(seconds, 0)}s"


def time_text(seconds: int) -> str:
    """A time in UTC, as people read it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
