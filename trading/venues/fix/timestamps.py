"""UTCTimestamp text of FIX and integer nanoseconds since 1970, both ways. Pure: no clock is read here.

Calendar arithmetic is the proleptic Gregorian day count (era of 400 years, March-based), so that the pure
modules need no `datetime`. FIX allows a leap second (`:60`); it maps onto the first instant of the next
minute.
"""

import re
from functools import lru_cache

NANOS_PER_SECOND = 1_000_000_000
_SECONDS_PER_DAY = 86_400
_TEXT = re.compile(rb"(\d{4})(\d{2})(\d{2})-(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?")
_DAYS_IN_MONTH = (0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def days_from_civil(year: int, month: int, day: int) -> int:
    """Return the days from 1970-01-01 to a Gregorian date."""
    year -= month <= 2
    era = year // 400
    year_of_era = year - era * 400
    day_of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146_097 + year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year - 719_468


def civil_from_days(days: int) -> tuple[int, int, int]:
    """Return (year, month, day) of a day count from 1970-01-01."""
    days += 719_468
    era = days // 146_097
    day_of_era = days - era * 146_097
    year_of_era = (day_of_era - day_of_era // 1_460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    month_index = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * month_index + 2) // 5 + 1
    month = month_index + 3 if month_index < 10 else month_index - 9
    return year_of_era + era * 400 + (month <= 2), month, day


@lru_cache(maxsize=64)
def _second_text(second: int) -> bytes:
    days, of_day = divmod(second, _SECONDS_PER_DAY)
    year, month, day = civil_from_days(days)
    return b"%04d%02d%02d-%02d:%02d:%02d" % (
        year, month, day, of_day // 3600, of_day // 60 % 60, of_day % 60,
    )  # fmt: skip


def format_utc(at_ns: int, digits: int = 3) -> bytes:
    """Return UTCTimestamp text for an instant, truncated to 0, 3, 6 or 9 decimals of a second."""
    second, nanos = divmod(at_ns, NANOS_PER_SECOND)
    if digits == 3:
        return b"%b.%03d" % (_second_text(second), nanos // 1_000_000)
    if digits == 6:
        return b"%b.%06d" % (_second_text(second), nanos // 1_000)
    return b"%b.%09d" % (_second_text(second), nanos) if digits == 9 else _second_text(second)


@lru_cache(maxsize=64)
def _minute_start(year: bytes, month: bytes, day: bytes, hour: bytes, minute: bytes) -> int | None:
    month_number, day_number, year_number = int(month), int(day), int(year)
    if not 1 <= month_number <= 12 or not 1 <= day_number <= _DAYS_IN_MONTH[month_number]:
        return None
    days = days_from_civil(year_number, month_number, day_number)
    if civil_from_days(days)[1] != month_number or int(hour) > 23 or int(minute) > 59:
        return None
    return days * _SECONDS_PER_DAY + int(hour) * 3600 + int(minute) * 60


def parse_utc(text: bytes) -> int | None:
    """Return the instant of UTCTimestamp text in nanoseconds, or None if it is not one (0 to 9 decimals)."""
    match = _TEXT.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction = match.groups()
    start = _minute_start(year, month, day, hour, minute)
    if start is None or int(second) > 60:
        return None
    nanos = int(fraction.ljust(9, b"0")) if fraction else 0
    return (start + int(second)) * NANOS_PER_SECOND + nanos
