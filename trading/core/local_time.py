"""Local time of a venue, from the time zone database; the one place of the core that imports `datetime`.

Only for the offset that a zone had, has or will have at a given moment: that is data about the moment, not a clock.
"""

from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from trading.core.units import DAY, SECOND, Nanos

MINUTE: Nanos = 60 * SECOND
QUARTER: Nanos = 15 * MINUTE  # the database's offsets of this century change on quarters of an hour
THURSDAY = 3  # 1970-01-01, with Monday as 0


def offset(zone: str, at: Nanos) -> Nanos:
    """Return what the zone's local time is ahead of UTC at `at`; raises ZoneInfoNotFoundError."""
    return _offset(zone, at // QUARTER)


@lru_cache(maxsize=1024)
def _offset(zone: str, quarter: int) -> Nanos:
    ahead = datetime.fromtimestamp(quarter * (QUARTER // SECOND), UTC).astimezone(ZoneInfo(zone)).utcoffset()
    assert ahead is not None
    return (ahead.days * 86_400 + ahead.seconds) * SECOND


def local_day(zone: str, at: Nanos) -> int:
    """Return the local date of `at` as days since 1970-01-01."""
    return (at + offset(zone, at)) // DAY


def utc(zone: str, day: int, minute: int) -> Nanos:
    """Return the moment of a local clock time: `minute` after midnight of `day`, which may lie on later days.

    Within the hour that a change of the zone skips or repeats the answer lies on one side of it; no venue opens then.
    """
    local = day * DAY + minute * MINUTE
    guess = local - offset(zone, local)
    return local - offset(zone, guess)


def weekday(day: int) -> int:
    """Return the weekday of a date given as days since 1970-01-01; Monday is 0."""
    return (day + THURSDAY) % 7
