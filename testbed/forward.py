"""Forwards connections from a socket in one network to an address in another."""

import shutil
import socket
import threading


def forward(listening: socket.socket, target: tuple[str, int]) -> None:
    """Forwards every connection to the target, in the background, until the socket is closed."""
    threading.Thread(target=_accept, args=(listening, target), daemon=True).start()


def _accept(listening: socket.socket, target: tuple[str, int]) -> None:
    while True:
        try:
            here, _ = listening.accept()
        except OSError:
            return
        there = socket.create_connection(target)
        for source, sink in ((here, there), (there, here)):
            threading.Thread(target=_copy, args=(source, sink), daemon=True).start()


def _copy(source: socket.socket, sink: socket.socket) -> None:
    try:
        with source.makefile("rb", buffering=0) as reader, sink.makefile("wb", buffering=0) as writer:
            shutil.copyfileobj(reader, writer)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # one side has closed the connection, and the other will notice
