"""The first process in the namespaces: sets up the network and the folder, runs the command, reaps orphans.

Called by `namespaces.run` alone: `python -m testbed.inside FOLDER COMMAND…`.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence

from pyroute2 import IPRoute

from .namespaces import FOLDER

NETWORK = "10.255.0.0/16"
"""Addresses of this machine within: servers choose one each, so that no two ever want the same port.
Kubernetes takes no loopback addresses as endpoints, but these."""
PODS = "10.64.0.0/10"
"""Addresses of pods: this machine answers for all of them, so that a real server can listen on a pod's address."""


def main(arguments: Sequence[str]) -> int:
    """Runs the command, and exits with its exit code. All other processes in the namespaces end with this one."""
    folder, *command = arguments
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=700", "desired", folder], check=True)
    _network()
    signal.signal(signal.SIGINT, lambda *_: None)  # the command, in the same terminal, gets it as well
    # TMPDIR too, so that what others write there is gone with the namespace.
    env = {**os.environ, FOLDER: folder, "TMPDIR": folder}
    return _wait(subprocess.Popen(command, env=env, close_fds=False).pid)


def _network() -> None:
    with IPRoute() as route:
        loopback = route.link_lookup(ifname="lo")[0]
        route.link("set", index=loopback, state="up")
        for network in (NETWORK, PODS):
            route.route("add", dst=network, type="local", scope="host", oif=loopback, table=255)
        # Programs that look for the machine's address find one.
        route.addr("add", index=loopback, address="10.255.0.1", prefixlen=32)


def _wait(command: int) -> int:
    """As the first process, this one inherits all orphans and must reap them."""
    while True:
        pid, status = os.wait()
        if pid == command:
            return os.waitstatus_to_exitcode(status) % 256


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
