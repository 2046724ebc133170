"""One program as a process: its log, when it is ready, and its end."""

import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_PAUSE_SECONDS = 0.05
_STOP_SECONDS = 10.0


class Failed(Exception):
    """A program failed. The message ends with the last lines of its log."""


class Late(AssertionError):
    """A condition was not true in time. The message says which, and what was seen instead."""


class Process:
    """A program that runs until `stop`. Its output goes to one file."""

    def __init__(self, command: Sequence[str | Path], log: Path, env: Mapping[str, str] | None = None) -> None:
        """`env` is the whole environment of the program."""
        self.name = Path(command[0]).name
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [str(word) for word in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=dict(env or {}),
                start_new_session=True,  # a Ctrl-C reaches the tests, which stop their programs in order
            )

    @property
    def pid(self) -> int:
        """Its process id, within the namespace."""
        return self._process.pid

    def alive(self) -> bool:
        """Whether it is still running."""
        return self._process.poll() is None

    def ready(self, condition: Callable[[], bool], seconds: float = 60.0) -> None:
        """Waits until the condition is true. Raises `Failed` if the program ends before, or is not ready in time."""
        end = time.monotonic() + seconds
        while not condition():
            if not self.alive():
                raise Failed(f"{self.name} ended with {self._process.returncode}:\n{self.tail()}")
            if time.monotonic() > end:
                raise Failed(f"{self.name} was not ready after {seconds:.0f} s:\n{self.tail()}")
            time.sleep(_PAUSE_SECONDS)

    def stop(self, gently: bool = True) -> None:
        """Ends it, and waits for its end."""
        if self.alive():
            self._process.send_signal(signal.SIGTERM if gently else signal.SIGKILL)
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def tail(self, lines: int = 15) -> str:
        """The last lines of its log."""
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])


def until(condition: Callable[[], object], what: str, seconds: float = 60.0, pause: float = 0.1) -> float:
    """Waits until the condition is true, and returns the seconds that it took.

    A condition may return a sentence (`str`) instead of False, which says what is still missing. Raises `Late`.
    """
    start = time.monotonic()
    while True:
        answer = condition()
        if answer and not isinstance(answer, str):
            return time.monotonic() - start
        if time.monotonic() - start > seconds:
            seen = f": {answer}" if isinstance(answer, str) and answer else ""
            raise Late(f"{what}: not after {seconds:.0f} s{seen}")
        time.sleep(pause)
