"""Load at a fixed rate that does not slow down with the server (open loop), in a process of its own.

Requests are sent at moments that are fixed beforehand, whether earlier ones were answered or not, and latency counts
from that moment: a server that stalls cannot hide it. Nothing is ever sent twice.
"""

import asyncio
import json
import os
import signal
import ssl
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import grpc

from .backend import WAIT
from .process import Process, until

_PATIENCE_SECONDS = 40.0
_METHOD = "/shop.AnyService/AnyMethod"


class LoadTarget(NamedTuple):
    """Where a request goes to."""

    kind: str
    """`http`, `websocket` or `grpc`."""
    url: str
    """Scheme, address and port to connect to."""
    host: str
    """The host name in the request."""
    wait_seconds: float = 0.0
    """How long the server waits before it answers."""


class Sample(NamedTuple):
    """One request: `due` is a Unix time; `late` and `latency` are seconds after it (when sent, when answered)."""

    kind: str
    due: float
    late: float
    latency: float
    failure: str
    """Empty, or what went wrong."""
    service: str
    slot: str


class Load:
    """Requests to these targets in turn, so many a second, from now until `stop`."""

    def __init__(
        self, folder: Path, rate: float, targets: Sequence[LoadTarget], authority: Path, limit: int = 0
    ) -> None:
        """`authority` is the certificate to trust; `limit` ends it after so many requests. `folder` is made."""
        folder.mkdir(parents=True)
        self._samples, plan = folder / "samples.jsonl", folder / "plan.json"
        content = {"rate": rate, "targets": targets, "authority": str(authority), "limit": limit}
        plan.write_text(json.dumps(content), encoding="utf-8")
        words: list[str | Path] = [sys.executable, "-m", "testbed.load", plan, self._samples]
        self._process = Process(words, folder / "load.log", dict(os.environ))
        self._process.ready(self._samples.exists)

    def stop(self) -> list[Sample]:
        """Stops sending, waits for open requests, and returns the results of all requests, in order."""
        os.kill(self._process.pid, signal.SIGTERM)
        return self.wait()

    def answered(self) -> int:
        """How many requests have ended so far."""
        return self._samples.read_bytes().count(b"\n")

    def wait(self) -> list[Sample]:
        """The results of all requests, once the limit is reached and the last one was answered."""
        until(lambda: not self._process.alive(), "the load has ended", seconds=2 * _PATIENCE_SECONDS)
        lines = self._samples.read_text(encoding="utf-8").splitlines()
        if not lines or lines[-1] != "[]":
            raise AssertionError(f"the load generator failed:\n{self._process.tail()}")
        return sorted((Sample(*json.loads(line)) for line in lines[:-1]), key=lambda sample: sample.due)


class _Answer(NamedTuple):
    failure: str
    headers: dict[str, str]


class _Client:
    """Sends one request of any kind. One connection pool, as a program has it."""

    def __init__(self, authority: str) -> None:
        self._trusted = ssl.create_default_context(cafile=authority)
        timeout = aiohttp.ClientTimeout(total=_PATIENCE_SECONDS)
        self._http = aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=0))
        self._calls: dict[LoadTarget, Any] = {}

    async def send(self, target: LoadTarget) -> _Answer:
        """The result. Never raises for a network error."""
        send: dict[str, Callable[[LoadTarget], Awaitable[_Answer]]] = {
            "http": self._post,
            "websocket": self._socket,
            "grpc": self._call,
        }
        try:
            return await send[target.kind](target)
        except (aiohttp.ClientError, grpc.aio.AioRpcError, OSError, TimeoutError, TypeError) as error:
            return _Answer(_named(error), {})

    def _options(self, target: LoadTarget) -> dict[str, Any]:
        secure = {"ssl": self._trusted, "server_hostname": target.host.partition(":")[0]}
        headers = {"Host": target.host, WAIT: str(target.wait_seconds)}
        return {"headers": headers, **(secure if target.url.startswith("https") else {})}

    async def _post(self, target: LoadTarget) -> _Answer:
        # The client asks a GET again when a connection breaks, and would hide it; a POST never.
        async with self._http.post(f"{target.url}/", data=b"ping", **self._options(target)) as answer:
            content = await answer.read()
            failure = "" if answer.status == 200 and content == b"ping" else f"status {answer.status}"
            return _Answer(failure, dict(answer.headers))

    async def _socket(self, target: LoadTarget) -> _Answer:
        async with self._http.ws_connect(f"{target.url}/", **self._options(target)) as socket:
            headers = dict(socket._response.headers)  # there is no public name for them
            await socket.send_str("ping")
            await asyncio.sleep(target.wait_seconds)
            await socket.send_str("pong")
            said = [await socket.receive_str(timeout=_PATIENCE_SECONDS) for _ in range(2)]
            return _Answer("" if said == ["ping", "pong"] else f"said {said}", headers)

    async def _call(self, target: LoadTarget) -> _Answer:
        call = self._method(target)(
            b"ping", timeout=_PATIENCE_SECONDS, metadata=((WAIT, str(target.wait_seconds)),), wait_for_ready=False
        )
        headers = {str(key): str(value) for key, value in await call.initial_metadata()}
        return _Answer("" if await call == b"ping" else "another message", headers)

    def _method(self, target: LoadTarget) -> Any:
        if target not in self._calls:
            options = [("grpc.default_authority", target.host), ("grpc.enable_retries", 0)]
            channel = grpc.aio.insecure_channel(target.url.removeprefix("http://"), options=options)
            self._calls[target] = channel.unary_unary(_METHOD)
        return self._calls[target]

    async def close(self) -> None:
        """Closes all connections."""
        await self._http.close()


def _named(error: BaseException) -> str:
    if isinstance(error, grpc.aio.AioRpcError):
        return f"{error.code().name}: {error.details()}"
    return f"{type(error).__name__}: {error}"


async def _one(client: _Client, target: LoadTarget, due: float, clock: float, say: Callable[[str], object]) -> None:
    """Sends one request; `due` is of the loop's clock, `clock` what makes it a Unix time."""
    now = asyncio.get_running_loop().time
    late = now() - due
    answer = await client.send(target)
    who = [answer.headers.get("x-service", ""), answer.headers.get("x-slot", "")]
    say(json.dumps([target.kind, due + clock, late, now() - due, answer.failure, *who]) + "\n")


async def _run(plan: dict[str, Any], say: Callable[[str], object]) -> None:
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stopped.set)
    client = _Client(plan["authority"])
    targets = [LoadTarget(*target) for target in plan["targets"]]
    start, clock, sent = loop.time(), time.time() - loop.time(), 0
    begun: set[asyncio.Task[None]] = set()
    while not stopped.is_set() and (not plan["limit"] or sent < plan["limit"]):
        due = start + sent / plan["rate"]
        if (early := due - loop.time()) > 0:
            await asyncio.sleep(early)
        task = loop.create_task(_one(client, targets[sent % len(targets)], due, clock, say))
        begun.add(task)
        task.add_done_callback(begun.discard)
        sent += 1
    await asyncio.gather(*begun)
    await client.close()


def main(arguments: Sequence[str]) -> None:
    """`python -m testbed.load PLAN SAMPLES`: a JSON line for each request, and `[]` when all have ended."""
    plan = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    with Path(arguments[1]).open("w", buffering=1, encoding="utf-8") as samples:
        asyncio.run(_run(plan, samples.write))
        samples.write("[]\n")


if __name__ == "__main__":
    main(sys.argv[1:])
