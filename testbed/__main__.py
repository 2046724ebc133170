"""`python -m testbed tests` and `python -m testbed cluster`: what `make e2e` and `make cluster` run."""

import os
import socket
import sys
from collections.abc import Sequence
from contextlib import ExitStack

from .namespaces import CannotRun, check, run
from .programs.build import ToolMissing
from .programs.prepare import prepare
from .shop import CLUSTERS

REPORT = "docs/report"


def main(arguments: Sequence[str]) -> int:
    """Runs the task, and returns its exit code. If this machine cannot run it, prints why; in CI that is a failure."""
    task, *rest = arguments
    try:
        check()
        prepare()
        return _tests(rest) if task == "tests" else _cluster(rest)
    except (CannotRun, ToolMissing) as missing:
        print(missing, file=sys.stderr)
        return 1 if os.environ.get("CI") else 0


def _tests(selected: Sequence[str]) -> int:
    # The report covers all tests, so a selection writes none.
    chosen = list(selected) or ["tests/e2e", f"--report={REPORT}"]
    return run([sys.executable, "-m", "pytest", "-v", *chosen])


def _cluster(options: Sequence[str]) -> int:
    """Passes on sockets of the machine's own loopback, by which the clusters inside can be reached."""
    with ExitStack() as stack:
        servers = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(CLUSTERS)]
        numbers = [server.fileno() for server in servers]
        command = [sys.executable, "-m", "testbed.shop", *options, "--sockets", *map(str, numbers)]
        return run(command, sockets=numbers)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
