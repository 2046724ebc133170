"""Measures synth on a generated fleet."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from .clock import Program, peak_bytes
from .fleet import GeneratedFleet, variables
from .measures import Measures

_CLI = Path(__file__).parent.parent / "node_modules" / ".bin" / "cdk8s"
# The same as in `make synth`, so that the command line starts in the same way.
_NODE_OPTIONS = "--import=data:text/javascript,Error.prepareStackTrace=(e)=>String(e)"


def measure(fleet: GeneratedFleet, repeat: int, measures: Measures) -> None:
    """Measure a full, a small and an empty run of synth, its memory, and the command line around it."""
    app = Program(fleet.command(), fleet.folder, fleet.folder.parent / "synth.out", variables(fleet.folder))
    fleet.forget()
    app.run()  # fills the byte code and file caches
    fleet.forget()
    measures.memory("peak-cold", peak_bytes(app))
    measures.repeated("cold", repeat, app, before=fleet.forget)
    measures.memory("peak-unchanged", peak_bytes(app))
    measures.repeated("unchanged", repeat + 2, app)
    measures.repeated("one-changed", repeat, app, before=_edits(fleet))
    if _CLI.exists():
        fleet.edit(0)
        app.run()
        measures.repeated("cli-unchanged", repeat, _command_line(fleet))


def _edits(fleet: GeneratedFleet) -> Callable[[], None]:
    numbers = iter(range(1, 100))
    return lambda: fleet.edit(next(numbers))


def _command_line(fleet: GeneratedFleet) -> Program:
    around = {**variables(fleet.folder), "NODE_OPTIONS": _NODE_OPTIONS}
    around["PATH"] = os.pathsep.join((str(_CLI.parent), around["PATH"]))
    return Program([str(_CLI), "synth", "--check-upgrade=false"], fleet.folder, fleet.folder.parent / "cli.out", around)
