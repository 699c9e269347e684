"""How long an instrument can still be traded: breaks, nights, holidays, and the two Sundays on which clocks change."""

from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest

from trading.core.sessions import BadSession, hedgeable_for, in_window, is_night, minutes_of, weekdays_of
from trading.core.terms import Instrument, Session, Slicing
from trading.core.units import SECOND, Nanos
from trading.simulation.copper import CA, CU, HG, copper_terms

MINUTE: Nanos = 60 * SECOND
HOUR: Nanos = 60 * MINUTE
SHANGHAI, LONDON, CHICAGO = "Asia/Shanghai", "Europe/London", "America/Chicago"

SHFE_CU = msgspec.structs.replace(
    CU,
    sessions=(
        Session("21:00", "01:00"), Session("09:00", "10:15"), Session("10:30", "11:30"), Session("13:30", "15:00"),
    ),
)  # fmt: skip
LME_CA = msgspec.structs.replace(CA, sessions=(Session("01:00", "19:00"),), time_zone=LONDON)
CME_HG = msgspec.structs.replace(HG, sessions=(Session("17:00", "16:00", "sun-thu"),), time_zone=CHICAGO)
CFFEX_IF = msgspec.structs.replace(
    CU, code="CFFEX.IF2612", sessions=(Session("09:30", "11:30"), Session("13:00", "15:00"))
)


def at(clock: str, zone: str = SHANGHAI) -> Nanos:
    """Return a local time such as "2026-11-18 10:14:59" as engine time."""
    return int(datetime.fromisoformat(clock).replace(tzinfo=ZoneInfo(zone)).timestamp()) * SECOND


def left(instrument: Instrument, clock: str, zone: str = SHANGHAI) -> Nanos:
    answer = hedgeable_for(instrument, at(clock, zone))
    assert answer is not None
    return answer


@pytest.mark.parametrize(
    ("clock", "still"),
    [
        ("2026-11-18 08:59:59", 0),
        ("2026-11-18 09:00:00", 75 * MINUTE),
        ("2026-11-18 10:14:59", SECOND),
        ("2026-11-18 10:15:00", 0),  # the break
        ("2026-11-18 10:30:00", HOUR),
        ("2026-11-18 11:30:00", 0),  # lunch
        ("2026-11-18 12:15:00", 0),
        ("2026-11-18 13:30:00", 90 * MINUTE),
        ("2026-11-18 14:59:59", SECOND),
        ("2026-11-18 15:00:00", 0),
        ("2026-11-18 20:59:59", 0),
        ("2026-11-18 21:00:00", 4 * HOUR),
        ("2026-11-18 23:59:59", HOUR + SECOND),  # midnight is no boundary
        ("2026-11-19 00:00:00", HOUR),
        ("2026-11-19 00:59:59", SECOND),
        ("2026-11-19 01:00:00", 0),
    ],
)
def test_copper_in_shanghai_trades_in_three_day_phases_and_a_night(clock, still):
    assert left(SHFE_CU, clock) == still


def test_friday_s_night_runs_into_saturday_and_there_is_no_sunday_night():
    assert left(SHFE_CU, "2026-11-20 23:00:00") == 2 * HOUR
    assert left(SHFE_CU, "2026-11-21 00:59:00") == MINUTE
    assert left(SHFE_CU, "2026-11-21 10:00:00") == 0
    assert left(SHFE_CU, "2026-11-22 21:30:00") == 0
    assert left(SHFE_CU, "2026-11-23 00:30:00") == 0, "no night began on Sunday"
    assert left(SHFE_CU, "2026-11-23 09:00:00") == 75 * MINUTE


def test_on_the_eve_of_a_holiday_the_night_does_not_take_place():
    with_holiday = msgspec.structs.replace(SHFE_CU, closed_days=("20270101",), no_night_days=("20261231",))

    assert left(with_holiday, "2026-12-31 14:00:00") == HOUR
    assert left(with_holiday, "2026-12-31 21:30:00") == 0
    assert left(with_holiday, "2027-01-01 00:30:00") == 0
    assert left(with_holiday, "2027-01-01 10:00:00") == 0
    assert left(with_holiday, "2027-01-04 10:00:00") == 15 * MINUTE


def test_a_closed_day_ends_even_a_night_that_nobody_called_off():
    forgotten = msgspec.structs.replace(SHFE_CU, closed_days=("20270101",))

    assert left(forgotten, "2026-12-31 23:30:00") == 30 * MINUTE
    assert left(forgotten, "2027-01-01 00:30:00") == 0


def test_index_futures_have_no_night():
    assert left(CFFEX_IF, "2026-11-18 09:30:00") == 2 * HOUR
    assert left(CFFEX_IF, "2026-11-18 12:00:00") == 0
    assert left(CFFEX_IF, "2026-11-18 14:00:00") == HOUR
    assert left(CFFEX_IF, "2026-11-18 21:30:00") == 0


