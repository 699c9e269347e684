"""What the venue publishes of its books, and what market data faults do to it. Matching never sees them."""

import msgspec

from trading.core.events import Level
from trading.core.units import MILLI, SECOND, Lots, Nanos, Ticks
from trading.venues.simulated.faults import Faults
from trading.venues.simulated.messages import Delivery, Depth, Tick
from trading.venues.simulated.spec import VenueSpec

NO_VALUE_TICKS = 10**400  # the faces write it as the largest double, CTP's "no value"
DAY = 24 * 3600 * SECOND


class MarketData:
    """Numbers the publications of each instrument and applies market data faults to them."""

    def __init__(self, spec: VenueSpec, faults: Faults) -> None:
        self._spec = spec
        self._faults = faults
        self._seq: dict[str, int] = {}

    def snapshot(
        self, tick: Tick, bids: tuple[Level, ...], asks: tuple[Level, ...], phase: str, clock_offset: Nanos
    ) -> Depth:
        """Return a book under the number of the last publication."""
        seq = self._seq.get(tick.instrument, 0)
        stamp = tick.exchange_ns + clock_offset
        return Depth(tick.instrument, bids, asks, tick.last, tick.volume, tick.upper, tick.lower, phase, stamp, seq)

    def publish(
        self,
        tick: Tick,
        bids: tuple[Level, ...],
        asks: tuple[Level, ...],
        phase: str,
        now: Nanos,
        clock_offset: Nanos,
    ) -> list[Delivery]:
        """Return the deliveries of one book; none while frozen, one too few with a gap, many in a burst."""
        symbol = tick.instrument
        if self._faults.take("md_freeze", now, symbol) is not None:
            return []
        seq = self._seq[symbol] = self._seq.get(symbol, 0) + 1
        if self._faults.take("md_gap", now, symbol) is not None:
            return []
        depth = self._falsified(self.snapshot(tick, bids, asks, phase, clock_offset), now)
        late = self._faults.take("md_delay", now, symbol)
        at = now + self._spec.market_data_latency + (int(late["ms"]) * MILLI if late else 0)
        deliveries: list[Delivery] = [(at, depth)]
        burst = self._faults.take("md_burst", now, symbol)
        for _ in range(int(burst["times"]) if burst else 0):
            seq = self._seq[symbol] = seq + 1
            deliveries.append((at, msgspec.structs.replace(depth, seq=seq)))
        return deliveries

    def _falsified(self, depth: Depth, now: Nanos) -> Depth:
        take = self._faults.take
        if take("md_zero_price", now, depth.symbol) is not None:
            depth = msgspec.structs.replace(depth, bids=_at(depth.bids, 0), asks=_at(depth.asks, 0))
        if take("md_no_value", now, depth.symbol) is not None:
            depth = msgspec.structs.replace(
                depth, bids=_at(depth.bids, NO_VALUE_TICKS), asks=_at(depth.asks, NO_VALUE_TICKS)
            )
        if take("md_cross", now, depth.symbol) is not None:
            depth = msgspec.structs.replace(depth, bids=depth.asks, asks=depth.bids)
        empty = take("md_empty_side", now, depth.symbol)
        if empty:
            depth = (
                msgspec.structs.replace(depth, bids=())
                if empty["side"] == "buy"
                else msgspec.structs.replace(depth, asks=())
            )
        spike = take("md_spike", now, depth.symbol)
        if spike:
            by = int(spike["ticks"])
            depth = msgspec.structs.replace(depth, bids=_moved(depth.bids, by), asks=_moved(depth.asks, by))
        if take("md_yesterday", now, depth.symbol) is not None:
            depth = msgspec.structs.replace(depth, exchange_ns=depth.exchange_ns - DAY)
        return depth


def _at(levels: tuple[Level, ...], price_ticks: Ticks) -> tuple[Level, ...]:
    best_lots: Lots = levels[0].lots if levels else 1
    return (Level(price_ticks, best_lots),)


def _moved(levels: tuple[Level, ...], by: Ticks) -> tuple[Level, ...]:
    return tuple(Level(level.price_ticks + by, level.lots) for level in levels)
