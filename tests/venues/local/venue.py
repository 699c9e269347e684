"""A scripted peer on a real socket: records what a client says and says what a test tells it."""

import asyncio
import contextlib
import json
from typing import Any


class ScriptedVenue:
    """Accepts one client at a time; a log-on and a query for all orders are answered unless told otherwise."""

    def __init__(self) -> None:
        self.heard: list[dict[str, Any]] = []
        self.working: list[dict[str, Any]] = []
        self.answers_queries = True
        self.port = 0
        self._news = asyncio.Condition()
        self._writer: asyncio.StreamWriter | None = None
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> "ScriptedVenue":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self.drop()

    def say(self, *messages: dict[str, Any] | bytes) -> None:
        assert self._writer is not None
        for message in messages:
            self._writer.write(message if isinstance(message, bytes) else json.dumps(message).encode() + b"\n")

    def drop(self) -> None:
        if self._writer is not None:
            self._writer.transport.abort()

    async def hears(self, op: str, times: int = 1) -> dict[str, Any]:
        """Wait until the client has said `op` so often; return the last of them."""
        async with asyncio.timeout(5), self._news:
            await self._news.wait_for(lambda: len(self.said(op)) >= times)
        return self.said(op)[times - 1]

    def said(self, op: str) -> list[dict[str, Any]]:
        return [m for m in self.heard if m["op"] == op]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            await self._listen(reader)

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        while line := await reader.readline():
            message = json.loads(line)
            self.heard.append(message)
            if message["op"] == "logon":
                self.say({"op": "logon_ok", "trading_day": "20260306", "time_ns": 1, "instruments": []})
            elif message["op"] == "query_all" and self.answers_queries:
                for status in self.working:
                    self.say({"op": "status", "ref": message["ref"]} | status)
                self.say({"op": "status_end", "ref": message["ref"]})
            async with self._news:
                self._news.notify_all()
