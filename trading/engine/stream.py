"""The stream socket: what screens may see, lossy and bounded, so that no reader can slow the engine.

A reader that keeps up gets every frame. One that does not gets the latest frame of each channel when it reads again;
numbered channels keep their last frames up to a bound. Nothing here is the only copy of anything.
"""

import asyncio
from itertools import count
from pathlib import Path
from typing import Any, cast

import msgspec

from trading.engine.sockets import serve

READERS_MAX = 8
PENDING_MAX = 512
SEND_BUFFER_BYTES = 262_144
# Frames of this channel are changes, not states: one does not replace the one before it.
UNCONFLATED = frozenset({"programs"})

_encoder = msgspec.json.Encoder()


class StreamServer:
    """Publishes frames to whoever is connected."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._server: asyncio.Server | None = None
        self._readers: set[_Reader] = set()
        self._numbers = count()

    async def start(self) -> None:
        """Listen; raises SocketBusy."""
        self._server = await serve(self._path, lambda: _Reader(self._readers))

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            for reader in list(self._readers):
                reader.transport.abort()
            self._path.unlink(missing_ok=True)
            self._server = None

    @property
    def has_readers(self) -> bool:
        return bool(self._readers)

    def publish(self, channel: str, items: list[Any]) -> None:
        """Offer a frame to every reader; never waits."""
        if not self._readers:
            return
        frame = _encoder.encode({"ch": channel, "items": items}) + b"\n"
        key = f"{channel}#{next(self._numbers)}" if channel in UNCONFLATED else channel
        for reader in self._readers:
            reader.offer(key, frame)


class _Reader(asyncio.Protocol):
    def __init__(self, readers: set["_Reader"]) -> None:
        self._readers = readers
        self._pending: dict[str, bytes] = {}
        self._is_paused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport = cast(asyncio.Transport, transport)  # uvloop's do not inherit from it
        self.transport = transport
        if len(self._readers) >= READERS_MAX:
            transport.close()
            return
        transport.set_write_buffer_limits(high=SEND_BUFFER_BYTES)
        self._readers.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._readers.discard(self)

    def pause_writing(self) -> None:
        self._is_paused = True

    def resume_writing(self) -> None:
        self._is_paused = False
        pending, self._pending = self._pending, {}
        for key, frame in pending.items():
            self.offer(key, frame)

    def offer(self, key: str, frame: bytes) -> None:
        if not self._is_paused:
            self.transport.write(frame)
            return
        self._pending.pop(key, None)
        self._pending[key] = frame
        if len(self._pending) > PENDING_MAX:
            del self._pending[next(iter(self._pending))]
