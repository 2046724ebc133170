"""One renderer for several processes of a user: a server owns the children, and its clients look like a `Crew`.

The channel is a Unix socket that nobody else may open, in a folder that is nobody else's. A request is one line, its
answers are the lines of the contract (`constructs_lib/synth/renderer.py`), the last one among them:

    {"code": {"folder": …, "python": …, "name": …}, "do": …, "request": {…}, "more": {…}}

The first client starts the server, which ends when nobody has asked for a while. It has nothing to save: a client
whose server died starts another one and asks again.
"""

from __future__ import annotations

import fcntl
import json
import os
import select
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from typing import Any

from constructs_lib.synth.children import Child, Code, Crew, Died

from .problems import Problem

Json = dict[str, Any]
SOCKET = "renderer-1.sock"
_LONGEST = 100
"""Bytes that the path of a Unix socket may have, with some to spare."""
_ANSWER_SECONDS = 600.0
_START_SECONDS = 60.0


def default_folder() -> Path:
    """Where the socket of this user lies when nobody names another folder."""
    given = os.environ.get("XDG_RUNTIME_DIR")
    return Path(given, "desired") if given else Path(tempfile.gettempdir(), f"desired-{os.geteuid()}")


def private(folder: Path) -> Path:
    """The folder, made where it is not there. Raises Problem where others can get at it, or its path is too long."""
    if len(os.fsencode(folder / SOCKET)) > _LONGEST:
        raise Problem(f"{folder}: the path is too long for a socket; name a folder with a shorter one")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if folder.is_symlink() or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise Problem(f"{folder}: others can get at this folder; make it your own with mode 0700, or name another one")
    return folder


class SharedCrew(Crew):
    """Looks like a crew; its children are the server's."""

    def __init__(self, folder: Path | None = None) -> None:
        """`folder` holds the socket. Raises Problem where it is not private."""
        super().__init__()
        self._folder = private(folder or default_folder())
        self._lines: list[_Line] = []

    def one(self, code: Code) -> Child:
        """A child of the server with this code."""
        with self._lock:
            line = self._lines.pop() if self._lines else _Line(self._folder)
        return _Client(code, line)

    def back(self, child: Child) -> None:
        """Keep the line to the server for the next question."""
        assert isinstance(child, _Client)
        with self._lock:
            self._lines.append(child.line)

    def close(self) -> None:
        """Hang up. The server lives on for the others."""
        with self._lock:
            for line in self._lines:
                line.close()
            self._lines.clear()


class _Client(Child):
    """A child that runs elsewhere: it has no process here."""

    def __init__(self, code: Code, line: _Line) -> None:
        self.code, self.line, self.rendered = code, line, 0

    def ask(self, do: str, request: Json, **more: Any) -> Iterator[Json]:
        """The answers to one request. Raises Problem when it is refused, Died where two died over it."""
        code = {"folder": str(self.code.folder), "python": str(self.code.python), "name": self.code.name}
        *answers, last = self.line.ask({"code": code, "do": do, "request": request, "more": more})
        if "problems" in last:
            raise (Died if "died" in last else Problem)(*last["problems"])
        self.rendered += sum("files" in answer for answer in answers)
        yield from answers

    def close(self) -> None:
        """Hang up."""
        self.line.close()


class _Line:
    """A connection to the server, which is started where there is none."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._socket: socket.socket | None = None
        self._answers: BufferedReader

    def ask(self, question: Json) -> list[Json]:
        """All answers, the closing one among them. Where the server dies over it, another one is asked, once."""
        text = (json.dumps(question) + "\n").encode()
        why = ""
        for _ in range(2):
            try:
                return self._exchange(text)
            except (OSError, EOFError) as error:
                self.close()
                why = str(error) or type(error).__name__
        raise Died(f"the shared renderer in {self._folder} ended twice over one question ({why}); run it again")

    def _exchange(self, text: bytes) -> list[Json]:
        if self._socket and select.select([self._socket], [], [], 0)[0]:
            self.close()  # it hung up long ago
        if self._socket is None:
            self._socket, self._answers = connected(self._folder)
        self._socket.sendall(text)
        answers: list[Json] = []
        while True:
            line = self._answers.readline()
            if not line.endswith(b"\n"):
                raise EOFError("it hung up")
            answers.append(json.loads(line))
            if answers[-1].get("done") or ("problems" in answers[-1] and "unit" not in answers[-1]):
                return answers

    def close(self) -> None:
        """Hang up."""
        if self._socket:
            self._answers.close()
            self._socket.close()
            self._socket = None


def connected(folder: Path) -> tuple[socket.socket, BufferedReader]:
    """A line to the server of a folder, started by one of those who want it. Raises Problem or OSError."""
    until = time.monotonic() + _START_SECONDS
    while True:
        try:
            return _call(folder)
        except (FileNotFoundError, ConnectionRefusedError):
            _start_once(folder)
        except (ConnectionResetError, EOFError):  # it is about to die, and its socket with it
            if time.monotonic() > until:
                raise
            time.sleep(0.01)


def _call(folder: Path) -> tuple[socket.socket, BufferedReader]:
    """A line on which the server has said that it is there, and what it says."""
    line = socket.socket(socket.AF_UNIX)
    try:
        line.settimeout(_ANSWER_SECONDS)
        line.connect(str(folder / SOCKET))
        answers = line.makefile("rb")
        if not answers.readline():
            raise EOFError("it hung up")
    except BaseException:
        line.close()
        raise
    return line, answers


def _start_once(folder: Path) -> None:
    """Start a server unless somebody else does, or has done so meanwhile."""
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            for end in _call(folder):
                end.close()
        except (FileNotFoundError, ConnectionRefusedError):
            _start(folder)
        except (ConnectionResetError, EOFError):
            return


def _start(folder: Path) -> None:
    """Start a server and wait until it listens. Raises Problem with its last words where it does not."""
    (folder / SOCKET).unlink(missing_ok=True)
    home = str(Path(__file__).parent.parent)
    path = os.pathsep.join(filter(None, (home, os.environ.get("PYTHONPATH"))))
    with open(folder / "errors.log", "w+") as errors:
        server = subprocess.Popen(
            [sys.executable, "-m", "desired.renderer_server", str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            env={**os.environ, "PYTHONPATH": path},
            start_new_session=True,
        )
        assert server.stdout
        with server.stdout:
            if server.stdout.readline():
                threading.Thread(target=server.wait, daemon=True).start()
                return
        server.wait(_START_SECONDS)
        errors.seek(0)
        said = errors.read().strip().splitlines() or ["it said nothing"]
        raise Problem(f"the shared renderer in {folder} did not start: {said[-1][:200]}; mend that, and run it again")
