"""Shows the progress of long work: one line that is rewritten on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time

from .wording import printable


def say(line: str) -> None:
    """Prints one line for a person to standard error, so that programs can read standard output."""
    print(printable(line), file=sys.stderr, flush=True)


class Progress:
    """Counts towards a total. Prints nothing in the first half second."""

    def __init__(self, what: str, total: int) -> None:
        self._what, self._total, self._done = what, total, 0
        self._terminal = sys.stderr.isatty()
        self._next = time.monotonic() + 0.5
        self._shown = False

    def step(self, name: str) -> None:
        """Counts one more step; `name` is shown."""
        self._done += 1
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + (0.1 if self._terminal else 5.0)
        self._shown = True
        line = f"{self._what} {self._done}/{self._total} {printable(name)}"
        if self._terminal:
            print(f"\r\x1b[2K{line[:100]}", end="", file=sys.stderr, flush=True)
        else:
            say(line)

    def close(self) -> None:
        """Clears the line on the terminal."""
        if self._terminal and self._shown:
            print("\r\x1b[2K", end="", file=sys.stderr, flush=True)
