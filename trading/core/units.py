"""Quantities of the core: plain integers whose unit is in their name.

Prices are integer ticks inside, `Decimal` outside and strings on the wire; `float` does not exist here.
`Nanos` is engine time: nanoseconds UTC, anchored once when the process starts and advanced by the
monotonic clock, so that it never steps and still means the same after a restart.
"""

from decimal import Decimal
from enum import Enum
from fractions import Fraction
from functools import lru_cache

Ticks = int
Lots = int
Nanos = int

MICRO = 1_000
MILLI = 1_000_000
SECOND = 1_000_000_000
DAY = 86_400 * SECOND
NEVER: Nanos = 2**63  # later than any engine time


class Side(Enum):
    BUY = "buy"
    SELL = "sell"

    __hash__ = object.__hash__  # by identity, in C: sides are keys on every path

    @property
    def sign(self) -> int:
        """Return +1 for BUY and -1 for SELL."""
        return 1 if self is Side.BUY else -1

    @property
    def opposite(self) -> "Side":
        return Side.SELL if self is Side.BUY else Side.BUY


class OffGridPrice(ValueError):
    """A price that is not a whole number of ticks."""


@lru_cache(maxsize=4_096)
def exact(figure: Decimal) -> Fraction:
    """Return a figure of the terms or instruments as a fraction: few of them, each wanted again and again."""
    return Fraction(figure)


def to_ticks(price: Decimal, tick: Decimal) -> Ticks:
    """Return `price` as whole ticks; raises OffGridPrice if it does not lie on the grid."""
    ticks, rest = divmod(price, tick)
    if rest:
        raise OffGridPrice(f"price {price} is not a multiple of the tick {tick}")
    return int(ticks)


def to_price(ticks: Ticks, tick: Decimal) -> Decimal:
    """Return the price of `ticks` in the instrument's quote unit."""
    return ticks * tick


def utc_day(at: Nanos) -> str:
    """Return the UTC calendar day of `at` as YYYYMMDD."""
    return day_name(at // DAY)


def trading_day_number(at: Nanos) -> int:
    """Return the number of the trading day of `at`, in days since 1970, as Chinese exchanges count.

    The day turns at 17:00 in Shanghai (UTC+8 without daylight saving time), after the day session's settlement and
    before the night session's auction; what would be a weekend belongs to Monday. Holidays are not known here.
    """
    day = (at + 15 * 3_600 * SECOND) // DAY
    weekday = (day + 3) % 7  # 1970-01-01 was a Thursday; Monday is 0
    return day + max(0, 7 - weekday) if weekday >= 5 else day


@lru_cache(maxsize=64)
def day_name(days_since_epoch: int) -> str:
    """Return a date as YYYYMMDD (proleptic Gregorian, after H. Hinnant's civil_from_days)."""
    shifted = days_since_epoch + 719_468
    era, day_of_era = divmod(shifted, 146_097)
    year_of_era = (day_of_era - day_of_era // 1_460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted_month = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * shifted_month + 2) // 5 + 1
    month = shifted_month + 3 if shifted_month < 10 else shifted_month - 9
    return f"{year_of_era + era * 400 + (month <= 2):04d}{month:02d}{day:02d}"
