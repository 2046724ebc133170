"""The folder `manifests/`: compared by content, and replaced folder by folder after all checks."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from .cores import cores

_AHEAD = 16
"""So many folders may be written before they are put in place. More would only take memory."""


def on_disk(folder: Path) -> dict[str, str]:
    """The digests of the files below the folder by path. Anything but a plain file has one that never matches."""
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


def exchange(
    manifests: Path, scratch: Path, expected: Mapping[str, str], texts: Callable[[Iterable[str]], Mapping[str, str]]
) -> list[str]:
    """Makes the folder hold exactly the expected files. Returns the paths that changed.

    Each folder that differs is first written completely in another place. A rename then replaces the old one,
    so that no folder is ever seen half written. `texts` gives the contents of paths.
    """
    actual = on_disk(manifests)
    changed = sorted({*actual, *expected} - {path for path in expected if actual.get(path) == expected[path]})
    if not changed:
        return []
    shutil.rmtree(scratch, ignore_errors=True)
    folders: dict[str, list[str]] = {}
    for path in expected:
        folders.setdefault(path.rpartition("/")[0], []).append(path)
    touched = {path: _enclosing(path, folders) for path in changed}
    for path, folder in touched.items():
        if not folder:
            (manifests / path).unlink()
    replaced = sorted({folder for folder in touched.values() if folder})
    # In this order, because a folder may be inside another one.
    for folder, new in _written(scratch, ((folder, texts(folders[folder])) for folder in replaced)):
        _put_in_place(new, manifests, folder, scratch / "gone")
    _remove_empty(manifests)
    shutil.rmtree(scratch, ignore_errors=True)
    return changed


def _enclosing(path: str, folders: Mapping[str, object]) -> str:
    """The expected folder that contains the path, at any depth; empty if there is none."""
    while path := path.rpartition("/")[0]:
        if path in folders:
            return path
    return ""


def _written(scratch: Path, folders: Iterable[tuple[str, Mapping[str, str]]]) -> Iterator[tuple[str, Path]]:
    """Writes each folder to a place of its own, and returns it in the same order. All cores write, a little ahead."""
    scratch.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(cores()) as threads:
        ahead: deque[tuple[str, Path, Future[None]]] = deque()
        for number, (folder, texts) in enumerate(folders):
            new = scratch / f"new-{number}"
            ahead.append((folder, new, threads.submit(_write_folder, new, texts)))
            if len(ahead) > _AHEAD:
                yield _finished(*ahead.popleft())
        while ahead:
            yield _finished(*ahead.popleft())


def _finished(folder: str, new: Path, writing: Future[None]) -> tuple[str, Path]:
    writing.result()
    return folder, new


def _write_folder(folder: Path, texts: Mapping[str, str]) -> None:
    folder.mkdir()
    for path, text in texts.items():
        with open(f"{folder}/{path.rpartition('/')[2]}", "wb") as file:
            file.write(text.encode())


def _put_in_place(new: Path, manifests: Path, folder: str, gone: Path) -> None:
    place = manifests
    for part in folder.split("/"):
        place.mkdir(parents=True, exist_ok=True)
        place = place / part
        if place.is_symlink() or place.is_file():
            place.unlink()
    if place.is_dir():
        # Deleted in the end: ext4 makes files much slower while others are deleted.
        gone.mkdir(exist_ok=True)
        place.rename(gone / folder.replace("/", "~"))
    new.rename(place)


def _remove_empty(folder: Path) -> None:
    for path, _, _ in os.walk(folder, topdown=False):
        if path != str(folder) and not os.listdir(path):
            os.rmdir(path)
