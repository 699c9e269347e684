"""The rules of one simulated venue: what it lists, when it trades, how fast it answers."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from trading.core.terms import Instrument
from trading.core.units import MILLI, SECOND, Lots, Nanos

OPEN, BREAK, CLOSED = "open", "break", "closed"
EVENING_HOUR = 18  # a night session after this hour belongs to the next trading day


class VenueSpec(msgspec.Struct, frozen=True):
    """Rules of an `Exchange`. Latencies are one way; `silence_max` None means no heartbeat watchdog."""

    name: str
    instruments: tuple[Instrument, ...]
    latency_in: Nanos = 1 * MILLI
    latency_out: Nanos = 1 * MILLI
    latency_jitter: Nanos = 0
    market_data_latency: Nanos = 0
    silence_max: Nanos | None = 2 * SECOND
    cancels_on_disconnect: bool = False
    message_rate_per_s: int = 1000
    closes_today_separately: bool = False
    tracks_offsets: bool = False
    one_trade_id_per_match: bool = False  # both sides of a self-trade carry one id, as on Chinese exchanges
    publishes_every_change: bool = False  # else books are published with the input's snapshots only
    enforces_sessions: bool = False  # False: open around the clock, as in the demo
    account_lots_max: Lots | None = None  # stands in for margin: gross lots per instrument
    run: int = 1  # rises with every start of the venue, so that ids never repeat


def phase_at(instrument: Instrument, now: Nanos) -> str:
    """Return open, break (between two sessions of a day) or closed for an instrument with sessions."""
    if not instrument.sessions:
        return OPEN
    local = datetime.fromtimestamp(now // SECOND, ZoneInfo(instrument.time_zone))
    minute = local.hour * 60 + local.minute
    spans = [(_minute_of(session.opens), _minute_of(session.closes)) for session in instrument.sessions]
    for opens, closes in spans:
        inside = opens <= minute < closes if opens < closes else minute >= opens or minute < closes
        if inside and _is_trading_date(local, opens, closes, minute):
            return OPEN
    day_spans = [span for span in spans if span[0] < span[1] and span[0] < EVENING_HOUR * 60]
    between = bool(day_spans) and day_spans[0][0] <= minute < day_spans[-1][1]
    return BREAK if between and local.weekday() < 5 else CLOSED


def _minute_of(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def _is_trading_date(local: datetime, opens: int, closes: int, minute: int) -> bool:
    # The part of a night session after midnight belongs to the date on which it opened.
    opened_on = local - timedelta(days=1) if opens > closes and minute < closes else local
    return opened_on.weekday() < 5


def trading_day(time_zone: str, now: Nanos, days_ahead: int = 0) -> str:
    """Return the trading day as YYYYMMDD: evenings belong to the next day, weekends to Monday.

    Holidays are not known here; a simulated venue trades on them.
    """
    local = datetime.fromtimestamp(now // SECOND, ZoneInfo(time_zone))
    day = _weekday_from(local.date() + timedelta(days=1 if local.hour >= EVENING_HOUR else 0))
    for _ in range(days_ahead):
        day = _weekday_from(day + timedelta(days=1))
    return day.strftime("%Y%m%d")


def _weekday_from(day: date) -> date:
    while day.weekday() >= 5:
        day += timedelta(days=1)
    return day
