"""A small kubelet for three nodes: the pods of our services answer requests, each on an address of its own.

It keeps the order of the real one. A pod is ready when its servers listen; at its end it serves on through preStop,
then takes no more, finishes what it has begun, and is gone when the grace period is over at the latest.
What it does not do: pull images, run programs, ask probes, check volumes and Secrets.
"""

import asyncio
import contextlib
import itertools
import json
import signal
import ssl
import sys
from collections.abc import AsyncIterator, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from .api import Object
from .backend import Backend
from .nodes import NEVER_READY, node

_ZONES = ("a", "b", "c")
_HEARTBEAT_SECONDS = 10.0
_PROTOCOLS = ("http", "grpc")
_MERGE = {"Content-Type": "application/merge-patch+json"}
_NODES = "/api/v1/nodes"


class Server:
    """What a kubelet asks of the API server."""

    def __init__(self, kubeconfig: Path) -> None:
        """`kubeconfig` is an administrator's, with a token."""
        content = yaml.safe_load(kubeconfig.read_text(encoding="utf-8"))
        cluster, user = content["clusters"][0]["cluster"], content["users"][0]["user"]
        trusted = ssl.create_default_context(cafile=cluster["certificate-authority"])
        self._http = aiohttp.ClientSession(
            base_url=cluster["server"],
            connector=aiohttp.TCPConnector(ssl=trusted),
            headers={"Authorization": f"Bearer {user['token']}"},
            timeout=aiohttp.ClientTimeout(total=None),
        )

    async def register(self, item: Object) -> None:
        """A new node."""
        async with self._http.post(_NODES, json=item) as answer:
            answer.raise_for_status()

    async def report(self, path: str, status: Object) -> None:
        """Writes the status of an object, if it still exists."""
        async with self._http.patch(f"{path}/status", data=json.dumps({"status": status}), headers=_MERGE) as answer:
            if answer.status not in (404, 409):
                answer.raise_for_status()

    async def remove(self, path: str, uid: str) -> None:
        """Deletes a pod at once, unless it is another pod of that name."""
        options = {"gracePeriodSeconds": 0, "preconditions": {"uid": uid}}
        async with self._http.delete(path, json=options) as answer:
            if answer.status not in (404, 409):
                answer.raise_for_status()

    async def pods(self) -> AsyncIterator[tuple[str, Object]]:
        """All pods and their changes, until the server ends the watch."""
        async with self._http.get("/api/v1/pods", params={"watch": "true"}, read_bufsize=2**22) as answer:
            async for line in answer.content:
                event = json.loads(line)
                yield event["type"], event["object"]

    async def close(self) -> None:
        """Closes all connections."""
        await self._http.close()


class Kubelet:
    """Runs all pods that the scheduler has assigned to a node."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._addresses = (f"10.80.{high}.{low}" for high, low in itertools.product(range(1, 255), range(1, 255)))
        self._running: dict[str, Backend] = {}
        self._ending: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Runs until it is cancelled."""
        for zone in _ZONES:
            await self._server.register(node(f"node-{zone}", zone))
        self._begin(self._beat())
        while True:
            with contextlib.suppress(aiohttp.ClientError):
                async for event, pod in self._server.pods():
                    self._see(event, pod)
            await asyncio.sleep(0.1)

    async def _beat(self) -> None:
        while True:
            for zone in _ZONES:
                status = node(f"node-{zone}", zone)["status"]
                status["conditions"][0] |= {"lastHeartbeatTime": _now(), "lastTransitionTime": _now()}
                await self._server.report(f"{_NODES}/node-{zone}", status)
            await asyncio.sleep(_HEARTBEAT_SECONDS)

    def _see(self, event: str, pod: Object) -> None:
        uid, meta = pod["metadata"]["uid"], pod["metadata"]
        if event == "DELETED":
            self._kill(uid)
        elif "deletionTimestamp" in meta:
            if uid not in self._ending:
                self._ending.add(uid)
                self._begin(self._end(pod))
        elif pod["spec"].get("nodeName") and uid not in self._running:
            backend = Backend(next(self._addresses), _ports(pod), _identity(pod))
            self._running[uid] = backend
            self._begin(self._start(pod, backend))

    def _kill(self, uid: str) -> None:
        self._ending.discard(uid)
        if backend := self._running.pop(uid, None):
            self._begin(backend.stop(0))

    async def _start(self, pod: Object, backend: Backend) -> None:
        """A pod that never becomes ready does not listen either."""
        ready = not any(NEVER_READY in container["image"] for container in pod["spec"]["containers"])
        if ready:
            await backend.start()
        await self._server.report(_path(pod), _status(pod, backend.address, ready))

    async def _end(self, pod: Object) -> None:
        """Source: Kubernetes' page on the pod lifecycle, "Pod termination flow"."""
        grace = float(pod["metadata"]["deletionGracePeriodSeconds"])
        drain = min(_pre_stop_seconds(pod), grace)
        await asyncio.sleep(drain)
        if backend := self._running.get(pod["metadata"]["uid"]):
            await backend.stop(grace - drain)
        await self._server.remove(_path(pod), pod["metadata"]["uid"])

    def _begin(self, doing: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(doing)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _path(pod: Object) -> str:
    return f"/api/v1/namespaces/{pod['metadata']['namespace']}/pods/{pod['metadata']['name']}"


def _ports(pod: Object) -> dict[int, str]:
    """The ports that are served, by the names that our services give them."""
    ports = [port for container in pod["spec"]["containers"] for port in container.get("ports", [])]
    return {port["containerPort"]: port["name"] for port in ports if port.get("name") in _PROTOCOLS}


def _identity(pod: Object) -> dict[str, str]:
    labels = pod["metadata"].get("labels", {})
    return {
        "x-service": labels.get("app.kubernetes.io/name", ""),
        "x-slot": labels.get("desired.dev/slot", ""),
        "x-pod": pod["metadata"]["name"],
    }


def _pre_stop_seconds(pod: Object) -> float:
    hooks = [container.get("lifecycle", {}).get("preStop", {}) for container in pod["spec"]["containers"]]
    return max((float(hook.get("sleep", {}).get("seconds", 0)) for hook in hooks), default=0.0)


def _status(pod: Object, address: str, ready: bool) -> Object:
    now = _now()
    kinds = {"PodReadyToStartContainers": True, "Initialized": True, "PodScheduled": True}
    kinds |= {"ContainersReady": ready, "Ready": ready}
    containers = [
        {
            "name": container["name"],
            "image": container["image"],
            "imageID": container["image"],
            "ready": ready,
            "started": ready,
            "restartCount": 0,
            "state": {"running": {"startedAt": now}},
        }
        for container in pod["spec"]["containers"]
    ]
    return {
        "phase": "Running",
        "podIP": address,
        "podIPs": [{"ip": address}],
        "startTime": now,
        "conditions": [{"type": kind, "status": str(true), "lastTransitionTime": now} for kind, true in kinds.items()],
        "containerStatuses": containers,
    }


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


async def _main(kubeconfig: Path) -> None:
    server = Server(kubeconfig)
    running = asyncio.ensure_future(Kubelet(server).run())
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, running.cancel)
    try:
        with contextlib.suppress(asyncio.CancelledError):
            await running
    finally:
        await server.close()


if __name__ == "__main__":
    asyncio.run(_main(Path(sys.argv[1])))
