"""When a program enters, with what size and at which prices."""

import msgspec
import pytest

from tests.core.rig import CA, CU, FX, MILLI, SECOND, Decimal, Rig, entered, quote
from trading.core import events as e
from trading.core.events import Level, Purpose
from trading.core.program import Permit
from trading.core.terms import Comparator, Direction, Measure, Trigger
from trading.core.units import Side
from trading.simulation.copper import CU_HG, copper_terms


def test_both_legs_leave_in_one_decision():
    rig, domestic, foreign = entered()

    [decided] = rig.decisions
    assert isinstance(decided, e.OrdersDecided)
    assert (domestic.side, domestic.lots, foreign.side, foreign.lots) == (Side.SELL, 10, Side.BUY, 2)
    assert decided.measure_value == Decimal("172.0782")
    assert [seen.instrument for seen in decided.quotes] == [CU.code, CA.code, FX.code]


def test_nine_to_four_sizes_both_legs():
    rig = Rig(copper_terms(CU_HG, trigger=Trigger(Measure.SPREAD, Comparator.AT_LEAST, Decimal("-9999"))))
    rig.arm()
    rig.market()

    assert [order.lots for order in rig.orders] == [18, 8]


def test_an_unarmed_program_never_enters():
    rig = Rig()
    rig.market()

    assert rig.orders == []


def test_the_shallower_book_sets_the_size():
    rig = Rig(copper_terms(clip_units=4))
    rig.arm()
    rig.market(bid_lots=13, ask_lots=13)

    assert [order.lots for order in rig.orders] == [10, 2]


def test_prices_are_counter_prices_plus_payup_in_value():
    _, domestic, foreign = entered()

    assert domestic.price_ticks == 7949 - 2  # 20 CNY/t are two ticks of 10
    assert foreign.price_ticks == 19600 + 5  # 0.5 USD/t at 7.1010 is 3.55 CNY/t: five ticks fit into 20


def test_a_price_stays_inside_the_collar():
    rig = Rig(copper_terms(payup=Decimal("99999")))
    rig.arm()
    rig.market()
    domestic, foreign = rig.orders

    assert domestic.price_ticks * 10 >= 79495 * Decimal("0.98")
    assert foreign.price_ticks / 2 <= 9799.75 * 1.02


def test_a_price_stays_inside_the_limits_of_the_day():
    rig = Rig()
    rig.arm()
    rig.market(("79400", "79410"))
    rig.see(msgspec.structs.replace(quote(CU, "79490", "79500", rig.now), lower_limit_ticks=7949))

    assert rig.orders[0].price_ticks == 7949


@pytest.mark.parametrize("domestic", [(None, "79500"), ("79490", None)])
def test_no_order_comes_from_an_empty_side(domestic):
    rig = Rig()
    rig.arm()
    rig.market(domestic)

    assert all(order.price_ticks > 7000 for order in rig.orders)
    assert bool(rig.orders) is (domestic[0] is not None)


def test_a_stale_leg_holds_back_the_entry():
    rig = Rig()
    rig.arm()
    rig.market(("79000", "79010"))
    rig.now += 3 * SECOND
    rig.see(quote(CU, "79490", "79500", rig.now))

    assert rig.orders == []


def test_stale_fx_holds_back_the_entry():
    rig = Rig()
    rig.arm()
    rig.market(("79000", "79010"))
    rig.now += 11 * SECOND
    rig.see(quote(CA, "9799.5", "9800", rig.now))
    rig.see(quote(CU, "79490", "79500", rig.now))

    assert rig.orders == []


def test_legs_seen_too_far_apart_hold_back_the_entry():
    terms = copper_terms()
    rig = Rig(msgspec.structs.replace(terms, pair=msgspec.structs.replace(terms.pair, leg_skew_max=500 * MILLI)))
    rig.arm()
    rig.market(("79000", "79010"))
    rig.now += 600 * MILLI
    rig.see(quote(CU, "79490", "79500", rig.now))

    assert rig.orders == []


