"""What happens after one leg traded and the other did not: top up or unwind, by cost, inside limits."""

import msgspec
import pytest

from tests.core.rig import CA, CU, MILLI, SECOND, Decimal, entered, quote
from trading.core import events as e
from trading.core.events import Offset, Purpose, RejectClass
from trading.core.terms import Comparator, Measure, RepairPreference, Trigger
from trading.core.units import Side
from trading.simulation.copper import CU_HG, REPAIR, copper_terms


def terms_with(**changes):
    return copper_terms(repair=msgspec.structs.replace(REPAIR, **changes))


def test_both_legs_filled_is_hedged():
    rig, domestic, foreign = entered()
    rig.fill(domestic)
    rig.fill(foreign)

    assert (rig.outcome, rig.naked) == ("hedged", (0, 0))


def test_three_of_five_lots_are_never_rounded_to_done():
    rig, domestic, foreign = entered(copper_terms(clip_units=1))
    rig.fill(foreign)
    rig.fill(domestic, 3)
    repair = rig.orders[-1]

    assert rig.naked == (-3, 1)  # no whole unit is matched: what was traded is naked on both legs
    assert (repair.instrument, repair.side, repair.lots, repair.purpose) == (CU.code, Side.SELL, 2, Purpose.TOP_UP)


def test_a_top_up_completes_the_missing_lots():
    rig, domestic, foreign = entered()
    rig.fill(foreign)
    rig.fill(domestic, 7)
    rig.fill(rig.orders[-1])

    assert (rig.orders[-1].lots, rig.outcome) == (3, "topped_up")


def test_the_filled_leg_is_unwound_when_that_costs_less():
    rig, domestic, foreign = entered()
    rig.see(quote(CU, "79300", "79310", rig.now))  # the missing leg has run away
    rig.fill(foreign)
    rig.reject(domestic)
    unwind = rig.orders[-1]
    options = rig.last_options()
    rig.fill(unwind)

    assert (unwind.instrument, unwind.side, unwind.lots, unwind.purpose) == (CA.code, Side.SELL, 2, Purpose.UNWIND)
    assert options["unwind:0"].cost < options["top_up:2"].cost
    assert rig.outcome == "rolled_back"
    assert [(alert.rule, alert.severity) for alert in rig.alerts] == [("execution_rolled_back", "P2")]


def test_a_top_up_is_worth_a_look_and_a_roll_back_is_urgent():
    rig, domestic, foreign = entered()
    rig.fill(foreign)
    rig.fill(domestic, 7)
    rig.fill(rig.orders[-1])

    assert [(alert.rule, alert.severity) for alert in rig.alerts] == [("execution_topped_up", "P3")]


def test_the_receipt_keeps_every_option_with_its_cost():
    rig, domestic, foreign = entered()
    rig.fill(foreign)
    rig.fill(domestic, 7)
    options = rig.last_options()

    # 7 sold and 2 bought: unwind to one unit, or top up to two. Selling 3 more costs their fee of 0.5 per mille.
    assert options["top_up:2"].lots_by_leg == (-3, 0)
    assert options["top_up:2"].cost == Decimal("59.62")
    assert options["unwind:1"].lots_by_leg == (2, -1)
    assert options["unwind:1"].cost > 0
    assert [o.reason for o in options.values()].count("chosen") == 1
    assert "hold:-1" in options


def test_unwinding_today_pays_the_close_today_fee():
    rig, domestic, foreign = entered(terms_with(preference=RepairPreference.UNWIND_FIRST))
    rig.fill(domestic)
    rig.reject(foreign)
    unwind = rig.orders[-1]

    # Sold 10 at 79470 (with payup), bought back at 79500: 30 x 50 t lost, 79470 x 50 t x 0.5 per ten thousand paid
    # in vain for opening, and 79500 x 50 t x 1 per ten thousand for closing today: 1,500 + 198.675 + 397.50.
    assert rig.last_options()["unwind:0"].cost == Decimal("2096.18")
    assert unwind.offset is Offset.CLOSE_TODAY


def test_both_legs_may_move_in_one_repair():
    rig, domestic, foreign = entered(copper_terms(clip_units=3))
    rig.see(quote(CU, "79300", "79310", rig.now))
    rig.fill(foreign, 2)
    rig.fill(domestic, 8)
    repairs = rig.orders[2:]

    assert {(order.instrument, order.side, order.lots) for order in repairs} == {
        (CU.code, Side.BUY, 3),
        (CA.code, Side.SELL, 1),
    }


def test_a_rejected_repair_is_tried_again_and_then_the_other_way():
    rig, domestic, foreign = entered()
    rig.fill(domestic)
    rig.reject(foreign)
    rig.reject(rig.orders[-1])

    assert [(o.instrument, o.purpose) for o in rig.orders[2:]] == [
        (CA.code, Purpose.TOP_UP),
        (CU.code, Purpose.UNWIND),
    ]


