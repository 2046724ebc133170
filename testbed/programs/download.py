"""Folders of pinned Go modules: downloaded once, checked, and kept outside of Go's own cache."""

import hashlib
import json
import shutil
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any, NamedTuple

from .go import ToolMissing, go, run
from .progress import Line
from .store import making, store

_GO = "1.24.0"


class Folders(NamedTuple):
    """Some folders of one version of a Go module."""

    module: str
    version: str
    sum: str
    """Go's checksum of the module, as in go.sum."""

    folders: tuple[str, ...]

    @property
    def label(self) -> str:
        """The module and its version, for people."""
        return f"{self.module} {self.version}"

    @property
    def path(self) -> Path:
        """The folder that keeps its files."""
        digest = hashlib.sha256(repr(self).encode()).hexdigest()[:12]
        return store() / "modules" / f"{self.module.replace('/', '_')}-{self.version}-{digest}"


def fetched(wanted: Folders, take: Callable[[Path, Path], None], line: Line | None = None) -> Path:
    """The path of what `take(source, target)` took from the folders when they were downloaded first.

    Raises `ToolMissing` when the module cannot be had or is not the one that was pinned.
    """
    if wanted.path.exists():
        return wanted.path
    with making(wanted.path) as part, nullcontext(line) if line else Line(f"fetching {wanted.label}") as shown:
        if part is not None:
            source = _module(wanted, shown.alive)
            for folder in wanted.folders:
                if not (source / folder).is_dir():
                    raise ToolMissing(f"{wanted.label} has no folder {folder}; fix its row in the table.")
                take(source / folder, part)
    return wanted.path


def copied(source: Path, target: Path) -> None:
    """Takes the YAML files of a folder as they are, and leaves kustomize's own."""
    for file in sorted(source.glob("*.yaml")):
        if file.name != "kustomization.yaml":
            shutil.copyfile(file, target / file.name)


def _module(wanted: Folders, alive: Callable[[], None]) -> Path:
    command = go(_GO, f"fetching {wanted.label}")
    arguments = [command, "mod", "download", "-json", f"{wanted.module}@{wanted.version}"]
    _, output, errors = run(arguments, store(), {}, alive)
    found: dict[str, Any] = json.loads(output) if output.startswith("{") else {"Error": errors.strip()}
    if found.get("Error"):
        raise ToolMissing(f"Cannot download {wanted.label}: {' '.join(found['Error'].split())}")
    if found["Sum"] != wanted.sum:
        raise ToolMissing(f"{wanted.label} has the checksum {found['Sum']}, but {wanted.sum} is pinned. Do not use it.")
    return Path(found["Dir"])