def test_a_market_that_does_not_trade_holds_back_the_entry():
    rig = Rig()
    rig.arm()
    rig.market(("79000", "79010"))
    rig.see(msgspec.structs.replace(quote(CU, "79490", "79500", rig.now), is_trading=False))

    assert rig.orders == []


def test_the_trigger_must_hold_for_the_dwell_time():
    trigger = Trigger(Measure.SPREAD, Comparator.AT_LEAST, Decimal("100"), dwell=200 * MILLI)
    rig = Rig(copper_terms(trigger=trigger))
    rig.arm()
    rig.market()
    rig.wait(100 * MILLI)
    rig.market(("79000", "79010"))
    rig.market()
    rig.wait(150 * MILLI)
    before = len(rig.orders)
    rig.wait(60 * MILLI)

    assert (before, len(rig.orders)) == (0, 2)


def test_a_venue_that_is_down_holds_back_the_entry():
    rig = Rig()
    rig.arm()
    rig.tell(e.VenueDown("LME", "dropped"))
    rig.market()

    assert rig.orders == []


def test_no_entry_without_the_desks_permit():
    rig = Rig()
    rig.arm()
    rig.program.permit = Permit.REPAIRS
    rig.market()

    assert rig.orders == []


def test_one_execution_at_a_time():
    rig, domestic, _ = entered()
    rig.fill(domestic)
    rig.market()

    assert len(rig.orders) == 2


def test_a_cooldown_separates_executions():
    rig, domestic, foreign = entered()
    rig.fill(domestic)
    rig.fill(foreign)
    rig.market()
    during = len(rig.orders)
    rig.wait(1 * SECOND)
    rig.market()

    assert (rig.outcome, during, len(rig.orders)) == ("", 2, 4)


def test_the_program_disarms_after_the_approved_number():
    rig, domestic, foreign = entered(copper_terms(executions_max=1))
    rig.fill(domestic)
    rig.fill(foreign)

    assert (rig.state, rig.program.state.mode_reason) == ("DISARMED", "executions_max")


def test_arming_decays():
    rig = Rig(copper_terms(time_to_live=60 * SECOND))
    rig.arm()
    rig.wait(61 * SECOND)
    rig.market()

    assert (rig.state, rig.program.state.mode_reason, rig.orders) == ("DISARMED", "ttl", [])


def test_three_failures_in_a_row_disarm():
    rig = Rig()
    rig.arm()
    for _ in range(3):
        rig.market()
        for order in rig.orders[-2:]:
            rig.reject(order)
        rig.wait(SECOND)

    assert (len(rig.orders), rig.state, rig.program.state.mode_reason) == (6, "DISARMED", "failures")


def test_an_expired_or_outdated_arm_does_nothing():
    rig = Rig()
    rig.tell(e.Arm("C1", "trader1", 1, rig.now - 1))
    rig.tell(e.Arm("C2", "trader1", 7, rig.now + SECOND))

    assert rig.state == "DISARMED"


def test_buying_domestic_takes_the_other_sides():
    rig = Rig(copper_terms(direction=Direction.BUY_DOMESTIC))
    rig.arm()
    rig.market(("79000", "79010"))
    domestic, foreign = rig.orders

    assert (domestic.side, foreign.side) == (Side.BUY, Side.SELL)
    assert (domestic.price_ticks, foreign.price_ticks) == (7901 + 2, 19599 - 5)


def test_depth_is_walked_to_the_level_the_clip_reaches():
    rig = Rig()
    rig.arm()
    rig.market(("79000", "79010"))
    rig.see(msgspec.structs.replace(quote(CU, "79490", "79500", rig.now), bids=(Level(7949, 5), Level(7945, 50))))

    assert (rig.orders[0].purpose, rig.orders[0].price_ticks) == (Purpose.ENTRY, 7945 - 2)


def test_a_refusal_of_our_gate_is_not_repeated_at_once():
    rig = Rig()
    rig.arm()
    rig.tell(e.OrdersRefused("X", Purpose.ENTRY, "ORDER_LOTS", "too many"))
    rig.market()
    at_once = len(rig.orders)
    rig.wait(SECOND)
    rig.market()

    assert (at_once, len(rig.orders)) == (0, 2)
