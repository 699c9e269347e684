"""Tells the web processes that new rows are there. A hint only: they poll as well, and miss nothing without it."""

import logging

import redis

CHANNEL_PREFIX = "cmc.rows."
TIMEOUT_S = 0.2
RETRY_EVERY = 50  # wakes skipped after a failure, so that a dead Redis does not slow the copying

log = logging.getLogger(__name__)


class Waker:
    """Publishes a hint per batch; while Redis is away it only tries now and then."""

    def __init__(self, redis_url: str) -> None:
        self._redis = redis.Redis.from_url(redis_url, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S)
        self._skip = 0

    def wake(self, desk: str) -> None:
        if self._skip:
            self._skip -= 1
            return
        try:
            self._redis.publish(CHANNEL_PREFIX + desk, "")
        except redis.RedisError as error:
            log.warning("screens are not woken, they poll: %s", error)
            self._skip = RETRY_EVERY
