"""Writes a Helm chart for each release: its objects as templates, and one values file for each cluster."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from desired.render import yaml

from .objects import Object, RenderedRelease, identity

Values = dict[str, Any]
_ALWAYS = {"image", "replicas", "resources", "minReplicas", "maxReplicas"}
"""The fields that are values in every chart, even if all clusters have the same value."""
_MARK = re.compile(r"HELM(\d+)VALUE")
_OPTIONAL = re.compile(r"^( *)([^\s:-][^:\n]*): HELM(\d+)OPTIONAL\n", re.MULTILINE)


@dataclass
class HelmChart:
    """The contents of a chart's files."""

    name: str
    templates: dict[str, str] = field(default_factory=dict)
    values: dict[str, Values] = field(default_factory=dict)
    """The values of each cluster."""

    def write(self, folder: Path) -> None:
        """Write the chart into a folder, with a `values-<cluster>.yaml` for each cluster."""
        (folder / "templates").mkdir(parents=True)
        about = {"apiVersion": "v2", "name": self.name, "version": "1.0.0"}
        (folder / "Chart.yaml").write_text(yaml.dump(about), encoding="utf-8")
        for name, text in self.templates.items():
            (folder / "templates" / name).write_text(text, encoding="utf-8")
        for cluster, values in self.values.items():
            (folder / f"values-{cluster}.yaml").write_text(yaml.dump(values), encoding="utf-8")


def chart(release: RenderedRelease) -> HelmChart:
    """Return the release as a chart. Fields that differ are values; fields that a cluster lacks are conditional."""
    made = HelmChart(release.name, values={cluster: {} for cluster in release.clusters})
    by_identity: dict[str, dict[str, Object]] = {}
    for cluster, objects in release.clusters.items():
        for each in objects:
            by_identity.setdefault(identity(each), {})[cluster] = each
    for versions in by_identity.values():
        _Template(made, versions).add()
    return made


class _Template:
    """The template of one object, built from its versions in the clusters."""

    def __init__(self, made: HelmChart, versions: dict[str, Object]) -> None:
        self._made, self._versions, self._names = made, versions, list[str]()
        first = next(iter(versions.values()))
        self._title = f"{first['kind'].lower()}-{first['metadata']['name']}"

    def add(self) -> None:
        """Add the template and its values to the chart."""
        body = self._merged(list(self._versions.values()), (self._title,))
        text = _OPTIONAL.sub(self._optional_line, yaml.dump(body))
        text = _MARK.sub(lambda found: f"{{{{ .Values.{self._names[int(found[1])]} | toJson }}}}", text)
        if len(self._versions) < len(self._made.values):
            name = _identifier(("has", self._title))
            for cluster, values in self._made.values.items():
                values[name] = cluster in self._versions
            text = f"{{{{- if .Values.{name} }}}}\n{text}{{{{- end }}}}\n"
        self._made.templates[f"{self._title}.yaml"] = text

    def _merged(self, nodes: list[Any], path: tuple[str, ...]) -> Any:
        first = nodes[0]
        if path[-1] in _ALWAYS:
            return self._value(nodes, path)
        if all(isinstance(node, dict) and node for node in nodes):
            always = [key for key in first if all(key in node for node in nodes)]
            # Put a key that all clusters have first, so that no optional key begins an item of a list.
            keys = dict.fromkeys((*always, *(key for node in nodes for key in node)))
            if always:
                return {key: self._field([node.get(key) for node in nodes], (*path, key)) for key in keys}
        if all(isinstance(node, list) and len(node) == len(first) for node in nodes):
            return [self._merged(list(items), (*path, str(n))) for n, items in enumerate(zip(*nodes, strict=True))]
        return first if all(node == first for node in nodes) else self._value(nodes, path)

    def _field(self, nodes: list[Any], path: tuple[str, ...]) -> Any:
        """Return the template of a key. If some clusters lack the key, its line is conditional."""
        if all(node is not None for node in nodes):
            return self._merged(nodes, path)
        return self._value(nodes, path).replace("VALUE", "OPTIONAL")

    def _optional_line(self, found: re.Match[str]) -> str:
        indent, key, number = found.groups()
        name = self._names[int(number)]
        return f"{indent}{{{{- with .Values.{name} }}}}\n{indent}{key}: {{{{ toJson . }}}}\n{indent}{{{{- end }}}}\n"

    def _value(self, nodes: list[Any], path: tuple[str, ...]) -> str:
        name = _identifier(path)
        for cluster, node in zip(self._versions, nodes, strict=True):
            self._made.values[cluster][name] = node
        self._names.append(name)
        return f"HELM{len(self._names) - 1}VALUE"


def _identifier(path: Iterable[str]) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "_", "_".join(path))


def umbrella(charts: Iterable[HelmChart], folders: Path, cluster: str, folder: Path) -> None:
    """Write one chart that contains the charts in `folders`, with all their values in one file."""
    (folder / "charts").mkdir(parents=True)
    values = {}
    for each in charts:
        if cluster in each.values:
            shutil.copytree(folders / each.name, folder / "charts" / each.name, copy_function=os.link)
            values[each.name] = each.values[cluster]
    about = {"apiVersion": "v2", "name": "umbrella", "version": "1.0.0"}
    (folder / "Chart.yaml").write_text(yaml.dump(about), encoding="utf-8")
    (folder / "values.yaml").write_text(yaml.dump(values), encoding="utf-8")
