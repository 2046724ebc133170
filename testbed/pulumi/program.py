"""The child process in which a program runs."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, NamedTuple

_HOST = Path(__file__).parent / "language_host.py"


class Late(Exception):
    """The program did not end in time."""


class Program(NamedTuple):
    """A folder with a `__main__.py`, and what it is told."""

    folder: Path
    project: str
    stack: str
    config: Mapping[str, str]
    """By full key (`project:key`), secrets included."""
    secret_keys: tuple[str, ...]
    parallel: int
    seconds: float

    def run(self, monitor: str, preview: bool, say: Callable[[str], None]) -> int:
        """Runs it to its end; its exit code. Raises `Late`."""
        process = subprocess.Popen(
            # -P: what lies beside the host must not stand in for what the program imports
            [sys.executable, "-P", "-u", str(_HOST), *self._arguments(monitor, preview)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=self._environment(),
        )
        assert process.stdout
        reader = threading.Thread(target=_relay, args=(process.stdout, say), daemon=True)
        reader.start()
        try:
            return process.wait(self.seconds)
        except subprocess.TimeoutExpired:
            raise Late(f"{self.folder.name}: the program did not end within {self.seconds:.0f} s") from None
        finally:
            process.kill()
            process.wait()
            reader.join(1)

    def _arguments(self, monitor: str, preview: bool) -> list[str]:
        options = {
            "monitor": monitor,
            "engine": monitor,
            "project": self.project,
            "stack": self.stack,
            "program": str(self.folder),
            "parallel": str(self.parallel),
            "parent": str(os.getpid()),
        }
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        return [*words, "--dry-run"] if preview else words

    def _environment(self) -> dict[str, str]:
        said = {
            "PULUMI_CONFIG": json.dumps(dict(self.config)),
            "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(self.secret_keys)),
            "no_grpc_proxy": "127.0.0.1",
        }
        return {**os.environ, **said}


def _relay(lines: IO[bytes], say: Callable[[str], None]) -> None:
    for line in lines:
        if text := line.decode(errors="replace").rstrip():
            say(text)
