"""The bed itself: clean, side by side, and gone when it is killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from testbed.api import Ref
from testbed.bed import Bed
from testbed.process import until
from testbed.report import Record

ROOT = Path(__file__).resolve().parents[2]
_OUTSIDE = "import sys; from testbed.namespaces import run; sys.exit(run(sys.argv[1:]))"
_WITHIN = """
import os, pathlib, subprocess, sys, time
pathlib.Path(os.environ["DESIRED_BED"], "data").write_text("kept in memory")
subprocess.Popen(["sleep", sys.argv[1]], start_new_session=True)
print("ready", flush=True)
time.sleep(600)
"""


def _namespace(name: str) -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def test_a_cluster_is_clean_and_several_run_side_by_side(bed: Bed, record: Record) -> None:
    start = time.monotonic()
    with bed.cluster("one") as one:
        record.measure("Test bed", "a clean control plane with all definitions", time.monotonic() - start, "s", 10)
        one.api.apply(_namespace("only-here"))
        with bed.cluster("two") as two:
            assert two.api.get(Ref("v1", "Namespace", "only-here")) is None
            two.api.apply(_namespace("only-there"))
            assert one.api.get(Ref("v1", "Namespace", "only-there")) is None
            assert one.api.get(Ref("v1", "Namespace", "only-here")) is not None


def test_the_service_account_of_a_new_namespace_is_made_by_the_controllers(bed: Bed) -> None:
    with bed.cluster() as cluster:
        cluster.api.apply(_namespace("new"))
        until(lambda: cluster.api.get(Ref("v1", "ServiceAccount", "default", "new")), "the account exists", 20)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT], ids=lambda n: n.name)
def test_a_run_that_is_killed_leaves_no_process_and_no_folder(number: signal.Signals, tmp_path: Path) -> None:
    marker = f"4242{os.getpid()}{int(number)}"
    with _run(tmp_path, marker) as launcher:
        launcher.send_signal(number)
        launcher.wait(60)
    until(lambda: not _processes(marker), "its processes are gone", 10)
    assert list((tmp_path / "bed").iterdir()) == []


def test_a_run_whose_parent_is_killed_leaves_nothing_either(tmp_path: Path) -> None:
    marker = f"4343{os.getpid()}"
    with _run(tmp_path, marker, "sh", "-c", '"$@"; true', "sh") as parent:
        parent.kill()
        parent.wait(60)
    until(lambda: not _processes(marker), "its processes are gone", 30)
    assert list((tmp_path / "bed").iterdir()) == []


def test_without_namespaces_one_line_says_what_is_missing_and_in_ci_that_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "unshare").write_text("#!/bin/sh\necho 'unshare failed: Operation not permitted' >&2\nexit 1\n")
    (tmp_path / "unshare").chmod(0o755)
    here = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    here.pop("CI", None)
    for environment, code in ((here, 0), ({**here, "CI": "true"}, 1)):
        command = [sys.executable, "-m", "testbed", "tests"]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == code
        assert done.stderr.count("\n") == 1
        assert "Operation not permitted" in done.stderr


def _run(cache: Path, marker: str, *before: str) -> "subprocess.Popen[str]":
    """A run within the run; returns when its own processes are there."""
    command = [*before, sys.executable, "-c", _OUTSIDE, sys.executable, "-c", _WITHIN, marker]
    environment = {**os.environ, "DESIRED_CACHE_DIR": str(cache)}
    launcher = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    assert launcher.stdout is not None
    assert launcher.stdout.readline() == "ready\n"
    assert _processes(marker)
    return launcher


def _processes(marker: str) -> list[str]:
    """The ids of the `sleep`s with this marker, in whatever namespace below this one they are."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:  # it has just ended
            continue
        if words[:2] == [b"sleep", marker.encode()]:
            found.append(path.parent.name)
    return found
