"""How a program's end, its words and its mistakes are told."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from testbed.pulumi import Failed
from tests.testbed.pulumi.cluster import Cluster
from tests.testbed.pulumi.conftest import PROGRAMS, Make

ROOT = Path(__file__).resolve().parents[3]
_UP = """
import sys
from collections.abc import Callable
from pathlib import Path
from testbed.pulumi import Stack
from tests.testbed.pulumi.cluster import Cluster
program, folder = map(Path, sys.argv[1:3])
Stack(sys.argv[3], program, folder, {"how": "late"}, clusters=lambda *_: Cluster()).up()
"""


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ("sentence", r"^staging: ops is not Available yet; run up again later$"),
        ("exception", r"^Program failed with an unhandled exception:\nTraceback .*\n  File .*__main__.py.*what nobody"),
        ("exit", r"^told by the program itself$"),
        ("silent", r"^Program exited with non-zero exit code: 7$"),
        ("late", r"^broken: the program did not end within 2 s$"),
        ("unnamed", r"^ConfigMap: metadata.name is missing"),
        ("twice", r"^Duplicate resource URN 'urn:pulumi:dev::stacks::kubernetes:core/v1:Namespace::space'"),
        ("import", r"^imported: this monitor does not know the option import_; it needs the real engine"),
    ],
)
def test_a_program_that_fails_is_told_in_its_own_words(stack: Make, how: str, sentence: str) -> None:
    with pytest.raises(Failed) as failed:
        stack("broken", how=how).preview()
    assert re.search(sentence, str(failed.value), re.DOTALL), str(failed.value)


def test_what_was_made_before_a_failure_stays_and_nothing_is_deleted(stack: Make, cluster: Cluster) -> None:
    stack("broken", how="none").up()
    with pytest.raises(Failed) as failed:
        stack("broken", how="exit").up(skip_preview=True)
    assert {step.action for step in failed.value.outcome.steps} <= {"same"}
    assert cluster.names() == {"Namespace/shop"}


def test_the_words_of_a_program_are_told_without_secrets(stack: Make) -> None:
    done = stack("broken", how="said").preview()
    assert sorted(str(message) for message in done.messages) == [
        "info: a line of the program",
        "info: told",
        "warning: warned of [secret]",
    ]


def test_a_program_ends_with_its_monitor_and_the_lock_with_it(stack: Make, tmp_path: Path) -> None:
    name = f"killed-{os.getpid()}"
    command = [sys.executable, "-c", _UP, str(PROGRAMS / "broken"), str(tmp_path), name]
    with subprocess.Popen(command, cwd=ROOT) as run:
        _until(lambda: len(_running(name)) == 2)
        run.send_signal(signal.SIGKILL)
        run.wait(10)
    _until(lambda: not _running(name))
    stack("broken", name=name, how="none").up()


def test_two_runs_on_one_stack_do_not_overlap(stack: Make, tmp_path: Path) -> None:
    name = f"locked-{os.getpid()}"
    code = _UP.replace(".up()", ".up(skip_preview=True)")
    with subprocess.Popen([sys.executable, "-c", code, str(PROGRAMS / "broken"), str(tmp_path), name], cwd=ROOT) as run:
        lock = tmp_path / f"{name}.lock"
        _until(lambda: lock.exists() and lock.read_text(encoding="utf-8") == str(run.pid))
        with pytest.raises(Failed, match=f"process {run.pid} is at work on this stack; wait until it has ended"):
            stack("broken", name=name, how="none").up()
        run.kill()


def _running(name: str) -> list[str]:
    """The command lines of all processes that name this stack."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        found += [" ".join(words)] if name in words else []
    return found


def _until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "not in time"
        time.sleep(0.05)
