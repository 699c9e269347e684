"""The ways a command takes to an engine: its socket on this host, the queue, and for a kill a file beside the desk.

The engine does a command once, by its id, so that a command may take several ways.
"""

import logging
import threading
from pathlib import Path
from typing import Any

from celery import current_app
from django.conf import settings
from kombu.exceptions import OperationalError

from trading.engine import kill_file
from trading.engine.commands import KillDesk
from trading.engine.control_client import EngineUnreachable, call

DIRECT_TIMEOUT_S = 1.0

log = logging.getLogger(__name__)

Message = dict[str, Any]


def tell_engine(desk: str, message: Message) -> dict[str, Any] | None:
    """Tell the engine on this host and return its answer; None if there is none here or it is silent."""
    socket_path: Path = settings.CMC_PATHS.control_socket(desk)
    if not socket_path.exists():
        return None
    try:
        return call(socket_path, message, DIRECT_TIMEOUT_S)
    except EngineUnreachable as error:
        log.warning("%s %s: %s", message["op"], message.get("command_id", ""), error)
        return None


def enqueue(desk: str, message: Message, expires_s: int | None = None) -> bool:
    """Put a command into the desk's queue; return False when the queue is away."""
    task = "set_program" if message["op"] == "program" else message["op"]
    try:
        current_app.send_task(
            f"trading.{task}",
            kwargs={"desk": desk, "command": message},
            queue=f"engine.{desk}",
            expires=expires_s,
            ignore_result=True,
            retry=False,
        )
    except OperationalError as error:
        log.warning("%s %s: the queue is away: %s", message["op"], message["command_id"], error)
        return False
    return True


def enqueue_aside(desk: str, message: Message) -> None:
    """Put a command that the engine has answered into the queue as well, without keeping its sender waiting."""
    threading.Thread(target=enqueue, args=(desk, message), name="enqueue", daemon=True).start()


def leave_kill(desk: str, message: Message) -> bool:
    """Write a kill where a silent engine of this host reads it at its next start; False if none ever ran here."""
    if not settings.CMC_PATHS.journal(desk).exists():
        return False
    fields = {name: message[name] for name in KillDesk.__struct_fields__}
    try:
        kill_file.add(settings.CMC_PATHS.kill_file(desk), KillDesk(**fields))
    except OSError as error:
        log.error("the kill of desk %s could not be written beside it: %s", desk, error)
        return False
    return True
