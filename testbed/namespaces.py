"""Runs a command in its own network, mount and process namespaces. Nothing leaks, and no process survives it.

The one who starts it (`run`) lives outside and does nothing but wait; `inside.py` is the first process within. When
either of them dies, by whatever signal, the kernel ends every process within, and the folder in memory goes with them.
"""

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence

from desired.render.cache import cache_folder

FOLDER = "DESIRED_BED"
"""The environment variable with the folder in memory that a test bed writes to. It is set inside the namespaces."""

_PR_SET_PDEATHSIG = 1
_GRACE_SECONDS = 10.0


class CannotRun(Exception):
    """This machine cannot run the test bed. The message says what is missing."""


def run(command: Sequence[str], sockets: Sequence[int] = ()) -> int:
    """The command's exit code. Its end, the end of this process and the end of its parent end all that it started.

    `sockets` are file descriptors that it gets: a socket belongs to the network in which it was made, so that through
    these, and nothing else, those within are reached from here.
    """
    folder = cache_folder().absolute() / "bed"  # stays, empty: what is written there is in memory, and seen only within
    folder.mkdir(parents=True, exist_ok=True)
    _die_with_parent()
    inner = [sys.executable, "-m", "testbed.inside", str(folder), *command]
    child = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *_unshare(), *inner], pass_fds=sockets)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end)
    try:
        return child.wait()
    except KeyboardInterrupt:  # a terminal's Ctrl-C reaches those within as well: they may tidy up
        _wait_a_little(child)
        return 128 + signal.SIGINT
    finally:
        child.kill()
        child.wait()


def _unshare() -> list[str]:
    # Without root, a user namespace lends the rights for the others.
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    return ["unshare", *user, "--net", "--mount", "--pid", "--fork", "--kill-child=SIGKILL", "--mount-proc"]


def check() -> None:
    """Raises `CannotRun` if this machine refuses the namespaces."""
    if not sys.platform.startswith("linux") or shutil.which("unshare") is None:
        raise CannotRun("The test bed needs Linux and the command `unshare` (package util-linux). Install util-linux.")
    tried = subprocess.run([*_unshare(), "true"], capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        raise CannotRun(
            "The test bed needs its own network, mount and process namespaces, and this machine refuses them "
            f"({tried.stderr.strip() or 'no reason given'}): run it as root, or allow user namespaces."
        )


def _end(number: int, _: object) -> None:
    raise SystemExit(128 + number)


def _wait_a_little(child: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(subprocess.TimeoutExpired, KeyboardInterrupt):
        child.wait(_GRACE_SECONDS)


def _die_with_parent() -> None:
    """The kernel ends this process when its parent dies, however that comes; `setpriv` does the same for the child."""
    parent = os.getppid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM))
    if os.getppid() != parent:  # it died before we asked
        os.kill(os.getpid(), signal.SIGTERM)
