"""The folder `manifests/`: compared by content, and exchanged folder by folder once everything is right."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from ..values import Problem
from . import yaml
from .store import digest

KUSTOMIZATION = "kustomization.yaml"


def kustomizations(paths: Mapping[str, str], sources: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """A `kustomization.yaml` for every folder among the paths, which lists the folder's files."""
    folders: dict[str, list[str]] = {}
    for path in paths:
        folder, _, name = path.rpartition("/")
        folders.setdefault(folder, []).append(name)
    return {
        f"{folder}/{KUSTOMIZATION}": yaml.header(sources.get(folder, ("envs/",)))
        + yaml.dump(
            {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "resources": sorted(names)}
        )
        for folder, names in folders.items()
    }


def on_disk(folder: Path) -> dict[str, str]:
    """Paths below the folder and the digests of their files; what is no plain file has none that could match."""
    found: dict[str, str] = {}
    base = len(str(folder)) + 1
    waiting = [str(folder)] if folder.is_dir() else []
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                elif entry.is_file(follow_symlinks=False):
                    with open(entry.path, "rb") as file:
                        found[entry.path[base:]] = hashlib.sha256(file.read()).hexdigest()
                else:
                    found[entry.path[base:]] = "not a file"
    return found


def exchange(manifests: Path, scratch: Path, expected: Mapping[str, str], text: Callable[[str], str]) -> list[str]:
    """Make the folder hold exactly the expected files; returns the paths that changed.

    Every folder that differs is written beside, whole, and then takes the place of the old one by renaming, so
    that no folder is ever seen half written. `text` gives the content of a path.
    """
    actual = on_disk(manifests)
    changed = sorted({*actual, *expected} - {path for path in expected if actual.get(path) == expected[path]})
    if not changed:
        return []
    shutil.rmtree(scratch, ignore_errors=True)
    for folder in sorted({path.rpartition("/")[0] for path in changed}):
        _exchange_folder(manifests / folder, scratch, _inside(folder, expected), text)
    _remove_empty(manifests)
    shutil.rmtree(scratch, ignore_errors=True)
    return changed


def _inside(folder: str, expected: Mapping[str, str]) -> dict[str, str]:
    return {path: sum_ for path, sum_ in expected.items() if path.rpartition("/")[0] == folder}


def _exchange_folder(folder: Path, scratch: Path, expected: Mapping[str, str], text: Callable[[str], str]) -> None:
    new, old = scratch / "new", scratch / "old"
    for each in (new, old):
        shutil.rmtree(each, ignore_errors=True)
    if expected:
        new.mkdir(parents=True)
        for path, sum_ in expected.items():
            content = text(path)
            if digest(content) != sum_:
                raise Problem(f"{path}: the cache is damaged; run again with DESIRED_CACHE=off")
            (new / path.rpartition("/")[2]).write_text(content, encoding="utf-8", newline="\n")
        for kept in _subfolders(folder):
            kept.rename(new / kept.name)
    if folder.is_symlink() or folder.is_file():
        folder.unlink()
    elif folder.is_dir():
        old.parent.mkdir(parents=True, exist_ok=True)
        if expected:
            folder.rename(old)
        else:
            _remove_files(folder)
    if expected:
        folder.parent.mkdir(parents=True, exist_ok=True)
        new.rename(folder)


def _subfolders(folder: Path) -> list[Path]:
    return [each for each in folder.iterdir() if each.is_dir() and not each.is_symlink()] if folder.is_dir() else []


def _remove_files(folder: Path) -> None:
    for each in folder.iterdir():
        if each.is_symlink() or not each.is_dir():
            each.unlink()


def _remove_empty(folder: Path) -> None:
    for path, _, _ in os.walk(folder, topdown=False):
        if path != str(folder) and not os.listdir(path):
            os.rmdir(path)
