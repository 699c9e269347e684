"""The books of a schedule: prices that wander around import parity, and feeds that fail as the faults say.

Nothing here is traded on exactly, so parity is computed in floating point; the engine computes its own.
"""

from collections.abc import Iterable
from random import Random

import msgspec

from trading.core.events import Level, OrderIntent, QuoteSeen
from trading.core.terms import Instrument, Pair
from trading.core.units import SECOND, Nanos, Side
from trading.simulation.copper import CA, CU, CU_NEXT, FX, HG, INSTRUMENTS
from trading.simulation.faults import Faults

FX_TICKS = 71_000
FX_EVERY = 5  # ticks of the market between two rates
START = {CA.code: 19_600, HG.code: 8_900}  # 9,800 USD/t, 4.45 USD/lb
DAY: Nanos = 86_400 * SECOND
USUAL_LOTS, THIN_LOTS = 60, 2
NEXT_TICKS = 3  # what the next month costs more


class Foreign:
    """One foreign book and the line that leads from its price to the domestic parity, both in ticks."""

    def __init__(self, pair: Pair) -> None:
        self.instrument = INSTRUMENTS[pair.legs[1].instrument]
        parity = pair.parity
        units = float(parity.units_numerator / parity.units_denominator)
        rate = units * float(1 + parity.vat_rate) * FX_TICKS * float(FX.tick) / float(CU.tick)
        self.slope = float(self.instrument.tick) * rate
        self.base = float(parity.premium) * rate + float(parity.misc) / float(CU.tick)

    def parity_ticks(self, ticks: int) -> int:
        return int(ticks * self.slope + self.base)

    def ticks_at(self, parity_ticks: int) -> int:
        return round((parity_ticks - self.base) / self.slope)


class Market:
    """All books. `edge` is how far the domestic bid stands above parity, in domestic ticks."""

    def __init__(self, pairs: Iterable[Pair], rng: Random, faults: Faults) -> None:
        self._rng = rng
        self._faults = faults
        self._foreign = [Foreign(pair) for pair in {pair.code: pair for pair in pairs}.values()]
        self._lead = self._foreign[0]
        self._lead_ticks = START[self._lead.instrument.code]
        self._frozen_until: dict[str, Nanos] = {}
        self._locked_until: dict[str, Nanos] = {}
        self._is_up: dict[str, bool] = {}  # at which limit a locked market stands
        self._halted_until: dict[str, Nanos] = {}
        self._closed_until: dict[str, Nanos] = {}  # by venue
        self._ticks = 0
        self.offsets: dict[str, Nanos] = {}

    def take_break(self, venue: str, until: Nanos) -> None:
        """The venue's session pauses: its books are shown, and it does not trade."""
        self._closed_until[venue] = until

    def lock_against(self, intent: OrderIntent, now: Nanos) -> None:
        """The market goes to the limit at which nothing is left for this order."""
        self._locked_until[intent.instrument] = now + self._rng.randint(2 * SECOND, 8 * SECOND)
        self._is_up[intent.instrument] = intent.side is Side.BUY

    def quotes(self, now: Nanos, edge: int) -> list[QuoteSeen]:
        """Return the next quote of each book, as its feed delivers it."""
        rng = self._rng
        self._lead_ticks += rng.choice((-2, -1, 0, 0, 1, 2))
        parity = self._lead.parity_ticks(self._lead_ticks)
        books: list[tuple[Instrument, int, int]] = [(self._lead.instrument, self._lead_ticks, 1)]
        books += [(foreign.instrument, foreign.ticks_at(parity), 1) for foreign in self._foreign[1:]]
        if self._ticks % FX_EVERY == 0:
            books.append((FX, FX_TICKS - 10, 20))
        self._ticks += 1
        books.append((CU, parity + edge, rng.randint(1, 2)))
        books.append((CU_NEXT, parity + edge + NEXT_TICKS, 2))
        seen = (self._quote(instrument, bid, gap, now) for instrument, bid, gap in books)
        return [quote for quote in seen if quote is not None]

    def _quote(self, instrument: Instrument, bid: int, gap: int, now: Nanos) -> QuoteSeen | None:
        faults, at = self._faults, now + self.offsets.get(instrument.venue, 0)
        if faults.is_calm:
            return _book(instrument.code, bid, gap, USUAL_LOTS, at, now)
        code = instrument.code
        if now < self._frozen_until.get(code, 0):
            return None
        if faults.hits("feed_frozen"):
            self._frozen_until[code] = now + self._rng.randint(SECOND, 8 * SECOND)
            return None
        if faults.hits("limit_locked"):
            self._locked_until[code] = now + self._rng.randint(SECOND, 6 * SECOND)
            self._is_up[code] = self._rng.random() < 0.5
        if faults.hits("contract_halted"):
            self._halted_until[code] = now + self._rng.randint(SECOND, 6 * SECOND)
        deep = THIN_LOTS if faults.hits("quote_thin") else USUAL_LOTS
        return self._spoil(_book(code, bid, gap, deep, at, now), instrument.venue, now)

    def _spoil(self, quote: QuoteSeen, venue: str, now: Nanos) -> QuoteSeen:
        faults = self._faults
        if now < max(self._closed_until.get(venue, 0), self._halted_until.get(quote.instrument, 0)):
            return msgspec.structs.replace(quote, is_trading=False)
        if now < self._locked_until.get(quote.instrument, 0):
            if self._is_up[quote.instrument]:
                return msgspec.structs.replace(quote, asks=(), upper_limit_ticks=quote.bids[0].price_ticks)
            return msgspec.structs.replace(quote, bids=(), lower_limit_ticks=quote.asks[0].price_ticks)
        if faults.hits("quote_crossed"):
            return msgspec.structs.replace(quote, bids=quote.asks, asks=quote.bids)
        if faults.hits("quote_zero"):
            return msgspec.structs.replace(quote, bids=(Level(0, 10),))
        if faults.hits("quote_one_sided"):
            empty = "bids" if self._rng.random() < 0.5 else "asks"
            return msgspec.structs.replace(quote, **{empty: ()})
        return quote


def _book(code: str, bid: int, gap: int, lots: int, exchange_at: Nanos, now: Nanos) -> QuoteSeen:
    bids, asks = (Level(bid, lots), Level(bid - 1, lots)), (Level(bid + gap, lots), Level(bid + gap + 1, lots))
    return QuoteSeen(code, bids, asks, exchange_at, now)
