"""Books built from market data messages W and X. Pure: messages in, quotes out.

Rules of this file
1. W replaces the book. X changes it in order; RptSeq(83) counts the changes of each instrument.
2. A jump of RptSeq makes the book stale: it shows nothing, keeps later changes, and asks for a snapshot.
   The snapshot is taken over, changes it contains are dropped, the rest is replayed.
3. A feed without RptSeq has no such protection; then only the session's own numbers and a crossed book tell.
4. A price that is zero, negative or beyond any market is no level: the side is empty, never zero.
"""

from collections.abc import Iterator
from decimal import Decimal

from trading.core.events import Level
from trading.core.terms import Instrument
from trading.core.units import Nanos, OffGridPrice, Ticks, to_ticks
from trading.venues.fix.codec import Message
from trading.venues.fix.timestamps import parse_utc

SHOWN_LEVELS = 5
HELD_CHANGES_MAX = 10_000
PRICE_BEYOND_ANY_MARKET = Decimal(10) ** 12

BID, OFFER = b"0", b"1"
NEW, CHANGE, DELETE = b"0", b"1", b"2"

Fields = dict[int, bytes]


class Book:
    """One instrument's book as its market data messages tell it."""

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self.is_stale = True  # until the first snapshot
        self._sides: dict[bytes, list[Level]] = {BID: [], OFFER: []}
        self._seq: int | None = None
        self._held: list[tuple[int, Fields]] = []
        self._price_of_id: dict[tuple[bytes, bytes], Ticks] = {}
        self._ticks: dict[bytes, Ticks] = {}

    @property
    def bids(self) -> tuple[Level, ...]:
        return () if self.is_stale else tuple(self._sides[BID][:SHOWN_LEVELS])

    @property
    def asks(self) -> tuple[Level, ...]:
        return () if self.is_stale else tuple(self._sides[OFFER][:SHOWN_LEVELS])

    def replace(self, message: Message) -> None:
        """Take over a snapshot (W) and replay the changes that came after it."""
        self._sides = {BID: [], OFFER: []}
        self._price_of_id.clear()
        self._seq = message.integer(83)
        for entry in entries(message, first_tag=269):
            if entry[269] in self._sides and _lots(entry) > 0:
                self._insert(entry, NEW)
        self.is_stale = False
        held, self._held = self._held, []
        for number, entry in held:
            if self._seq is None or number > self._seq:
                self.change(entry)

    def change(self, entry: Fields) -> None:
        """Apply one change (an entry of X)."""
        number = int(entry[83]) if entry.get(83, b"").isdigit() else None
        if number is not None and (self.is_stale or not self._follows(number)):
            self._hold(number, entry)
            return
        if number is not None:
            if self._seq is not None and number <= self._seq:
                return
            self._seq = number
        if entry.get(269) in self._sides:
            self._insert(entry, entry.get(279, CHANGE))

    def lose(self) -> None:
        """Forget the book: what came in between is not known."""
        self.is_stale = True
        self._held.clear()

    def _follows(self, number: int) -> bool:
        return self._seq is None or number <= self._seq + 1

    def _hold(self, number: int, entry: Fields) -> None:
        self.is_stale = True
        self._held.append((number, entry))
        if len(self._held) > HELD_CHANGES_MAX:
            self._held.clear()

    def _insert(self, entry: Fields, action: bytes) -> None:
        side = self._sides[entry[269]]
        price = self._price(entry)
        lots = _lots(entry)
        if action != DELETE and price is None:
            return
        if entry.get(290, b"").isdigit():
            _by_position(side, int(entry[290]) - 1, action, price, lots)
        elif price is not None:
            _by_price(side, action, Level(price, lots), descending=entry[269] == BID)

    def _price(self, entry: Fields) -> Ticks | None:
        """Return the entry's price in ticks; None when it names none, or none that a market can have."""
        key = (entry[269], entry.get(278, b""))
        raw = entry.get(270)
        if raw is None:
            return self._price_of_id.pop(key, None)
        ticks = self._ticks.get(raw)
        if ticks is None:
            price = Decimal(raw.decode())
            if not price.is_finite() or not 0 < price < PRICE_BEYOND_ANY_MARKET:
                return None
            ticks = self._ticks[raw] = to_ticks(price, self.instrument.tick)
            if len(self._ticks) > 20_000:
                self._ticks.clear()
        if key[1]:
            self._price_of_id[key] = ticks
        return ticks


def _lots(entry: Fields) -> int:
    raw = entry.get(271, b"0").partition(b".")[0]
    return int(raw) if raw.isdigit() else 0


def _by_position(side: list[Level], at: int, action: bytes, price: Ticks | None, lots: int) -> None:
    if action == DELETE:
        if 0 <= at < len(side):
            del side[at]
    elif price is not None:
        if action == NEW or at >= len(side):
            side.insert(at, Level(price, lots))
        else:
            side[at] = Level(price, lots)


def _by_price(side: list[Level], action: bytes, level: Level, *, descending: bool) -> None:
    at = 0
    for other in side:
        is_before = other.price_ticks > level.price_ticks if descending else other.price_ticks < level.price_ticks
        if not is_before:
            break
        at += 1
    found = at < len(side) and side[at].price_ticks == level.price_ticks
    if action == DELETE or level.lots <= 0:
        if found:
            del side[at]
    elif found:
        side[at] = level
    else:
        side.insert(at, level)


def entries(message: Message, first_tag: int) -> Iterator[Fields]:
    """Yield the entries of W (first tag 269) or X (first tag 279), each as its fields by tag."""
    entry: Fields | None = None
    for tag, value in message.fields:
        if tag == first_tag:
            if entry is not None:
                yield entry
            entry = {}
        if entry is not None:
            entry.setdefault(tag, value)
    if entry is not None:
        yield entry


def exchange_time(message: Message) -> Nanos:
    """Return when the venue says this happened: MDEntryDate and Time, else TransactTime, else SendingTime; or 0."""
    day, time = message.get(272), message.get(273)
    stamp = day + b"-" + time if day and time else message.get(60) or message.get(52) or b""
    return parse_utc(stamp) or 0


BadPrice = (OffGridPrice, ArithmeticError, UnicodeDecodeError)
