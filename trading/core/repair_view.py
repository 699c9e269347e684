"""What a repair needs to know of its legs: the market of each, what stands in for it, and what it may still do."""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

import msgspec

from trading.core.offsets import Plan
from trading.core.parts import QuoteSeen
from trading.core.policy import counter_levels, limit_of
from trading.core.rejects import Refusals
from trading.core.terms import Fee, Proxy, RepairPreference
from trading.core.units import Lots, Side, Ticks

STALE, DOWN, HALTED, LOCKED, BLOCKED, EMPTY, UNPRICED, UNHELD, MISFIT, REDUCE_ONLY = (
    "stale", "venue_down", "halted_market", "limit_locked", "blocked", "empty", "unpriced", "unheld", "misfit",
    "reduce_only",
)  # fmt: skip
OUT = frozenset((DOWN, HALTED, LOCKED, BLOCKED))  # what makes another instrument worth a thought

Closing = Callable[[Side, Lots, Fraction], Plan]  # of a side, lots, and the turnover of one lot


class Obstacle(msgspec.Struct, frozen=True):
    """Why an order of one side cannot be sent into a market now."""

    kind: str
    text: str


class Market(msgspec.Struct, frozen=True):
    """One instrument as a repair may trade it now."""

    instrument: str
    venue: str
    quote: QuoteSeen | None  # None when it cannot be traded on: stale, halted, venue down
    out: Obstacle | None  # why there is no quote
    refusals: Refusals
    money_per_tick_lot: Fraction | None  # domestic currency; None without an FX rate
    turnover_per_tick_lot: Fraction  # instrument currency
    fx_rate: Fraction  # domestic currency per unit of the instrument's currency
    fee: Fee | None
    closing: Closing  # the child orders that close so many lots
    misfit: Callable[[Lots], str]  # why the venue takes no order of so many lots, or ""
    payup_ticks: Ticks = 0  # given away on top of the counter price by the next order

    def dearest_close(self, turnover: Fraction, lots: Lots) -> Fraction:
        """Return the higher of both closing fees: when a proxy will be swapped back is not known."""
        if self.fee is None:
            return Fraction(0)
        kinds = (
            (self.fee.close_rate, self.fee.close_per_lot),
            (self.fee.close_today_rate, self.fee.close_today_per_lot),
        )
        return max(abs(turnover) * Fraction(rate) + lots * Fraction(per_lot) for rate, per_lot in kinds)

    def obstacle(self, side: Side, *, opens: bool) -> Obstacle | None:
        """Return what keeps an immediate order of `side` from trading, or None."""
        if self.quote is None:
            return self.out
        if refused := self.refusals.obstacle(self.instrument, self.venue, side, opens=opens):
            return Obstacle(BLOCKED, refused)
        if self.refusals.is_locked(self.quote, side):
            return Obstacle(LOCKED, "limit-locked: its venue said so and no newer quote shows otherwise")
        if not counter_levels(self.quote, side):
            if self.limit_ticks(side) is not None:
                return Obstacle(LOCKED, "limit-locked: the side to trade on is empty and the other stands at the limit")
            return Obstacle(EMPTY, "the side to trade on is empty")
        if self.money_per_tick_lot is None:
            return Obstacle(UNPRICED, "no FX rate to price it")
        return None

    def limit_ticks(self, side: Side) -> Ticks | None:
        """Return the limit price that a locked market stands at, for an order of `side`; None when it is not locked.

        It is read from the limit and from the side that is there, never from the empty one (domain.md §0.6).
        """
        if self.quote is None or counter_levels(self.quote, side):
            return None
        limit, near = limit_of(self.quote, side), counter_levels(self.quote, side.opposite)
        if limit is None or not near or side.sign * near[0].price_ticks < side.sign * limit:
            return None
        return limit


class Standing(msgspec.Struct, frozen=True):
    """A proxy of one leg: its market, its terms and the lots of it that this case holds, in the direction of entry."""

    market: Market
    terms: Proxy
    along_lots: Lots
    average_ticks: Fraction | None

    @property
    def whole(self) -> int:
        """How many whole multiples are held; only these count as hedged."""
        return abs(self.along_lots) // self.terms.lots * (1 if self.along_lots > 0 else -1)

    @property
    def stray_lots(self) -> Lots:
        return self.along_lots - self.whole * self.terms.lots


class LegView(msgspec.Struct, frozen=True):
    """One leg of a case."""

    market: Market
    entered_side: Side
    ratio_lots: Lots
    along_lots: Lots  # known traded, in the direction of entry, with what whole proxies stand for
    planned_ticks: Fraction | None
    average_ticks: Fraction | None
    proxies: tuple[Standing, ...] = ()
    is_closing: bool = False  # a flatten: going on along the case closes, going back would open


class Limits(msgspec.Struct, frozen=True):
    """What this case may still do. `no_waiting` says why nothing may be left to time, or is empty."""

    orders_left: int
    cost_left: Decimal
    is_reduce_only: bool
    preference: RepairPreference
    no_waiting: str = ""
    queues_at_limit: bool = True
