"""Runs a program of this machine, such as git or kubectl, to its end."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence

TIMED_OUT = 124
"""The exit code of a program that ran into its timeout, as GNU `timeout` has it."""
_GRACE_SECONDS = 5.0
"""The time to clean up after SIGTERM, before SIGKILL follows."""


def run(
    command: Sequence[str],
    *,
    given: bytes | None = None,
    env: Mapping[str, str] | None = None,
    timeout: float | None = None,
) -> subprocess.CompletedProcess[bytes]:
    """Runs a program to its end, or for `timeout` seconds. Raises OSError if it cannot be started.

    With a timeout the program gets its own session, so that its child programs end with it.
    """
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE if given is not None else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=env,
        start_new_session=timeout is not None,
    )
    try:
        out, err = process.communicate(given, timeout)
    except subprocess.TimeoutExpired:
        _end(process)
        return subprocess.CompletedProcess(command, TIMED_OUT, b"", f"no answer within {timeout:g} s".encode())
    except BaseException:  # such as Ctrl-C, which does not reach a program in another session
        if timeout is not None:
            _end(process)
        raise
    return subprocess.CompletedProcess(command, process.returncode, out, err)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends a program and its child programs. SIGTERM comes first: Git then removes its lock files."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, PermissionError):  # the session has ended
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=_GRACE_SECONDS)
            return
