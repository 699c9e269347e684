"""Prices and freshness: the pure choices an order starts from. Nothing here is ever derived from an empty side."""

from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from trading.core.alignment import units_per_quote
from trading.core.depth import worst_ticks
from trading.core.events import Level, QuoteSeen
from trading.core.terms import Instrument, LegRole, Pair
from trading.core.units import Lots, Nanos, Side, Ticks, exact


def counter_levels(quote: QuoteSeen, side: Side) -> tuple[Level, ...]:
    """Return the levels an order of `side` would take: asks for a buy, bids for a sell."""
    return quote.asks if side is Side.BUY else quote.bids


def limit_of(quote: QuoteSeen, side: Side) -> Ticks | None:
    """Return the worst price the venue's limits of the day let an order of `side` carry; None when not known."""
    return quote.upper_limit_ticks if side is Side.BUY else quote.lower_limit_ticks


def is_fresh(quote: QuoteSeen | None, now: Nanos, age_max: Nanos) -> bool:
    """Whether the quote may be acted on: there is one, it is young enough and its market trades."""
    return quote is not None and quote.is_trading and now - quote.received_at <= age_max


def skew(first: QuoteSeen, second: QuoteSeen) -> Nanos:
    """Return how far apart in time the two legs' quotes were received."""
    return abs(first.received_at - second.received_at)


def reference_half_ticks(quote: QuoteSeen) -> int | None:
    """Return twice the reference price: the middle of both sides, or the only side there is; None if there is none."""
    if quote.bids and quote.asks:
        return quote.bids[0].price_ticks + quote.asks[0].price_ticks
    if quote.bids or quote.asks:
        return 2 * (quote.bids or quote.asks)[0].price_ticks
    return None


class Collar:
    """No price further than `rate` from the reference, nor outside the venue's limits of the day."""

    __slots__ = ("_denominator", "_numerator")

    def __init__(self, rate: Fraction) -> None:
        self._numerator = rate.numerator
        self._denominator = 2 * rate.denominator

    def bound_ticks(self, quote: QuoteSeen, side: Side) -> Ticks | None:
        """Return the worst price an order of `side` may carry; None without a reference."""
        half = reference_half_ticks(quote)
        if half is None:
            return None
        room = abs(half) * self._numerator
        middle = half * (self._denominator // 2)
        limit = limit_of(quote, side)
        if side is Side.BUY:
            bound = (middle + room) // self._denominator
            return bound if limit is None else min(bound, limit)
        bound = -((room - middle) // self._denominator)
        return bound if limit is None else max(bound, limit)


def order_price(quote: QuoteSeen, side: Side, lots: Lots, payup_ticks: Ticks, collar: Collar) -> Ticks | None:
    """Return the counter price that reaches `lots`, plus the payup, inside the collar; None if there is none.

    Where the book is shallower than `lots` the last level shown is the counter price: the order takes what is there.
    """
    levels = counter_levels(quote, side)
    bound = collar.bound_ticks(quote, side)
    if not levels or bound is None:
        return None
    worst = worst_ticks(levels, lots)
    if worst is None:
        worst = levels[-1].price_ticks
    if side is Side.BUY:
        return min(worst + payup_ticks, bound) if worst <= bound else None
    return max(worst - payup_ticks, bound) if worst >= bound else None


@lru_cache(maxsize=1_024)
def _per_fx_tick(payup: Fraction, tick: Decimal, units: Fraction, fx_tick: Fraction) -> Fraction:
    """Return the payup in foreign ticks when FX is one tick."""
    return payup / (exact(tick) * units * fx_tick)


class Payup:
    """Price given away to get filled, in domestic currency per domestic unit, as whole ticks of each leg.

    One foreign tick is worth tick x units x FX: 0.5 USD/t at 7.10 is 3.55 CNY/t (domain.md §7.2).
    """

    __slots__ = ("_denominator", "_domestic_ticks", "_numerator")

    def __init__(
        self, payup: Fraction, pair: Pair, domestic: Instrument, foreign: Instrument, fx_tick: Fraction
    ) -> None:
        units = units_per_quote(pair.parity.units_numerator, pair.parity.units_denominator)
        foreign_per_fx_tick = _per_fx_tick(payup, foreign.tick, units, fx_tick)
        self._domestic_ticks = int(payup / exact(domestic.tick))
        self._numerator, self._denominator = foreign_per_fx_tick.numerator, foreign_per_fx_tick.denominator

    def ticks(self, role: LegRole, fx_ticks: Ticks, attempt: int) -> Ticks:
        """Return the payup of a leg; a later attempt gives more away."""
        if role is LegRole.DOMESTIC:
            return self._domestic_ticks * (1 + attempt)
        return self._numerator // (self._denominator * fx_ticks) * (1 + attempt)
