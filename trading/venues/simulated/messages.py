"""What is said to a simulated exchange and what it says: protocol-neutral, the faces turn it into wire bytes.

A request carries its price as a Decimal because an off-tick price must be sayable before it can be rejected;
everything the exchange says is in whole ticks and lots. Times are nanoseconds UTC.
"""

from decimal import Decimal
from enum import Enum

import msgspec

from trading.core.events import Level, Offset, TimeInForce
from trading.core.terms import HedgeFlag
from trading.core.units import Lots, Nanos, Side, Ticks


class RejectCode(Enum):
    """Why a venue says no: sent as it is by the local face, as OrdRejReason(103) and Text(58) by the FIX face."""

    UNKNOWN_INSTRUMENT = "UNKNOWN_INSTRUMENT"
    OFF_TICK = "OFF_TICK"
    PRICE_LIMIT = "PRICE_LIMIT"
    QUANTITY = "QUANTITY"
    CLOSED = "CLOSED"
    HALTED = "HALTED"
    DUPLICATE = "DUPLICATE"
    THROTTLE = "THROTTLE"
    STALE_EPOCH = "STALE_EPOCH"
    MARGIN = "MARGIN"
    PERMISSION = "PERMISSION"
    OFFSET = "OFFSET"
    LIMIT_LOCKED = "LIMIT_LOCKED"
    UNSUPPORTED = "UNSUPPORTED"
    UNKNOWN_ORDER = "UNKNOWN_ORDER"
    TOO_LATE = "TOO_LATE"
    OTHER = "OTHER"


class Tick(msgspec.Struct, frozen=True):
    """One book of one instrument as a recording or a generator gives it; an empty side is an empty tuple.

    `volume` is cumulative for the trading day; None where the input does not say.
    """

    instrument: str
    exchange_ns: Nanos
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    last: Ticks | None = None
    volume: Lots | None = None
    upper: Ticks | None = None
    lower: Ticks | None = None


# --- requests ---


class Logon(msgspec.Struct, frozen=True):
    """A desk's connection is up; its epoch fences every older one."""

    desk: str
    account: str
    epoch: int | None = None


class NewOrder(msgspec.Struct, frozen=True):
    """`epoch` and `offset` are None where the protocol does not carry them (FIX)."""

    desk: str
    account: str
    client_order_id: str
    symbol: str
    side: Side
    lots: Lots
    price: Decimal
    time_in_force: TimeInForce
    offset: Offset | None = None
    epoch: int | None = None
    hedge_flag: HedgeFlag = HedgeFlag.SPECULATION
    prompt: str = ""  # YYYYMMDD; "" is the instrument's own, of the day


class CancelOrder(msgspec.Struct, frozen=True):
    desk: str
    client_order_id: str
    epoch: int | None = None
    cancel_id: str = ""  # the cancel's own id where the protocol has one (FIX 11)


class QueryOrder(msgspec.Struct, frozen=True):
    desk: str
    client_order_id: str
    ref: str = ""


class QueryOrders(msgspec.Struct, frozen=True):
    desk: str
    ref: str = ""


class QueryPositions(msgspec.Struct, frozen=True):
    desk: str
    ref: str = ""


class Heartbeat(msgspec.Struct, frozen=True):
    desk: str


class Disconnected(msgspec.Struct, frozen=True):
    desk: str


Request = Logon | NewOrder | CancelOrder | QueryOrder | QueryOrders | QueryPositions | Heartbeat | Disconnected


# --- what the exchange says ---


class Accepted(msgspec.Struct, frozen=True):
    desk: str
    client_order_id: str
    venue_order_id: str
    exchange_ns: Nanos


class Rejected(msgspec.Struct, frozen=True):
    desk: str
    client_order_id: str
    code: RejectCode
    text: str
    exchange_ns: Nanos


FORCED = "BROKER"  # how ids of orders begin that the broker gave to reduce the account's risk


class Filled(msgspec.Struct, frozen=True):
    """One execution; `fill_id` is unique per venue, trading day and side."""

    desk: str
    client_order_id: str
    venue_order_id: str
    fill_id: str
    symbol: str
    side: Side
    lots: Lots
    price_ticks: Ticks
    cumulative_lots: Lots
    trading_day: str
    exchange_ns: Nanos
    prompt: str = ""


class Busted(msgspec.Struct, frozen=True):
    """The venue takes an execution back."""

    desk: str
    client_order_id: str
    fill_id: str
    lots: Lots
    exchange_ns: Nanos
    trading_day: str = ""


class Corrected(msgspec.Struct, frozen=True):
    """The venue changes an execution: these figures replace those under its id."""

    desk: str
    client_order_id: str
    fill_id: str
    symbol: str
    lots: Lots
    price_ticks: Ticks
    trading_day: str
    exchange_ns: Nanos


class Closed(msgspec.Struct, frozen=True):
    """Nothing more will come of the order: filled, cancelled, expired or venue_cancelled."""

    desk: str
    client_order_id: str
    cumulative_lots: Lots
    reason: str
    exchange_ns: Nanos
    cancel_id: str = ""


class CancelRejected(msgspec.Struct, frozen=True):
    desk: str
    client_order_id: str
    code: RejectCode
    text: str
    cancel_id: str = ""


class Status(msgspec.Struct, frozen=True):
    """state: working | closed | not_found."""

    desk: str
    client_order_id: str
    state: str
    cumulative_lots: Lots
    venue_order_id: str
    ref: str


class StatusEnd(msgspec.Struct, frozen=True):
    desk: str
    ref: str


class PositionLine(msgspec.Struct, frozen=True):
    symbol: str
    side: Side  # BUY: long
    today_lots: Lots
    yesterday_lots: Lots
    frozen_lots: Lots
    hedge_flag: HedgeFlag
    prompt: str


class PositionList(msgspec.Struct, frozen=True):
    """All positions of a desk's accounts, complete."""

    desk: str
    ref: str
    trading_day: str
    lines: tuple[PositionLine, ...]


class DayBegan(msgspec.Struct, frozen=True):
    """A new trading day, told to every desk."""

    trading_day: str


class Depth(msgspec.Struct, frozen=True):
    """The published book, best first, five levels; `seq` rises by one per instrument and publication."""

    symbol: str
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    last: Ticks | None
    volume: Lots | None
    upper: Ticks | None
    lower: Ticks | None
    phase: str  # open | break | closed
    exchange_ns: Nanos
    seq: int


Report = (
    Accepted | Rejected | Filled | Busted | Corrected | Closed | CancelRejected | Status | StatusEnd | PositionList
)  # fmt: skip
Message = Report | Depth | DayBegan
Delivery = tuple[Nanos, Message]  # when it leaves for the client, and what
