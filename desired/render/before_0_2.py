"""What `envs/` of repositories made before version 0.2 calls; see `constructs_lib/_moved.py`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from constructs_lib.values import Environment

from . import fleet, server, synth
from .fleet import Components, Fleet


def load_environments() -> dict[str, Environment]:
    """The environments of `envs/`."""
    return fleet.load_environments("envs")


def stdin_stdout() -> tuple[TextIO, TextIO]:
    """The channel of the renderer's contract."""
    return server.channel()


def serve(environments: Mapping[str, Environment], components: Components, requests: TextIO, out: TextIO) -> None:
    """Answers requests until there are no more."""
    server.answer_lines(server.Renderer(_fleet(components), Path.cwd()), requests, out)


def scratch_folder(root: Path) -> Path:
    """The folder for temporary files."""
    return Path(os.environ.get("CDK8S_OUTDIR") or root / ".scratch")


def synthesize(root: Path, components: Components, scratch: Path) -> int:
    """Updates `manifests/` from the repository. Returns the exit code."""
    return synth.synthesize(_fleet(components), root)


def _fleet(components: Components) -> Fleet:
    return Fleet(services="apps", environments="envs", components=components)
