"""`make stack` where the command `pulumi` is not installed: on the clusters of `make cluster`, with our own monitor.

`KUBECONFIG` names another management cluster.
"""

import os
import sys

from desired.progress import say
from stacks import command
from stacks.settings import MANAGEMENT

from .programs.build import program
from .shop import KUBECONFIGS

_MONITOR = (sys.executable, "-m", "testbed.pulumi")


def main() -> int:
    """The command. Returns the exit code."""
    say("pulumi is not on PATH: testbed.pulumi stands in for it, for tests and demonstration only")
    given = os.environ.setdefault("KUBECONFIG", str(KUBECONFIGS / MANAGEMENT))
    if not os.path.exists(given):
        say(f"{given} does not exist: run `make cluster` in another terminal, or set KUBECONFIG")
        return 1
    os.environ["PATH"] = f"{program('kubectl').parent}{os.pathsep}{os.environ['PATH']}"
    return command.main(engine=_MONITOR)


if __name__ == "__main__":
    sys.exit(main())
