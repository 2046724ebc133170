"""What was measured on one fleet, as JSON data: times by name, memory, and what the tools were given."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from .clock import Program, seconds

Json = dict[str, Any]
_START = time.monotonic()


def say(line: str) -> None:
    """One line of progress."""
    print(f"{time.monotonic() - _START:7.1f} s  {line}", file=sys.stderr, flush=True)


class Measures:
    """Takes times and keeps the median of each; says every one."""

    def __init__(self, services: int) -> None:
        self.data: Json = {"services": services, "times": {}, "memory": {}}

    def repeated(
        self, name: str, repeat: int, program: Program, before: Callable[[], object] | None = None
    ) -> None:  # fmt: skip
        """The median of several runs; `before` each, off the clock."""
        taken = []
        for _ in range(repeat):
            if before:
                before()
            taken.append(seconds(program.run))
            say(f"{self.data['services']} services: {name} {len(taken)}/{repeat}: {taken[-1]:.2f} s")
        self.times(name, taken)

    def times(self, name: str, taken: list[float], **about: Any) -> None:
        """Times that were taken: `sampled` of `runs` programs say that the time was scaled from those."""
        self.data["times"][name] = {
            "seconds": round(statistics.median(taken), 4),
            "taken": [round(each, 4) for each in taken],
            **about,
        }

    def missing(self, name: str, reason: str) -> None:
        """A time that could not be taken."""
        say(f"{self.data['services']} services: {name}: {reason}")
        self.data["times"][name] = {"seconds": None, "reason": reason}

    def memory(self, name: str, size: int) -> None:
        """The most memory that was held."""
        say(f"{self.data['services']} services: {name}: {size / 2**20:.0f} MiB")
        self.data["memory"][name] = size
