"""How the launcher learns that a child can be used: it asks the child, it does not guess by time."""

import asyncio
import json
from pathlib import Path

import redis.asyncio as redis

from console.launcher import ports
from console.launcher.supervisor import Child

ANSWER_WITHIN_S = 2.0


async def redis_answers(url: str) -> bool:
    """Say whether the server at `url` answers a ping; it does not while it still loads its data."""
    client = redis.Redis.from_url(url, socket_connect_timeout=ANSWER_WITHIN_S, socket_timeout=ANSWER_WITHIN_S)
    try:
        return bool(await client.ping())
    except redis.RedisError:
        return False
    finally:
        await client.aclose()


async def http_answers(port: int, path: str, host: str = ports.LOOPBACK) -> bool:
    """Say whether a GET of `path` is answered with 200."""
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            status = await reader.readline()
            writer.close()
    except (OSError, TimeoutError):
        return False
    return b" 200 " in status


async def socket_answers(path: Path, op: str) -> bool:
    """Say whether the JSON-lines server on the Unix socket answers `op`, whatever the answer is."""
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            reader, writer = await asyncio.open_unix_connection(str(path))
            writer.write(json.dumps({"op": op}).encode() + b"\n")
            answer = await reader.readline()
            writer.close()
    except (OSError, TimeoutError):
        return False
    return bool(answer)


async def has_said(child: Child, words: str) -> bool:
    """Say whether the child has printed the words with which it announces itself."""
    return child.has_said(words)
