"""People who use a fork: they ask for operations, and they push commits."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

from desired.core.operations import OPERATION, Intent
from desired.publish.publisher import Publisher
from desired.publish.result import OperationResult
from tests.support.fork import Fork, git, image

ADA = "Ada <ada@example.com>"


def intent(publisher: Publisher, verb: str, *, expected: str | None = None, key: str = "", **given: Any) -> Intent:
    """What Ada asks for, having looked at the newest commit if nothing else is said."""
    about = {name: given.pop(name) for name in ("reason", "unobserved") if name in given}
    operation = OPERATION.validate_python({"verb": verb, **given})
    head = expected or publisher.head()
    return Intent(operation=operation, actor=ADA, expected=head, key=key or uuid.uuid4().hex, **about)


def ask(publisher: Publisher, verb: str, **given: Any) -> OperationResult:
    """Does an operation; nobody looks at a cluster."""
    return publisher.perform(intent(publisher, verb, **given), lambda environment: None)


def deploy(
    publisher: Publisher, service: str, number: int, environment: str = "staging", **given: Any
) -> OperationResult:
    """Deploys a build of a service, told apart by a number."""
    build = {"image": image(service, number), "commit": f"{number:07x}", "ref": "main"}
    given.setdefault("specs_at", publisher.head())
    return ask(publisher, "deploy", environment=environment, services={service: build}, **given)


class Developer:
    """Somebody with a clone, who edits files and pushes to main."""

    def __init__(self, fork: Fork, name: str = "developer") -> None:
        self.folder: Path = fork.clone(name)

    def push(self, message: str, files: dict[str, str | None]) -> str:
        """Changes files on the newest main and pushes; the commit."""
        git(self.folder, "pull", "-q", "--rebase", "origin", "main")
        for path, text in files.items():
            file = self.folder / path
            if text is None:
                file.unlink()
            else:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8")
        git(self.folder, "add", "-A")
        git(self.folder, "commit", "-q", "-m", message)
        git(self.folder, "push", "-q", "origin", "HEAD:main")
        return git(self.folder, "rev-parse", "HEAD")

    def read(self, path: str) -> str:
        """A file of the newest main."""
        git(self.folder, "pull", "-q", "--rebase", "origin", "main")
        return (self.folder / path).read_text(encoding="utf-8")
