"""The last frames that an engine published, from Redis. Lossy by nature: absent means not known, never zero."""

import json
from functools import lru_cache
from typing import Any

import redis
from django.conf import settings

TIMEOUT_S = 0.3


def stream_channel(desk: str) -> str:
    """Return the Redis channel of a desk's stream, as the engine worker's publisher names it."""
    return f"cmc.stream.{desk}"


@lru_cache(maxsize=1)
def _client() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S)


def last_frame(desk: str, channel: str) -> list[dict[str, Any]] | None:
    """Return the items of the last frame of a stream channel; None when Redis is away or holds none."""
    try:
        frame = _client().get(f"{stream_channel(desk)}.last.{channel}")
    except redis.RedisError:
        return None
    return None if frame is None else json.loads(frame)["items"]
