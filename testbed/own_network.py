"""A process with its own network, like a pod, and a cable to ours.

Gateways need it: what listens on all addresses would answer for the pods, whose addresses are this machine's own.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from pyroute2 import IPRoute

from .process import Process, until

_BITS = 30
_CABLE = "cable"
_FORWARD = Path("/proc/sys/net/ipv4/ip_forward")


def start(name: str, number: int, command: Sequence[str | Path], log: Path, env: Mapping[str, str]) -> Process:
    """The command, in its own network: its address there is `address(number)`, ours to it is `gateway(number)`."""
    words = ["unshare", "--net", sys.executable, "-m", "testbed.own_network", str(number), *command]
    process = Process(words, log, {**env, "PYTHONPATH": os.pathsep.join(sys.path)})
    process.ready(lambda: _network(process.pid) != _network(os.getpid()))
    _FORWARD.write_text("1", encoding="utf-8")  # from one of them to the other
    ours = f"to-{name}"
    with IPRoute() as route:
        route.link("add", ifname=ours, kind="veth", peer={"ifname": _CABLE, "net_ns_pid": process.pid})
        _up(route, ours, gateway(number))
    return process


def address(number: int) -> str:
    """The address of the process in its network."""
    return f"172.30.{number}.2"


def gateway(number: int) -> str:
    """Our address on the cable to it; from there it reaches all others."""
    return f"172.30.{number}.1"


def _network(pid: int) -> str:
    try:
        return os.readlink(f"/proc/{pid}/ns/net")
    except FileNotFoundError:
        return ""


def _up(route: IPRoute, name: str, own: str) -> None:
    index = route.link_lookup(ifname=name)[0]
    route.addr("add", index=index, address=own, prefixlen=_BITS)
    route.link("set", index=index, state="up")


def main(arguments: Sequence[str]) -> None:
    """Within the new network: waits for the cable, sets it up, and becomes the command."""
    number, command = int(arguments[0]), arguments[1:]
    with IPRoute() as route:
        until(lambda: bool(route.link_lookup(ifname=_CABLE)), "the cable is there", pause=0.01)
        route.link("set", index=route.link_lookup(ifname="lo")[0], state="up")
        _up(route, _CABLE, address(number))
        route.route("add", dst="default", gateway=gateway(number))
    os.execvp(command[0], list(command))


if __name__ == "__main__":
    main(sys.argv[1:])
