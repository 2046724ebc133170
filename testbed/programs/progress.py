"""A line on standard error for each long step: what is being done, and for how many seconds."""

import shutil
import sys
import time
from typing import Self

_SIGN_OF_LIFE_SECONDS = 30.0


def say(line: str) -> None:
    """Writes one line to standard error at once."""
    print(line, file=sys.stderr, flush=True)


class Line:
    """The progress of one step: a counter that runs on a terminal, else a new line every 30 seconds."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._start = time.monotonic()
        self._said = 0.0
        self._live = sys.stderr.isatty()
        self._show("…")

    @property
    def seconds(self) -> float:
        """How long the step has taken."""
        return time.monotonic() - self._start

    def alive(self) -> None:
        """Is called about once a second while the step runs."""
        if self._live or self.seconds - self._said >= _SIGN_OF_LIFE_SECONDS:
            self._said = self.seconds
            self._show(f"… {self.seconds:.0f} s")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        self._show(f"… {self.seconds:.0f} s, {'failed' if error else 'done'}")
        if self._live:
            say("")

    def _show(self, end: str) -> None:
        if not self._live:
            return say(f"{self._text} {end}")
        room = shutil.get_terminal_size().columns - len(end) - 2
        text = self._text if len(self._text) <= room else f"{self._text[: room - 1]}…"
        print(f"\r\033[K{text} {end}", end="", file=sys.stderr, flush=True)
        return None
