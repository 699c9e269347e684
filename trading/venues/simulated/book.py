"""Price-time matching of our orders against a replayed book.

The replayed levels are other people's liquidity. Our orders take it, and what they took stays taken until the
next snapshot replaces the book. A resting order of ours stands behind the lots displayed at its price when it
arrived; it is filled when the replayed book crosses it, or when recorded volume trades at or through its
price after the lots ahead of it are gone, by trades or because they left. It never gets more than the book showed or
the tape traded.
"""

from dataclasses import dataclass, field

from trading.core.events import Level, Offset, TimeInForce
from trading.core.terms import HedgeFlag
from trading.core.units import Lots, Nanos, Side, Ticks
from trading.venues.simulated.messages import Tick

DEPTH_LEVELS = 5
UNSEEN_LOTS: Lots = 10**9  # stands ahead of an order deeper than what is displayed, until its price shows


@dataclass(slots=True)
class Order:
    """One accepted order as the venue knows it."""

    desk: str
    account: str
    client_order_id: str
    venue_order_id: str
    symbol: str
    side: Side
    lots: Lots
    price_ticks: Ticks
    time_in_force: TimeInForce
    offset: Offset | None
    accepted_ns: Nanos
    sequence: int
    hedge_flag: HedgeFlag = HedgeFlag.SPECULATION
    prompt: str = ""
    filled_lots: Lots = 0
    reported_lots: Lots = 0  # what a status answer admits: differs from filled_lots while a fill is held back
    lots_ahead: Lots = 0
    is_working: bool = True
    reason: str = ""

    @property
    def leaves_lots(self) -> Lots:
        return self.lots - self.filled_lots


@dataclass(slots=True)
class Match:
    """One execution: `resting` is None when the counterparty is the replayed book."""

    order: Order
    lots: Lots
    price_ticks: Ticks
    resting: Order | None = None


