"""Facts. Whatever changes a program's durable state is one of these, and each is journaled before it acts.

Quotes are not facts: they are shown to the program (`see`), and they reach durable state only inside a decision,
which carries the quotes it was taken on. Decisions are facts too: `OrdersDecided` is the intent that is durable
before its bytes reach the wire.
"""

from decimal import Decimal

import msgspec

from trading.core.parts import (
    Level as Level,
)
from trading.core.parts import (
    Offset as Offset,
)
from trading.core.parts import (
    OrderIntent as OrderIntent,
)
from trading.core.parts import (
    Purpose as Purpose,
)
from trading.core.parts import (
    QuoteSeen as QuoteSeen,
)
from trading.core.parts import (
    RejectClass as RejectClass,
)
from trading.core.parts import (
    RepairOption as RepairOption,
)
from trading.core.parts import (
    Share as Share,
)
from trading.core.parts import (
    TimeInForce as TimeInForce,
)
from trading.core.parts import (
    VenuePosition as VenuePosition,
)
from trading.core.terms import HedgeFlag, Terms
from trading.core.units import Lots, Nanos, Side, Ticks

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
    prompt: str = ""  # LME: the prompt date the trade settles on, YYYYMMDD


class FillBusted(msgspec.Struct, frozen=True, tag=True):
    """The venue took a trade back. The fill counts no more; its id is never forgotten."""

    client_order_id: str
    fill_id: str
    trading_day: str = ""
    text: str = ""


class FillCorrected(msgspec.Struct, frozen=True, tag=True):
    """The venue changed a trade's quantity or price; the new figures replace the old ones."""

    client_order_id: str
    fill_id: str
    lots: Lots
    price_ticks: Ticks
    trading_day: str = ""
    text: str = ""


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


class PositionsReported(msgspec.Struct, frozen=True, tag=True):
    """All positions of our account at a venue, complete, as of `queried_at`."""

    venue: str
    trading_day: str
    positions: tuple[VenuePosition, ...]
    queried_at: Nanos


class TradingDayChanged(msgspec.Struct, frozen=True, tag=True):
    """The venue began a new trading day: what was today's position is yesterday's from here on."""

    venue: str
    trading_day: str


class ForeignFilled(msgspec.Struct, frozen=True, tag=True):
    """A trade on our account that no intent of ours made: another terminal, or the broker's forced liquidation."""

    venue: str
    instrument: str
    side: Side
    lots: Lots
    price_ticks: Ticks
    fill_id: str
    trading_day: str
    offset: Offset
    hedge_flag: HedgeFlag = HedgeFlag.SPECULATION
    is_forced: bool = False
    prompt: str = ""


class ReplyTimesMeasured(msgspec.Struct, frozen=True, tag=True):
    """How long an order may be missing at a venue before it is presumed dead, by what its replies took so far."""

    venue: str
    presumed_dead: Nanos  # every program holds it between its own configured limits
    samples: int


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
    """No new execution. An open one is finished (topped up or rolled back) or unwound, then the program stops."""

    command_id: str
    actor: str
    reason: str
    then: str = "finish"  # finish | unwind


class UnwindRequested(msgspec.Struct, frozen=True, tag=True):
    """Reduce-only: trade the naked residual away; never exceeds it."""

    command_id: str
    actor: str
    reason: str


class FlattenRequested(msgspec.Struct, frozen=True, tag=True):
    """Trade matched units of the pair back, both legs together, reduce-only. Above a size a second person approved."""

    command_id: str
    actor: str
    units: int
    reason: str
    approved_by: str = ""


class ResidualAccepted(msgspec.Struct, frozen=True, tag=True):
    """A person takes the naked lots of an execution over: it ends with them named, and nothing repairs them."""

    command_id: str
    actor: str
    execution: str
    naked: tuple[int, ...]  # what the person saw; the command is refused when it has changed
    reason: str


class PositionAdjusted(msgspec.Struct, frozen=True, tag=True):
    """A signed correction of our books after a break with the venue; nothing is ever invented to make it match."""

    command_id: str
    actor: str
    approved_by: str
    venue: str
    position: VenuePosition  # what our books hold from here on
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
    route: int = 0  # 0 is the terms' pair, n its n-th other route
    lead: int | None = None  # the leg that works first; None when both leave together
    units: int = 0  # whole units this execution aims at; 0 in records written before modes existed
    shares: tuple[Share, ...] = ()


class CancelDecided(msgspec.Struct, frozen=True, tag=True):
    """Orders are called back. Where that is part of a repair, `options` is the comparison it rests on."""

    client_order_ids: tuple[str, ...]
    reason: str
    options: tuple[RepairOption, ...] = ()


class RepairHeld(msgspec.Struct, frozen=True, tag=True):
    """An unmatched execution has no way out now; told once per cause, and a person is called."""

    execution: str
    reason: str  # limit_locked | halted_market | no_way_out
    naked: tuple[int, ...]
    options: tuple[RepairOption, ...]


class QueryDecided(msgspec.Struct, frozen=True, tag=True):
    client_order_ids: tuple[str, ...]
    reason: str


class ExecutionEnded(msgspec.Struct, frozen=True, tag=True):
    """outcome: hedged | topped_up | rolled_back | proxied | accepted | flattened | rejected | not_sent | flat."""

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
    | FillBusted
    | FillCorrected
    | OrderClosed
    | CancelRejected
    | OrderStatus
    | StatusEnded
    | PositionsReported
    | TradingDayChanged
    | ForeignFilled
    | ReplyTimesMeasured
    | VenueUp
    | VenueDown
    | OrdersRefused
    | OrderNotSent
    | TimePassed
    | Arm
    | Disarm
    | UnwindRequested
    | FlattenRequested
    | ResidualAccepted
    | PositionAdjusted
    | Kill
    | KillLifted
    | TermsChanged
    | OrdersDecided
    | CancelDecided
    | RepairHeld
    | QueryDecided
    | ExecutionEnded
    | Halted
    | Disarmed
)
