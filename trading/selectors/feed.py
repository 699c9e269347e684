"""What changed in the tables since a live screen last looked. Every channel is numbered; nothing is ever missed."""

from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.utils import timezone

from audit.access import permissions_of
from risk import selectors as risk
from risk.models import Alert
from trading.core.units import SECOND
from trading.models import Command, Execution, JournalCursor, ProgramState
from trading.selectors.board import static_row
from trading.selectors.commands import command_dict
from trading.selectors.executions import summary
from trading.selectors.programs import all_programs

EXECUTIONS_SHOWN = 50
COMMANDS_SHOWN = 20
# Commands are numbered by a clock, not by a counter: one that commits late is still found within this overlap.
COMMAND_OVERLAP_NS = 5 * SECOND

_ALERT = (
    "seq", "changed_seq", "rule", "severity", "text_key", "values", "desk", "project", "program", "execution",
    "raised_at_ns", "last_at_ns", "count", "state", "acked_by", "acked_at_ns", "ack_note", "resolved_at_ns",
)  # fmt: skip


@dataclass
class Position:
    """How far a reader has seen each numbered table."""

    execution_seq: dict[int, int] = field(default_factory=dict)  # desk id -> last record
    program_seq: dict[int, int] = field(default_factory=dict)
    alert_seq: int = 0
    command_ns: int = 0


def alert_dict(alert: Alert) -> dict[str, Any]:
    """Return an alert as the alert endpoints show it."""
    return {name: getattr(alert, name) for name in _ALERT}


def program_state_dict(state: ProgramState) -> dict[str, Any]:
    """Return a program's state as its journal gave it."""
    return {
        "program": state.program.name,
        "pair": state.program.pair.code,
        "state": state.state,
        "state_since_ns": state.state_since_ns,
        "reason": state.reason,
        "revision": state.program.revision,
        "armed_by": state.armed_by,
        "armed_revision": state.revision,
        "execution": state.execution,
        "seq": state.seq,
    }


def board_rows() -> dict[str, dict[str, Any]]:
    """Return the declared part of every board row, by program; the legs' facts stay with GET /api/board."""
    rows = {program.name: static_row(program) for program in all_programs()}
    return {name: {key: value for key, value in row.items() if key != "legs"} for name, row in rows.items()}


def new_executions(position: Position) -> list[dict[str, Any]]:
    """Return executions that changed since `position`, which moves on; the first call returns the latest ones."""
    rows = Execution.objects.select_related("pair", "program", "desk")
    found: list[Execution] = []
    for cursor in JournalCursor.objects.all():
        seen = position.execution_seq.get(cursor.desk_id, 0)
        if cursor.seq <= seen:
            continue
        changed = rows.filter(desk_id=cursor.desk_id, last_seq__gt=seen).order_by("-last_seq")
        found += changed if seen else changed[:EXECUTIONS_SHOWN]
        position.execution_seq[cursor.desk_id] = cursor.seq
    return [summary(row) for row in sorted(found, key=lambda row: row.started_at_ns)]


def new_program_states(position: Position) -> list[dict[str, Any]]:
    """Return program states that changed since `position`, which moves on."""
    found = []
    for state in ProgramState.objects.select_related("program__pair"):
        number = state.seq * 1000 + state.program.revision
        if position.program_seq.get(state.pk) != number:
            position.program_seq[state.pk] = number
            found.append(program_state_dict(state))
    return found


def new_alerts(position: Position) -> list[dict[str, Any]]:
    """Return alerts that changed since `position`, which moves on."""
    rows = list(risk.alerts(after=position.alert_seq))
    if rows:
        position.alert_seq = rows[-1].changed_seq
    return [alert_dict(row) for row in rows]


def new_commands(position: Position, usernames: set[str]) -> list[tuple[str, dict[str, Any]]]:
    """Return (user, command) of commands that changed lately; the reader drops what it has sent before."""
    since = position.command_ns - COMMAND_OVERLAP_NS
    rows = Command.objects.filter(changed_at_ns__gt=since, actor__username__in=usernames)
    now = timezone.now()
    found = []
    for row in rows.select_related("actor").order_by("changed_at_ns"):
        position.command_ns = max(position.command_ns, row.changed_at_ns)
        found.append((row.actor.get_username(), command_dict(row, now)))
    return found


def latest_commands(username: str) -> list[dict[str, Any]]:
    """Return a person's newest commands, newest first."""
    rows = Command.objects.filter(actor__username=username).order_by("-created_at")[:COMMANDS_SHOWN]
    return [command_dict(row, timezone.now()) for row in rows]


def journal_seqs() -> dict[str, tuple[int, int]]:
    """Return per desk the last copied record and when it was copied."""
    rows = JournalCursor.objects.values_list("desk__name", "seq", "copied_at_ns")
    return {desk: (seq, copied_at_ns) for desk, seq, copied_at_ns in rows}


def standing(sessions: dict[str, int]) -> dict[str, tuple[str, list[str]]]:
    """Return, per session key that is still good, its user's password hash and permissions.

    `sessions` maps session keys to user ids. Whoever is missing from the answer was logged out or switched off.
    """
    live = set(
        Session.objects.filter(session_key__in=sessions, expire_date__gt=timezone.now()).values_list(
            "session_key", flat=True
        )
    )
    users = get_user_model().objects.filter(pk__in=set(sessions.values()), is_active=True)
    rights = {user.pk: (user.password, permissions_of(user)) for user in users.prefetch_related("groups")}
    return {key: rights[user_id] for key, user_id in sessions.items() if key in live and user_id in rights}
