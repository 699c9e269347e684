"""Unix sockets of the engine: private to its user, never stolen from a living owner, never left behind a dead one."""

import os
import socket
from asyncio import BaseProtocol, Server, get_running_loop
from collections.abc import Callable
from pathlib import Path


class SocketBusy(RuntimeError):
    """Another process listens there; the message says what to do."""


async def serve(path: Path, protocol: Callable[[], BaseProtocol]) -> Server:
    """Listen on `path` with mode 0600. Raises SocketBusy if someone answers there already."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if _answers(path):
        raise SocketBusy(f"{path} is in use by another engine; stop that one first")
    path.unlink(missing_ok=True)
    mask = os.umask(0o177)
    try:
        return await get_running_loop().create_unix_server(protocol, str(path))
    finally:
        os.umask(mask)


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        except TimeoutError:
            return True
        return True
