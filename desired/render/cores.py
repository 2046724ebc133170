"""How many cores this process may use."""

from __future__ import annotations

import os


def cores() -> int:
    """At least 1. Only Linux tells which of the machine's cores a process may use; elsewhere it is all of them."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1
