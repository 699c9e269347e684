"""What each way out costs, by hand from the figures of domain.md §7.2, and which one is taken because of it."""

import msgspec

from tests.core.rig import CA, CU, MILLI, Decimal, Rig, entered, quote
from trading.core import events as e
from trading.core.events import Purpose, RejectClass
from trading.core.terms import Fee, RepairPreference
from trading.core.units import Side
from trading.simulation.copper import INSTRUMENTS, REPAIR, copper_terms

# The market of domain.md §7.2: SHFE 79490/79500, LME 9799.5/9800, FX 7.0990/7.1010. The plan sells 5 cu a unit at 79490
# and buys 1 CA at 9800. One USD/t on one CA lot is 25 x 7.1010 = 177.525 CNY; one CNY/t on one cu lot is 5 CNY.


def terms_with(units: int = 2, **changes: object):
    return copper_terms(clip_units=units, repair=msgspec.structs.replace(REPAIR, **changes))


def fill_at(rig: Rig, order: e.OrderIntent, lots: int, price: str, *, close: bool = True) -> None:
    """Trade `lots` at a price of our choosing; the rest of the order is closed unless told."""
    ticks = int(Decimal(price) / INSTRUMENTS[order.instrument].tick)
    name = order.client_order_id
    rig.tell(e.OrderFilled(name, f"{name}@{price}", lots, ticks, "D1"))
    if close and lots < order.lots:
        rig.tell(e.OrderClosed(name, lots, "cancelled"))


def test_a_same_day_unwind_of_copper_costs_59_6_a_lot_in_fees_and_a_spread():
    rig, domestic, foreign = entered(terms_with(units=1, preference=RepairPreference.UNWIND_FIRST))
    fill_at(rig, domestic, 1, "79500")
    rig.reject(foreign)

    # Opened at 79500 x 5 t x 0.5 per ten thousand = 19.875, closed today at 79500 x 5 t x 1 per ten thousand = 39.75:
    # 59.625 a lot. Sold at 79500 and bought at 79500, there is no spread in it yet.
    assert rig.last_options()["unwind:0"].cost == Decimal("59.62")

    rig, domestic, foreign = entered(terms_with(units=1, preference=RepairPreference.UNWIND_FIRST))
    fill_at(rig, domestic, 1, "79490")
    rig.reject(foreign)

    # One tick of spread is 10 x 5 t = 50; opening at 79490 cost 19.8725.
    assert rig.last_options()["unwind:0"].cost == Decimal("109.62")


def test_three_of_five_sold_and_london_is_40_dollars_away_so_the_three_are_bought_back():
    rig, domestic, foreign = entered(terms_with(units=1))
    rig.see(quote(CA, "9839.5", "9840", rig.now))
    rig.reject(foreign)
    fill_at(rig, domestic, 3, "79490")
    options = rig.last_options()

    # Going on: 2 cu at the plan's price and their fee of 39.745, 1 CA 40 USD/t dearer is 7,101: 7,140.745.
    assert options["top_up:1"].cost == Decimal("7140.74")
    assert options["top_up:1"].lots_by_leg == (-2, 1)
    # Going back: 3 cu 10 CNY/t dearer is 150, 59.6175 paid in vain to open, 119.25 to close today: 328.8675.
    assert options["unwind:0"].cost == Decimal("328.87")
    assert options["unwind:0"].lots_by_leg == (3, 0)
    [back] = rig.orders[2:]
    assert (back.instrument, back.side, back.lots, back.purpose) == (CU.code, Side.BUY, 3, Purpose.UNWIND)


def test_three_of_five_sold_and_london_stands_still_so_it_is_completed():
    rig, domestic, foreign = entered(terms_with(units=1))
    rig.fill(foreign)
    fill_at(rig, domestic, 3, "79490")
    options = rig.last_options()

    # Completing costs the fee of 2 lots at 79490. Going back costs 328.8675 in Shanghai, and London is sold at 9799.5
    # what was bought at 9802.5: 3 x 177.525 = 532.575; together 861.4425.
    assert (options["top_up:1"].cost, options["unwind:0"].cost) == (Decimal("39.74"), Decimal("861.44"))
    assert [(order.instrument, order.lots) for order in rig.orders[2:]] == [(CU.code, 2)]


