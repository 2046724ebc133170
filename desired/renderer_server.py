"""The server behind `shared_renderer`: `python -m desired.renderer_server FOLDER`. It owns the children.

A child that died over a question is replaced, and the new one is asked again, once: rendering changes nothing, so
that asking twice is as good as asking once.
"""

from __future__ import annotations

import contextlib
import json
import os
import socketserver
import sys
import threading
from pathlib import Path
from typing import Any

from constructs_lib.synth.children import Code, Crew, Died

from .problems import Problem
from .shared_renderer import SOCKET, private

Json = dict[str, Any]
_IDLE_SECONDS = 60.0
"""After so long without a client the server ends."""


class Server(socketserver.ThreadingUnixStreamServer):
    """Owns one crew, and lets as many of its children work at once as there are cores."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, folder: Path) -> None:
        before = os.umask(0o177)
        try:
            super().__init__(str(private(folder) / SOCKET), _Handler)
        finally:
            os.umask(before)
        self._crew = Crew()
        self._lock = threading.Lock()
        self._places = threading.Semaphore(self._crew.size)
        self._codes: dict[tuple[str, str], Code] = {}
        self._clients = 0
        self._wanted = True

    def serve(self, idle_seconds: float) -> None:
        """Answer until nobody was there for so long."""
        self.timeout = idle_seconds
        while self._wanted:
            self.handle_request()

    def handle_timeout(self) -> None:
        """Nobody new has come."""
        with self._lock:
            self._wanted = self._clients > 0

    def process_request(self, request: Any, client_address: Any) -> None:
        """Somebody has come."""
        with self._lock:
            self._clients += 1
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Somebody has gone."""
        super().shutdown_request(request)
        with self._lock:
            self._clients -= 1

    def answers(self, asked: Json) -> list[Json]:
        """What a child says, the closing line among it. One that died over the question is replaced, once."""
        code = self._code(asked["code"])
        with self._places:
            answers, died = self._asked(code, asked)
            return self._asked(code, asked)[0] if died else answers

    def _asked(self, code: Code, asked: Json) -> tuple[list[Json], bool]:
        """The answers of one child, and whether it died."""
        child = self._crew.one(code)
        try:
            answers = list(child.ask(asked["do"], asked["request"], **asked["more"]))
        except Died as death:
            child.close()
            return [{"problems": list(death.sentences), "died": True}], True
        except Problem as problem:
            self._crew.back(child)
            return [{"problems": list(problem.sentences)}], False
        self._crew.back(child)
        return [*answers, {"done": True}], False

    def _code(self, given: dict[str, str]) -> Code:
        """One value for one code, whatever commit a client knows it by."""
        code = Code(Path(given["folder"]), Path(given["python"]), given["name"])
        with self._lock:
            return self._codes.setdefault((given["folder"], given["python"]), code)

    def server_close(self) -> None:
        """End, with the children. The name goes first, so that it is never that of the next server."""
        Path(str(self.server_address)).unlink(missing_ok=True)
        super().server_close()
        self._crew.close()


class _Handler(socketserver.StreamRequestHandler):
    server: Server

    def handle(self) -> None:
        """Answer one client until it hangs up."""
        with contextlib.suppress(ConnectionError):
            # Whoever reads this knows that the server is not about to end.
            self.wfile.write((json.dumps({"serves": os.getpid()}) + "\n").encode())
            for line in self.rfile:
                answers = self.server.answers(json.loads(line))
                self.wfile.write("".join(f"{json.dumps(answer)}\n" for answer in answers).encode())


def main(words: list[str]) -> None:
    """The server of a folder. Says that it listens, and nothing else."""
    with Server(Path(words[0])) as server:
        print("listening", flush=True)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        server.serve(float(words[1]) if len(words) > 1 else _IDLE_SECONDS)


if __name__ == "__main__":
    main(sys.argv[1:])
