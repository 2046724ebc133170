"""Keeps old import paths working, for repositories that were created before version 0.2.

The installed library renders the old commits of such a repository. Their imports must work as long as such a commit
can be live or verified. New code imports the new paths.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

_ENTRY_POINTS = "desired.render.before_0_2"
MOVED = {
    "constructs_lib.environment": "constructs_lib.values.environment",
    "constructs_lib.pair": "constructs_lib.values.pair",
    "constructs_lib.release": "constructs_lib.values.release",
    "constructs_lib.names": "constructs_lib.parts.names",
    "constructs_lib.objects": "constructs_lib.parts.objects",
    "constructs_lib.synth": "desired.render",
    "constructs_lib.synth.units": "constructs_lib.units",
    "constructs_lib.synth.fleet": _ENTRY_POINTS,
    "constructs_lib.synth.renderer": _ENTRY_POINTS,
    "constructs_lib.synth.command": _ENTRY_POINTS,
}
"""The old name of each module, and the module that replaces it."""


class _Moved(MetaPathFinder, Loader):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        return ModuleSpec(fullname, self) if fullname in MOVED else None

    def exec_module(self, module: ModuleType) -> None:
        sys.modules[module.__name__] = import_module(MOVED[module.__name__])


def install() -> None:
    """Make the old names importable. No current module has one of these names, so no module is hidden."""
    if not any(isinstance(each, _Moved) for each in sys.meta_path):
        sys.meta_path.insert(0, _Moved())
