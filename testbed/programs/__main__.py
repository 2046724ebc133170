"""Makes all that the test bed needs, with progress on standard error; says nothing when all of it is there."""

import sys
import time

from . import modules
from .build import ToolMissing, build, missing
from .crds import fetch, unfetched
from .progress import Line, say
from .store import store

_COMPARED_WITH = ("helm", "kustomize")
"""Programs of the benchmarks, not of the test bed."""


def main() -> int:
    """The exit code: 1 when something could not be had, after one sentence that says why."""
    start = time.monotonic()
    to_build = [module for module in modules.MODULES if module.folder.name not in _COMPARED_WITH and missing(module)]
    to_fetch = unfetched()
    steps = len(to_build) + bool(to_fetch)
    try:
        for number, module in enumerate(to_build, start=1):
            build(module, f"[{number}/{steps}] ")
        if to_fetch:
            with Line(f"[{steps}/{steps}] fetching {len(to_fetch)} sets of definitions and stages") as line:
                fetch(line)
    except ToolMissing as error:
        say(str(error))
        return 1
    if steps:
        say(f"all programs of the test bed are ready after {time.monotonic() - start:.0f} s, in {store()}")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
