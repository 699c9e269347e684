"""What events are made of: enumerations, quotes, order intents, ways out of a case, and lines of a position report."""

from decimal import Decimal
from enum import Enum

import msgspec

from trading.core.terms import HedgeFlag
from trading.core.units import Lots, Nanos, Side, Ticks


class TimeInForce(Enum):
    IOC = "ioc"  # FAK on Chinese exchanges
    FOK = "fok"
    DAY = "day"


class Purpose(Enum):
    ENTRY = "entry"
    HEDGE = "hedge"  # the other leg of what a lead order filled
    TOP_UP = "top_up"
    UNWIND = "unwind"
    PROXY = "proxy"  # a stand-in for a leg that cannot be traded
    FLATTEN = "flatten"  # both legs of matched units traded back because a person asked

    __hash__ = object.__hash__  # by identity, in C


class Offset(Enum):
    OPEN = "open"
    CLOSE = "close"
    CLOSE_TODAY = "close_today"
    CLOSE_YESTERDAY = "close_yesterday"

    __hash__ = object.__hash__  # by identity, in C


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

    __hash__ = object.__hash__  # by identity, in C


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
    hedge_flag: HedgeFlag = HedgeFlag.SPECULATION
    prompt: str = ""  # LME: the prompt date this order trades, YYYYMMDD; "" where the instrument has none


class RepairOption(msgspec.Struct, frozen=True):
    """One way out of an unmatched state and what it would cost; the receipt keeps all of them."""

    name: str  # wait, chase, top_up, unwind, proxy, queue, hold
    target_units: int
    lots_by_leg: tuple[int, ...]  # signed lots to trade per leg
    cost: Decimal | None  # domestic currency; None when it cannot be priced
    reason: str  # why it was or was not chosen


class VenuePosition(msgspec.Struct, frozen=True):
    """One line of a venue's position report. Long and short are separate lines, as are flags and prompts."""

    instrument: str
    side: Side  # BUY: long
    today_lots: Lots
    yesterday_lots: Lots
    frozen_lots: Lots = 0  # tied up in working closing orders
    hedge_flag: HedgeFlag = HedgeFlag.SPECULATION
    prompt: str = ""


class Share(msgspec.Struct, frozen=True):
    """What one program got of something short, and why: priority, edge, pro rata, headroom."""

    program: str
    wanted_units: int
    granted_units: int
    reason: str
