"""What whole units leave unhedged is carried exactly, has a budget, and is never rounded away."""

from fractions import Fraction

import msgspec
import pytest

from tests.core.rig import SECOND, Decimal, Rig
from trading.core import events as e
from trading.core.gates import program_gates
from trading.core.measure import shown
from trading.core.residual import room_units
from trading.core.terms import Comparator, Direction, Measure, Trigger
from trading.simulation.copper import CU_CA, CU_HG, copper_terms

# Nine cu sold, four HG bought: 100,000 lb are 45.359237 t (domain.md §7.1), 45 t stand against them.
UNIT = Fraction(100_000 * 10_000, 22_046_226) - 45


def program(pair=CU_HG, **changes):
    trigger = Trigger(Measure.SPREAD, Comparator.AT_LEAST, Decimal("-9999"))
    plan = {"clip_units": 1, "executions_max": 5000, "cooldown": 3 * SECOND, "time_to_live": 9000 * SECOND, **changes}
    return copper_terms(pair, trigger=trigger, **plan)


def budgeted(budget, **changes):
    return msgspec.structs.replace(program(**changes), residual_max=Decimal(budget))


def trade(rig, times=1):
    """Let the trigger fire and both legs fill, as often as told."""
    for _ in range(times):
        before = len(rig.orders)
        rig.market(bid_lots=1000, ask_lots=1000)
        for order in rig.orders[before:]:
            rig.fill(order)
        rig.wait(4 * SECOND)  # past the cooldown, when the quotes are stale


def armed(terms):
    rig = Rig(terms)
    rig.arm()
    return rig


def carried(rig):
    return rig.program.state.residual.carried


def budget_gate(rig):
    return next(row for row in program_gates(rig.program, rig.now) if row["id"] == "G15")


def test_one_unit_leaves_a_third_of_a_tonne():
    rig = armed(program())
    trade(rig)

    assert rig.outcome == "hedged"
    assert carried(rig) == UNIT
    assert Decimal("0.35923") < shown(UNIT) < Decimal("0.35925")


def test_five_to_one_leaves_nothing():
    rig = armed(program(CU_CA))
    trade(rig, 3)

    assert carried(rig) == 0
    assert rig.program.snapshot()["residual"] == "0"


def test_a_thousand_executions_leave_exactly_a_thousand_times_as_much():
    rig = armed(program())
    trade(rig, 1000)

    assert rig.program.state.executions_started == 1000
    assert carried(rig) == 1000 * UNIT
    assert carried(rig) != 1000 * Fraction(shown(UNIT)), "rounding each to six places would be off"
    assert rig.program.snapshot()["residual"] == str(1000 * UNIT)


def test_both_directions_give_the_same_quantity_with_the_other_sign():
    trigger = Trigger(Measure.SPREAD, Comparator.AT_MOST, Decimal("9999"))
    rig = armed(copper_terms(CU_HG, direction=Direction.BUY_DOMESTIC, trigger=trigger, clip_units=2))
    trade(rig)

    assert carried(rig) == -2 * UNIT


def test_what_is_rolled_back_leaves_nothing():
    rig = armed(program())
    rig.market()
    domestic, foreign = rig.orders
    rig.fill(domestic, 4)
    rig.reject(foreign, e.RejectClass.PERMISSION)
    rig.fill(rig.orders[-1])

    assert rig.outcome == "rolled_back"
    assert carried(rig) == 0


def test_an_execution_that_a_late_fill_reopens_is_taken_out_until_it_ends_again():
    rig = armed(program())
    rig.market()
    domestic, foreign = rig.orders
    rig.fill(domestic)
    rig.fill(foreign)
    assert carried(rig) == UNIT

    rig.tell(e.OrderFilled(foreign.client_order_id, "late", 1, foreign.price_ticks, "D1"))

    assert rig.program.state.open
    assert carried(rig) == 0


def test_an_entry_that_would_pass_the_budget_is_not_sent():
    rig = armed(budgeted("1.0", clip_units=2))
    trade(rig, 4)

    assert [order.lots for order in rig.orders] == [18, 8], "two units leave 0.72 t, a third would leave 1.08 t"
    assert carried(rig) == 2 * UNIT


def test_an_entry_shrinks_to_what_the_budget_leaves():
    rig = armed(budgeted("1.0", clip_units=9))
    trade(rig)

    assert [order.lots for order in rig.orders] == [18, 8]


def test_a_used_up_budget_is_told_once_and_shown_as_a_gate():
    rig = armed(budgeted("0.5"))
    assert budget_gate(rig)["pass"] is True
    trade(rig, 5)

    assert [alert.rule for alert in rig.alerts] == ["residual_max"]
    assert rig.alerts[0].values["residual"] == "0.359237" and rig.alerts[0].values["residual_max"] == "0.5"
    gate = budget_gate(rig)
    assert (gate["pass"], gate["value"], gate["threshold"], gate["unit"]) == (False, "0.359237", "0.5", "t")


def test_without_a_budget_nothing_is_held_back_and_no_gate_is_shown():
    rig = armed(program())
    trade(rig, 3)

    assert len(rig.orders) == 6
    assert not [row for row in program_gates(rig.program, rig.now) if row["id"] == "G15"]


@pytest.mark.parametrize(
    ("carried_t", "unit", "budget", "room"),
    [("0", "0.36", "1", 2), ("0.9", "0.36", "1", 0), ("-1", "0.36", "1", 5), ("0.9", "-0.36", "1", 5),
     ("-0.9", "-0.36", "1", 0), ("5", "0.36", "1", 0), ("5", "-0.36", "1", 16), ("0", "0", "0", None)],
)  # fmt: skip
def test_units_that_bring_the_sum_back_are_always_allowed(carried_t, unit, budget, room):
    assert room_units(Fraction(carried_t), Fraction(unit), Fraction(budget)) == room


def test_negative_zero_never_appears():
    assert str(shown(Fraction(-1, 10**12))) == "0"
    rig = armed(budgeted("1", clip_units=1))
    trade(rig)
    rig.program.state.residual.carried -= UNIT

    assert rig.program.snapshot()["residual"] == "0"
    assert budget_gate(rig)["value"] == "0"
