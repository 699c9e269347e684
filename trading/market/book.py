"""The book of one instrument as a venue showed it: five levels a side, checked before anything acts on it.

An empty side is an empty tuple, never a zero or a sentinel price. A quote that cannot be true is refused whole; the
last good one stays and ages, so a refused quote can stop trading but never start it.
"""

from collections.abc import Sequence
from decimal import Decimal

from trading.core.events import Level, QuoteSeen
from trading.core.units import Nanos, Ticks, to_ticks

Quote = QuoteSeen
"""A quote is kept in a decision exactly as it was seen, so both are one type."""

LEVELS_MAX = 5
ABSURD_TICKS = 10**12  # CTP marks an empty price with DBL_MAX; no market is within reach of this
JUMP_RATE_DENOMINATOR = 5  # a best price that moves by more than a fifth in one quote is not believed at once


class BadQuote(ValueError):
    """The quote cannot be true; the message says why."""


def fault(quote: Quote) -> str:
    """Return why the quote cannot be true, or an empty string."""
    bids, asks = quote.bids, quote.asks
    if bids and asks and bids[0].price_ticks >= asks[0].price_ticks:
        return f"crossed: bid {bids[0].price_ticks} ticks, ask {asks[0].price_ticks} ticks"
    return _side_fault("bid", bids, -1) or _side_fault("ask", asks, 1)


def _side_fault(name: str, levels: Sequence[Level], direction: int) -> str:
    previous: Ticks | None = None
    for level in levels:
        price = level.price_ticks
        if level.lots <= 0 or price == 0:
            return f"{name} of {level.lots} lots at {price} ticks; an empty level must be left out"
        if not -ABSURD_TICKS < price < ABSURD_TICKS:
            return f"{name} price of {price} ticks is absurd"
        if previous is not None and (price - previous) * direction <= 0:
            return f"{name} levels are not in order"
        previous = price
    return f"{len(levels)} {name} levels, at most {LEVELS_MAX} are kept" if len(levels) > LEVELS_MAX else ""


def levels(side: Sequence[tuple[Decimal | None, int]], tick: Decimal) -> tuple[Level, ...]:
    """Return at most five levels from (price, lots) pairs as a venue gives them; empty ones are left out.

    Raises OffGridPrice for a price between ticks and BadQuote for one that is no price.
    """
    kept = []
    for price, lots in side[:LEVELS_MAX]:
        if price is None or lots == 0:
            continue
        if not price.is_finite() or abs(price) >= ABSURD_TICKS * tick:
            raise BadQuote(f"{price} is no price")
        kept.append(Level(to_ticks(price, tick), lots))
    return tuple(kept)


def has_jumped(before: Quote | None, quote: Quote) -> bool:
    """Whether a best price moved further in one quote than a market does; the next quote settles it."""
    if before is None:
        return False
    for old, new in ((before.bids, quote.bids), (before.asks, quote.asks)):
        if old and new:
            moved = abs(new[0].price_ticks - old[0].price_ticks)
            if moved * JUMP_RATE_DENOMINATOR > abs(old[0].price_ticks):
                return True
    return False


def age(quote: Quote, now: Nanos) -> Nanos:
    return now - quote.received_at
