"""The command line `desired` in this process, as a person uses it in a clone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from desired.cli.app import app


class Desired:
    """Runs commands in a clone and looks at their exit code."""

    def __init__(self, clone: Path) -> None:
        self.clone = clone

    def __call__(self, *words: str, code: int = 0) -> Result:
        """What a command prints; it must end with this exit code."""
        result = desired("-C", str(self.clone), *words)
        assert result.exit_code == code, f"{result.output} {result.exception}"
        return result

    def json(self, *words: str, code: int = 0) -> Any:
        """The JSON that a command prints."""
        return json.loads(self(*words, "--json", code=code).stdout)


def desired(*words: str) -> Result:
    """What the command line prints, anywhere."""
    return CliRunner().invoke(app, list(words), prog_name="desired")
