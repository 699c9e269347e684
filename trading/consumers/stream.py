"""The hub's one subscription to Redis: engines' frames and hints that rows changed. It may be away for hours."""

import asyncio
import logging
from collections.abc import Callable

import redis.asyncio as aioredis
from redis.exceptions import RedisError

STREAMS = "cmc.stream.*"
ROWS = "cmc.rows.*"
RETRY_S = 0.5
SILENCE_MAX_S = 2.0

log = logging.getLogger(__name__)


class Subscription:
    """Calls `on_frame(desk, frame)` and `on_hint()`; `is_up` tells whether Redis answers."""

    def __init__(self, url: str, on_frame: Callable[[str, bytes], None], on_hint: Callable[[], None]) -> None:
        self.is_up = False
        self._url, self._on_frame, self._on_hint = url, on_frame, on_hint

    async def run(self) -> None:
        """Listen until cancelled; come back by itself after every failure."""
        while True:
            client = aioredis.Redis.from_url(
                self._url, socket_connect_timeout=SILENCE_MAX_S, health_check_interval=1, retry=None
            )
            try:
                async with client.pubsub() as pubsub:
                    await pubsub.psubscribe(STREAMS, ROWS)
                    await self._listen(pubsub)
            except (TimeoutError, RedisError, OSError) as error:
                if self.is_up:
                    log.warning("Redis is away, quotes stand still and rows are polled: %s", error)
                self.is_up = False
            finally:
                await client.aclose()
            await asyncio.sleep(RETRY_S)

    async def _listen(self, pubsub: aioredis.client.PubSub) -> None:
        loop = asyncio.get_running_loop()
        heard_at = loop.time()
        while True:
            message = await pubsub.get_message(timeout=0.5)
            if message is None:
                # A ping after every quiet spell: a connection that died silently must not look alive.
                if loop.time() - heard_at > SILENCE_MAX_S:
                    raise RedisError("no answer to a ping")
                await pubsub.ping()
                continue
            heard_at, self.is_up = loop.time(), True
            if message["type"] == "pmessage":
                self._dispatch(message["channel"].decode(), message["data"])

    def _dispatch(self, channel: str, data: bytes) -> None:
        if channel.startswith(ROWS[:-1]):
            self._on_hint()
        else:
            self._on_frame(channel.removeprefix(STREAMS[:-1]), data)
