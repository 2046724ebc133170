"""The measurements of one fleet as JSON data: times, memory, and the input of the tools."""

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
    """Print one line of progress."""
    print(f"{time.monotonic() - _START:7.1f} s  {line}", file=sys.stderr, flush=True)


class Measures:
    """Collects measurements. It prints each one and keeps the median."""

    def __init__(self, services: int) -> None:
        self.data: Json = {"services": services, "times": {}, "memory": {}}

    def repeated(
        self, name: str, repeat: int, program: Program, before: Callable[[], object] | None = None
    ) -> None:  # fmt: skip
        """Record the median time of several runs. `before` runs before each and is not timed."""
        taken = []
        for _ in range(repeat):
            if before:
                before()
            taken.append(seconds(program.run))
            say(f"{self.data['services']} services: {name} {len(taken)}/{repeat}: {taken[-1]:.2f} s")
        self.times(name, taken)

    def times(self, name: str, taken: list[float], **about: Any) -> None:
        """Record times. If only `sampled` of `runs` programs were run, the times are already scaled to all."""
        self.data["times"][name] = {
            "seconds": round(statistics.median(taken), 4),
            "taken": [round(each, 4) for each in taken],
            **about,
        }

    def missing(self, name: str, reason: str) -> None:
        """Record that a time could not be measured."""
        say(f"{self.data['services']} services: {name}: {reason}")
        self.data["times"][name] = {"seconds": None, "reason": reason}

    def memory(self, name: str, size: int) -> None:
        """Record the peak memory."""
        say(f"{self.data['services']} services: {name}: {size / 2**20:.0f} MiB")
        self.data["memory"][name] = size
