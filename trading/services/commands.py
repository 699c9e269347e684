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

from django.contrib.auth.models import AbstractUser
from django.db import DatabaseError, IntegrityError, transaction

from audit import receipts
from audit.errors import DomainError
from audit.models import Project
from trading.core.units import SECOND
from trading.models import Command, Desk, HedgeProgram, JournalCursor
from trading.services.delivery import deliver_terms
from trading.services.handover import enqueue, enqueue_aside, leave_kill, tell_engine

ARM_EXPIRES_S = 2
# What the engine refuses when it comes later than this; the rest is never too late.
EXPIRES_S = {
    "arm": ARM_EXPIRES_S, "unwind": 10, "flatten": 5, "accept_residual": 5, "adjust_position": 10, "release_foreign": 5,
}  # fmt: skip
DIRECT_OPS = (
    "disarm", "unwind", "flatten", "accept_residual", "adjust_position", "release_foreign", "lift_kill",
)  # fmt: skip
_COMMANDS = uuid.UUID("6f0f7c0e-94a1-4ad1-9d0e-1c1f7d1f2a4b")

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
    then: str = "",
) -> Command:  # fmt: skip
    """Arm, disarm or unwind a program; returns the command. `then` goes with disarm: finish or unwind.

    Raises RevisionMoved, NotOwnProject, KeyReused or EngineAway.
    """
    body: dict[str, Any] = {
        "program": program.name,
        "reason": reason,
        "revision": revision or program.revision,
    }
    if then:
        body["then"] = then
    if op == "arm":
        _check_arm(program, revision, actor)
        body["incarnation"] = _incarnation(program.desk)
    command, is_new = _record(op=op, desk=program.desk, program=program, body=body, actor=actor, key=key, at=at)
    if is_new:
        if op == "arm":
            deliver_terms(program, actor.get_username())
        _hand_over(command)
    return command


def order_desk(
    *, op: str, desk: Desk, program: HedgeProgram | None, body: dict[str, Any], actor: AbstractUser, key: str,
    at: datetime,
) -> Command:  # fmt: skip
    """Give any other command, for the start of the engine that we know of; returns it.

    Raises KeyReused or EngineAway.
    """
    body = {"incarnation": _incarnation(desk), **body}
    command, is_new = _record(op=op, desk=desk, program=program, body=body, actor=actor, key=key, at=at)
    if is_new:
        _hand_over(command)
    return command


def kill(*, desk: Desk, level: str, scope: str, reason: str, actor: AbstractUser, key: str, at: datetime) -> str:
    """Stop a desk or one of its programs and return the command's id; sticky until two people lift it.

    The engine is told before anything is written, so that a slow database delays no kill. Raises EngineAway only when
    no way to the engine is open and none was ever on this host; raises KeyReused.
    """
    body = {"level": level, "scope": scope, "reason": reason}
    command_id = id_of(actor, key)
    message = {"op": "kill", "command_id": command_id, "actor": actor.get_username(), **body}
    answer = tell_engine(desk.name, message)
    is_left = answer is None and leave_kill(desk.name, message)
    is_queued = _queue(desk.name, message, is_answered=answer is not None)
    try:
        _record(op="kill", desk=desk, program=None, body=body, actor=actor, key=key, at=at)
        if answer is not None:
            record_outcome(command_id=command_id, answer=answer, at=at)
    except DatabaseError as error:
        # The desk is stopped; the engine's journal holds who did it and why.
        log.error("the kill %s of desk %s is not noted here: %s", command_id, desk.name, error)
    if answer is None and not is_left and not is_queued:
        raise EngineAway(
            "Nothing was sent: neither the engine nor the queue can be reached from here. "
            "Run `manage.py kill` on the engine's host, or phone the desk."
        )
    return command_id


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


def id_of(actor: AbstractUser, key: str) -> str:
    """Return the id of the command that a person's idempotency key stands for: the same press, the same id."""
    return uuid.uuid5(_COMMANDS, f"{actor.pk} {key}").hex


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
                    command_id=id_of(actor, key), actor=actor, idempotency_key=key, desk=desk, op=op,
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
    if command.op in EXPIRES_S:
        body["expires_at"] = time.time_ns() + EXPIRES_S[command.op] * SECOND
    body |= command.body
    if command.op == "arm":
        del body["reason"]
    if command.op == "lift_kill":
        del body["actor"]
    return body


def _hand_over(command: Command) -> None:
    """Bring a command to its engine, directly where that is right and possible, and through the queue."""
    message, desk = wire(command), command.desk.name
    answer = tell_engine(desk, message) if command.op in DIRECT_OPS else None
    if answer is not None:
        record_outcome(command_id=command.command_id, answer=answer, at=_now(command))
    expires_s = EXPIRES_S.get(command.op)
    is_queued = _queue(desk, message, is_answered=answer is not None, expires_s=expires_s)
    if answer is None and not is_queued:
        _give_up(command)
    command.refresh_from_db()


def _queue(desk: str, message: dict[str, Any], *, is_answered: bool, expires_s: int | None = None) -> bool:
    """Send by the queue; a command that the engine has answered does not wait for a queue that may be frozen."""
    if is_answered:
        enqueue_aside(desk, message)
        return True
    return enqueue(desk, message, expires_s)


def _give_up(command: Command) -> None:
    text = "Nothing was sent: neither the engine nor the queue can be reached from here."
    if command.op == "disarm":
        text += " Run `manage.py kill` on the engine's host, or phone the desk."
    answer = {"ok": False, "code": EngineAway.code, "text": text}
    record_outcome(command_id=command.command_id, answer=answer, at=_now(command))
    raise EngineAway(text)


def _now(command: Command) -> datetime:
    return datetime.now(tz=command.created_at.tzinfo)
