"""Commands on their way to an engine, as Celery tasks on the queue `engine.<desk>`.

A task only carries: it hands the command to the engine's control socket and notes the answer. The engine does a
command once, by its id, and refuses a stale one itself, so a task that arrives twice or late does no harm. No task
repeats itself: when the answer is lost the outcome is unknown, and the engine's journal will tell.
"""

import logging
from datetime import UTC, datetime
from typing import Any

from celery import current_app, shared_task
from django.conf import settings
from django.db import DatabaseError

from trading.engine.control_client import EngineUnreachable, call
from trading.services.commands import record_outcome
from trading.worker import EngineStep

log = logging.getLogger(__name__)

current_app.steps["worker"].add(EngineStep)

Answer = dict[str, Any]


def _carry(desk: str, command: dict[str, Any], away: int = logging.WARNING) -> Answer:
    """Hand one command to the desk's engine and note what it answered; `away` is how loud a silent engine is noted."""
    command_id = str(command.get("command_id", ""))
    try:
        answer = call(settings.CMC_PATHS.control_socket(desk), command)
    except EngineUnreachable as error:
        log.log(away, "%s %s: %s", command.get("op"), command_id, error)
        if error.was_sent:
            return {"ok": False, "code": "UNKNOWN", "text": str(error)}
        answer = {"ok": False, "code": "ENGINE_AWAY", "text": f"{error}; nothing was done"}
    try:
        record_outcome(command_id=command_id, answer=answer, at=datetime.now(UTC))
    except DatabaseError as error:
        # The engine has decided and its journal says what; the row follows when the projector can write again.
        log.error("outcome of %s not noted: %s", command_id, error)
    return answer


@shared_task(name="trading.arm", acks_late=False)
def arm(*, desk: str, command: dict[str, Any]) -> Answer:
    """Arm a program. The caller gives the message an expiry; the engine checks the command's own."""
    return _carry(desk, command)


@shared_task(name="trading.disarm", acks_late=False)
def disarm(*, desk: str, command: dict[str, Any]) -> Answer:
    return _carry(desk, command)


@shared_task(name="trading.unwind", acks_late=False)
def unwind(*, desk: str, command: dict[str, Any]) -> Answer:
    return _carry(desk, command)


@shared_task(name="trading.flatten", acks_late=False)
def flatten(*, desk: str, command: dict[str, Any]) -> Answer:
    return _carry(desk, command)


@shared_task(name="trading.accept_residual", acks_late=False)
def accept_residual(*, desk: str, command: dict[str, Any]) -> Answer:
    return _carry(desk, command)


@shared_task(name="trading.adjust_position", acks_late=False)
def adjust_position(*, desk: str, command: dict[str, Any]) -> Answer:
    return _carry(desk, command)


@shared_task(name="trading.release_foreign", acks_late=False)
def release_foreign(*, desk: str, command: dict[str, Any]) -> Answer:
    return _carry(desk, command)


@shared_task(name="trading.kill", acks_late=False)
def kill(*, desk: str, command: dict[str, Any]) -> Answer:
    return _carry(desk, command)


@shared_task(name="trading.lift_kill", acks_late=False)
def lift_kill(*, desk: str, command: dict[str, Any]) -> Answer:
    return _carry(desk, command)


@shared_task(name="trading.set_limits", acks_late=False)
def set_limits(*, desk: str, command: dict[str, Any]) -> Answer:
    """Bring a new version of the desk's limits into force.

    An engine that does not listen yet is no warning: the limits are sent again until it confirms them.
    """
    return _carry(desk, command, away=logging.INFO)


@shared_task(name="trading.set_program", acks_late=False)
def set_program(*, desk: str, command: dict[str, Any]) -> Answer:
    """Bring a new revision of a program to the desk; it comes disarmed."""
    return _carry(desk, command)
