"""Facts. Whatever changes a program's durable state is one of these, and each is journaled before it acts.

Quotes are not facts: they are shown to the program (`see`), and they reach durable state only inside a decision,
which carries the quotes it was taken on. Decisions are facts too: `OrdersDecided` is the intent that is durable
before its bytes reach the wire.
"""

from decimal import Decimal
from enum import Enum

import msgspec

from trading.core.terms import Terms
from trading.core.units import Lots, Nanos, Side, Ticks


class TimeInForce(Enum):
    IOC = "ioc"  # FAK on Chinese exchanges
    FOK = "fok"
    DAY = "day"


class Purpose(Enum):
    ENTRY = "entry"
    TOP_UP = "top_up"
    UNWIND = "unwind"


class Offset(Enum):
    OPEN = "open"
    CLOSE = "close"
    CLOSE_TODAY = "close_today"
    CLOSE_YESTERDAY = "close_yesterday"


class RejectClass(Enum):
    """What a venue's reject asks for; adapters map their codes to it (domain.md §6 item 13)."""

    PRICE = "price"
    MARGIN = "margin"
    PERMISSION = "permission"
    OFFSET = "offset"
    THROTTLE = "throttle"
    CLOSED = "closed"
    LIMIT_LOCKED = "limit_locked"
    DUPLICATE = "duplicate"
    OTHER = "other"


class Level(msgspec.Struct, frozen=True, array_like=True):
    price_ticks: Ticks
    lots: Lots


class QuoteSeen(msgspec.Struct, frozen=True):
    """The quote a decision was taken on: both sides' levels, best first; an empty side is an empty tuple."""

    instrument: str
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    exchange_at: Nanos
    received_at: Nanos
    lower_limit_ticks: Ticks | None = None  # the venue's price limits of the day, when its feed names them
    upper_limit_ticks: Ticks | None = None
    is_trading: bool = True  # continuous trading now; False in breaks, halts and auctions


class OrderIntent(msgspec.Struct, frozen=True):
    """One child order as decided. The id is deterministic: desk, epoch, execution, leg, attempt."""

    client_order_id: str
    instrument: str
    venue: str
    leg: int  # index into the pair's legs
    side: Side
    lots: Lots
    price_ticks: Ticks
    time_in_force: TimeInForce
    purpose: Purpose
    offset: Offset
    attempt: int


class RepairOption(msgspec.Struct, frozen=True):
    """One way out of an unmatched state and what it would cost; the receipt keeps all of them."""

    name: str  # wait, top_up, unwind, hold
    target_units: int
    lots_by_leg: tuple[int, ...]  # signed lots to trade per leg
    cost: Decimal | None  # domestic currency; None when it cannot be priced
    reason: str  # why it was or was not chosen


# --- what venues say -------------------------------------------------------------------------------------------


class OrderAccepted(msgspec.Struct, frozen=True, tag=True):
    client_order_id: str
    venue_order_id: str
    exchange_at: Nanos | None = None


class OrderRejected(msgspec.Struct, frozen=True, tag=True):
    client_order_id: str
    reject_class: RejectClass
    code: str
    text: str
    exchange_at: Nanos | None = None


class OrderFilled(msgspec.Struct, frozen=True, tag=True):
    """One execution. `fill_id` is unique per venue and trading day; a fill counts once whatever the order's state."""

    client_order_id: str
    fill_id: str
    lots: Lots
    price_ticks: Ticks
    trading_day: str = ""
    exchange_at: Nanos | None = None


class OrderClosed(msgspec.Struct, frozen=True, tag=True):
    """The venue will do nothing more with the order. It is settled when unique fills add up to `cumulative_lots`."""

    client_order_id: str
    cumulative_lots: Lots
    reason: str  # filled, cancelled, expired, venue_cancelled
    exchange_at: Nanos | None = None


class CancelRejected(msgspec.Struct, frozen=True, tag=True):
    client_order_id: str
    text: str


class OrderStatus(msgspec.Struct, frozen=True, tag=True):
    """The answer to a query: working, closed or not_found, with the venue's cumulative quantity."""

    client_order_id: str
    state: str  # working | closed | not_found
    cumulative_lots: Lots = 0
    venue_order_id: str = ""
    queried_at: Nanos = 0  # when the query that this answers was sent


