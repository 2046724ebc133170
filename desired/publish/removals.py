"""Objects that clusters lose by what people merged. Publishing says so: nothing leaves `live` without a word."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from ..core.errors import Problem
from ..git import Clone, Content, TreeEntry
from ..render import yaml
from ..render.manifests import KUSTOMIZATION, MANIFESTS
from ..wording import few
from .reconcile import Baseline

_PULLS = "Kustomization"
"""The kind by which Flux pulls a folder."""


class _Object(NamedTuple):
    """What tells an object apart in its cluster."""

    kind: str
    name: str
    namespace: str


@dataclass(frozen=True)
class Removals:
    """Finds what leaves the manifests with a baseline."""

    git: Clone

    def going(self, live: str, baseline: Baseline) -> tuple[str, ...]:
        """A sentence for each cluster that loses objects which it has at `live`, the newest entry.

        An object that only moves to another file stays. Environments that leave have a sentence of their own.
        """
        paths = {path for path in baseline.repairs if path.startswith(f"{MANIFESTS}/")}
        if live != baseline.commit:
            paths.update(self.git.changed_paths(live, baseline.commit, f"{MANIFESTS}/"))
        by_cluster: dict[str, list[str]] = {}
        for path in sorted(paths):
            cluster, file = path.split("/")[1], path.rpartition("/")[2]
            if cluster in baseline.codes and file != KUSTOMIZATION:
                by_cluster.setdefault(cluster, []).append(path)
        found = {cluster: self._lost(live, baseline, ours) for cluster, ours in by_cluster.items()}
        return tuple(f"{cluster}: removes {few(names)}" for cluster, names in found.items() if names)

    def _lost(self, live: str, baseline: Baseline, paths: list[str]) -> list[str]:
        """The objects of these files that are nowhere any more, as people name them."""
        gone = [path for path in paths if self._after(baseline, path) is None and self.git.entry(live, path)]
        new = [path for path in paths if gone and not self.git.entry(live, path)]
        come = {_object(path, self._text(self._after(baseline, path))) for path in new}
        lost = dict.fromkeys(_object(path, self._text(self.git.entry(live, path))) for path in gone)
        # How Flux is told to pull a folder says less than what was in the folder.
        told = sorted(lost, key=lambda each: each.kind == _PULLS)
        return [f"{each.kind} {each.name}" for each in told if each not in come]

    def _after(self, baseline: Baseline, path: str) -> Content:
        """What is at a path with the repairs."""
        return baseline.repairs[path] if path in baseline.repairs else self.git.entry(baseline.commit, path)

    def _text(self, content: Content) -> str:
        if isinstance(content, TreeEntry):
            return self.git.batch.read(content.id)[1].decode(errors="replace")
        return content or ""


def _object(path: str, text: str) -> _Object:
    """The object in a file; what its name says where it cannot be read."""
    try:
        data = yaml.mapping(path, text)
        about = data["metadata"]
        return _Object(str(data["kind"]), str(about["name"]), str(about.get("namespace", "")))
    except (Problem, KeyError, TypeError, AttributeError):
        return _Object("the file", path.rpartition("/")[2], "")
