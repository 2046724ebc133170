"""Starts kubectl, which reads every kubeconfig that people have. Nothing else in `desired` does."""

from __future__ import annotations

import subprocess

from .. import programs
from ..core.errors import Problem


def run_kubectl(*words: str, timeout: float) -> subprocess.CompletedProcess[str]:
    """Runs kubectl, for `timeout` seconds at most. Raises Problem where it is not installed.

    The exit code is `programs.TIMED_OUT` where its time was over; the program that it logs in with ends with it.
    """
    try:
        done = programs.run(["kubectl", *words], timeout=timeout)
    except (FileNotFoundError, PermissionError, NotADirectoryError):
        raise Problem("Cannot find the command `kubectl`, which reads clusters. Install it") from None
    out, err = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
    return subprocess.CompletedProcess(done.args, done.returncode, out, err)
