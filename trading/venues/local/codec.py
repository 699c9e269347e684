"""The local venue protocol: one JSON object per line, prices as decimal strings, times in nanoseconds UTC. Pure.

It is spoken by gateway processes on the same host and by the simulated domestic venue. `op` names the message.
Encoding an order and reading a quote are on the hot path; everything else is rare.
"""

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache

import msgspec

from trading.core.events import (
    CancelRejected,
    Level,
    OrderAccepted,
    OrderClosed,
    OrderFilled,
    OrderIntent,
    OrderRejected,
    RejectClass,
    VenuePosition,
)
from trading.core.terms import HedgeFlag, Instrument
from trading.core.units import Nanos, Side, Ticks, to_price, to_ticks
from trading.venues import ctp_rejects


class Message(msgspec.Struct, frozen=True, tag_field="op", omit_defaults=True):
    """Any line; subclasses are named by their tag."""


# --- client to venue -------------------------------------------------------------------------------------------


class Logon(Message, tag="logon"):
    desk: str
    epoch: int
    account: str


class Subscribe(Message, tag="subscribe"):
    symbols: tuple[str, ...]


class NewOrder(Message, tag="order"):
    epoch: int
    id: str
    symbol: str
    side: str  # buy | sell
    lots: int
    price: Decimal
    tif: str  # ioc | fok | day
    offset: str
    hedge: str  # speculation | arbitrage | hedge
    prompt: str = ""  # YYYYMMDD, where the instrument has prompt dates


class Cancel(Message, tag="cancel"):
    epoch: int
    id: str


class Query(Message, tag="query"):
    epoch: int
    id: str
    ref: str


class QueryAll(Message, tag="query_all"):
    ref: str


class QueryPositions(Message, tag="query_positions"):
    ref: str


class Heartbeat(Message, tag="heartbeat"):
    """Either way. From the venue it may carry its clock."""

    time_ns: Nanos | None = None


# --- venue to client -------------------------------------------------------------------------------------------


class Listed(msgspec.Struct, frozen=True):
    symbol: str
    upper_limit: Decimal | None = None
    lower_limit: Decimal | None = None


class LogonOk(Message, tag="logon_ok"):
    trading_day: str
    time_ns: Nanos
    instruments: tuple[Listed, ...] = ()


class Depth(Message, tag="depth"):
    """Up to five levels a side, best first; an empty side is an empty list, an absent price is null."""

    symbol: str
    bids: tuple[tuple[str, int], ...]
    asks: tuple[tuple[str, int], ...]
    exchange_ns: Nanos
    last: Decimal | None = None
    volume: int | None = None
    upper: Decimal | None = None
    lower: Decimal | None = None
    phase: str = "open"  # open | break | closed
    seq: int = 0


class Accepted(Message, tag="accepted"):
    id: str
    venue_id: str
    exchange_ns: Nanos | None = None


class Rejected(Message, tag="rejected"):
    id: str
    code: str
    text: str
    exchange_ns: Nanos | None = None


class Fill(Message, tag="fill"):
    """A trade of the account, with what an order that was never ours needs: CTP sends every trade of the account."""

    id: str
    fill_id: str
    lots: int
    price: Decimal
    trading_day: str
    exchange_ns: Nanos | None = None

    prompt: str = ""
    symbol: str = ""
    side: str = ""
    offset: str = ""
    hedge: str = "speculation"
    forced: bool = False  # given by the broker to reduce the account's risk (强平)


class Bust(Message, tag="bust"):
    """The venue took a trade back."""

    id: str
    fill_id: str
    lots: int
    trading_day: str = ""
    exchange_ns: Nanos | None = None


class Correct(Message, tag="correct"):
    """The venue changed a trade; these figures replace the old ones."""

    id: str
    fill_id: str
    lots: int
    price: Decimal
    trading_day: str = ""
    exchange_ns: Nanos | None = None


class Closed(Message, tag="closed"):
    id: str
    filled: int
    reason: str
    exchange_ns: Nanos | None = None


class CancelRefused(Message, tag="cancel_rejected"):
    id: str
    text: str


class Status(Message, tag="status"):
    id: str
    state: str  # working | closed | not_found
    filled: int = 0
    venue_id: str = ""
    ref: str = ""


class StatusEnd(Message, tag="status_end"):
    ref: str


class PositionItem(msgspec.Struct, frozen=True):
    symbol: str
    side: str  # long | short
    today: int
    yesterday: int
    frozen: int = 0
    hedge: str = "speculation"
    prompt: str = ""


class Positions(Message, tag="positions"):
    """All positions of the account: the answer to QueryPositions."""

    ref: str
    trading_day: str
    items: tuple[PositionItem, ...] = ()


class TradingDay(Message, tag="trading_day"):
    """A new trading day began while the line was up."""

    trading_day: str


class Error(Message, tag="error"):
    text: str


FromVenue = (
    LogonOk | Depth | Accepted | Rejected | Fill | Bust | Correct | Closed | CancelRefused | Status | StatusEnd
    | Positions | TradingDay | Heartbeat | Error
)  # fmt: skip
ToVenue = Logon | Subscribe | NewOrder | Cancel | Query | QueryAll | QueryPositions | Heartbeat

_encoder = msgspec.json.Encoder()
_from_venue = msgspec.json.Decoder(FromVenue)
_to_venue = msgspec.json.Decoder(ToVenue)

SIDE_OF = {"long": Side.BUY, "short": Side.SELL}
LINE_BYTES_MAX = 65_536
TICKS_BEYOND_ANY_MARKET = 10**12


class BadLine(ValueError):
    """A line that is no message of this protocol; the text says what is wrong with it."""


