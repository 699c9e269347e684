"""The contract that earns most is traded; where its book is short, the rest of the clip goes to the next one."""

from fractions import Fraction

import msgspec
import pytest

from tests.core.rig import CA, CU, FX, HG, SECOND, Decimal, Rig, quote
from tests.core.test_routes import two_routes
from trading.core import events as e
from trading.core.measure import BadTerms
from trading.core.program import HedgeProgram
from trading.core.routing import edge
from trading.core.terms import Comparator, ExecutionMode, Fee, LegRole, Measure, Trigger
from trading.simulation.copper import CU_HG, INSTRUMENTS

SPLIT = "split"


def clip_of(units, **changes):
    """A clip of `units` x 5 cu that may be hedged with LME or COMEX copper."""
    return msgspec.structs.replace(two_routes(), **{"clip_units": units, **changes})


def armed(terms=None, instruments=INSTRUMENTS):
    rig = Rig(terms or clip_of(2), instruments)
    rig.arm()
    return rig


def show(rig, *, ca="9800", hg="4.4435", cu="79490", ca_lots=100, hg_lots=100, cu_lots=500):
    """Show the four books; the prices are those the program would trade at. The domestic one comes last."""
    rig.see(quote(CA, None, ca, rig.now, ask_lots=ca_lots))
    rig.see(quote(HG, None, hg, rig.now, ask_lots=hg_lots))
    rig.see(quote(FX, "7.0990", "7.1010", rig.now))
    rig.see(quote(CU, cu, None, rig.now, bid_lots=cu_lots))


def decisions(rig):
    return [event for event in rig.decisions if isinstance(event, e.OrdersDecided)]


def legs(decided):
    return [(order.instrument, order.lots) for order in decided.orders]


def test_the_route_that_earns_more_is_taken():
    dear_lme = armed()
    show(dear_lme, ca="9805")
    dear_comex = armed()
    show(dear_comex, hg="4.4500")

    [by_comex], [by_lme] = decisions(dear_lme), decisions(dear_comex)
    assert (by_comex.route, legs(by_comex)) == (1, [(CU.code, 9), (HG.code, 4)])
    assert (by_lme.route, legs(by_lme)) == (0, [(CU.code, 10), (CA.code, 2)])
    assert by_comex.measure_value == dear_lme.program.views[1].shown_value(1)
    assert {seen.instrument for seen in by_comex.quotes} == {CU.code, HG.code, FX.code}
    assert by_comex.shares == by_lme.shares == ()


def test_what_a_route_earns_is_the_spread_beyond_the_trigger_after_its_fees():
    rig = Rig(clip_of(2))
    show(rig)
    view = rig.program.views[0]

    opening = Fraction("0.00005") * 79490  # cu only; LME fees are not on record
    assert edge(view, 1, rig.now) == view.value(1) - 100 - opening


def test_a_dear_fee_can_make_the_other_route_better():
    fee = Fee("2025-01-01", "broker's notice", open_per_lot=Decimal(500))
    dear = {**INSTRUMENTS, HG.code: msgspec.structs.replace(HG, fees=(fee,))}
    free, charged = armed(), armed(instruments=dear)
    show(free, ca="9805")
    show(charged, ca="9805")

    assert decisions(free)[0].route == 1
    assert decisions(charged)[0].route == 0


def test_a_short_book_splits_the_clip_over_two_routes():
    rig = armed(clip_of(4))
    show(rig, ca="9790", ca_lots=2)

    first, second = decisions(rig)
    assert (first.route, legs(first)) == (0, [(CU.code, 10), (CA.code, 2)])
    assert (second.route, legs(second)) == (1, [(CU.code, 9), (HG.code, 4)]), "ten of twenty lots are left"
    marks = [(share.wanted_units, share.granted_units, share.reason) for d in (first, second) for share in d.shares]
    assert marks == [(4, 2, SPLIT), (1, 1, SPLIT)]
    assert first.execution != second.execution
    assert len({order.client_order_id for order in rig.orders}) == 4


def test_a_split_clip_is_one_set_and_ends_on_both_routes():
    rig = armed(clip_of(4, executions_max=1))
    show(rig, ca="9790", ca_lots=2)
    for order in list(rig.orders):
        rig.fill(order)

    state = rig.program.state
    assert [case.outcome for case in state.executions.values()] == ["hedged", "hedged"]
    assert (state.executions_started, state.executions_since_arm) == (2, 1)
    assert rig.state == "DISARMED"


def test_the_rest_of_a_clip_stands_behind_its_first_part_in_the_common_book():
    rig = armed(clip_of(4))
    show(rig, ca="9790", ca_lots=2, cu_lots=18)

    assert [decided.route for decided in decisions(rig)] == [0], (
        "eight of eighteen cu are left, a unit of HG needs nine"
    )
    assert decisions(rig)[0].shares == ()


