"""Groups the objects that synth wrote by release, as input for Helm and Kustomize."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from desired.render import yaml

Object = dict[str, Any]
PLATFORM = "platform"
_SYNC = "kustomization-apps-"


@dataclass
class RenderedRelease:
    """The objects of a service, or of the platform, in each of its clusters."""

    name: str
    clusters: dict[str, list[Object]] = field(default_factory=dict)


def releases(manifests: Path) -> list[RenderedRelease]:
    """Return all releases in a folder of manifests, the platform first."""
    found: dict[str, RenderedRelease] = {PLATFORM: RenderedRelease(PLATFORM)}
    for cluster in sorted(manifests.iterdir()):
        for file in sorted(cluster.rglob("*.yaml")):
            if file.name != "kustomization.yaml":
                name = _release_of(file.relative_to(cluster))
                release = found.setdefault(name, RenderedRelease(name))
                release.clusters.setdefault(cluster.name, []).append(yaml.load(file.read_text(encoding="utf-8")))
    return list(found.values())


def _release_of(path: Path) -> str:
    """Return the service of a file. The Flux object that pulls a service's folder belongs to that service."""
    if path.parts[0] == "apps":
        return _without_slot(path.parts[1])
    if path.name.startswith(_SYNC):
        return _without_slot(path.stem.removeprefix(_SYNC))
    return PLATFORM


def _without_slot(folder: str) -> str:
    return folder.removesuffix("-blue").removesuffix("-green")


def identity(each: Object) -> str:
    """Return the identity of an object, which is unique in its cluster."""
    meta = each["metadata"]
    return "/".join((each["apiVersion"], each["kind"], meta.get("namespace", ""), meta["name"]))


def alike(some: Iterable[Object], others: Iterable[Object]) -> bool:
    """Return whether both contain the same objects, in any order."""
    return _sorted(some) == _sorted(others)


def _sorted(objects: Iterable[Object]) -> list[str]:
    return sorted(json.dumps(each, sort_keys=True) for each in objects)


def documents(text: str) -> list[Object]:
    """Return the objects of a stream of YAML documents."""
    return [each for part in _parts(text) if (each := yaml.load(part))]


def _parts(text: str) -> Iterator[str]:
    lines: list[str] = []
    for line in text.splitlines(keepends=True):
        if line.rstrip() == "---":
            yield "".join(lines)
            lines = []
        else:
            lines.append(line)
    yield "".join(lines)
