"""Runs kubectl, which reads every kind of kubeconfig. No other file of `desired` runs it."""

from __future__ import annotations

import subprocess

from .. import programs
from ..core.errors import Problem


def run_kubectl(*words: str, timeout: float) -> subprocess.CompletedProcess[str]:
    """Runs kubectl, for `timeout` seconds at most. Raises Problem if it is not installed.

    The exit code is `programs.TIMED_OUT` after a timeout, which also ends kubectl's login program.
    """
    try:
        done = programs.run(["kubectl", *words], timeout=timeout)
    except (FileNotFoundError, PermissionError, NotADirectoryError):
        raise Problem("Cannot find the command `kubectl`, which reads clusters. Install it") from None
    out, err = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
    return subprocess.CompletedProcess(done.args, done.returncode, out, err)
