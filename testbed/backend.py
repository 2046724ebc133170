"""What runs in a pod of the test bed: servers that say who they are, and that end as a program should.

Each port speaks HTTP/1.1 with WebSocket, or gRPC. The header (or metadata) `x-wait` holds an answer back for so many
seconds.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

import grpc
from aiohttp import WSMsgType, web

WAIT = "x-wait"
"""The header that holds an answer back: seconds."""


class Backend:
    """The servers of one pod, on its own address. `identity` goes with every answer as headers."""

    def __init__(self, address: str, ports: Mapping[int, str], identity: Mapping[str, str]) -> None:
        """`ports` are numbers and what is spoken there: `http` or `grpc`."""
        self.address = address
        self._ports = ports
        self._identity = dict(identity)
        self._http: list[web.ServerRunner] = []
        self._grpc: list[Any] = []

    async def start(self) -> None:
        """Listens on all ports. Raises `OSError` when one is taken."""
        for number, protocol in self._ports.items():
            await (self._start_grpc(number) if protocol == "grpc" else self._start_http(number))

    async def stop(self, grace_seconds: float) -> None:
        """Takes no new connections at once, and gives requests that have begun so many seconds to finish."""
        ends = [self._stop_http(runner, grace_seconds) for runner in self._http]
        ends += [server.stop(grace_seconds or None) for server in self._grpc]
        await asyncio.gather(*ends)

    async def _start_http(self, number: int) -> None:
        runner = web.ServerRunner(web.Server(self._answer_http, access_log=None))
        await runner.setup()
        await web.TCPSite(runner, self.address, number, backlog=1024).start()
        self._http.append(runner)

    async def _start_grpc(self, number: int) -> None:
        server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
        server.add_generic_rpc_handlers([_AnyMethod(self._identity)])
        server.add_insecure_port(f"{self.address}:{number}")
        await server.start()
        self._grpc.append(server)

    async def _answer_http(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._echo(request)
        content = await request.read()
        await asyncio.sleep(float(request.headers.get(WAIT, "0")))
        return web.Response(body=content, headers=self._identity)

    async def _echo(self, request: web.BaseRequest) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        socket.headers.update(self._identity)
        await socket.prepare(request)
        async for message in socket:
            if message.type == WSMsgType.TEXT:
                await socket.send_str(message.data)
        return socket

    @staticmethod
    async def _stop_http(runner: web.ServerRunner, grace_seconds: float) -> None:
        # Known only now, and it has no setter; 0 would mean for ever.
        runner._shutdown_timeout = max(grace_seconds, 0.001)
        await runner.cleanup()


class _AnyMethod(grpc.GenericRpcHandler):
    """Answers a call of any method of any service with the message that it sent."""

    def __init__(self, identity: Mapping[str, str]) -> None:
        self._identity = tuple(identity.items())

    def service(self, _: Any) -> Any:
        """The handler of the call."""
        return grpc.unary_unary_rpc_method_handler(self._answer)

    async def _answer(self, message: bytes, context: Any) -> bytes:
        await asyncio.sleep(float(dict(context.invocation_metadata()).get(WAIT, "0")))
        await context.send_initial_metadata(self._identity)
        return message
