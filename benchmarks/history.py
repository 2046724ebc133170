"""Writes a repository with a long history of operations directly into Git."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from desired.git import run_git

from .fleet import FOLLOWS, ROOT

_SERVICES = 200


def write_history(folder: Path, operations: int) -> Path:
    """Write a repository whose branch main has that many operations, on 200 services in turn."""
    run_git("init", "-q", "-b", "main", str(folder)).check_returncode()
    stream = "".join(_stream(operations)).encode()
    run_git("fast-import", "--quiet", folder=folder, given=stream).check_returncode()
    run_git("branch", "live", "main", folder=folder).check_returncode()
    return folder


def _stream(operations: int) -> Iterator[str]:
    lock = (ROOT / "locks" / "synth.txt").read_text(encoding="utf-8")
    yield _commit(0, "A fleet\n\nDesired-Operation: start\n") + _file("locks/synth.txt", lock)
    for number in range(1, operations + 1):
        service = f"service-{number % _SERVICES:03}"
        image = f"registry.example.com/{service}@sha256:{number:064x}"
        release = f'schema: 1\nstable: blue\nslots:\n  blue:\n    image: {image}\n    since: "2026-01-01T00:00:00Z"\n'
        parameters = f'{{"environment": "{FOLLOWS}", "services": {{"{service}": {{"image": "{image}"}}}}, '
        parameters += f'"specs_at": "{"0" * 40}"}}'
        message = (
            f"{service}: deploy in {FOLLOWS}\n\nDesired-Operation: deploy\nDesired-Parameters: {parameters}\n"
            f"Desired-Actor: Ada <ada@example.com>\nDesired-Expected: {'0' * 40}\nDesired-Key: {number}\n"
        )
        yield _commit(number, message) + _file(f"releases/{FOLLOWS}/{service}.yaml", release)


def _commit(number: int, message: str) -> str:
    data = message.encode()
    who = f"Ada <ada@example.com> {1_700_000_000 + number} +0000"
    return f"commit refs/heads/main\ncommitter {who}\ndata {len(data)}\n{message}\n"


def _file(path: str, text: str) -> str:
    return f"M 100644 inline {path}\ndata {len(text.encode())}\n{text}\n"
