"""The rules of one simulated venue: what it lists, when it trades, how fast it answers."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from trading.core.local_time import MINUTE, local_day, utc, weekday
from trading.core.sessions import hedgeable_for, is_night, minutes_of
from trading.core.terms import Instrument
from trading.core.units import MILLI, SECOND, Lots, Nanos, day_name

OPEN, BREAK, CLOSED = "open", "break", "closed"
SATURDAY = 5  # weekdays count from Monday
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
    """Return open, break (between two sessions of a day) or closed; without sessions on record a venue is open."""
    if hedgeable_for(instrument, now) != 0:
        return OPEN
    day = local_day(instrument.time_zone, now)
    if weekday(day) >= SATURDAY or day_name(day) in instrument.closed_days:
        return CLOSED
    since_midnight = now - utc(instrument.time_zone, day, 0)
    spans = [minutes_of(session) for session in instrument.sessions if not is_night(session)]
    between = bool(spans) and min(spans)[0] * MINUTE <= since_midnight < max(spans)[1] * MINUTE
    return BREAK if between else CLOSED


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
