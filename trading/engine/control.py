"""The control socket: the engine's own door, which needs neither web, Redis, Celery nor database.

It reads lines, checks their form and hands commands to the host one at a time; deciding is the host's.
"""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import cast

from trading.engine.commands import Answer, AnyCommand, BadCommand, decode, refused
from trading.engine.sockets import serve

LINE_BYTES_MAX = 1_048_576
CLIENTS_MAX = 64

Reply = Callable[[Answer], None]
Handler = Callable[[AnyCommand, Reply], None]


class ControlServer:
    """Listens for commands and answers each with one line."""

    def __init__(self, path: Path, handle: Handler) -> None:
        self._path, self._handle = path, handle
        self._server: asyncio.Server | None = None
        self.clients: set[asyncio.Transport] = set()

    async def start(self) -> None:
        """Listen; raises SocketBusy."""
        self._server = await serve(self._path, lambda: _Client(self))

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            for client in list(self.clients):
                client.close()
            self._path.unlink(missing_ok=True)
            self._server = None

    def take(self, line: bytes, reply: Reply) -> None:
        """Have one line obeyed; `reply` is called when its outcome is durable."""
        try:
            command = decode(line)
        except BadCommand as fault:
            reply(refused("BAD_COMMAND", str(fault)))
        else:
            self._handle(command, reply)


class _Client(asyncio.Protocol):
    def __init__(self, server: ControlServer) -> None:
        self._server = server
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport = cast(asyncio.Transport, transport)  # uvloop's do not inherit from it
        self._transport = transport
        self._server.clients.add(transport)
        if len(self._server.clients) > CLIENTS_MAX:
            transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.clients.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if line.strip():
                self._server.take(line, self._reply)
        if len(self._rest) > LINE_BYTES_MAX:
            self._transport.abort()

    def _reply(self, answer: Answer) -> None:
        if not self._transport.is_closing():
            self._transport.write(json.dumps(answer).encode() + b"\n")
