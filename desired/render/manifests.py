"""The manifests of one cluster, by path: what they are, and what has to change to make others of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from constructs_lib.values import Problem
from constructs_lib.values.data import digest

from . import yaml
from .cache import Cache

MANIFESTS = "manifests"
KUSTOMIZATION = "kustomization.yaml"
Changes = dict[str, str | None]
"""New texts by path of the repository; None for files that are removed."""


@dataclass(frozen=True)
class PlannedUnit:
    """A unit of a cluster's plan: its folder, and the key of its output."""

    id: str
    key: str
    folder: str
    sources: tuple[str, ...]

    @property
    def service(self) -> str:
        """The service that it belongs to; `platform` for a component."""
        return self.id.partition("/")[0]


class ClusterManifests:
    """The files of one cluster below `manifests/<cluster>/`. Their texts are read from the cache when needed."""

    def __init__(self, cluster: str, units: Sequence[PlannedUnit], cache: Cache) -> None:
        self.cluster, self.units, self._cache = cluster, tuple(units), cache

    @property
    def folder(self) -> str:
        """Their folder in the repository."""
        return f"{MANIFESTS}/{self.cluster}"

    @cached_property
    def digests(self) -> dict[str, str]:
        """Paths below the cluster's folder and the digests of their files, without the lists of the folders.

        Raises Problem if two units write the same path.
        """
        found: dict[str, str] = {}
        for unit in self.units:
            files = self._cache.digests(unit.key) or {}
            if twice := found.keys() & files.keys():
                raise Problem(f"{self.cluster}: two units write {min(twice)}. Rename one of the objects")
            found |= files
        return found

    @cached_property
    def sources(self) -> dict[str, tuple[str, ...]]:
        """The folders of the units, and the files that a reader would change to change them."""
        found: dict[str, tuple[str, ...]] = {}
        for unit in self.units:
            found.setdefault(unit.folder, unit.sources)
        return found

    @cached_property
    def _unit_of(self) -> dict[str, PlannedUnit]:
        return {path: unit for unit in self.units for path in self._cache.digests(unit.key) or ()}

    def all_known(self) -> bool:
        """Whether the cache still has all of them."""
        return all(self._cache.digests(unit.key) is not None for unit in self.units)

    def texts(self, paths: Iterable[str]) -> dict[str, str]:
        """The texts of some paths. Raises Problem if the cache is damaged."""
        by_unit: dict[str, list[str]] = {}
        for path in paths:
            by_unit.setdefault(self._unit_of[path].key, []).append(path)
        found: dict[str, str] = {}
        for key, wanted in by_unit.items():
            files = self._cache.files(key)
            for path in wanted:
                if digest(files[path]) != self.digests[path]:
                    raise Problem(f"{path}: the cache is damaged. Run the command again with DESIRED_CACHE=off")
                found[path] = files[path]
        return found

    def lists(self, folders: Collection[str] | None = None) -> dict[str, str]:
        """The `kustomization.yaml` of all folders, or of some: paths and texts."""
        names: dict[str, list[str]] = {}
        for path in self.digests:
            folder, _, name = path.rpartition("/")
            if folders is None or folder in folders:
                names.setdefault(folder, []).append(name)
        return {f"{folder}/{KUSTOMIZATION}": _list(found, self.sources.get(folder)) for folder, found in names.items()}

    @cached_property
    def all_lists(self) -> dict[str, str]:
        """The `kustomization.yaml` of all folders."""
        return self.lists()

    def all_texts(self) -> dict[str, str]:
        """All paths and texts, lists of folders among them."""
        return self.texts(self.digests) | self.all_lists

    def changes_from(self, before: ClusterManifests) -> Changes:
        """The changes that turn the old manifests into these."""
        old, new = before.digests, self.digests
        gone = old.keys() - new.keys()
        come = [path for path, sum_ in new.items() if old.get(path) != sum_]
        folders = {path.rpartition("/")[0] for path in (*gone, *come)}
        # The first line of a list names the files that its folder is made from.
        folders |= {folder for folder, sources in self.sources.items() if before.sources.get(folder) != sources}
        lists: Changes = {f"{folder}/{KUSTOMIZATION}": None for folder in folders}
        found: Changes = {**dict.fromkeys(gone), **self.texts(come), **lists, **self.lists(folders)}
        return {f"{self.folder}/{path}": text for path, text in found.items()}

    def changes_from_paths(self, paths: Iterable[str]) -> Changes:
        """What makes the repository hold these manifests, whatever the files at some paths of the folder hold."""
        found: Changes = dict.fromkeys(paths)
        return found | {f"{self.folder}/{path}": text for path, text in self.all_texts().items()}


def _list(names: Iterable[str], sources: Iterable[str] | None) -> str:
    content: Mapping[str, object] = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": sorted(names),
    }
    return yaml.header(sources or ("envs/",)) + yaml.dump(content)
