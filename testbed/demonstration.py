"""`make stack` without the command `pulumi`: on the clusters of `make cluster`, with a stand-in.

`KUBECONFIG` may name another management cluster.
"""

import os
import sys

from desired.progress import say
from stacks.resources.settings import MANAGEMENT
from stacks.tools import command

from .programs.build import program
from .shop import KUBECONFIGS

_STAND_IN = (sys.executable, "-m", "testbed.pulumi")


def main() -> int:
    """Runs the command, and returns its exit code."""
    say("pulumi is not on PATH: a stand-in for demonstrations is used; it creates and updates, and deletes nothing")
    kubeconfig = os.environ.setdefault("KUBECONFIG", str(KUBECONFIGS / MANAGEMENT))
    if not os.path.exists(kubeconfig):
        say(f"{kubeconfig} does not exist: run `make cluster` in another terminal, or set KUBECONFIG")
        return 1
    os.environ["PATH"] = f"{program('kubectl').parent}{os.pathsep}{os.environ['PATH']}"
    return command.main(engine=_STAND_IN)


if __name__ == "__main__":
    sys.exit(main())
