"""Quantities of the core: plain integers whose unit is in their name.

Prices are integer ticks inside, `Decimal` outside and strings on the wire; `float` does not exist here.
`Nanos` is engine time: nanoseconds UTC, anchored once when the process starts and advanced by the
monotonic clock, so that it never steps and still means the same after a restart.
"""

from decimal import Decimal
from enum import Enum

Ticks = int
Lots = int
Nanos = int

MICRO = 1_000
MILLI = 1_000_000
SECOND = 1_000_000_000


class Side(Enum):
    BUY = "buy"
    SELL = "sell"

    @property
    def sign(self) -> int:
        """Return +1 for BUY and -1 for SELL."""
        return 1 if self is Side.BUY else -1

    @property
    def opposite(self) -> "Side":
        return Side.SELL if self is Side.BUY else Side.BUY


class OffGridPrice(ValueError):
    """A price that is not a whole number of ticks."""


def to_ticks(price: Decimal, tick: Decimal) -> Ticks:
    """Return `price` as whole ticks; raises OffGridPrice if it does not lie on the grid."""
    ticks, rest = divmod(price, tick)
    if rest:
        raise OffGridPrice(f"price {price} is not a multiple of the tick {tick}")
    return int(ticks)


def to_price(ticks: Ticks, tick: Decimal) -> Decimal:
    """Return the price of `ticks` in the instrument's quote unit."""
    return ticks * tick
