"""The processes behind the renderer that all share: its server, and the children of that."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
from pathlib import Path

from desired.shared_renderer import SOCKET

from .fork import renderer_folder


def server_of(folder: Path) -> int | None:
    """The id of the process that listens in a folder; None where none does."""
    with socket.socket(socket.AF_UNIX) as line:
        try:
            line.connect(str(folder / SOCKET))
        except OSError:
            return None
        said = line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return int(struct.unpack("3i", said)[0])


def children_of(process: int) -> list[int]:
    """The ids of the processes that a process has started and that are there."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{process}/task"):
            found += map(int, Path(f"/proc/{process}/task/{task}/children").read_text().split())
    return found


def renderer_processes() -> list[int]:
    """The server of the caches that are in use, and its children."""
    server = server_of(renderer_folder())
    return [server, *children_of(server)] if server else []
