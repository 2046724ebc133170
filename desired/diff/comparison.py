"""What a change does to the objects of a cluster: added, changed, or removed. Pure: from strings to values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import yaml as pyyaml

from constructs_lib.values.data import Object

from ..render import yaml
from ..render.manifests import KUSTOMIZATION
from .describe_changes import renamed, texts, words

Mark = Literal["added", "changed", "removed"]


@dataclass(frozen=True)
class ObjectDiff:
    """What happens to one object."""

    mark: Mark
    folder: str
    kind: str
    name: str
    words: tuple[str, ...] = ()
    """What changed, for an object that stays."""
    texts: tuple[str, ...] = ()
    """Lines that changed in its multi-line strings."""


@dataclass(frozen=True)
class FileDiff:
    """A file below the cluster's folder that differs; `old` or `new` is None if it does not exist."""

    path: str
    old: str | None
    new: str | None


@dataclass(frozen=True)
class ClusterDiff:
    """What happens to one cluster."""

    name: str
    objects: tuple[ObjectDiff, ...] = ()
    files: tuple[FileDiff, ...] = ()

    def count(self, mark: Mark) -> int:
        """How many objects are added, changed or removed."""
        return sum(each.mark == mark for each in self.objects)


@dataclass(frozen=True)
class Diff:
    """What happens to all clusters, and the commit that this is compared with."""

    base: str
    clusters: tuple[ClusterDiff, ...] = ()
    stale: bool = False
    """Whether `manifests/` differs from what the work tree makes."""


def compare(cluster: str, files: Sequence[FileDiff]) -> ClusterDiff:
    """What the files that differ mean for the objects in them. Skips Kustomizations, which only list files."""
    folders: dict[str, list[FileDiff]] = {}
    for each in sorted(files, key=lambda file: file.path):
        folder, _, name = each.path.rpartition("/")
        if name != KUSTOMIZATION:
            folders.setdefault(folder, []).append(each)
    objects = [each for folder, inside in folders.items() for each in _compare_folder(folder, inside)]
    return ClusterDiff(cluster, tuple(objects), tuple(sorted(files, key=lambda file: file.path)))


def _compare_folder(folder: str, files: Sequence[FileDiff]) -> Iterator[ObjectDiff]:
    read = [(_object(file.path, file.old), _object(file.path, file.new)) for file in files]
    pairs = renamed((old for old, new in read if old and not new), (new for old, new in read if new and not old))
    partners = {id(each): pair for pair in pairs for each in pair}
    for old, new in read:
        if old and new:
            yield _changed(folder, old, new)
        elif new:
            # A ConfigMap with new content is reported once, under its new name.
            yield _changed(folder, *partners[id(new)]) if id(new) in partners else _whole("added", folder, new)
        elif old and id(old) not in partners:
            yield _whole("removed", folder, old)


def _changed(folder: str, old: Object, new: Object) -> ObjectDiff:
    (_, was), (kind, name) = _identity(old), _identity(new)
    found = words(old, new) or ["only the comment that names its source"]
    if was != name:
        found = [f"renamed from {was}", *(each for each in found if not each.startswith("metadata.name:"))]
    return ObjectDiff("changed", folder, kind, name, tuple(found), tuple(texts(old, new)))


def _whole(mark: Mark, folder: str, item: Object) -> ObjectDiff:
    return ObjectDiff(mark, folder, *_identity(item))


def _identity(item: Object) -> tuple[str, str]:
    metadata = item.get("metadata")
    return str(item.get("kind")), str(metadata.get("name") if isinstance(metadata, dict) else None)


def _object(path: str, text: str | None) -> Object | None:
    """The object in a file. A file without an object is wrapped in one."""
    if text is None:
        return None
    try:
        found = yaml.load(text)
    except pyyaml.YAMLError:
        found = None
    if isinstance(found, dict) and "kind" in found:
        return found
    return {"kind": "file", "metadata": {"name": path.rpartition("/")[2]}, "data": {"text": text}}