def test_the_rest_is_priced_at_the_depth_the_first_part_leaves():
    rig = armed(clip_of(4))
    rig.see(quote(CA, None, "9780", rig.now, ask_lots=2))
    rig.see(quote(HG, None, "4.4350", rig.now))
    rig.see(quote(FX, "7.0990", "7.1010", rig.now))
    book = quote(CU, "79490", None, rig.now, bid_lots=10)
    rig.see(msgspec.structs.replace(book, bids=(*book.bids, e.Level(7940, 100))))

    first, second = decisions(rig)
    payup = 2  # ticks
    assert first.orders[0].price_ticks == 7949 - payup
    assert second.orders[0].price_ticks == 7940 - payup


def test_nothing_of_a_split_clip_follows_in_a_later_turn():
    rig = armed(clip_of(4))
    show(rig, ca="9790", ca_lots=2)
    rig.now += 10_000_000
    show(rig)

    assert len(decisions(rig)) == 2


def test_a_clip_that_one_route_can_take_is_not_split():
    rig = armed(clip_of(4))
    show(rig, ca="9790")

    assert [legs(decided) for decided in decisions(rig)] == [[(CU.code, 20), (CA.code, 4)]]


def test_a_route_whose_venue_is_down_is_left_out():
    rig = armed()
    rig.tell(e.VenueDown("LME", "line dropped"))
    show(rig, ca="9790")

    assert [decided.route for decided in decisions(rig)] == [1]


def test_a_route_with_a_stale_book_is_left_out():
    rig = armed()
    rig.see(quote(CA, None, "9700", rig.now))
    rig.now += 5 * SECOND
    rig.see(quote(HG, None, "4.4435", rig.now))
    rig.see(quote(FX, "7.0990", "7.1010", rig.now))
    rig.see(quote(CU, "79490", None, rig.now))

    assert [decided.route for decided in decisions(rig)] == [1]


def test_each_route_must_hold_for_the_dwell_time_itself():
    trigger = Trigger(Measure.SPREAD, Comparator.AT_LEAST, Decimal("100"), dwell=SECOND)
    rig = armed(clip_of(2, trigger=trigger))
    show(rig, ca="9950")  # LME does not hold, COMEX does
    rig.now += SECOND // 2
    show(rig, ca="9700")  # now LME would be far better
    rig.wait(SECOND // 2)

    assert [decided.route for decided in decisions(rig)] == [1]


def test_a_repair_trades_the_contract_of_its_route():
    rig = armed()
    show(rig, ca="9805")
    domestic, foreign = rig.orders
    rig.fill(domestic)
    rig.close(foreign)

    repair = decisions(rig)[-1]
    assert repair.options and {order.instrument for order in repair.orders} <= {CU.code, HG.code}
    assert {option.lots_by_leg for option in repair.options if option.name == "top_up"} == {(0, 4)}


def test_the_lead_leg_may_work_on_a_route_too():
    rig = armed(clip_of(2, mode=ExecutionMode.LEAD_FIRST))
    show(rig, ca="9805")
    [lead] = rig.orders
    rig.fill(lead)

    assert [(order.instrument, order.lots) for order in rig.orders] == [(HG.code, 4), (CU.code, 9)]


def test_a_late_report_finds_the_route_that_newer_terms_no_longer_have():
    rig = armed()
    show(rig, ca="9805")
    domestic, foreign = rig.orders
    rig.fill(domestic)
    rig.fill(foreign)
    plain = msgspec.structs.replace(rig.program.terms, routes=(), revision=2)
    rig.tell(e.TermsChanged(plain))

    rig.tell(e.OrderFilled(foreign.client_order_id, "late", 1, foreign.price_ticks, "D1"))

    [case] = rig.program.state.open
    assert rig.program.view_of(case).instruments[1] is INSTRUMENTS[HG.code]


def test_a_route_too_coarse_for_the_clip_makes_no_offer():
    rig = armed(clip_of(1))
    show(rig, ca="9805")

    assert [legs(decided) for decided in decisions(rig)] == [[(CU.code, 5), (CA.code, 1)]]


def test_a_route_in_lots_of_another_size_is_refused():
    small = msgspec.structs.replace(CU, code="SHFE.small", multiplier=Decimal(1))
    other = msgspec.structs.replace(
        CU_HG, legs=(msgspec.structs.replace(CU_HG.legs[0], instrument=small.code), CU_HG.legs[1])
    )

    with pytest.raises(BadTerms, match=r"not as large as one of SHFE\.cu2703"):
        HedgeProgram(clip_of(2, routes=(other,)), {**INSTRUMENTS, small.code: small})


def test_a_trigger_in_native_prices_cannot_compare_pounds_with_tonnes():
    by_price = Trigger(Measure.COUNTER_PRICE, Comparator.AT_MOST, Decimal("9800"), LegRole.FOREIGN)

    with pytest.raises(BadTerms, match="USD/lb, the trigger is in USD/t"):
        HedgeProgram(clip_of(2, trigger=by_price), INSTRUMENTS)
    assert CU_HG.legs[1].instrument == HG.code