@dataclass(slots=True)
class ReplayBook:
    tick: Tick | None = None
    _taken: dict[tuple[Side, Ticks], Lots] = field(default_factory=dict)
    _resting: dict[Side, list[Order]] = field(default_factory=lambda: {Side.BUY: [], Side.SELL: []})

    def levels(self, side: Side) -> tuple[Level, ...]:
        """Return what is left of the displayed levels of one side, best first."""
        if self.tick is None:
            return ()
        shown = self.tick.bids if side is Side.BUY else self.tick.asks
        left = [Level(level.price_ticks, level.lots - self._taken.get((side, level.price_ticks), 0)) for level in shown]
        return tuple(level for level in left if level.lots > 0)[:DEPTH_LEVELS]

    def published(self, side: Side) -> tuple[Level, ...]:
        """Return one side as everybody sees it: what is left of the replayed levels, and our resting orders."""
        lots = {level.price_ticks: level.lots for level in self.levels(side)}
        for order in self._resting[side]:
            lots[order.price_ticks] = lots.get(order.price_ticks, 0) + order.leaves_lots
        best_first = sorted(lots, reverse=side is Side.BUY)
        return tuple(Level(price, lots[price]) for price in best_first[:DEPTH_LEVELS])

    def resting(self, side: Side) -> tuple[Order, ...]:
        """Return our working orders of one side in price-time priority."""
        return tuple(self._resting[side])

    def available_lots(self, side: Side, price_ticks: Ticks) -> Lots:
        """Return how many lots an order of `side` could take at `price_ticks` or better."""
        displayed = (level for level in self.levels(side.opposite) if _reaches(side, price_ticks, level.price_ticks))
        resting = (order for order in self._resting[side.opposite] if _reaches(side, price_ticks, order.price_ticks))
        return sum(level.lots for level in displayed) + sum(order.leaves_lots for order in resting)

    def take(self, order: Order, lots_max: Lots | None = None) -> list[Match]:
        """Match an arriving order against both kinds of liquidity, best price first, then first in time."""
        wanted = order.leaves_lots if lots_max is None else min(lots_max, order.leaves_lots)
        matches: list[Match] = []
        while wanted > 0:
            match = self._best_match(order, wanted)
            if match is None:
                break
            order.filled_lots += match.lots
            wanted -= match.lots
            matches.append(match)
        return matches

    def _best_match(self, order: Order, wanted: Lots) -> Match | None:
        opposite = order.side.opposite
        displayed = next(iter(self.levels(opposite)), None)
        resting = next(iter(self._resting[opposite]), None)
        if displayed is not None and not _reaches(order.side, order.price_ticks, displayed.price_ticks):
            displayed = None
        if resting is not None and not _reaches(order.side, order.price_ticks, resting.price_ticks):
            resting = None
        if resting is not None and (displayed is None or self._is_first(resting, displayed)):
            lots = min(wanted, resting.leaves_lots)
            resting.filled_lots += lots
            self._drop_if_done(resting)
            return Match(order, lots, resting.price_ticks, resting)
        if displayed is None:
            return None
        lots = min(wanted, displayed.lots)
        if resting is not None and resting.price_ticks == displayed.price_ticks:
            lots = min(lots, resting.lots_ahead)
            resting.lots_ahead -= lots
        self._consume(opposite, displayed.price_ticks, lots)
        return Match(order, lots, displayed.price_ticks)

    @staticmethod
    def _is_first(resting: Order, displayed: Level) -> bool:
        if resting.price_ticks == displayed.price_ticks:
            return resting.lots_ahead <= 0
        return _reaches(resting.side, resting.price_ticks, displayed.price_ticks)

    def rest(self, order: Order) -> None:
        """Put what is left of a day order into the queue, behind the lots displayed at its price."""
        order.lots_ahead = self._lots_at(order)
        queue = self._resting[order.side]
        queue.append(order)
        queue.sort(key=lambda resting: (-resting.side.sign * resting.price_ticks, resting.sequence))

    def remove(self, order: Order) -> None:
        """Take a working order out of its queue; one that does not rest is left alone."""
        queue = self._resting[order.side]
        if order in queue:
            queue.remove(order)

    def show(self, tick: Tick) -> list[Match]:
        """Replace the replayed book and return the executions this gives our resting orders."""
        previous, self.tick = self.tick, tick
        self._taken.clear()
        traded_lots = _traded_between(previous, tick)
        matches: list[Match] = []
        for side in (Side.BUY, Side.SELL):
            for order in self.resting(side):
                matches += self._cross(order)
                given = self._trade_through(order, tick.last, traded_lots)
                if given:
                    matches.append(Match(order, given, order.price_ticks))
                    traded_lots -= given
                order.lots_ahead = min(order.lots_ahead, self._lots_at(order))
                self._drop_if_done(order)
        return matches

    def _lots_at(self, order: Order) -> Lots:
        """Return the lots displayed at an order's price; UNSEEN_LOTS where the displayed depth does not reach it."""
        levels = self.levels(order.side)
        if levels and not _reaches(order.side, order.price_ticks, levels[-1].price_ticks):
            return UNSEEN_LOTS
        return sum(level.lots for level in levels if level.price_ticks == order.price_ticks)

    def _cross(self, order: Order) -> list[Match]:
        matches = []
        for level in self.levels(order.side.opposite):
            if order.leaves_lots == 0 or not _reaches(order.side, order.price_ticks, level.price_ticks):
                break
            lots = min(order.leaves_lots, level.lots)
            self._consume(order.side.opposite, level.price_ticks, lots)
            order.filled_lots += lots
            matches.append(Match(order, lots, order.price_ticks))
        return matches

    def _trade_through(self, order: Order, last: Ticks | None, traded_lots: Lots) -> Lots:
        if last is None or traded_lots <= 0 or not _reaches(order.side, order.price_ticks, last):
            return 0
        if last == order.price_ticks:
            passed = min(order.lots_ahead, traded_lots)
            order.lots_ahead -= passed
            traded_lots -= passed
        lots = min(order.leaves_lots, traded_lots)
        order.filled_lots += lots
        return lots

    def _consume(self, side: Side, price_ticks: Ticks, lots: Lots) -> None:
        key = (side, price_ticks)
        self._taken[key] = self._taken.get(key, 0) + lots

    def _drop_if_done(self, order: Order) -> None:
        if order.leaves_lots == 0:
            self.remove(order)


def _reaches(side: Side, limit_ticks: Ticks, price_ticks: Ticks) -> bool:
    return price_ticks <= limit_ticks if side is Side.BUY else price_ticks >= limit_ticks


def _traded_between(previous: Tick | None, tick: Tick) -> Lots:
    if previous is None or previous.volume is None or tick.volume is None:
        return 0
    return max(0, tick.volume - previous.volume)  # a new trading day restarts the count
