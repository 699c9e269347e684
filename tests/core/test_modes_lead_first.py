"""Lead first: one leg works, and exactly what it fills is hedged, in whole units."""

import msgspec
import pytest

from tests.core.rig import CA, CU, MILLI, SECOND, Rig, quote
from trading.core import events as e
from trading.core.entry import lead_leg
from trading.core.events import Level, Purpose, TimeInForce
from trading.core.program import HedgeProgram
from trading.core.terms import ExecutionMode, LeadChoice, Working
from trading.core.units import Side
from trading.simulation.copper import INSTRUMENTS, copper_terms


def terms_led_by(choice, **changes):
    return copper_terms(mode=ExecutionMode.LEAD_FIRST, working=Working(lead=choice), **changes)


def led_by(choice, **changes):
    """Return a rig whose lead order has just left, with that order."""
    rig = Rig(terms_led_by(choice, **changes))
    rig.arm()
    rig.market()
    [lead] = rig.orders
    return rig, lead


@pytest.mark.parametrize(
    ("choice", "instrument", "side", "lots"),
    [(LeadChoice.FOREIGN, CA.code, Side.BUY, 2), (LeadChoice.DOMESTIC, CU.code, Side.SELL, 10)],
)
def test_only_the_working_leg_leaves_at_first(choice, instrument, side, lots):
    rig, lead = led_by(choice)
    [decided] = rig.decisions

    assert (lead.instrument, lead.side, lead.lots, lead.purpose) == (instrument, side, lots, Purpose.ENTRY)
    assert lead.time_in_force is TimeInForce.IOC
    assert (decided.lead, decided.units) == (lead.leg, 2)


def test_nothing_leaves_while_the_other_leg_is_too_shallow():
    rig = Rig(terms_led_by(LeadChoice.FOREIGN, clip_units=1))
    rig.arm()
    rig.market(bid_lots=4)

    assert rig.orders == []


def test_what_filled_is_hedged_at_once_and_the_pair_ends_hedged():
    rig, lead = led_by(LeadChoice.FOREIGN)
    rig.fill(lead)
    hedge = rig.orders[-1]
    rig.fill(hedge)

    assert (hedge.instrument, hedge.side, hedge.lots, hedge.purpose) == (CU.code, Side.SELL, 10, Purpose.HEDGE)
    assert hedge.price_ticks == 7949 - 2  # counter price plus payup, as an entry of both legs would have had
    assert (rig.outcome, len(rig.orders)) == ("hedged", 2)


def test_half_a_lead_is_hedged_by_half_a_clip():
    rig, lead = led_by(LeadChoice.FOREIGN)
    rig.fill(lead, 1)
    hedge = rig.orders[-1]
    rig.fill(hedge)

    assert (hedge.lots, rig.outcome, rig.program.state.open) == (5, "hedged", [])


def test_each_partial_fill_is_hedged_while_the_lead_order_still_works():
    rig, lead = led_by(LeadChoice.FOREIGN)
    rig.fill(lead, 1, close=False)
    first = rig.orders[-1]
    rig.fill(lead, 1)
    second = rig.orders[-1]

    assert [(order.lots, order.purpose) for order in (first, second)] == [(5, Purpose.HEDGE)] * 2
    assert first.client_order_id != second.client_order_id
    rig.fill(first)
    rig.fill(second)
    assert rig.outcome == "hedged"


def test_lots_short_of_a_unit_are_not_hedged_but_repaired_when_the_lead_order_is_over():
    rig, lead = led_by(LeadChoice.DOMESTIC)
    rig.fill(lead, 8, close=False)
    hedge = rig.orders[-1]
    rig.fill(hedge)
    before = (rig.naked, len(rig.orders))
    rig.close(lead, 8)
    repair = rig.orders[2:]

    assert (hedge.instrument, hedge.lots) == (CA.code, 1)  # 8 of 10 lots are one whole unit of five
    assert before == ((-3, 0), 2)  # the order may still fill by itself
    assert {order.purpose for order in repair} <= {Purpose.TOP_UP, Purpose.UNWIND}
    for order in repair:
        rig.fill(order)
    assert rig.naked == (0, 0)


def test_a_lead_that_does_not_fill_leaves_nothing_to_hedge():
    rig, lead = led_by(LeadChoice.FOREIGN)
    rig.close(lead)

    assert (len(rig.orders), rig.outcome) == (1, "flat")


