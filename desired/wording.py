"""Parts of sentences: alternatives, lists and counts."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence


def listed(words: Sequence[str], last: str = "and") -> str:
    """Words as a sentence lists them: `a`, `a and b`, `a, b and c`. `last` stands before the last one."""
    return f" {last} ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


_NAMED = 3
"""So many are named in a sentence; of the rest it has the number."""


def few(words: Sequence[str]) -> str:
    """The first of many words, and how many more there are: `a, b, c and 12 more`."""
    rest = [f"{len(words) - _NAMED} more"] if len(words) > _NAMED + 1 else []
    return listed([*(words[:_NAMED] if rest else words), *rest])


def printable(text: str) -> str:
    """The text without what would change a terminal, or the way that it is read: each such character becomes `?`.

    Names of people and of files, messages of commits, and what a remote says may hold anything.
    """
    return text if text.isprintable() else "".join("?" if _changes_terminals(each) else each for each in text)


def _changes_terminals(character: str) -> bool:
    """Controls but the tab, halves of surrogate pairs, and invisible marks but the two that join letters."""
    return unicodedata.category(character) in ("Cc", "Cs", "Cf") and character not in "\t\u200c\u200d"


def counted(number: int, thing: str) -> str:
    """A number of things: `1 file`, `2 files`."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
