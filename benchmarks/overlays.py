"""Writes a Kustomize base for each release, and an overlay for each cluster with its image and patches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

from desired.render import yaml

from .objects import Object, RenderedRelease, identity

Operation = dict[str, Any]
_POD = ("spec", "template", "spec", "containers")


def write(release: RenderedRelease, folder: Path) -> None:
    """Write `base/` with the objects of all clusters, as in the first one, and an overlay for each cluster."""
    versions = {cluster: {identity(each): each for each in objects} for cluster, objects in release.clusters.items()}
    first = next(iter(versions.values()))
    shared = [name for name in first if all(name in objects for objects in versions.values())]
    base = {name: _without_digests(first[name]) for name in shared}
    _write(folder / "base", {}, list(base.values()))
    for cluster, objects in versions.items():
        own = [each for name, each in objects.items() if name not in base]
        about: dict[str, Any] = {"resources": ["../base"]}
        if images := list(_images(objects[name] for name in shared)):
            about["images"] = images
        if patches := list(_patches(base, objects)):
            about["patches"] = patches
        _write(folder / cluster, about, own)


def whole(releases: Iterable[RenderedRelease], folders: str, cluster: str, folder: Path) -> None:
    """Write one overlay that combines the overlays of all releases of a cluster."""
    resources = [f"{folders}/{each.name}/{cluster}" for each in releases if cluster in each.clusters]
    _write(folder, {"resources": resources}, [])


def _write(folder: Path, about: dict[str, Any], objects: list[Object]) -> None:
    folder.mkdir(parents=True)
    files = {f"{each['kind'].lower()}-{each['metadata']['name']}.yaml": each for each in objects}
    for name, each in files.items():
        (folder / name).write_text(yaml.dump(each), encoding="utf-8")
    whole = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", **about}
    whole["resources"] = [*about.get("resources", ()), *files]
    (folder / "kustomization.yaml").write_text(yaml.dump(whole), encoding="utf-8")


def containers(each: Object) -> list[Any]:
    """Return the containers of a workload."""
    node: Any = each
    for key in _POD:
        node = node.get(key) if isinstance(node, dict) else None
    return node if isinstance(node, list) else []


def _without_digests(each: Object) -> Object:
    bare = deepcopy(each)
    for container in containers(bare):
        container["image"] = container["image"].partition("@")[0]
    return bare


def _images(objects: Iterable[Object]) -> Iterator[dict[str, str]]:
    for each in objects:
        for container in containers(each):
            name, _, digest = container["image"].partition("@")
            yield {"name": name, "digest": digest}


def _patches(base: dict[str, Object], objects: dict[str, Object]) -> Iterator[dict[str, Any]]:
    for name, each in base.items():
        if operations := list(differences(each, _without_digests(objects[name]))):
            group, _, version = each["apiVersion"].rpartition("/")
            meta = each["metadata"]
            target = {"group": group, "version": version, "kind": each["kind"], "name": meta["name"]}
            yield {
                "target": {key: value for key, value in target.items() if value},
                "patch": yaml.dump(operations),
            }


def differences(before: Any, after: Any, path: str = "") -> Iterator[Operation]:
    """Return the JSON patch that turns one value into the other. Source: RFC 6902."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in {**before, **after}:
            place = f"{path}/{key.replace('~', '~0').replace('/', '~1')}"
            if key not in after:
                yield {"op": "remove", "path": place}
            elif key not in before:
                yield {"op": "add", "path": place, "value": after[key]}
            else:
                yield from differences(before[key], after[key], place)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for number, (some, other) in enumerate(zip(before, after, strict=True)):
            yield from differences(some, other, f"{path}/{number}")
    elif before != after:
        yield {"op": "replace", "path": path, "value": after}
