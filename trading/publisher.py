"""Relays an engine's stream to Redis: `PUBLISH cmc.stream.<desk>` and the last frame of each channel.

Frames are lossy. While Redis is away they are dropped, and the engine, whose socket is then read a little later,
conflates what it offers.
"""

import json
import logging
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import redis
from django.conf import settings

RETRY_S = 0.5
READ_TIMEOUT_S = 1.0
REDIS_TIMEOUT_S = 0.5
LAST_FRAME_EXPIRES_S = 60
FRAME_BYTES_MAX = 4_194_304

log = logging.getLogger(__name__)


def channel(desk: str) -> str:
    """Return the Redis channel of a desk's stream."""
    return f"cmc.stream.{desk}"


def last_frame_key(desk: str, stream_channel: str) -> str:
    """Return the key that holds the last frame of one channel of the stream."""
    return f"cmc.stream.{desk}.last.{stream_channel}"


def follow_stream(desk: str, stream: Path, stopping: threading.Event) -> None:
    """Relay frames until `stopping`; engine and Redis may come and go."""
    relay = _Relay(desk)
    while not stopping.is_set():
        try:
            for frame in _frames(stream, stopping):
                relay.publish(frame)
        except OSError as error:
            log.debug("stream of desk %s: %s", desk, error)
        stopping.wait(RETRY_S)


def _frames(stream: Path, stopping: threading.Event) -> Iterator[bytes]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(READ_TIMEOUT_S)
        line.connect(str(stream))
        rest = b""
        while not stopping.is_set():
            try:
                data = line.recv(262_144)
            except TimeoutError:
                continue
            if not data:
                return
            *frames, rest = (rest + data).split(b"\n")
            if len(rest) > FRAME_BYTES_MAX:
                raise OSError("a frame of the stream is too long")
            yield from frames


class _Relay:
    def __init__(self, desk: str) -> None:
        self._desk, self._channel = desk, channel(desk)
        self._redis = redis.Redis.from_url(
            settings.REDIS_URL, socket_timeout=REDIS_TIMEOUT_S, socket_connect_timeout=REDIS_TIMEOUT_S
        )
        self._is_down = False

    def publish(self, frame: bytes) -> None:
        """Send one frame; while Redis is away it is lost, and that is said once."""
        key = last_frame_key(self._desk, json.loads(frame)["ch"])
        try:
            with self._redis.pipeline(transaction=False) as pipe:
                pipe.publish(self._channel, frame)
                pipe.set(key, frame, ex=LAST_FRAME_EXPIRES_S)
                pipe.execute()
        except redis.RedisError as error:
            if not self._is_down:
                log.warning("Redis is away, the screens of desk %s stand still: %s", self._desk, error)
            self._is_down = True
        else:
            if self._is_down:
                log.warning("Redis is back, the screens of desk %s move again", self._desk)
            self._is_down = False
