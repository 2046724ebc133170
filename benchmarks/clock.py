"""Runs programs, and measures their time and memory."""

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


class ProgramFailed(Exception):
    """A measured program failed. The message contains its output."""


@dataclass(frozen=True)
class Program:
    """A command, its working folder, and the file for its output."""

    command: Sequence[str]
    folder: Path
    output: Path
    variables: dict[str, str] = field(default_factory=dict)

    def start(self) -> subprocess.Popen[bytes]:
        """Start the program."""
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
        """Wait for the program to end. Raises Failed, or subprocess.TimeoutExpired after `limit` seconds."""
        try:
            code = process.wait(limit)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
        if code:
            said = self._said.read_text(encoding="utf-8", errors="replace")[-2000:]
            raise ProgramFailed(f"`{' '.join(map(str, self.command))}` ended with {code}:\n{said}")

    def run(self, limit: float | None = None) -> None:
        """Run the program and wait for it to end."""
        self.finish(self.start(), limit)


def seconds(work: Callable[[], object]) -> float:
    """Return the wall-clock time of the work in seconds."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def one_by_one(programs: Sequence[Program], limit: float | None = None) -> float:
    """Return the seconds that the programs take one after another."""
    start = time.perf_counter()
    for program in programs:
        program.run(limit)
    return time.perf_counter() - start


def on_all_cores(programs: Sequence[Program]) -> float:
    """Return the seconds that the programs take in parallel, one for each core."""
    with ThreadPoolExecutor(CORES) as pool:
        return seconds(lambda: list(pool.map(Program.run, programs)))


def peak_bytes(program: Program) -> int:
    """Return the peak memory of the program and its children: the sum of their resident memory.

    Shared pages count once for each process, so the real peak is lower. Sampling costs time, so timed runs do not
    measure memory.
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