def test_a_rejected_hedge_goes_to_the_repair():
    rig, lead = led_by(LeadChoice.FOREIGN)
    rig.fill(lead)
    rig.reject(rig.orders[-1])
    repair = rig.orders[-1]
    rig.fill(repair)

    assert repair.purpose in (Purpose.TOP_UP, Purpose.UNWIND)
    assert rig.last_options()  # with the comparison of all ways out
    assert rig.outcome in ("topped_up", "rolled_back")


def test_a_hedge_that_our_gate_refused_goes_to_the_repair():
    rig, lead = led_by(LeadChoice.FOREIGN)
    case = rig.program.state.open[0]
    refused = e.OrdersRefused(case.id, Purpose.HEDGE, "PRICE_COLLAR", "too far")
    rig._note(rig.program.handle(e.OrderFilled(lead.client_order_id, "F1", 2, lead.price_ticks, "D1"), rig.now))
    rig.tell(refused)
    rig.wait(SECOND)

    assert [order.purpose for order in rig.orders[1:]] in ([Purpose.TOP_UP], [Purpose.UNWIND])


def test_a_half_filled_hedge_is_completed_by_the_repair_of_what_is_missing():
    rig, lead = led_by(LeadChoice.FOREIGN)
    rig.fill(lead)
    rig.fill(rig.orders[-1], 7)
    repair = rig.orders[-1]

    assert (repair.instrument, repair.lots, repair.purpose) == (CU.code, 3, Purpose.TOP_UP)


def test_the_other_venue_down_means_no_hedge_there_and_a_way_back_here():
    rig, lead = led_by(LeadChoice.FOREIGN)
    rig.tell(e.VenueDown("SHFE", "dropped"))
    rig.fill(lead)

    assert [(order.venue, order.purpose) for order in rig.orders[1:]] == [("LME", Purpose.UNWIND)]


def test_naked_time_runs_from_the_lead_fill():
    rig, lead = led_by(LeadChoice.FOREIGN)
    filled_at = rig.now
    rig.fill(lead)
    rig.wait(100 * MILLI)

    assert rig.program.state.open[0].naked_since == filled_at


def test_a_late_fill_of_the_lead_after_the_end_is_hedged_too():
    rig, lead = led_by(LeadChoice.FOREIGN)
    rig.close(lead, 0)
    rig.tell(e.OrderFilled(lead.client_order_id, "LATE", 1, lead.price_ticks, "D1"))
    hedge = rig.orders[-1]

    assert (hedge.purpose, hedge.instrument, hedge.lots) == (Purpose.HEDGE, CU.code, 5)


def test_a_kill_of_level_cancel_stops_the_hedge_until_a_person_acts():
    rig, lead = led_by(LeadChoice.FOREIGN)
    rig.tell(e.Kill("K1", "risk1", "cancel", "drill"))
    rig.fill(lead)

    assert (len(rig.orders), rig.naked) == (1, (0, 2))


def books(*, domestic_inside, foreign_inside, domestic_shown=100, foreign_shown=100):
    """Return a view whose books hold so many lots inside the trigger, and more beyond it."""
    view = HedgeProgram(copper_terms(), INSTRUMENTS)
    rig_quote = quote(INSTRUMENTS["FX.USDCNH"], "7.0990", "7.1010", 0)
    bids = (Level(7949, domestic_inside), Level(7900, domestic_shown - domestic_inside))
    asks = (Level(19600, foreign_inside), Level(19800, foreign_shown - foreign_inside))
    view.see(rig_quote, 0)
    view.see(msgspec.structs.replace(quote(CU, "79490", "79500", 0), bids=bids), 0)
    view.see(msgspec.structs.replace(quote(CA, "9799.5", "9800", 0), asks=asks), 0)
    return view


@pytest.mark.parametrize(("choice", "leg"), [(LeadChoice.LEAST_LIQUID, 0), (LeadChoice.MOST_LIQUID, 1)])
def test_liquidity_is_counted_in_units_inside_the_trigger(choice, leg):
    # 12 domestic lots at a price that still pays are 2 units, 4 foreign lots are 4; what lies beyond does not count.
    assert lead_leg(books(domestic_inside=12, foreign_inside=4), choice) == leg


@pytest.mark.parametrize("choice", [LeadChoice.LEAST_LIQUID, LeadChoice.MOST_LIQUID])
def test_of_two_equally_liquid_legs_the_foreign_one_leads(choice):
    view = books(domestic_inside=10, foreign_inside=2, domestic_shown=50, foreign_shown=10)

    assert lead_leg(view, choice) == 1


def test_a_restart_in_the_middle_finds_the_same_state_in_the_journal():
    rig, lead = led_by(LeadChoice.DOMESTIC)
    rig.fill(lead, 8, close=False)

    assert rig.refolded() == rig.program.snapshot()
