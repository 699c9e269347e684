"""When an instrument can be traded, and how long it still can be: what forbids a leg that could not be hedged.

A session belongs to the local date on which it opens, so Friday's night session runs into Saturday. Chinese exchanges
have no night session on the eve of a holiday (venues.md §7). "Not known" is an answer of its own: an instrument without
sessions on record is neither open nor closed here.
"""

from trading.core.local_time import MINUTE, local_day, offset, utc, weekday
from trading.core.terms import Instrument, Session, Slicing
from trading.core.units import DAY, Nanos, day_name

EVENING_MINUTE = 18 * 60  # a session that opens from here on, or that passes midnight, is a night session
DAY_MINUTES = 24 * 60
DAYS_AHEAD = 12  # the longest closure looked through at once; the longest holiday week is shorter
DAY_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

Span = tuple[Nanos, Nanos]  # from, until
Known = tuple[Instrument, Nanos, Nanos, Nanos]  # for whom, known from, known until, end of trading (0: closed)

_known: dict[str, Known] = {}


def hedgeable_for(instrument: Instrument, now: Nanos) -> Nanos | None:
    """Return how long continuous trading goes on from `now`: 0 when closed, None when no sessions are on record.

    Between two boundaries the answer is one look-up; the sessions are looked through again at each boundary.
    Raises BadSession or ZoneInfoNotFoundError for terms that no declaration lets through.
    """
    if not instrument.sessions:
        return None
    known = _known.get(instrument.code)
    if known is None or known[0] is not instrument or not known[1] <= now < known[2]:
        known = _known[instrument.code] = _phase(instrument, now)
    return max(known[3] - now, 0)


def in_window(slicing: Slicing, now: Nanos) -> bool:
    """Return whether `now` lies in one of the windows, or there are none; a window without days is daily."""
    if not slicing.windows:
        return True
    minute_of_week = ((now + offset(slicing.time_zone, now)) // MINUTE + 3 * DAY_MINUTES) % (7 * DAY_MINUTES)
    today, minute = divmod(minute_of_week, DAY_MINUTES)
    for window in slicing.windows:
        opens, closes = minutes_of(window)
        days = weekdays_of(window.days or "mon-sun")
        if today in days and opens <= minute < closes:
            return True
        if (today - 1) % 7 in days and minute < closes - DAY_MINUTES:
            return True
    return False


class BadSession(ValueError):
    """A session whose times or days cannot be read."""


def minutes_of(session: Session) -> tuple[int, int]:
    """Return opening and close in minutes after midnight of the opening day; raises BadSession."""
    opens, closes = (_minute(clock) for clock in (session.opens, session.closes))
    return opens, closes if closes > opens else closes + DAY_MINUTES


def weekdays_of(days: str) -> frozenset[int]:
    """Return the weekdays named as in "mon-fri", "sun-thu" or "sat"; Monday is 0. Raises BadSession."""
    first, _, last = days.partition("-")
    try:
        begin, end = DAY_NAMES.index(first), DAY_NAMES.index(last or first)
    except ValueError:
        raise BadSession(f"days {days!r} cannot be read; write them as mon-fri, sun-thu or sat") from None
    return frozenset((begin + step) % 7 for step in range((end - begin) % 7 + 1))


def is_night(session: Session) -> bool:
    """Return whether the session is one that the eve of a holiday does not have."""
    opens, closes = minutes_of(session)
    return opens >= EVENING_MINUTE or closes > DAY_MINUTES


def _minute(clock: str) -> int:
    hours, colon, minutes = clock.partition(":")
    if not (colon and hours.isdecimal() and minutes.isdecimal() and int(minutes) < 60 and int(hours) <= 24):
        raise BadSession(f"time {clock!r} cannot be read; write it as 09:00")
    return int(hours) * 60 + int(minutes)


def _phase(instrument: Instrument, now: Nanos) -> Known:
    """Return the stretch around `now` in which the instrument is open throughout, or closed throughout."""
    since = utc(instrument.time_zone, local_day(instrument.time_zone, now), 0)
    horizon = now + DAY
    for opens, closes in _spans(instrument, now):
        if now < opens:
            return instrument, since, min(opens, horizon), 0
        if now < closes:
            return instrument, opens, min(closes, horizon), closes
        since = max(since, closes)
    return instrument, since, horizon, 0


def _spans(instrument: Instrument, now: Nanos) -> list[Span]:
    """Return the stretches of continuous trading from yesterday's on, in order; sessions that touch are one."""
    today = local_day(instrument.time_zone, now)
    spans: list[Span] = []
    for span in sorted(
        span
        for day in range(today - 1, today + DAYS_AHEAD)
        for session in instrument.sessions
        if (span := _span(instrument, session, day)) is not None
    ):
        if spans and span[0] <= spans[-1][1]:
            spans[-1] = spans[-1][0], max(spans[-1][1], span[1])
        else:
            spans.append(span)
    return spans


def _span(instrument: Instrument, session: Session, day: int) -> Span | None:
    """Return the session that opens on the local date `day`; None when there is none."""
    name = day_name(day)
    if weekday(day) not in weekdays_of(session.days or "mon-fri") or name in instrument.closed_days:
        return None
    if name in instrument.no_night_days and is_night(session):
        return None
    opens, closes = minutes_of(session)
    if closes > DAY_MINUTES and day_name(day + 1) in instrument.closed_days:
        closes = DAY_MINUTES  # a closed day has no trading at all, not even the rest of a night
    return utc(instrument.time_zone, day, opens), utc(instrument.time_zone, day, closes)
