"""How much and when: clips, sets, multiples, the pause between, the daily cap, windows, sessions, repetition."""

import msgspec
import pytest

from tests.core.rig import CU, SECOND, START, Rig, quote
from trading.core.gates import program_gates
from trading.core.tally import Tally
from trading.core.terms import ExecutionMode, Session, Slicing
from trading.core.units import trading_day_number
from trading.simulation.copper import CU_CA, INSTRUMENTS, REPAIR, copper_terms

HOUR = 3600 * SECOND
UNTIL_17 = HOUR  # START is 2027-01-15 08:00 UTC: a Friday, 16:00 in Shanghai


def armed(instruments=INSTRUMENTS, **terms):
    rig = Rig(copper_terms(**terms), instruments)
    rig.arm()
    return rig


def traded(rig):
    """Let the books pay once, fill whatever was sent, and wait for the pause to be over; return the lots sent."""
    sent = len(rig.orders)
    rig.market()
    orders = rig.orders[sent:]
    for order in orders:
        rig.fill(order)
    rig.market(("79000", "79010"))
    rig.wait(SECOND)
    return [order.lots for order in orders]


def gate(rig, name):
    return next(row for row in program_gates(rig.program, rig.now) if row["id"] == name)


# --- clips, sets, multiples, pause ---


@pytest.mark.parametrize(("multiple", "lots"), [(1, [5, 1]), (3, [15, 3])])
def test_the_multiple_is_how_many_units_one_clip_has(multiple, lots):
    assert traded(armed(clip_units=multiple)) == lots


def test_so_many_sets_are_done_and_then_the_program_disarms():
    rig = armed(clip_units=1, executions_max=3)
    done = [traded(rig) for _ in range(5)]

    assert done == [[5, 1], [5, 1], [5, 1], [], []]
    assert (rig.state, rig.program.state.mode_reason) == ("DISARMED", "executions_max")


def test_a_repeating_program_starts_over_after_its_sets():
    rig = armed(clip_units=1, executions_max=2, slicing=Slicing(is_repeating=True))
    done = [traded(rig) for _ in range(5)]

    assert (done, rig.state) == ([[5, 1]] * 5, "ARMED")
    assert rig.program.sets_left() == 1


def test_one_shot_is_a_single_set():
    rig = armed(clip_units=1, executions_max=1)

    assert ([traded(rig), traded(rig)], rig.state) == ([[5, 1], []], "DISARMED")


def test_the_pause_lies_between_two_sets():
    rig = armed(clip_units=1, cooldown=10 * SECOND)
    rig.market()
    for order in rig.orders[-2:]:
        rig.fill(order)
    for _ in range(9):
        rig.wait(SECOND)
        rig.market()
    during = len(rig.orders)
    rig.wait(SECOND)
    rig.market()

    assert (during, len(rig.orders)) == (2, 4)


# --- the daily cap ---


def test_the_last_clip_of_the_day_is_cut_to_what_the_cap_leaves():
    rig = armed(clip_units=2, slicing=Slicing(units_per_day_max=3))

    assert [traded(rig) for _ in range(3)] == [[10, 2], [5, 1], []]
    assert rig.state == "ARMED"


def test_only_matched_units_count_against_the_cap():
    rig = armed(clip_units=2, slicing=Slicing(units_per_day_max=2))
    rig.market()
    for order in rig.orders[-2:]:
        rig.close(order)
    rig.wait(SECOND)
    rig.market()

    assert [order.lots for order in rig.orders[2:]] == [10, 2]


def test_a_new_trading_day_gives_the_cap_anew():
    # 17:00 in Shanghai ends Friday's trading day; the night session already belongs to Monday.
    rig = armed(clip_units=2, slicing=Slicing(units_per_day_max=2), time_to_live=24 * HOUR)
    first = traded(rig)
    rig.wait(UNTIL_17 - 10 * SECOND)
    same_day = traded(rig)
    rig.wait(10 * SECOND)

    assert (first, same_day, traded(rig)) == ([10, 2], [], [10, 2])


def test_a_trading_day_turns_at_17_and_a_weekend_belongs_to_monday():
    friday, monday = (trading_day_number(at) for at in (START, START + UNTIL_17))

    assert monday - friday == 3
    assert trading_day_number(START + UNTIL_17 + 48 * HOUR) == monday  # Sunday evening still is Monday's


def test_a_unit_traded_back_stays_counted():
    tally = Tally()
    tally.count_units(2, START)
    tally.count_units(1, START + 1)

    assert (tally.units_on(START + 2), tally.units_on(START + UNTIL_17)) == (3, 0)


def test_the_cap_is_shown_where_the_program_would_not_fire():
    rig = armed(clip_units=2, slicing=Slicing(units_per_day_max=2))
    before = gate(rig, "G13")["pass"]
    traded(rig)
    row = gate(rig, "G13")

    assert (before, row["pass"], row["value"], row["margin"]) == (True, False, "daily cap: 2", "0")


def test_a_restart_remembers_what_the_day_has_used():
    rig = armed(clip_units=2, slicing=Slicing(units_per_day_max=2))
    traded(rig)

    assert rig.refolded() == rig.program.snapshot()


# --- when ---


@pytest.mark.parametrize(
    ("window", "enters"),
    [(Session("15:30", "16:30", "mon-sun"), True), (Session("21:00", "01:00", "mon-sun"), False)],
)
def test_entries_only_inside_the_programs_own_window(window, enters):
    rig = armed(slicing=Slicing(windows=(window,)))
    rig.market()

    assert bool(rig.orders) is enters
    assert gate(rig, "G3")["pass"] is enters


@pytest.mark.parametrize("mode", ExecutionMode)
@pytest.mark.parametrize(("closes", "enters"), [("16:04", False), ("16:05", True)])
def test_no_entry_when_a_leg_cannot_be_hedged_for_long_enough(mode, closes, enters):
    pair = msgspec.structs.replace(CU_CA, hedgeable_min=300 * SECOND)
    ends_soon = msgspec.structs.replace(CU, sessions=(Session("08:00", closes),))
    rig = armed({**INSTRUMENTS, CU.code: ends_soon}, pair=pair, mode=mode)
    rig.market()

    assert bool(rig.orders) is enters
    assert (gate(rig, "G3")["pass"], gate(rig, "G3")["threshold"]) == (enters, "300")


def test_a_closed_leg_can_be_hedged_for_no_time_at_all():
    pair = msgspec.structs.replace(CU_CA, hedgeable_min=SECOND)
    lunch = msgspec.structs.replace(CU, sessions=(Session("09:00", "11:30"), Session("21:00", "01:00")))
    rig = armed({**INSTRUMENTS, CU.code: lunch}, pair=pair)
    rig.market()

    assert (rig.orders, gate(rig, "G3")["value"]) == ([], "0")


def test_an_open_execution_is_repaired_outside_the_window_too():
    minute = Session("16:00", "16:01", "mon-sun")
    patient = msgspec.structs.replace(REPAIR, naked_age_max=120 * SECOND)
    rig = armed(slicing=Slicing(windows=(minute,)), repair=patient)
    rig.market()
    domestic, foreign = rig.orders
    rig.fill(foreign)
    rig.now += 61 * SECOND
    rig.see(quote(CU, "79490", "79500", rig.now))
    rig.market()
    rig.fill(domestic, 7)

    assert len(rig.orders) > 2
