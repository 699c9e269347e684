"""What may be said to a running engine: one JSON object per line on its control socket, named by `op`.

The answer is one line: `{"ok": true, "result": ...}` or `{"ok": false, "code": ..., "text": ...}`. A command that
changes something carries an id and is done once, however often it arrives. Times are nanoseconds UTC.
"""

from typing import Any, Literal

import msgspec

from risk.limits import LimitSet
from trading.core.terms import Terms
from trading.core.units import Nanos


class Command(msgspec.Struct, frozen=True, tag_field="op", forbid_unknown_fields=True):
    """Any command; subclasses are named by their tag."""


class ArmProgram(Command, frozen=True, tag="arm"):
    """`incarnation` is the epoch of the engine the operator was looking at; 0 when none was shown."""

    program: str
    command_id: str
    actor: str
    revision: int
    expires_at: Nanos
    incarnation: int = 0


class DisarmProgram(Command, frozen=True, tag="disarm"):
    program: str
    command_id: str
    actor: str
    reason: str = ""
    revision: int = 0
    expires_at: Nanos = 0
    incarnation: int = 0


class UnwindProgram(Command, frozen=True, tag="unwind"):
    program: str
    command_id: str
    actor: str
    reason: str = ""
    revision: int = 0
    expires_at: Nanos = 0
    incarnation: int = 0


class KillDesk(Command, frozen=True, tag="kill"):
    """A kill neither expires nor asks which engine it reached."""

    level: Literal["stop", "cancel", "neutralize"]
    scope: str  # "all" or "program:<name>"
    actor: str
    reason: str
    command_id: str


class LiftKill(Command, frozen=True, tag="lift_kill"):
    requested_by: str
    approved_by: str
    reason: str
    command_id: str
    scope: str = "all"


class SetLimits(Command, frozen=True, tag="limits"):
    limit_set: LimitSet
    command_id: str
    actor: str


class SetProgram(Command, frozen=True, tag="program"):
    """A new or revised program; taken only while the one of that name is not armed."""

    terms: Terms
    command_id: str = ""
    actor: str = ""


class Status(Command, frozen=True, tag="status"):
    """Ask for the engine's state; changes nothing."""


class RenewLease(Command, frozen=True, tag="lease"):
    renewed_until: Nanos


AnyCommand = (
    ArmProgram | DisarmProgram | UnwindProgram | KillDesk | LiftKill | SetLimits | SetProgram | Status | RenewLease
)  # fmt: skip

_decoder = msgspec.json.Decoder(AnyCommand)


class BadCommand(ValueError):
    """The line is no command; the text says why."""


def decode(line: bytes) -> AnyCommand:
    """Return the command in `line`; raises BadCommand."""
    try:
        return _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadCommand(str(error)) from None


Answer = dict[str, Any]


def accepted(result: Any = None) -> Answer:
    return {"ok": True, "result": result}


def refused(code: str, text: str) -> Answer:
    return {"ok": False, "code": code, "text": text}
