"""What the journal holds: core events, and the host's own facts around them.

One record is one line of the journal: `<hash> <JSON of Body>`. The JSON is written once and never re-encoded, so its
bytes are what the hash covers, whoever copies them.
"""

import msgspec

from risk.limits import LimitSet
from trading.core.events import Event
from trading.core.units import Nanos


class Opened(msgspec.Struct, frozen=True, tag=True):
    """First record of every file: names the head of the file before it, so that the chain runs through all days."""

    desk: str
    trading_day: str
    previous_file: str
    previous_hash: str


class EngineStarted(msgspec.Struct, frozen=True, tag=True):
    epoch: int
    build: str
    config_hash: str
    environment: str = ""


class EngineStopped(msgspec.Struct, frozen=True, tag=True):
    reason: str


class TailCut(msgspec.Struct, frozen=True, tag=True):
    """The last write before a crash was incomplete; what was cut had never been promised durable."""

    file: str
    at_offset: int
    cut_bytes: int


class Recovered(msgspec.Struct, frozen=True, tag=True):
    """The end of a start: RECONCILED, or HALTED with the reason."""

    state: str  # RECONCILED | HALTED
    reason: str
    evidence: dict[str, str]


class CommandReceived(msgspec.Struct, frozen=True, tag=True):
    command_id: str
    op: str
    actor: str
    body: str = ""  # the command as it came, JSON


class CommandRefused(msgspec.Struct, frozen=True, tag=True):
    command_id: str
    code: str
    reason: str


class LimitsChanged(msgspec.Struct, frozen=True, tag=True):
    command_id: str
    actor: str
    limit_set: LimitSet


class LeaseChanged(msgspec.Struct, frozen=True, tag=True):
    """state: held | late | lost (controls.md §0.6)."""

    state: str
    reason: str


class AlertRaised(msgspec.Struct, frozen=True, tag=True):
    rule: str
    severity: str  # P1..P4
    text_key: str
    values: dict[str, str]
    execution: str = ""


class SentToWire(msgspec.Struct, frozen=True, tag=True):
    """Written after the bytes left; not waited for. Its absence says nothing, its presence proves the send."""

    client_order_ids: tuple[str, ...]
    at: Nanos


class Checkpoint(msgspec.Struct, frozen=True, tag=True):
    """Vouches for a snapshot of the state after record `at_seq`, by the SHA-256 of its file."""

    state_hashes: dict[str, str]
    at_seq: int = 0
    snapshot: str = ""


class ForeignOrderSeen(msgspec.Struct, frozen=True, tag=True):
    """A venue reported an order under our account that this journal never decided."""

    venue: str
    client_order_id: str
    text: str


class ForeignReleased(msgspec.Struct, frozen=True, tag=True):
    """A person has looked at foreign orders: they block entries no more."""

    command_id: str
    actor: str
    client_order_ids: tuple[str, ...]
    reason: str


HostEvent = (
    Opened
    | EngineStarted
    | EngineStopped
    | TailCut
    | Recovered
    | CommandReceived
    | CommandRefused
    | LimitsChanged
    | LeaseChanged
    | AlertRaised
    | SentToWire
    | Checkpoint
    | ForeignOrderSeen
    | ForeignReleased
)


class Body(msgspec.Struct, frozen=True):
    """The JSON of one record."""

    seq: int
    at: Nanos
    epoch: int
    program: str
    execution: str
    event: Event | HostEvent


class Record(msgspec.Struct, frozen=True):
    """One record as read back; `hash` is the link of the chain, hexadecimal."""

    seq: int
    at: Nanos
    epoch: int
    program: str
    execution: str
    event: Event | HostEvent
    hash: str