@pytest.mark.parametrize("why", [RejectClass.MARGIN, RejectClass.PERMISSION, RejectClass.CLOSED])
def test_a_reject_that_will_not_pass_unwinds_at_once(why):
    rig, domestic, foreign = entered()
    rig.fill(domestic)
    rig.reject(foreign, why)

    assert (rig.orders[-1].instrument, rig.orders[-1].purpose) == (CU.code, Purpose.UNWIND)


def test_a_wrong_offset_is_corrected():
    rig, domestic, foreign = entered(terms_with(preference=RepairPreference.UNWIND_FIRST))
    rig.fill(domestic)
    rig.reject(foreign)
    rig.reject(rig.orders[-1], RejectClass.OFFSET)

    assert [order.offset for order in rig.orders[2:]] == [Offset.CLOSE_TODAY, Offset.CLOSE_YESTERDAY]


def test_always_rejected_ends_halted_within_five_orders():
    rig, domestic, foreign = entered()
    rig.fill(domestic)
    rig.reject(foreign)
    for _ in range(10):
        if len(rig.orders) > 2:
            rig.reject(rig.orders[-1])
        rig.wait(SECOND)
    [alert] = [alert for alert in rig.alerts if alert.rule == "halted"]

    assert (rig.state, len(rig.orders) <= 5) == ("HALTED", True)
    assert alert.values["naked"] == "SHFE.cu2703 -10, LME.CA-3M +0"


def test_later_attempts_give_more_away():
    rig, domestic, foreign = entered()
    rig.fill(domestic)
    rig.reject(foreign, RejectClass.PRICE)
    rig.fill(rig.orders[-1], 1)

    assert [order.price_ticks for order in rig.orders[2:]] == [19600 + 5, 19600 + 10]


def test_a_repair_never_prices_from_an_empty_side():
    rig, domestic, foreign = entered()
    rig.see(quote(CU, "79490", None, rig.now))  # limit up: nothing is offered
    rig.see(quote(CA, "9799.5", None, rig.now))
    rig.fill(domestic)
    rig.reject(foreign)
    held = len(rig.orders)
    rig.see(quote(CA, "9799.5", "9800", rig.now))

    assert (held, rig.orders[-1].instrument) == (2, CA.code)


def test_a_case_that_cannot_be_repaired_in_time_is_halted_with_its_lots():
    rig, domestic, foreign = entered()
    rig.fill(domestic)
    rig.reject(foreign, RejectClass.MARGIN)
    rig.reject(rig.orders[-1], RejectClass.MARGIN)
    rig.wait(REPAIR.naked_age_max)

    assert (rig.state, rig.naked) == ("HALTED", (-10, 0))


def test_no_repair_costs_more_than_the_budget():
    rig, domestic, foreign = entered(terms_with(cost_max=Decimal("1")))
    rig.see(quote(CA, "9899.5", "9900", rig.now))
    rig.fill(domestic)
    rig.reject(foreign)
    rig.wait(REPAIR.naked_age_max)

    assert (len(rig.orders), rig.state) == (2, "HALTED")


def test_the_desk_prefers_what_its_policy_names():
    rig, domestic, foreign = entered(terms_with(preference=RepairPreference.UNWIND_FIRST))
    rig.fill(foreign)
    rig.fill(domestic, 7)

    assert all(order.purpose is Purpose.UNWIND for order in rig.orders[2:])


def test_a_throttled_repair_waits_a_moment():
    rig, domestic, foreign = entered()
    rig.fill(domestic)
    rig.reject(foreign, RejectClass.THROTTLE)
    at_once = len(rig.orders)
    rig.wait(60 * MILLI)

    assert (at_once, len(rig.orders)) == (2, 3)


def test_a_venue_that_is_down_is_not_traded_on():
    rig, domestic, foreign = entered()
    rig.reject(foreign)
    rig.tell(e.VenueDown("LME", "dropped"))
    rig.fill(domestic)

    assert (rig.orders[-1].venue, rig.orders[-1].purpose) == ("SHFE", Purpose.UNWIND)


def test_nine_to_four_is_repaired_in_lots():
    trigger = Trigger(Measure.SPREAD, Comparator.AT_LEAST, Decimal("-9999"))
    rig, domestic, foreign = entered(copper_terms(CU_HG, clip_units=1, trigger=trigger))
    rig.fill(domestic)
    rig.fill(foreign, 3)

    assert (rig.orders[-1].lots, rig.orders[-1].purpose) == (1, Purpose.TOP_UP)


def test_fees_in_force_on_the_day_are_used():
    from trading.core.fees import fee_on

    old, new = (msgspec.structs.replace(CU.fees[0], valid_from=day) for day in ("2025-01-01", "2027-01-01"))
    instrument = msgspec.structs.replace(CU, fees=(new, old))

    assert (fee_on(instrument, "20261231"), fee_on(instrument, "20270101")) == (old, new)
    assert fee_on(instrument, "20241231") is None
