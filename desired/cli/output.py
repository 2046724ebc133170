"""How results are shown: tables for people, JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from rich.console import Console, ConsoleOptions, ConsoleRenderable, RenderHook, RenderResult
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from ..publish.result import OperationResult
from ..wording import counted, printable


def console() -> Console:
    """Standard output: as wide as the terminal, and wide enough for a table where there is none."""
    found = Console(width=None if sys.stdout.isatty() else 140, highlight=False)
    found.push_render_hook(_Printable())
    return found


class _Printable(RenderHook):
    """Takes out of all that is shown what would change a terminal: names and messages of others may hold anything."""

    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        return [_Cleaned(each) for each in renderables]


@dataclass(frozen=True)
class _Cleaned:
    shown: ConsoleRenderable

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for segment in console.render(self.shown, options):
            lines = "\n".join(map(printable, segment.text.split("\n")))
            yield segment if segment.control else Segment(lines, segment.style)


def show_json(data: object) -> None:
    """One JSON document on standard output."""
    # Half of a surrogate pair, which a name may hold, becomes an escape of JSON.
    print(json.dumps(data, indent=2, ensure_ascii=False).encode("utf-8", "backslashreplace").decode())


_MARKS = {"live": ("✓", "green"), "planned": ("…", "yellow"), "unchanged": ("=", "cyan"), "repeated": ("=", "cyan")}


def show_result(result: OperationResult, as_json: bool) -> None:
    """What became of an operation: its title and where it is, then what a person should know."""
    if as_json:
        show_json(result.as_json())
        return
    out = console()
    mark, style = _MARKS[result.status]
    out.print(Text(f"{mark} ", style=style) + Text(f"{result.title}. {_outcome(result)}"))
    for note in result.notes:
        out.print(Text(f"  {note}", style="yellow"))
    if result.status == "planned":
        for path, text in sorted(result.changes.items()):
            out.print(Text(f"  {'delete' if text is None else 'write '} {path}"))


def _outcome(result: OperationResult) -> str:
    outcomes = {
        "live": f"Live at {result.commit[:12]}",
        "planned": f"Nothing was done. {counted(len(result.changes), 'file')} would change:",
        "unchanged": "Nothing was done",
        "repeated": f"Done before, with the same --key, at {result.commit[:12]}",
    }
    return outcomes[result.status]


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
