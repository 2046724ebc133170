"""The cache outside the repository, where what was built and fetched once stays."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .progress import say


def store() -> Path:
    """Its folder: `DESIRED_CACHE_DIR`, else `~/.cache/desired`."""
    given = os.environ.get("DESIRED_CACHE_DIR")
    return Path(given).expanduser().absolute() if given else Path.home() / ".cache" / "desired"


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
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"waiting for another process that fills {folder}")
            fcntl.flock(lock, fcntl.LOCK_EX)
        for left in folder.glob(".part-*"):
            shutil.rmtree(left, ignore_errors=True)
        yield
