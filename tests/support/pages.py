"""Pages of documentation as programs: their edits are made, their commands are run, their output is compared.

- A `diff` block whose first line names a file in a comment is an edit of that file.
- A `python` or `yaml` block whose first line names a file in a comment is the whole of that file.
- A `console` block holds commands after `$ ` and what each one prints. A line `…` stands for any number of lines.

After a message has changed, `python -m tests.support.pages docs/tutorial.md` writes the new output into the page.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.clone import cloned, run

_BLOCK = re.compile(r"(?<=```)(diff|python|yaml|console)\n(.*?)(?=```)", re.DOTALL)
_FILE = re.compile(r"\A# (\S+)\n")
_CUT = "…"
_UNSTEADY = (
    (re.compile(r"\b[0-9a-f]{12}\b"), "<commit>"),
    (re.compile(r"\b[0-9a-f]{32,64}\b"), "<digest>"),
    (re.compile(r"\b\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\dZ"), "<time>"),
    (re.compile(r"\b\d+[smhd]\b"), "<age>"),
    (re.compile(r"\b\d+ units rendered"), "<some> units rendered"),
    (re.compile(r" +"), " "),
)
"""What differs from one run to the next; columns move with it."""
_PROGRESS = re.compile(r"^[a-z][a-z ]* \d+/\d+ .*\n", re.MULTILINE)
"""How far long work is: shown only where it takes long."""


@dataclass(frozen=True)
class Difference:
    """A command that does not print what the page shows."""

    command: str
    shown: str
    printed: str


def check(page: Path, clone: Path, cache: Path) -> list[Difference]:
    """Does all that a page says, in its order. Returns where it is not right."""
    found: list[Difference] = []
    setting = "export PATH=$PWD/.venv/bin:$PATH"
    for kind, text in _BLOCK.findall(page.read_text(encoding="utf-8")):
        if kind != "console":
            _edit(clone, kind, text)
            continue
        for command, shown in commands(text):
            if command.startswith("export "):
                setting = f"{setting}\n{command}"
                continue
            printed = _PROGRESS.sub("", run(clone, f"{setting}\n{command}", cache).stdout)
            if not _same(shown, printed):
                found.append(Difference(command, shown, printed))
    return found


def commands(block: str) -> Iterator[tuple[str, str]]:
    """The commands of a console block, each with what the page shows of its output."""
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        lines = part.splitlines(keepends=True)
        end = next(number for number, line in enumerate(lines, 1) if not line.endswith("\\\n"))
        yield "".join(lines[:end]).rstrip("\n"), "".join(lines[end:])


def _edit(clone: Path, kind: str, text: str) -> None:
    named = _FILE.match(text)
    if named is None:
        return
    file, body = clone / named[1], text[named.end() :]
    if kind != "diff":
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(body, encoding="utf-8")
        return
    lines = body.splitlines(keepends=True)
    old = "".join(line[1:] for line in lines if line[0] != "+")
    new = "".join(line[1:] for line in lines if line[0] != "-")
    before = file.read_text(encoding="utf-8")
    assert before.count(old) == 1, f"{named[1]} does not hold this once:\n{old}"
    file.write_text(before.replace(old, new), encoding="utf-8")


def _steady(text: str) -> list[str]:
    for pattern, name in _UNSTEADY:
        text = pattern.sub(name, text)
    return [line.rstrip() for line in text.splitlines()]


def _same(shown: str, printed: str) -> bool:
    lines = (".*" if line == _CUT else re.escape(f"{line}\n") for line in _steady(shown))
    return re.fullmatch("".join(lines), "".join(f"{line}\n" for line in _steady(printed)), re.DOTALL) is not None


def update(page: Path) -> int:
    """Writes into a page what its commands print now. Returns how many outputs differed."""
    with tempfile.TemporaryDirectory() as folder:
        found = check(page, cloned(Path(folder) / "fleet"), Path(folder) / "cache")
    text = page.read_text(encoding="utf-8")
    for each in found:
        printed = "".join(f"{line.rstrip()}\n" for line in each.printed.splitlines())
        text = text.replace(f"$ {each.command}\n{each.shown}", f"$ {each.command}\n{printed}", 1)
    page.write_text(text, encoding="utf-8")
    return len(found)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        print(f"{name}: {update(Path(name))} outputs written")
