"""The trading day that a moment belongs to.

Chinese night sessions belong to the next trading day and Friday's night to Monday (SFIT's CTP guides). Holidays are
not known here: this names journal files, it settles nothing; a fill carries the venue's own trading day.
"""

from datetime import date

from trading.core.units import SECOND, Nanos

DAY = 86_400 * SECOND
# Shanghai has no daylight saving time: UTC+8. The day turns at 17:00 there, after the day session's settlement
# and before the night session's auction, so the clock is shifted by 8 + 7 hours.
SHIFT = 15 * 3_600 * SECOND
EPOCH_ORDINAL = date(1970, 1, 1).toordinal()


def trading_day(now: Nanos) -> str:
    """Return the trading day of `now` as YYYYMMDD."""
    return _date(now).strftime("%Y%m%d")


def next_roll(now: Nanos) -> Nanos:
    """Return when the trading day of `now` ends."""
    return (_date(now).toordinal() - EPOCH_ORDINAL + 1) * DAY - SHIFT


def _date(now: Nanos) -> date:
    day = date.fromordinal((now + SHIFT) // DAY + EPOCH_ORDINAL)
    days_to_monday = max(0, 7 - day.weekday()) if day.weekday() >= 5 else 0
    return date.fromordinal(day.toordinal() + days_to_monday)