def test_closing_today_where_it_is_dear_makes_completing_the_cheaper_way():
    """CFFEX-like fees: closing today at 23 per ten thousand turns the choice round."""
    cheap = CU.fees[0]
    rigs = {}
    for name, rate in (("cheap", cheap.close_today_rate), ("dear", Decimal("0.0023"))):
        fee = Fee("2025-01-01", "domain.md §7.2", cheap.open_rate, cheap.close_rate, rate)
        INSTRUMENTS[CU.code] = msgspec.structs.replace(CU, fees=(fee,))
        try:
            rig, domestic, foreign = entered(terms_with(units=1))
        finally:
            INSTRUMENTS[CU.code] = CU
        rig.see(quote(CA, "9804.5", "9805", rig.now))
        fill_at(rig, domestic, 5, "79490")
        rig.reject(foreign)
        rigs[name] = rig

    # 1 CA 5 USD/t dearer is 887.625. Back: 250 and 99.3625, and 198.75 or 4,571.25 to close 5 lots today.
    assert rigs["cheap"].last_options()["unwind:0"].cost == Decimal("548.11")
    assert rigs["dear"].last_options()["unwind:0"].cost == Decimal("4920.61")
    assert rigs["dear"].last_options()["top_up:1"].cost == Decimal("887.62")
    assert [rig.orders[-1].instrument for rig in rigs.values()] == [CU.code, CA.code]


def test_london_shows_one_lot_at_the_plan_so_one_unit_is_completed_and_one_bought_back():
    rig, domestic, foreign = entered(terms_with())
    thin = e.QuoteSeen(CA.code, (e.Level(19_599, 100),), (e.Level(19_600, 1), e.Level(19_700, 9)), rig.now, rig.now)
    rig.see(thin)
    fill_at(rig, domestic, 10, "79490")
    rig.reject(foreign)

    options = rig.last_options()

    # The second lot stands 50 USD/t away: 50 x 177.525. All ten back: 500 + 198.725 + 397.50; five of them: half.
    assert options["top_up:2"].cost == Decimal("8876.25")
    assert options["unwind:0"].cost == Decimal("1096.22")
    assert (options["top_up:1"].cost, options["top_up:1"].lots_by_leg) == (Decimal("548.11"), (5, 1))
    assert [(order.instrument, order.lots) for order in rig.orders[2:]] == [(CU.code, 5), (CA.code, 1)]


def test_a_way_whose_price_lies_beyond_the_collar_gives_way_to_the_next():
    rig, domestic, foreign = entered(terms_with(preference=RepairPreference.TOP_UP_FIRST))
    gap = e.QuoteSeen(CA.code, (e.Level(19_599, 100),), (e.Level(20_600, 100),), rig.now, rig.now)
    rig.see(gap)
    fill_at(rig, domestic, 10, "79490")
    rig.reject(foreign)

    # London is offered 500 USD/t away, more than 2 % from the middle: Shanghai is bought back although completing is
    # preferred.
    assert rig.last_options()["top_up:2"].reason == "no price inside the collar reaches the book"
    assert [(order.instrument, order.lots) for order in rig.orders[2:]] == [(CU.code, 10)]


def test_an_order_that_may_still_fill_is_waited_for_because_that_costs_nothing():
    rig, domestic, foreign = entered()
    fill_at(rig, domestic, 10, "79490")
    rig.tell(e.OrderAccepted(foreign.client_order_id, "V1"))
    rig.wait(REPAIR.wait - MILLI)

    assert (rig.naked, rig.cancelled, len(rig.orders)) == ((-10, 0), [], 2)


def test_after_its_wait_the_resting_leg_is_chased_and_the_record_says_what_that_costs():
    rig, domestic, foreign = entered()
    fill_at(rig, domestic, 10, "79490")
    rig.tell(e.OrderAccepted(foreign.client_order_id, "V1"))
    rig.wait(REPAIR.wait)
    options = rig.last_options()

    assert rig.cancelled == [foreign.client_order_id]
    assert options["wait:-1"].reason == "its time to fill by itself is over"
    # London has not moved; five ticks (2.5 USD/t) more are given away on 2 lots: 2.5 x 2 x 177.525 = 887.625.
    assert (options["chase:2"].cost, options["chase:2"].reason) == (Decimal("887.62"), "chosen")
    # Going back: 500, 198.725 in vain, 397.50 to close today.
    assert options["unwind:0"].cost == Decimal("1096.22")

    rig.close(foreign)
    again = rig.orders[-1]
    assert (again.instrument, again.lots, again.price_ticks) == (CA.code, 2, 19_600 + 5)


