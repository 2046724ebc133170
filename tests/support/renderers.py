"""The renderer processes of tests: one pool for all publishers of a process, and how to find what it started."""

from __future__ import annotations

import contextlib
import os
from functools import cache
from pathlib import Path

from desired.render.pool import RendererPool


@cache
def shared_pool() -> RendererPool:
    """The pool that all publishers of this process share. Its processes end with it, as their input is closed."""
    return RendererPool()


def renderers_of(process: int) -> list[int]:
    """The ids of the renderers that a process has started and that are there."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{process}/task"):
            found += map(int, Path(f"/proc/{process}/task/{task}/children").read_text().split())
    return [each for each in found if _is_renderer(each)]


def _is_renderer(process: int) -> bool:
    try:
        return b"envs.render" in Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return False
