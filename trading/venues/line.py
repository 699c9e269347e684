"""A stream to a venue that comes back by itself: connect, hand over bytes, and after a loss try again, ever slower.

It knows no protocol. The adapter above says when the line has become usable, which resets the back-off.
"""

import asyncio
from collections.abc import Callable
from typing import cast

RETRY_FIRST_S = 0.1
RETRY_MAX_S = 5.0
CONNECT_TIMEOUT_S = 5.0
# More than this waiting in our own process means the peer has stopped reading: what we add now would leave late.
BACKLOG_MAX_BYTES = 65_536


class Line(asyncio.Protocol):
    """One reconnecting connection. All calls and callbacks happen on the loop."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        on_connected: Callable[[], None],
        on_bytes: Callable[[bytes], None],
        on_lost: Callable[[str], None],
        fence: Callable[[], str] = lambda: "",
    ) -> None:
        """A `host` that starts with "/" is a Unix socket. `on_lost` is called once per lost or failed connection."""
        self._host, self._port = host, port
        self._on_connected, self._on_bytes, self._on_lost = on_connected, on_bytes, on_lost
        self._fence = fence  # why this process may send nothing any more; asked before every byte
        self._transport: asyncio.Transport | None = None
        self._retry_s = RETRY_FIRST_S
        self._task: asyncio.Task[None] | None = None
        self._lost: asyncio.Event | None = None
        self._drop_reason = ""
        self._is_stopping = False
        self._held: bytes | None = None  # what waits for `release`

    def start(self) -> None:
        """Start connecting; returns at once."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._stay_connected())

    async def stop(self) -> None:
        """Close for good; bytes already written are still flushed."""
        self._is_stopping = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    @property
    def is_open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    @property
    def is_writable(self) -> bool:
        """Whether bytes handed over now would leave now."""
        transport = self._transport
        return (
            transport is not None
            and not transport.is_closing()
            and transport.get_write_buffer_size() <= BACKLOG_MAX_BYTES
        )

    def usable(self) -> None:
        """The peer has proved itself: the next loss is retried at once."""
        self._retry_s = RETRY_FIRST_S

    def write(self, data: bytes) -> bool:
        """Hand the bytes to the socket; False when the line cannot take them, and then none of them will leave."""
        if not self.is_writable:
            return False
        if refusal := self._fence():
            self.drop(refusal)
            return False
        assert self._transport is not None
        if self._held is None:
            self._transport.write(data)
        else:
            self._held += data
        return True

    def hold(self) -> None:
        """Hold back what is written from now on until `release`; the loop must not run in between."""
        self._held = b""

    def release(self) -> None:
        """Hand over what was held; it was writable when it was taken, so nothing is asked again."""
        held, self._held = self._held, None
        if held and self._transport is not None and not self._transport.is_closing():
            self._transport.write(held)

    def drop(self, reason: str, *, flush: bool = False) -> None:
        """Give this connection up; the reason reaches `on_lost`. With `flush`, written bytes leave first."""
        self._drop_reason = self._drop_reason or reason
        if self._transport is not None:
            if flush:
                self._transport.close()
            else:
                self._transport.abort()

    async def _stay_connected(self) -> None:
        loop = asyncio.get_running_loop()
        while not self._fence():
            self._lost, self._drop_reason = asyncio.Event(), ""
            try:
                async with asyncio.timeout(CONNECT_TIMEOUT_S):
                    if self._host.startswith("/"):
                        await loop.create_unix_connection(lambda: self, self._host)
                    else:
                        await loop.create_connection(lambda: self, self._host, self._port)
            except TimeoutError:
                self._on_lost(f"{self._host}:{self._port} did not answer within {CONNECT_TIMEOUT_S:g} s")
            except OSError as error:
                self._on_lost(f"cannot reach {self._host}:{self._port}: {error.strerror or error}")
            else:
                await self._lost.wait()
            await asyncio.sleep(self._retry_s)
            self._retry_s = min(self._retry_s * 2, RETRY_MAX_S)

    # --- asyncio.Protocol ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport = cast(asyncio.Transport, transport)  # uvloop's do not inherit from it
        self._transport = transport
        self._on_connected()

    def data_received(self, data: bytes) -> None:
        self._on_bytes(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._is_stopping:
            return
        reason = self._drop_reason or (f"connection lost: {exc}" if exc else "the venue closed the connection")
        self._on_lost(reason)
        if self._lost is not None:
            self._lost.set()
