"""`python -m testbed tests` and `python -m testbed cluster`: what `make e2e` and `make cluster` run."""

import os
import socket
import sys
from collections.abc import Sequence

from .namespaces import CannotRun, check, run
from .programs.build import ToolMissing
from .programs.prepare import prepare

REPORT = "docs/report"


def main(arguments: Sequence[str]) -> int:
    """The exit code. Where this machine cannot run it, one line says why; in CI that is a failure."""
    task, *rest = arguments
    try:
        check()
        prepare()
        return _tests(rest) if task == "tests" else _cluster(rest)
    except (CannotRun, ToolMissing) as missing:
        print(missing, file=sys.stderr)
        return 1 if os.environ.get("CI") else 0


def _tests(selected: Sequence[str]) -> int:
    # The report is about all tests: a selection writes none.
    chosen = list(selected) or ["tests/e2e", f"--report={REPORT}"]
    return run([sys.executable, "-m", "pytest", "-v", *chosen])


def _cluster(options: Sequence[str]) -> int:
    """A socket of the machine's own loopback goes along: what is within can be reached by it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        command = [sys.executable, "-m", "testbed.shop", f"--socket={server.fileno()}", *options]
        return run(command, sockets=(server.fileno(),))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