class StatusEnded(msgspec.Struct, frozen=True, tag=True):
    """The venue has answered a query for all orders: whatever it knows was reported before this."""

    venue: str
    queried_at: Nanos  # when the query that this answers was sent


class VenueUp(msgspec.Struct, frozen=True, tag=True):
    venue: str


class VenueDown(msgspec.Struct, frozen=True, tag=True):
    venue: str
    reason: str


# --- what our own gate and clock say ---------------------------------------------------------------------------


class OrdersRefused(msgspec.Struct, frozen=True, tag=True):
    """Our gate said no to a whole decision; nothing was sent."""

    execution: str
    purpose: Purpose
    code: str  # NO_LIMIT, ORDER_LOTS, COLLAR ...
    text: str


class OrderNotSent(msgspec.Struct, frozen=True, tag=True):
    """The transport took nothing: a definite local failure after the intent (connection down before the write)."""

    client_order_id: str
    text: str


class TimePassed(msgspec.Struct, frozen=True, tag=True):
    """A deadline was reached and it mattered: `what` names it (reply_due, presumed_dead, cooldown, ttl ...)."""

    what: str
    subject: str = ""


# --- what operators say ----------------------------------------------------------------------------------------


class Arm(msgspec.Struct, frozen=True, tag=True):
    command_id: str
    actor: str
    revision: int
    expires_at: Nanos


class Disarm(msgspec.Struct, frozen=True, tag=True):
    command_id: str
    actor: str
    reason: str


class UnwindRequested(msgspec.Struct, frozen=True, tag=True):
    """Reduce-only: trade the naked residual away; never exceeds it."""

    command_id: str
    actor: str
    reason: str


class Kill(msgspec.Struct, frozen=True, tag=True):
    """Sticky halt. level: stop | cancel | neutralize (ux.md K1-K3)."""

    command_id: str
    actor: str
    level: str
    reason: str


class KillLifted(msgspec.Struct, frozen=True, tag=True):
    command_id: str
    requested_by: str
    approved_by: str
    reason: str


class TermsChanged(msgspec.Struct, frozen=True, tag=True):
    """From here on the program runs on these terms. Recorded at every start too, so that the fold knows them."""

    terms: Terms
    command_id: str = ""
    actor: str = ""


# --- decisions -------------------------------------------------------------------------------------------------


class OrdersDecided(msgspec.Struct, frozen=True, tag=True):
    """The intent. Durable before the wire. One record for all orders that leave together."""

    execution: str
    purpose: Purpose
    orders: tuple[OrderIntent, ...]
    quotes: tuple[QuoteSeen, ...]
    measure_value: Decimal | None = None
    trigger_value: Decimal | None = None
    options: tuple[RepairOption, ...] = ()
    limits_version: str = ""


class CancelDecided(msgspec.Struct, frozen=True, tag=True):
    client_order_ids: tuple[str, ...]
    reason: str


class QueryDecided(msgspec.Struct, frozen=True, tag=True):
    client_order_ids: tuple[str, ...]
    reason: str


class ExecutionEnded(msgspec.Struct, frozen=True, tag=True):
    """outcome: hedged | topped_up | rolled_back | rejected | not_sent | flat."""

    execution: str
    outcome: str
    naked: tuple[int, ...]  # signed lots per leg left unmatched, all zero unless outcome says otherwise


class Halted(msgspec.Struct, frozen=True, tag=True):
    """The machine stopped and a person must act; the residual is named."""

    reason: str
    naked: tuple[int, ...]
    text: str


class Disarmed(msgspec.Struct, frozen=True, tag=True):
    """The program disarmed itself: ttl, executions_max, restart, session, config."""

    reason: str


Event = (
    OrderAccepted
    | OrderRejected
    | OrderFilled
    | OrderClosed
    | CancelRejected
    | OrderStatus
    | StatusEnded
    | VenueUp
    | VenueDown
    | OrdersRefused
    | OrderNotSent
    | TimePassed
    | Arm
    | Disarm
    | UnwindRequested
    | Kill
    | KillLifted
    | TermsChanged
    | OrdersDecided
    | CancelDecided
    | QueryDecided
    | ExecutionEnded
    | Halted
    | Disarmed
)
