"""Runs programs: by the clock, and with an eye on their memory."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from desired.render.cores import cores

_LOOK_SECONDS = 0.05
CORES = cores()


class Failed(Exception):
    """A measured program failed; the message is what it said."""


@dataclass(frozen=True)
class Program:
    """A command, where it runs, and where its output goes."""

    command: Sequence[str]
    folder: Path
    output: Path
    variables: dict[str, str] = field(default_factory=dict)

    def start(self) -> subprocess.Popen[bytes]:
        """Start it."""
        self.output.parent.mkdir(parents=True, exist_ok=True)
        with self.output.open("wb") as out, self._said.open("wb") as said:
            return subprocess.Popen(
                list(self.command), cwd=self.folder, env=self.variables, stdin=subprocess.DEVNULL, stdout=out,
                stderr=said,
            )  # fmt: skip

    @property
    def _said(self) -> Path:
        return self.output.with_name(self.output.name + ".err")

    def finish(self, process: subprocess.Popen[bytes], limit: float | None = None) -> None:
        """Wait for its end. Raises Failed, and subprocess.TimeoutExpired after `limit` seconds."""
        try:
            code = process.wait(limit)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
        if code:
            said = self._said.read_text(encoding="utf-8", errors="replace")[-2000:]
            raise Failed(f"`{' '.join(map(str, self.command))}` ended with {code}:\n{said}")

    def run(self, limit: float | None = None) -> None:
        """Run it to its end."""
        self.finish(self.start(), limit)


def seconds(work: Callable[[], object]) -> float:
    """How long the work takes, by the wall."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def one_by_one(programs: Sequence[Program], limit: float | None = None) -> float:
    """Seconds that the programs take, one after the other."""
    start = time.perf_counter()
    for program in programs:
        program.run(limit)
    return time.perf_counter() - start


def on_all_cores(programs: Sequence[Program]) -> float:
    """Seconds that the programs take, as many at a time as there are cores."""
    with ThreadPoolExecutor(CORES) as pool:
        return seconds(lambda: list(pool.map(Program.run, programs)))


def peak_bytes(program: Program) -> int:
    """The most memory that the program and its children hold together: the sum of what each has resident.

    Pages that several of them share count several times, so the truth is below. Looking costs time: it is not done
    in a run that is timed.
    """
    process = program.start()
    peak = 0
    while process.poll() is None:
        peak = max(peak, _resident(process.pid))
        time.sleep(_LOOK_SECONDS)
    program.finish(process)
    return peak


def _resident(pid: int) -> int:
    total = 0
    try:
        root = psutil.Process(pid)
        family = [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0
    for each in family:
        try:
            total += each.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total
