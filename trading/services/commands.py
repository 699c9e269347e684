"""Commands to an engine: one row and one receipt per press of a button, then the way to the engine.

The same idempotency key returns the first command and sends nothing again. Arming goes through the queue only and
expires after two seconds; what reduces risk goes straight to the engine's socket where this host has it, and through
the queue as well: the engine does a command once, however often it arrives.
"""

import logging
import time
import uuid
from datetime import datetime
from typing import Any

from celery import current_app
from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import IntegrityError, transaction
from kombu.exceptions import OperationalError

from audit import receipts
from audit.errors import DomainError
from audit.models import Project
from trading.core.units import SECOND
from trading.engine.control_client import EngineUnreachable, call
from trading.models import Command, Desk, HedgeProgram, JournalCursor

ARM_EXPIRES_S = 2
DIRECT_OPS = ("disarm", "unwind", "kill", "lift_kill")
DIRECT_TIMEOUT_S = 1.0

log = logging.getLogger(__name__)


class KeyReused(DomainError):
    """The idempotency key stands for another command."""

    code = "idempotency_key_reused"


class RevisionMoved(DomainError):
    """The terms that were reviewed are not the ones in force."""

    code = "revision_moved"


class NotOwnProject(DomainError):
    code = "not_own_project"
    status = 403


class EngineAway(DomainError):
    """The command could not be handed over; whether it was is said in the message."""

    code = "engine_unreachable"
    status = 503


def order_program(
    *, op: str, program: HedgeProgram, revision: int | None, reason: str, actor: AbstractUser, key: str, at: datetime,
) -> Command:  # fmt: skip
    """Arm, disarm or unwind a program; returns the command.

    Raises RevisionMoved, NotOwnProject, KeyReused or EngineAway.
    """
    body: dict[str, Any] = {
        "program": program.name,
        "reason": reason,
        "revision": revision or program.revision,
    }
    if op == "arm":
        _check_arm(program, revision, actor)
        body["incarnation"] = _incarnation(program.desk)
    command, is_new = _record(
        op=op, desk=program.desk, program=program, body=body, actor=actor, key=key, at=at
    )
    if is_new:
        _hand_over(command)
    return command


def kill(
    *, desk: Desk, level: str, scope: str, reason: str, actor: AbstractUser, key: str, at: datetime
) -> Command:
    """Stop a desk or one of its programs; sticky until two people lift it. Raises KeyReused or EngineAway."""
    body = {"level": level, "scope": scope, "reason": reason}
    command, is_new = _record(op="kill", desk=desk, program=None, body=body, actor=actor, key=key, at=at)
    if is_new:
        _hand_over(command)
    return command


def lift_kill(
    *, desk: Desk, scope: str, requested_by: str, reason: str, actor: AbstractUser, key: str, at: datetime
) -> Command:
    """Lift a kill that a second person approved; everything comes back disarmed. Raises EngineAway."""
    body = {
        "scope": scope,
        "requested_by": requested_by,
        "approved_by": actor.get_username(),
        "reason": reason,
    }
    command, is_new = _record(op="lift_kill", desk=desk, program=None, body=body, actor=actor, key=key, at=at)
    if is_new:
        _hand_over(command)
    return command


def record_outcome(*, command_id: str, answer: dict[str, Any], at: datetime) -> None:
    """Note what the engine answered; a command that was decided before stays as it is."""
    ok = bool(answer.get("ok"))
    Command.objects.filter(command_id=command_id, state__in=("pending", "unknown")).update(
        state=Command.State.ACCEPTED if ok else Command.State.REFUSED,
        code=str(answer.get("code") or "")[:40],
        text=str(answer.get("text") or "")[:300],
        decided_at=at,
        changed_at_ns=time.time_ns(),
    )


def _check_arm(program: HedgeProgram, revision: int | None, actor: AbstractUser) -> None:
    if revision != program.revision:
        raise RevisionMoved(
            f"Revision {revision} was reviewed, but revision {program.revision} is in force; review it and arm again.",
            fields={"revision": str(program.revision)},
        )
    check_own_project(program.pair.project, actor)


