"""When an engine must end: a signal, or the end of the worker that started it."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable

CHECK_S = 0.5


def watch_parent(told: "asyncio.Future[str]", *, stays_with_parent: bool) -> None:
    """Set the reason on `told` when it is time to end. The parent's end shows as the end of standard input."""
    loop = asyncio.get_running_loop()

    def tell(reason: str) -> None:
        if not told.done():
            told.set_result(reason)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, tell, f"stopped by {signal.Signals(number).name}")
    if stays_with_parent:
        parent = os.getppid()

        def check() -> None:
            # A killed parent may leave the pipe open in another of its children.
            if os.getppid() != parent:
                tell("the worker is gone")
            elif not told.done():
                loop.call_later(CHECK_S, check)

        loop.call_later(CHECK_S, check)
        watching = loop.create_task(loop.connect_read_pipe(lambda: _Pipe(tell), sys.stdin))
        told.add_done_callback(lambda _: watching.cancel())


class _Pipe(asyncio.Protocol):
    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell

    def eof_received(self) -> None:
        self._tell("the worker is gone")

    def connection_lost(self, exc: Exception | None) -> None:
        self._tell("the worker is gone")
