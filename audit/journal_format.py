"""What reports read of a journal record: the public JSON of the journal, each field optional.

The journal's writer is not known here. A record of a kind, or with a field, that this reader does not know
keeps its place in the timeline; only its details stay unread.
"""

from decimal import Decimal

import msgspec


class Level(msgspec.Struct, frozen=True, array_like=True):
    price_ticks: int
    lots: int


class Quote(msgspec.Struct, frozen=True):
    instrument: str
    bids: tuple[Level, ...] = ()
    asks: tuple[Level, ...] = ()
    exchange_at: int = 0
    received_at: int = 0


class Order(msgspec.Struct, frozen=True):
    client_order_id: str
    instrument: str
    venue: str
    leg: int
    side: str  # buy | sell
    lots: int
    price_ticks: int
    time_in_force: str = ""
    purpose: str = ""
    offset: str = ""
    attempt: int = 0

    @property
    def sign(self) -> int:
        return 1 if self.side == "buy" else -1


class Option(msgspec.Struct, frozen=True):
    """One way out of an unmatched state, with its cost in the desk's currency."""

    name: str
    target_units: int = 0
    lots_by_leg: tuple[int, ...] = ()
    cost: Decimal | None = None
    reason: str = ""


class Event(msgspec.Struct, frozen=True):
    """Any event; `type` is its name and the fields are those of that name."""

    type: str = ""
    # decisions
    purpose: str = ""
    orders: tuple[Order, ...] = ()
    quotes: tuple[Quote, ...] = ()
    measure_value: Decimal | None = None
    trigger_value: Decimal | None = None
    options: tuple[Option, ...] = ()
    limits_version: str = ""
    # what venues and the gate say
    client_order_id: str = ""
    client_order_ids: tuple[str, ...] = ()
    venue_order_id: str = ""
    venue: str = ""
    fill_id: str = ""
    trading_day: str = ""
    lots: int = 0
    price_ticks: int = 0
    cumulative_lots: int = 0
    exchange_at: int | None = None
    reject_class: str = ""
    code: str = ""
    text: str = ""
    reason: str = ""
    state: str = ""
    at: int = 0
    what: str = ""
    # outcomes, alerts, commands
    outcome: str = ""
    naked: tuple[int, ...] = ()
    rule: str = ""
    severity: str = ""
    text_key: str = ""
    values: dict[str, str] = {}
    actor: str = ""
    approved_by: str = ""
    requested_by: str = ""
    command_id: str = ""
    op: str = ""
    level: str = ""
    revision: int = 0
    build: str = ""
    config_hash: str = ""
    environment: str = ""


class Record(msgspec.Struct, frozen=True):
    seq: int
    at: int
    epoch: int = 0
    program: str = ""
    execution: str = ""
    event: Event = Event()


class Instrument(msgspec.Struct, frozen=True):
    """What turns ticks into prices and lots into quantities."""

    code: str
    venue: str
    tick: Decimal
    multiplier: Decimal
    unit: str
    currency: str


class Venue(msgspec.Struct, frozen=True):
    name: str
    is_simulated: bool
    side: str = ""
    input_kind: str = ""
    input_label: str = ""


class Pair(msgspec.Struct, frozen=True):
    code: str
    project: str


class Program(msgspec.Struct, frozen=True):
    pair: Pair


class DeskConfig(msgspec.Struct, frozen=True):
    """The body of a `desk_configured` receipt: what a desk traded with from then on."""

    desk: str
    config_hash: str
    environment: str = ""
    currency: str = ""
    instruments: tuple[Instrument, ...] = ()
    venues: tuple[Venue, ...] = ()
    programs: tuple[Program, ...] = ()

    def serves(self, project: str) -> bool:
        """Return whether the desk has a program of the project."""
        return any(program.pair.project == project for program in self.programs)


class _Tagged(msgspec.Struct, frozen=True):
    type: str = ""


class _Outline(msgspec.Struct, frozen=True):
    seq: int
    at: int
    epoch: int = 0
    program: str = ""
    execution: str = ""
    event: _Tagged = _Tagged()


_record = msgspec.json.Decoder(Record, strict=False)
_outline = msgspec.json.Decoder(_Outline, strict=False)


def read_record(body: str) -> Record:
    """Return what is known of a record; details of another shape than expected are left out."""
    try:
        return _record.decode(body)
    except msgspec.ValidationError:
        outline = _outline.decode(body)
        event = Event(type=outline.event.type)
        return Record(outline.seq, outline.at, outline.epoch, outline.program, outline.execution, event)