@pytest.mark.parametrize(
    ("clock", "still"),
    [
        ("2026-03-27 08:59:59", 0),  # the last Friday of London's winter: opens at 09:00 Shanghai time
        ("2026-03-27 09:00:00", 18 * HOUR),
        ("2026-03-30 07:59:59", 0),  # the first Monday of summer time: an hour earlier
        ("2026-03-30 08:00:00", 18 * HOUR),
        ("2026-10-23 08:00:00", 18 * HOUR),  # the last Friday of summer time
        ("2026-10-26 08:00:00", 0),
        ("2026-10-26 09:00:00", 18 * HOUR),
        ("2026-10-27 02:59:59", SECOND),
        ("2026-10-27 03:00:00", 0),
    ],
)
def test_london_s_clock_changes_move_the_metal_exchange_in_shanghai(clock, still):
    assert left(LME_CA, clock) == still


def test_globex_begins_on_sunday_evening_and_rests_one_hour_a_day():
    assert left(CME_HG, "2026-11-20 15:59:59", CHICAGO) == SECOND
    assert left(CME_HG, "2026-11-20 17:00:00", CHICAGO) == 0, "Friday evening"
    assert left(CME_HG, "2026-11-21 12:00:00", CHICAGO) == 0
    assert left(CME_HG, "2026-11-22 16:59:59", CHICAGO) == 0
    assert left(CME_HG, "2026-11-22 17:00:00", CHICAGO) == 23 * HOUR
    assert left(CME_HG, "2026-11-23 16:30:00", CHICAGO) == 0, "the maintenance hour"
    assert left(CME_HG, "2026-11-23 17:00:00", CHICAGO) == 23 * HOUR
    # Seen from Shanghai the maintenance hour is 06:00-07:00 in American winter and 05:00-06:00 in summer.
    assert left(CME_HG, "2026-11-24 06:30:00") == 0
    assert left(CME_HG, "2026-10-29 06:30:00") > 0
    assert left(CME_HG, "2026-10-29 05:30:00") == 0


def test_sessions_that_touch_are_one():
    one = msgspec.structs.replace(CU, sessions=(Session("09:00", "12:00"), Session("12:00", "15:00")))

    assert left(one, "2026-11-18 09:00:00") == 6 * HOUR


def test_a_market_that_never_closes_never_comes_near_its_end():
    always = msgspec.structs.replace(CU, code="X", sessions=(Session("00:00", "24:00", "mon-sun"),))

    for day in range(30):
        assert left(always, f"2026-11-{day + 1:02d} 23:59:59") > 24 * HOUR


def test_without_sessions_on_record_the_answer_is_not_known():
    assert hedgeable_for(CU, at("2026-11-18 10:00:00")) is None


def test_what_is_remembered_is_forgotten_at_the_boundary_with_other_terms_and_when_time_is_read_anew():
    assert left(SHFE_CU, "2026-11-18 10:00:00") == 15 * MINUTE
    assert left(SHFE_CU, "2026-11-18 10:20:00") == 0
    assert left(SHFE_CU, "2026-11-18 10:00:00") == 15 * MINUTE, "a journal that is read again goes back in time"
    shorter = msgspec.structs.replace(SHFE_CU, sessions=(Session("09:00", "10:05"),))
    assert left(shorter, "2026-11-18 10:00:00") == 5 * MINUTE
    assert left(SHFE_CU, "2026-11-18 10:00:00") == 15 * MINUTE


def test_every_second_of_a_week_agrees_with_a_fresh_look():
    start = at("2026-11-19 00:00:00")
    for minute in range(0, 9 * 24 * 60, 7):
        now = start + minute * MINUTE
        fresh = msgspec.structs.replace(SHFE_CU, symbol=f"fresh {minute}")
        assert hedgeable_for(SHFE_CU, now) == hedgeable_for(fresh, now)


def slicing(*windows: Session) -> Slicing:
    return msgspec.structs.replace(copper_terms().slicing, windows=windows)


def test_a_program_without_windows_may_enter_at_any_time():
    assert in_window(slicing(), at("2026-11-22 04:00:00"))


@pytest.mark.parametrize(
    ("clock", "inside"),
    [
        ("2026-11-18 21:04:59", False),
        ("2026-11-18 21:05:00", True),
        ("2026-11-19 00:29:59", True),
        ("2026-11-19 00:30:00", False),
        ("2026-11-22 22:00:00", True),  # a window without days holds every day; the sessions close Sunday
    ],
)
def test_entries_keep_to_the_program_s_windows(clock, inside):
    assert in_window(slicing(Session("09:30", "10:00"), Session("21:05", "00:30")), at(clock)) is inside


def test_a_window_may_name_its_days_and_its_night_belongs_to_the_day_it_opens():
    mondays = slicing(Session("22:00", "02:00", "mon"))

    assert in_window(mondays, at("2026-11-23 23:00:00"))
    assert in_window(mondays, at("2026-11-24 01:59:59"))
    assert not in_window(mondays, at("2026-11-24 23:00:00"))
    assert not in_window(mondays, at("2026-11-23 01:00:00"))


def test_days_and_times_read_as_they_are_written():
    assert weekdays_of("sun-thu") == {6, 0, 1, 2, 3}
    assert weekdays_of("sat") == {5}
    assert minutes_of(Session("13:30", "24:00")) == (810, 1440)
    assert is_night(Session("21:00", "23:00")) and is_night(Session("17:00", "16:00"))
    assert not is_night(Session("09:00", "15:00"))
    with pytest.raises(BadSession, match="write them as mon-fri"):
        weekdays_of("workdays")
    with pytest.raises(BadSession, match="write it as 09:00"):
        minutes_of(Session("9", "10:00"))
