"""What may be said to a running engine: one JSON object per line on its control socket, named by `op`.

The answer is one line: `{"ok": true, "result": ...}` or `{"ok": false, "code": ..., "text": ...}`. A command that
changes something carries an id and is done once, however often it arrives. Times are nanoseconds UTC.
"""

from typing import Any, Literal

import msgspec

from risk.limits import LimitSet
from trading.core.events import VenuePosition
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
    """`then` says what becomes of an open execution: it is finished, or what is naked of it is traded away."""

    program: str
    command_id: str
    actor: str
    reason: str = ""
    revision: int = 0
    expires_at: Nanos = 0
    incarnation: int = 0
    then: Literal["finish", "unwind"] = "finish"


class UnwindProgram(Command, frozen=True, tag="unwind"):
    program: str
    command_id: str
    actor: str
    reason: str = ""
    revision: int = 0
    expires_at: Nanos = 0
    incarnation: int = 0


class FlattenProgram(Command, frozen=True, tag="flatten"):
    """Trade matched units back. `held_units` is what the person saw; the command is refused when it has changed."""

    program: str
    command_id: str
    actor: str
    units: int
    held_units: int
    reason: str
    expires_at: Nanos
    incarnation: int
    approved_by: str = ""


class AcceptResidual(Command, frozen=True, tag="accept_residual"):
    """Take over the naked lots of an execution, as seen; refused when they have changed or may still change."""

    program: str
    command_id: str
    actor: str
    execution: str
    naked: tuple[int, ...]
    reason: str
    expires_at: Nanos
    incarnation: int


class AdjustPosition(Command, frozen=True, tag="adjust_position"):
    """Set one line of our books to what two people agreed that we hold."""

    command_id: str
    actor: str
    approved_by: str
    venue: str
    position: VenuePosition
    reason: str
    expires_at: Nanos
    incarnation: int


class ReleaseForeign(Command, frozen=True, tag="release_foreign"):
    """A person has looked at the foreign orders that block entries; `orders` are those that were seen."""

    command_id: str
    actor: str
    orders: tuple[str, ...]
    reason: str
    expires_at: Nanos
    incarnation: int


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


class PreviewUnwind(Command, frozen=True, tag="preview_unwind"):
    """Ask what an unwind would trade now; changes nothing."""

    program: str


class PreviewFlatten(Command, frozen=True, tag="preview_flatten"):
    """Ask what a flatten would trade now; changes nothing."""

    program: str
    units: int


class RenewLease(Command, frozen=True, tag="lease"):
    renewed_until: Nanos


AnyCommand = (
    ArmProgram | DisarmProgram | UnwindProgram | FlattenProgram | AcceptResidual | AdjustPosition | ReleaseForeign
    | KillDesk | LiftKill | SetLimits | SetProgram | Status | PreviewUnwind | PreviewFlatten | RenewLease
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
