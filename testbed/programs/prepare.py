"""Builds and downloads everything that the test bed needs, with progress on standard error."""

import time

from . import modules
from .build import build, missing
from .crds import fetch, unfetched
from .progress import Line, say
from .store import store

_COMPARED_WITH = ("helm", "kustomize")
"""Programs of the benchmarks, not of the test bed."""


def prepare() -> None:
    """Builds and downloads what is not in the cache. Raises `ToolMissing` if that fails."""
    start = time.monotonic()
    to_build = [module for module in modules.MODULES if module.folder.name not in _COMPARED_WITH and missing(module)]
    to_fetch = unfetched()
    steps = len(to_build) + bool(to_fetch)
    for number, module in enumerate(to_build, start=1):
        build(module, f"[{number}/{steps}] ")
    if to_fetch:
        with Line(f"[{steps}/{steps}] fetching {len(to_fetch)} sets of definitions and stages") as line:
            fetch(line)
    if steps:
        say(f"all programs of the test bed are ready after {time.monotonic() - start:.0f} s, in {store()}")
