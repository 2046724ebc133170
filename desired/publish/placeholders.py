"""Placeholder digests (`sha256:0000…`) of images and charts. No registry has them, so nothing can be pulled by one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from constructs_lib.values.release import is_placeholder

from ..git import Clone
from ..render.manifests import MANIFESTS
from ..wording import counted, few, listed

_CHART = "ocirepository-"


@dataclass(frozen=True)
class Placeholders:
    """Finds placeholders in the manifests of commits."""

    git: Clone

    def going_live(self, live: str | None, commit: str) -> tuple[str, ...]:
        """A sentence for each cluster that gets placeholders with a commit, beside those that it has at `live`."""
        changed = self.git.changed_paths(live, commit, f"{MANIFESTS}/") if live else self.git.files(commit, MANIFESTS)
        return tuple(
            f"{cluster} gets placeholder digests (sha256:0000…) of {few(names)}. Replace them"
            for cluster, names in self._by_cluster(commit, changed).items()
        )

    def charts(self, commit: str, clusters: Iterable[str]) -> int:
        """How many charts of these clusters have placeholders."""
        paths = [path for each in clusters for path in self.git.files(commit, f"{MANIFESTS}/{each}/platform")]
        found = self._by_cluster(commit, (path for path in paths if path.rpartition("/")[2].startswith(_CHART)))
        return len({name for names in found.values() for name in names})

    def _by_cluster(self, commit: str, paths: Iterable[str]) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for path in sorted(paths):
            text = self.git.file(commit, path)
            if text and is_placeholder(text):
                names = found.setdefault(path.split("/")[1], [])
                names.extend(name for name in [_name(path)] if name not in names)
        return found


def _name(path: str) -> str:
    """What a person would look for: the service, or the chart."""
    folder, file = path.split("/")[-2:]
    if file.startswith(_CHART):
        return f"the chart {file.removeprefix(_CHART).removesuffix('.yaml')}"
    return folder.removesuffix("-blue").removesuffix("-green")


def summary(environment: str, services: int, charts: int) -> str:
    """How many an environment has, in words; empty if it has none."""
    parts = [counted(number, thing) for number, thing in ((services, "service"), (charts, "chart")) if number]
    return f"{listed(parts)} in {environment}" if parts else ""
