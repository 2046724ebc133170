"""Remotes and machines that fail: what a server, a network, a disk or a kill can do in the middle of it."""

from __future__ import annotations

import contextlib
import re
import resource
import shutil
import stat
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.support.fork import Fork, git

_HOOK = """#!/bin/sh
cat > /dev/null
chance=$(od -An -N2 -tu2 /dev/urandom)
if [ $((chance % 100)) -lt {per_cent} ]; then
{then}
fi
exit 0
"""
STRANGE_WORDS = (
    "error: everything up-to-date",
    "fatal: live: main: done %s \\033[2J",
    "remote: [rejected] (non-fast-forward) does not support --atomic?",
    "das Paket wurde zurückgewiesen",
)


def rejects(fork: Fork, per_cent: int, words: tuple[str, ...] = STRANGE_WORDS) -> None:
    """The server does not take some pushes, and says why in words of its own."""
    said = "\n".join(f"printf '%s\\n' '{each}' >&2" for each in words)
    _hook(fork, "pre-receive", _HOOK.format(per_cent=per_cent, then=f"{said}\nexit 1"))


_HANGING = """at=0
while [ $at -lt {tenths} ] && ! [ -e "{folder}/well" ]; do sleep 0.1; at=$((at+1)); done
exit 1"""


def hangs(fork: Fork, per_cent: int, seconds: int) -> None:
    """The server takes its time over some pushes, and does not take them then. It wakes up when it is `well`."""
    (fork.remote / "well").unlink(missing_ok=True)
    _hook(
        fork,
        "pre-receive",
        _HOOK.format(per_cent=per_cent, then=_HANGING.format(tenths=10 * seconds, folder=fork.remote)),
    )


def refuses_branch(fork: Fork, branch: str) -> None:
    """The server protects one branch."""
    _hook(fork, "update", f'#!/bin/sh\n[ "$1" != refs/heads/{branch} ]\n')


def well(fork: Fork) -> None:
    """The server is as it should be."""
    (fork.remote / "well").touch()
    for hook in (fork.remote / "hooks").glob("*"):
        hook.unlink()


def _hook(fork: Fork, name: str, text: str) -> None:
    folder = fork.remote / "hooks"
    folder.mkdir(exist_ok=True)
    _program(folder / name, text)


def _program(file: Path, text: str) -> Path:
    file.write_text(text, encoding="utf-8")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return file


_DROPPING = """#!{python} -SE
import os, random, subprocess, sys
real = subprocess.Popen(["git", "receive-pack", sys.argv[1]], stdout=subprocess.PIPE)
out = sys.stdout.buffer
while True:  # what branches there are, in packets until the empty one
    head = real.stdout.read(4)
    size = int(head or b"0000", 16)
    out.write(head + (real.stdout.read(size - 4) if size else b""))
    if not size:
        break
out.flush()
answer = real.stdout.read()
code = real.wait()
if random.random() * 100 < {per_cent} and not os.path.exists(sys.argv[0] + ".honest"):
    sys.exit(1)
out.write(answer)
out.flush()
sys.exit(code)
"""


def drops_answers(fork: Fork, clone: str, per_cent: int) -> Callable[[], None]:
    """Some pushes of a clone are taken, and nobody hears of it. Returns what ends that."""
    text = _DROPPING.format(python=sys.executable, per_cent=per_cent)
    program = _program(fork.folder / f"receive-{clone}", text)
    git(fork.clone(clone), "config", "remote.origin.receivepack", str(program))
    return lambda: program.with_name(f"{program.name}.honest").touch()


@contextlib.contextmanager
def away(fork: Fork) -> Iterator[None]:
    """The remote is not there."""
    hidden = fork.remote.with_name("hidden.git")
    fork.remote.rename(hidden)
    try:
        yield
    finally:
        hidden.rename(fork.remote)


@contextlib.contextmanager
def now_and_then(act: Callable[[], object], seconds: float) -> Iterator[list[object]]:
    """Does something again and again, with a pause, beside what the block does. What it did is in the list."""
    done: list[object] = []
    ended = threading.Event()

    def work() -> None:
        while not ended.wait(seconds):
            done.append(act())

    with ThreadPoolExecutor(1) as thread:
        working = thread.submit(work)
        try:
            yield done
        finally:
            ended.set()
    working.result()


_BEFORE = "color.ui=false (-c remote[.]origin[.]mirror=false )?"
"""What stands in front of the verb in every call, as a regular expression."""
_COUNTING = """#!/bin/sh
at=1
while ! (set -C; command printf '%s\\n' "$*" > {folder}/$at) 2>/dev/null; do at=$((at+1)); done
if {when}; then
    kill -9 $PPID
    {then}
fi
exec {git} "$@"
"""


def killing_git(folder: Path, at: int | str, goes_on: bool) -> Path:
    """A folder for PATH with a git that kills who calls it, at its n-th call or at one verb. It goes on itself, or not.

    Beside it, in `steps`, lie the words of every call.
    """
    when = f"[ $at -eq {at} ]" if isinstance(at, int) else f"echo \"$*\" | grep -qE '{_BEFORE}{at} '"
    (folder / "steps").mkdir(parents=True)
    real = shutil.which("git")
    assert real
    then = "" if goes_on else "exit 1"
    _program(folder / "git", _COUNTING.format(folder=folder / "steps", when=when, git=real, then=then))
    return folder


def steps(folder: Path) -> list[str]:
    """The words of every call of a counting git, in their order, without what stands in front of the verb."""
    found = sorted((folder / "steps").iterdir(), key=lambda file: int(file.name))
    return [re.split(_BEFORE, file.read_text().strip(), maxsplit=1)[-1] for file in found]


_PATIENT = """#!/bin/sh
trap '' XFSZ
exec {git} "$@"
"""


def patient_git(folder: Path) -> Path:
    """A folder for PATH with a git that a file that got too long does not end: it is told, as of a full disk."""
    folder.mkdir()
    _program(folder / "git", _PATIENT.format(git=shutil.which("git")))
    return folder


@contextlib.contextmanager
def room(bytes_: int) -> Iterator[None]:
    """No file that this process or one that it starts writes may be longer: a disk without room."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
