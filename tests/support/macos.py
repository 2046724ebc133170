"""A machine that lacks what macOS lacks: names of Python's modules, the folder /proc, and commands of GNU."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

# Python imports `sitecustomize` before everything else, in every process that finds it on PYTHONPATH.
_MODULE = """
import os, resource, select, signal, socket, sys, tarfile

_MISSING = {
    os: ("sched_getaffinity", "sched_setaffinity", "memfd_create", "eventfd", "pidfd_open", "splice", "getresuid",
         "copy_file_range", "posix_fadvise", "setns", "unshare", "getrandom", "O_PATH", "O_TMPFILE"),
    resource: ("prlimit",),
    select: ("epoll",),
    signal: ("pidfd_send_signal", "sigtimedwait", "sigwaitinfo", "SIGRTMIN", "SIGPWR", "SIGCLD"),
    socket: ("SO_PEERCRED", "AF_NETLINK", "AF_PACKET", "SOCK_CLOEXEC", "SOCK_NONBLOCK"),
    # Not of macOS, but of Python 3.11.3 and older.
    tarfile: ("data_filter", "tar_filter", "fully_trusted_filter"),
}
for module, names in _MISSING.items():
    for name in names:
        if hasattr(module, name):
            delattr(module, name)


def _look(event, given):
    if event in ("open", "os.listdir", "os.scandir") and isinstance(given[0], (str, bytes)):
        if os.fsdecode(given[0]).startswith("/proc"):
            raise FileNotFoundError(2, "No such file or directory", given[0])


sys.addaudithook(_look)
"""
_GNU = ("sha256sum", "setpriv", "prlimit", "flock", "timeout", "nproc", "setsid")


def lacking(folder: Path, *paths: Path) -> dict[str, str]:
    """A PYTHONPATH of these paths on which Python lacks what only Linux has. `folder` is one of the test's own."""
    place = folder / "without-linux"
    place.mkdir()
    (place / "sitecustomize.py").write_text(_MODULE, encoding="utf-8")
    return {"PYTHONPATH": os.pathsep.join(map(str, (place, *paths)))}


def commands(folder: Path, *names: str) -> Path:
    """A folder for PATH that holds these commands of the machine and no other."""
    assert not set(names) & set(_GNU)
    folder.mkdir()
    for name in names:
        found = shutil.which(name)
        assert found, f"{name} is not installed"
        (folder / name).symlink_to(found)
    return folder
