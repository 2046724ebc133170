"""The command line: thin over the core. Nothing is imported before a command needs it."""

from __future__ import annotations

import sys


def main() -> None:
    """Runs the command line; ends the process with its exit code."""
    from .app import app  # noqa: PLC0415 - so that `import desired.cli` costs nothing

    sys.exit(app())


__all__ = ["main"]
