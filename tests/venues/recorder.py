"""Collects what an adapter reports and waits for it."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Recorder:
    """An event sink for adapters under test."""

    def __init__(self) -> None:
        self.events: list[object] = []
        self._news = asyncio.Event()

    def __call__(self, event: object) -> None:
        self.events.append(event)
        self._news.set()

    def of(self, kind: type[T]) -> list[T]:
        return [e for e in self.events if isinstance(e, kind)]

    async def gets(self, kind: type[T], times: int = 1) -> T:
        """Wait until so many events of a kind were reported; return the last of them."""
        await self.until(lambda: len(self.of(kind)) >= times)
        return self.of(kind)[times - 1]

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until a condition on what was reported holds."""
        async with asyncio.timeout(5):
            while not holds():
                self._news.clear()
                await self._news.wait()
