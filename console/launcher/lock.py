"""One launcher per `var` folder, guarded by a lock that dies with its holder."""

import fcntl
import os
from pathlib import Path
from typing import IO


class AlreadyRunning(Exception):
    """Another launcher serves this folder; the message names its process."""


def acquire(path: Path) -> IO[str]:
    """Return the held lock; it is released when the file is closed or the process ends, however it ends."""
    file = path.open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        holder = file.read().strip() or "unknown"
        file.close()
        raise AlreadyRunning(
            f"It is already running here as process {holder}. Stop that one with Ctrl-C in its terminal, "
            "or set CMC_VAR and CMC_PORT to start another beside it."
        ) from None
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file
