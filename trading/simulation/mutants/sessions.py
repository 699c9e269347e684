"""Mistakes about when a leg can still be hedged: nights, holidays, clock changes, breaks."""

from itertools import pairwise
from typing import Any

import msgspec

from trading.core import sessions
from trading.core.local_time import MINUTE, utc
from trading.core.terms import Instrument, Session
from trading.core.units import Nanos, day_name
from trading.simulation.copper import CA, CU
from trading.simulation.mutants import mutant

HOUR = 60 * MINUTE
FRIDAY, NEW_YEARS_EVE, LAST_WINTER_FRIDAY = 20_777, 20_818, 20_539  # 2026-11-20, 2026-12-31, 2026-03-27
SHFE_CU = msgspec.structs.replace(
    CU,
    sessions=(Session("09:00", "10:15"), Session("10:30", "11:30"), Session("21:00", "01:00")),
    no_night_days=(day_name(NEW_YEARS_EVE),),
)
LME_CA = msgspec.structs.replace(CA, sessions=(Session("01:00", "19:00"),), time_zone="Europe/London")


def left(instrument: Instrument, day: int, minute: int) -> Nanos | None:
    """Return what is left for hedging at a local time in Shanghai; every look is a fresh one."""
    sessions._known.clear()
    return sessions.hedgeable_for(instrument, utc("Asia/Shanghai", day, minute))


def nights_run_into_the_next_morning() -> None:
    assert left(SHFE_CU, FRIDAY, 23 * 60) == 2 * HOUR
    assert left(SHFE_CU, FRIDAY + 1, 30) == HOUR // 2


def there_is_no_night_on_the_eve_of_a_holiday() -> None:
    assert left(SHFE_CU, NEW_YEARS_EVE, 22 * 60) == 0


def a_break_is_not_hedgeable() -> None:
    assert left(SHFE_CU, FRIDAY, 10 * 60) == 15 * MINUTE
    assert left(SHFE_CU, FRIDAY, 10 * 60 + 20) == 0


def london_opens_an_hour_earlier_in_summer() -> None:
    assert left(LME_CA, LAST_WINTER_FRIDAY, 8 * 60 + 30) == 0
    assert left(LME_CA, LAST_WINTER_FRIDAY + 3, 8 * 60 + 30) == 17 * HOUR + 30 * MINUTE


def what_is_remembered_ends_at_the_bell() -> None:
    assert left(SHFE_CU, FRIDAY, 10 * 60) == 15 * MINUTE
    assert sessions.hedgeable_for(SHFE_CU, utc("Asia/Shanghai", FRIDAY, 10 * 60 + 45)) == 45 * MINUTE


@mutant(specification=nights_run_into_the_next_morning)
def ends_every_night_at_midnight(put: Any) -> None:
    put(sessions, "minutes_of", lambda session: (sessions._minute(session.opens), sessions.DAY_MINUTES))


@mutant(specification=there_is_no_night_on_the_eve_of_a_holiday)
def trades_the_night_before_a_holiday(put: Any) -> None:
    put(sessions, "is_night", lambda session: False)


@mutant(specification=a_break_is_not_hedgeable)
def overlooks_the_morning_break(put: Any) -> None:
    spans = sessions._spans

    def joined(instrument: Instrument, now: Nanos) -> list[tuple[Nanos, Nanos]]:
        found = spans(instrument, now)
        ends = {opens: closes for (_, closes), (opens, _) in pairwise(found) if opens - closes < HOUR // 2}
        return [(ends.get(opens, opens), closes) for opens, closes in found]

    put(sessions, "_spans", joined)


@mutant(specification=london_opens_an_hour_earlier_in_summer)
def stays_on_winter_time(put: Any) -> None:
    put(sessions, "utc", lambda zone, day, minute: utc("UTC" if zone == "Europe/London" else zone, day, minute))


@mutant(specification=what_is_remembered_ends_at_the_bell)
def remembers_a_phase_beyond_its_end(put: Any) -> None:
    phase = sessions._phase

    def lasting(instrument: Instrument, now: Nanos) -> Any:
        known, since, _, closes = phase(instrument, now)
        return known, since, now + sessions.DAY, closes

    put(sessions, "_phase", lasting)
