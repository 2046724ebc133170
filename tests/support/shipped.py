"""The manifests that we ship, as files and as objects."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
MANIFESTS = ROOT / "manifests"
CLUSTERS = sorted(each.name for each in MANIFESTS.iterdir())
KUSTOMIZATION = "kustomization.yaml"


@cache
def texts(cluster: str) -> dict[str, str]:
    """The paths below `manifests/` of a cluster's files, and what they hold."""
    files = sorted((MANIFESTS / cluster).rglob("*.yaml"))
    return {file.relative_to(MANIFESTS).as_posix(): file.read_text(encoding="utf-8") for file in files}


def objects(cluster: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The objects that a cluster gets, each with its path; the lists that Kustomize reads are none."""
    for path, text in texts(cluster).items():
        if not path.endswith(f"/{KUSTOMIZATION}"):
            yield path, yaml.load(text, Loader=yaml.CSafeLoader)
