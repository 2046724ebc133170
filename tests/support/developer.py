"""Somebody who pushes commits to `main` while operations run: documents, code, and what they should leave alone."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from tests.support.fork import SERVICES, Fork, git


class BusyDeveloper:
    """Pushes with plain git, from a clone of their own."""

    def __init__(self, fork: Fork) -> None:
        self._clone = fork.clone("developer")
        self.count = 0
        """How often something was pushed, or nearly."""
        self.done: set[str] = set()
        """What was pushed: docs, code, releases."""
        self.titles: list[str] = []
        """The first lines of what was pushed."""

    def push(self) -> bool:
        """The next commit: a document, code or a release, in turn. Whether it got in before somebody else's."""
        self.count += 1
        kinds = {"docs": self._document, "code": self._code, "releases": self._release}
        kind = list(kinds)[self.count % 3]
        git(self._clone, "fetch", "-q", "origin", "main")
        git(self._clone, "reset", "-q", "--hard", "origin/main")
        kinds[kind]()
        title = f"Change {kind}, {self.count}"
        git(self._clone, "commit", "-q", "-a", "-m", title)
        command = ["git", "push", "-q", "origin", "HEAD:main"]
        pushed = subprocess.run(command, cwd=self._clone, capture_output=True, check=False).returncode == 0
        if pushed:
            self.done.add(kind)
            self.titles.append(title)
        return pushed

    def each(self) -> None:
        """Push until one commit of each kind got in."""
        while len(self.done) < 3:
            self.push()

    def _document(self) -> None:
        self._append("README.md", f"Line {self.count}.\n")

    def _code(self) -> None:
        self._append(f"apps/{self._service}.py", f"# Line {self.count}.\n")

    def _release(self) -> None:
        file = self._clone / "releases" / "staging" / f"{self._service}.yaml"
        file.write_text(re.sub("image: [^/]+/", f"image: by-hand-{self.count}.example.com/", file.read_text()))

    @property
    def _service(self) -> str:
        return SERVICES[self.count % len(SERVICES)]

    def _append(self, path: str, text: str) -> None:
        with open(Path(self._clone, path), "a", encoding="utf-8") as file:
            file.write(text)