def check_own_project(project: str, actor: AbstractUser) -> None:
    """Raise NotOwnProject unless the person is a member of the project."""
    row = Project.objects.filter(code=project).first()
    if row is None or actor.get_username() not in row.members:
        raise NotOwnProject(f"You are not a member of project {project}; ask its manager to add you.")


def _incarnation(desk: Desk) -> int:
    cursor = JournalCursor.objects.filter(desk=desk).first()
    return cursor.epoch if cursor else 0


def _record(
    *, op: str, desk: Desk, program: HedgeProgram | None, body: dict[str, Any], actor: AbstractUser, key: str,
    at: datetime,
) -> tuple[Command, bool]:  # fmt: skip
    name = program.name if program else ""
    try:
        with transaction.atomic():
            first = Command.objects.filter(actor=actor, idempotency_key=key).first()
            if first is None:
                command = Command.objects.create(
                    command_id=uuid.uuid4().hex, actor=actor, idempotency_key=key, desk=desk, op=op,
                    program=name, body=body, changed_at_ns=time.time_ns(),
                )  # fmt: skip
                _leave_receipt(command, program, at)
                return command, True
    except IntegrityError:
        # The same press arrived twice at the same moment: the other one made the row.
        first = Command.objects.get(actor=actor, idempotency_key=key)
    if (first.op, first.program, first.desk_id) != (op, name, desk.pk):
        raise KeyReused("This key belongs to another command; mint a new one for each dialog.")
    return first, False


def _leave_receipt(command: Command, program: HedgeProgram | None, at: datetime) -> None:
    pair = program.pair if program else None
    receipts.issue(
        kind=f"{command.op}_requested",
        actor=command.actor.get_username(),
        at=at,
        subject=receipts.Subject(
            project=pair.project if pair else "", pair=pair.code if pair else "", program=command.program
        ),
        body={"command_id": command.command_id, "desk": command.desk.name, **command.body},
    )


def wire(command: Command) -> dict[str, Any]:
    """Return a command as the engine reads it (trading.engine.commands); times are ns UTC."""
    body = {"op": command.op, "command_id": command.command_id, "actor": command.actor.get_username()}
    if command.op == "arm":
        body["expires_at"] = time.time_ns() + ARM_EXPIRES_S * SECOND
    body |= command.body
    if command.op == "arm":
        del body["reason"]
    if command.op == "lift_kill":
        del body["actor"]
    return body


def _hand_over(command: Command) -> None:
    """Bring a command to its engine, directly where that is right and possible, and through the queue."""
    message = wire(command)
    is_answered = command.op in DIRECT_OPS and _call_engine(command, message)
    try:
        _enqueue(command, message)
    except OperationalError as error:
        if is_answered:
            log.warning(
                "%s %s reached the engine directly; the queue is away: %s",
                command.op,
                command.command_id,
                error,
            )
            return
        _give_up(command)
    command.refresh_from_db()


def _call_engine(command: Command, message: dict[str, Any]) -> bool:
    """Tell the engine on this host, if there is one; return whether it answered."""
    socket_path = settings.CMC_PATHS.control_socket(command.desk.name)
    if not socket_path.exists():
        return False
    try:
        answer = call(socket_path, message, DIRECT_TIMEOUT_S)
    except EngineUnreachable as error:
        log.warning("%s %s: %s", command.op, command.command_id, error)
        return False
    record_outcome(
        command_id=command.command_id, answer=answer, at=datetime.now(tz=command.created_at.tzinfo)
    )
    return True


def _enqueue(command: Command, message: dict[str, Any]) -> None:
    current_app.send_task(
        f"trading.{command.op}",
        kwargs={"desk": command.desk.name, "command": message},
        queue=f"engine.{command.desk.name}",
        expires=ARM_EXPIRES_S if command.op == "arm" else None,
        ignore_result=True,
        retry=False,
    )


def _give_up(command: Command) -> None:
    text = "Nothing was sent: neither the engine nor the queue can be reached from here."
    if command.op in ("kill", "disarm"):
        text += " Run `manage.py kill` on the engine's host, or phone the desk."
    record_outcome(
        command_id=command.command_id,
        answer={"ok": False, "code": EngineAway.code, "text": text},
        at=datetime.now(tz=command.created_at.tzinfo),
    )
    raise EngineAway(text)
