"""LME prompt dates: which day a trade in a rolling prompt settles on.

"3M" names another date every day, so a position is kept under the date and never under the word. The roll rule is the
LME's: three calendar months on; a Saturday moves back to Friday, a Sunday on to Monday, and never into another month.
Dates are YYYYMMDD, in the proleptic Gregorian calendar.
"""

from collections.abc import Collection

from trading.core.terms import Instrument
from trading.core.units import DAY, utc_day

ROLLING = ("3M", "CASH")
CASH_BUSINESS_DAYS = 2
SATURDAY = 5


def prompt_of(instrument: Instrument, trading_day: str) -> str:
    """Return the prompt date of a trade made on `trading_day`; "" where the instrument has no prompt.

    A venue that names its trading days otherwise than by date leaves the rolling prompt as it is: not known.
    """
    if instrument.prompt not in ROLLING or len(trading_day) != 8 or not trading_day.isdigit():
        return instrument.prompt
    rolled = three_months if instrument.prompt == "3M" else cash
    return rolled(trading_day, instrument.closed_days)


def three_months(day: str, closed_days: Collection[str] = ()) -> str:
    """Return the 3M prompt of `day`; nothing settles on `closed_days` and weekends."""
    months = int(day[:4]) * 12 + int(day[4:6]) - 1 + 3
    month = f"{months // 12:04d}{months % 12 + 1:02d}"
    wanted = min(_number(month + day[6:]), _last_of(month))
    step = -1 if _weekday(wanted) == SATURDAY else 1
    for direction in (step, -step):
        found = wanted
        while not _settles(found, closed_days):
            found += direction
        if _name(found)[:6] == month:
            return _name(found)
    raise ValueError(f"no day of {month} settles")


def cash(day: str, closed_days: Collection[str] = ()) -> str:
    """Return the cash prompt of `day`: two business days on."""
    number = _number(day)
    for _ in range(CASH_BUSINESS_DAYS):
        number += 1
        while not _settles(number, closed_days):
            number += 1
    return _name(number)


def _number(day: str) -> int:
    """Return the days since 1970-01-01 (after H. Hinnant's days_from_civil)."""
    year, month, number = int(day[:4]), int(day[4:6]), int(day[6:8])
    year -= month <= 2
    era, year_of_era = divmod(year, 400)
    day_of_year = (153 * ((month + 9) % 12) + 2) // 5 + number - 1
    return era * 146_097 + year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year - 719_468


def _last_of(month: str) -> int:
    """Return the last day of `month` (YYYYMM)."""
    last = _number(f"{month}28")
    while _name(last + 1)[:6] == month:
        last += 1
    return last


def _name(number: int) -> str:
    return utc_day(number * DAY)


def _weekday(number: int) -> int:
    return (number + 3) % 7  # 1970-01-01 was a Thursday; Monday is 0


def _settles(number: int, closed_days: Collection[str]) -> bool:
    return _weekday(number) < SATURDAY and _name(number) not in closed_days
