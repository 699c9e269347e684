"""The books of a schedule: prices that wander around import parity, and feeds that fail as the faults say."""

from random import Random

import msgspec

from trading.core.events import Level, QuoteSeen
from trading.core.terms import Instrument, Pair
from trading.core.units import SECOND, Nanos
from trading.simulation.copper import CA, CU, FX, HG
from trading.simulation.faults import Faults

FX_TICKS = 71_000
START = {CA.code: 19_600, HG.code: 8_900}  # 9,800 USD/t, 4.45 USD/lb


class Market:
    """One pair's three books. `edge` is how far the domestic bid stands above parity, in domestic ticks."""

    def __init__(self, pair: Pair, rng: Random, faults: Faults) -> None:
        self._rng = rng
        self._faults = faults
        self.foreign: Instrument = CA if pair.legs[1].instrument == CA.code else HG
        self._foreign_ticks = START[self.foreign.code]
        self._parity = pair.parity
        self._frozen_until: dict[str, Nanos] = {}
        self._locked_until: dict[str, Nanos] = {}
        self.offsets: dict[str, Nanos] = {}
        self._parity_ticks = self._parity_of(self._foreign_ticks)

    def _parity_of(self, foreign_ticks: int) -> int:
        parity = self._parity
        price = foreign_ticks * self.foreign.tick + parity.premium
        units = parity.units_numerator / parity.units_denominator
        full = price * units * (1 + parity.vat_rate) * (FX_TICKS * FX.tick) + parity.misc
        return int(full / CU.tick)

    def quotes(self, now: Nanos, edge: int) -> list[QuoteSeen]:
        """Return the next quote of each book, as its feed delivers it."""
        rng = self._rng
        step = rng.choice((-2, -1, 0, 0, 1, 2))
        if step:
            self._foreign_ticks += step
            self._parity_ticks = self._parity_of(self._foreign_ticks)
        seen = []
        domestic = self._parity_ticks + edge
        for instrument, bid, gap in (
            (self.foreign, self._foreign_ticks, 1),
            (FX, FX_TICKS - 10, 20),
            (CU, domestic, rng.randint(1, 2)),
        ):
            quote = self._quote(instrument, bid, gap, now)
            if quote is not None:
                seen.append(quote)
        return seen

    def _quote(self, instrument: Instrument, bid: int, gap: int, now: Nanos) -> QuoteSeen | None:
        code, faults, rng = instrument.code, self._faults, self._rng
        if not faults.is_calm:
            if now < self._frozen_until.get(code, 0):
                return None
            if faults.hits("feed_frozen"):
                self._frozen_until[code] = now + rng.randint(SECOND, 8 * SECOND)
                return None
            if faults.hits("limit_locked"):
                self._locked_until[code] = now + rng.randint(SECOND, 6 * SECOND)
        deep = 2 if faults.hits("quote_thin") else 60
        bids = (Level(bid, deep), Level(bid - 1, deep))
        asks = (Level(bid + gap, deep), Level(bid + gap + 1, deep))
        at = now + self.offsets.get(instrument.venue, 0)
        quote = QuoteSeen(code, bids, asks, at, now)
        return quote if faults.is_calm else self._spoil(quote, now)

    def _spoil(self, quote: QuoteSeen, now: Nanos) -> QuoteSeen:
        faults = self._faults
        if now < self._locked_until.get(quote.instrument, 0):
            return msgspec.structs.replace(quote, asks=())
        if faults.hits("quote_crossed"):
            return msgspec.structs.replace(quote, bids=quote.asks, asks=quote.bids)
        if faults.hits("quote_zero"):
            return msgspec.structs.replace(quote, bids=(Level(0, 10),))
        if faults.hits("quote_one_sided"):
            empty = "bids" if self._rng.random() < 0.5 else "asks"
            return msgspec.structs.replace(quote, **{empty: ()})
        return quote
