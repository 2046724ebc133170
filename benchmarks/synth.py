"""Measures synth on a generated fleet."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from .clock import Program, peak_bytes
from .fleet import Fleet, variables
from .measures import Measures

_CLI = Path(__file__).parent.parent / "node_modules" / ".bin" / "cdk8s"
# What `make synth` sets, so that the command line's own start is the same.
_NODE_OPTIONS = "--import=data:text/javascript,Error.prepareStackTrace=(e)=>String(e)"


def measure(fleet: Fleet, repeat: int, measures: Measures) -> None:
    """Everything, one service and nothing to do; memory; and the start of the command line around it."""
    app = Program(fleet.command(), fleet.folder, fleet.folder.parent / "synth.out", variables(fleet.folder))
    fleet.forget()
    app.run()  # leaves byte code and warm files behind
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


def _edits(fleet: Fleet) -> Callable[[], None]:
    numbers = iter(range(1, 100))
    return lambda: fleet.edit(next(numbers))


def _command_line(fleet: Fleet) -> Program:
    around = {**variables(fleet.folder), "NODE_OPTIONS": _NODE_OPTIONS}
    around["PATH"] = os.pathsep.join((str(_CLI.parent), around["PATH"]))
    return Program([str(_CLI), "synth", "--check-upgrade=false"], fleet.folder, fleet.folder.parent / "cli.out", around)