class LineSplitter:
    """Cuts a byte stream into lines; an endless line is an error, not memory."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Return the lines that are complete. Raises BadLine when one is longer than LINE_BYTES_MAX."""
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop()
        if len(self._rest) > LINE_BYTES_MAX:
            self._rest = b""
            raise BadLine(f"a line is longer than {LINE_BYTES_MAX} bytes")
        return lines


def encode(message: Message) -> bytes:
    return _encoder.encode(message) + b"\n"


def decode_from_venue(line: bytes) -> FromVenue:
    """Return what the venue said; raises BadLine."""
    return _decode(_from_venue, line)


def decode_to_venue(line: bytes) -> ToVenue:
    """Return what a client said; raises BadLine."""
    return _decode(_to_venue, line)


def _decode(decoder: msgspec.json.Decoder, line: bytes):  # type: ignore[no-untyped-def]
    try:
        return decoder.decode(line)
    except msgspec.DecodeError as error:
        raise BadLine(f"{error}: {line[:120]!r}") from None
    except UnicodeDecodeError as error:
        raise BadLine(f"not UTF-8 at byte {error.start}: {line[:120]!r}") from None


def encode_order(order: OrderIntent, instrument: Instrument, epoch: int) -> bytes:
    """Return the order's line."""
    return encode(
        NewOrder(
            epoch,
            order.client_order_id,
            instrument.symbol,
            order.side.value,
            order.lots,
            to_price(order.price_ticks, instrument.tick),
            order.time_in_force.value,
            order.offset.value,
            order.hedge_flag.value,
            order.prompt,
        )
    )


@lru_cache(maxsize=16_384)
def ticks_of(price: str, tick: Decimal) -> Ticks:
    """Return a quoted price in ticks; raises OffGridPrice or BadLine. Prices repeat, so they are remembered."""
    try:
        found = Decimal(price)
    except ArithmeticError:
        raise BadLine(f"{price!r} is no price") from None
    is_a_market_price = found.is_finite() and found < tick * TICKS_BEYOND_ANY_MARKET
    return to_ticks(found, tick) if is_a_market_price else TICKS_BEYOND_ANY_MARKET


def levels(side: tuple[tuple[str, int], ...], tick: Decimal) -> tuple[Level, ...]:
    """Return one side of a depth message in ticks; raises OffGridPrice or BadLine.

    A level without quantity, or with a price that no market has (zero, or the largest double for "no value"), is
    left out: an empty side is empty, never zero.
    """
    found = [Level(ticks_of(price, tick), lots) for price, lots in side if lots > 0]
    return tuple([level for level in found if 0 < level.price_ticks < TICKS_BEYOND_ANY_MARKET])


def limit_ticks(price: Decimal | None, tick: Decimal) -> Ticks | None:
    """Return a price limit of the day in ticks, rounded into the allowed range's grid; None when there is none."""
    if price is None or not price.is_finite() or not 0 < price / tick < TICKS_BEYOND_ANY_MARKET:
        return None
    return int(price / tick)


REJECT_CLASSES = {  # what a venue or a gateway says in our own words; anything else is a code of CTP
    "UNKNOWN_INSTRUMENT": RejectClass.PERMISSION,
    "UNSUPPORTED": RejectClass.PERMISSION,
    "STALE_EPOCH": RejectClass.PERMISSION,
    "QUANTITY": RejectClass.OTHER,
    "OTHER": RejectClass.OTHER,
    "OFF_TICK": RejectClass.PRICE,
    "PRICE_LIMIT": RejectClass.PRICE,
    "MARGIN": RejectClass.MARGIN,
    "PERMISSION": RejectClass.PERMISSION,
    "OFFSET": RejectClass.OFFSET,
    "THROTTLE": RejectClass.THROTTLE,
    "CLOSED": RejectClass.CLOSED,
    "HALTED": RejectClass.CLOSED,
    "LIMIT_LOCKED": RejectClass.LIMIT_LOCKED,
    "DUPLICATE": RejectClass.DUPLICATE,
}


def fill(message: Fill, tick: Decimal) -> OrderFilled:
    """Return the core's event for a fill; raises OffGridPrice or BadLine."""
    try:
        ticks = to_ticks(message.price, tick)
    except ArithmeticError:
        raise BadLine(f"fill {message.fill_id} at {message.price}, which is no price") from None
    return OrderFilled(
        message.id, message.fill_id, message.lots, ticks, message.trading_day, message.exchange_ns, message.prompt
    )


def positions(message: Positions, instruments: Mapping[str, Instrument]) -> tuple[VenuePosition, ...]:
    """Return the lines of a position report; what the desk does not trade keeps the venue's own name."""
    try:
        return tuple(
            VenuePosition(
                instruments[item.symbol].code if item.symbol in instruments else item.symbol,
                SIDE_OF[item.side], item.today, item.yesterday, item.frozen, HedgeFlag(item.hedge), item.prompt,
            )
            for item in message.items
        )  # fmt: skip
    except (KeyError, ValueError) as error:
        raise BadLine(f"positions {message.ref}: {error}") from None


def report(
    message: Accepted | Rejected | Closed | CancelRefused,
) -> OrderAccepted | OrderRejected | OrderClosed | CancelRejected:
    """Return the core's event for an order report without a price."""
    match message:
        case Accepted():
            return OrderAccepted(message.id, message.venue_id, message.exchange_ns)
        case Rejected():
            reject_class = REJECT_CLASSES.get(message.code) or ctp_rejects.of_code(message.code, message.text)
            return OrderRejected(message.id, reject_class, message.code, message.text, message.exchange_ns)
        case Closed():
            return OrderClosed(message.id, message.filled, message.reason, message.exchange_ns)
        case CancelRefused():
            return CancelRejected(message.id, message.text)
