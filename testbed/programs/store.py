"""The cache outside the repository, which keeps what was built and downloaded."""

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from desired.render.cache import cache_folder

from .progress import Line

_PAUSE_SECONDS = 0.5


def store() -> Path:
    """Its folder, which is that of synth's cache: `DESIRED_CACHE_DIR`, or a folder in the user's cache."""
    return cache_folder().absolute()


@contextmanager
def making(folder: Path) -> Iterator[Path | None]:
    """A new empty folder, which takes the place of `folder` if the block ends well; None when that exists by now.

    One process makes something at a time; the others wait. What a killed one left behind is removed.
    """
    with _lock(folder.parent):
        if folder.exists():
            yield None
            return
        part = folder.parent / f".part-{os.getpid()}"
        part.mkdir()
        try:
            yield part
            os.rename(part, folder)
        finally:
            shutil.rmtree(part, ignore_errors=True)


@contextmanager
def _lock(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        if not _taken(lock):
            with Line(f"waiting for another process that writes {folder}") as line:
                while not _taken(lock):
                    time.sleep(_PAUSE_SECONDS)
                    line.alive()
        for left in folder.glob(".part-*"):
            shutil.rmtree(left, ignore_errors=True)
        yield


def _taken(lock: TextIO) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