def test_a_resting_leg_that_ran_away_is_called_back_to_unwind():
    rig, domestic, foreign = entered()
    fill_at(rig, domestic, 10, "79490")
    rig.tell(e.OrderAccepted(foreign.client_order_id, "V1"))
    rig.see(quote(CA, "9839.5", "9840", rig.now))
    rig.wait(REPAIR.wait)
    options = rig.last_options()
    cancel = rig.decisions[-1]

    # 40 USD/t on 2 lots is 14,202, and the payup 887.625.
    assert options["chase:2"].cost == Decimal("15089.62")
    assert (cancel.reason, options["unwind:0"].reason) == ("unwind", "chosen")


def test_above_the_naked_quantity_nothing_is_waited_for():
    rig, domestic, foreign = entered(terms_with(naked_quantity_max=Decimal("25")))
    rig.tell(e.OrderAccepted(foreign.client_order_id, "V1"))
    fill_at(rig, domestic, 5, "79490", close=False)
    at_25_tonnes = list(rig.cancelled)
    fill_at(rig, domestic, 5, "79480")

    assert at_25_tonnes == []
    assert rig.cancelled == [foreign.client_order_id]
    assert rig.last_options()["wait:-1"].reason == "50 t naked, waiting is allowed up to 25 t"


def test_every_way_out_is_named_in_the_receipt_with_a_cost_or_a_reason():
    rig, domestic, foreign = entered()
    rig.fill(domestic)
    rig.reject(foreign)
    options = rig.last_options().values()

    assert {option.name for option in options} == {"wait", "chase", "top_up", "unwind", "proxy", "queue", "hold"}
    assert all(option.reason for option in options)
    assert [option.reason for option in options].count("chosen") == 1


def test_the_cost_budget_is_for_the_whole_case_and_a_restart_does_not_renew_it():
    rig, domestic, foreign = entered(terms_with(cost_max=Decimal("1500")))
    fill_at(rig, domestic, 10, "79490")
    rig.reject(foreign)
    rig.see(quote(CU, "79590", "79600", rig.now))
    rig.see(quote(CA, "9803.5", "9804", rig.now))
    rig.wait(0)
    fill_at(rig, rig.orders[-1], 1, "9802.5")
    [spent] = [case.spent() for case in rig.restarted().state.open]

    # One of two lots at the plan's price cost nothing. The next one is 4 USD/t dearer: 710.10, inside the 1,500.
    assert spent == 0
    assert rig.last_options()["top_up:2"].cost == Decimal("710.10")

    rig.reject(rig.orders[-1], RejectClass.PERMISSION)
    # Now only the way back is left: it would cost 100 CNY/t and more on 5 lots, 2,750 in price alone.
    assert rig.last_options()["top_up:2"].cost == Decimal("710.10")
    assert len(rig.orders) == 4
    rig.wait(REPAIR.naked_age_max)
    assert rig.state == "HALTED"


def test_attempts_and_time_are_counted_from_the_journal():
    rig, domestic, foreign = entered()
    rig.fill(domestic)
    rig.reject(foreign)
    rig.wait(100 * MILLI)
    rig.reject(rig.orders[-1])
    [live], [again] = rig.program.state.open, rig.restarted().state.open

    assert (again.attempts_left, again.naked_since) == (live.attempts_left, live.naked_since) == (1, rig.journal[4][1])
    assert again.facts() == live.facts()


def test_in_the_delivery_month_only_multiples_of_five_are_traded_back():
    """SHFE copper opens and closes in multiples of five lots then: three cannot be bought back (domain.md §7.3)."""
    INSTRUMENTS[CU.code] = msgspec.structs.replace(CU, delivery_from="2027-01-01", delivery_lots_multiple=5)
    try:
        rig, domestic, foreign = entered(terms_with())
        rig.fill(foreign)
        fill_at(rig, domestic, 8, "79490")
        rig.wait(REPAIR.wait)
        options = rig.last_options()
    finally:
        INSTRUMENTS[CU.code] = CU

    assert options["top_up:2"].reason == "SHFE.cu2703: 2 lots are not a multiple of 5"
    assert options["unwind:1"].reason == "SHFE.cu2703: 3 lots are not a multiple of 5"
    assert (len(rig.orders), [alert.rule for alert in rig.alerts]) == (2, ["no_way_out"])
