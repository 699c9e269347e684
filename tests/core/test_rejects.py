"""What a reject teaches: which orders are tried again, when, and what is never tried again."""

import msgspec
import pytest

from tests.core.rig import CA, CU, MILLI, SECOND, entered, quote
from trading.core import events as e
from trading.core.events import Offset, Purpose, RejectClass
from trading.core.rejects import ACTIONS
from trading.core.terms import RepairPreference
from trading.simulation.copper import REPAIR, copper_terms


def terms_with(**changes):
    return copper_terms(repair=msgspec.structs.replace(REPAIR, **changes))


def test_every_class_of_reject_has_an_action():
    assert set(ACTIONS) == set(RejectClass)


@pytest.mark.parametrize("why", [why for why in RejectClass if why is not RejectClass.DUPLICATE])
def test_a_hedge_that_is_always_rejected_takes_five_orders_at_most(why):
    """vnpy sends an order with every tick for ever: 101 in 100 ticks (domain.md §0.5)."""
    rig, domestic, foreign = entered()
    rig.fill(domestic)
    rig.reject(foreign, why)
    for tick in range(120):
        if tick % 5 == 0:
            rig.market()
        for order in rig.orders[2:]:
            if rig.program.state.orders[order.client_order_id].state.value == "sent":
                rig.reject(order, why)
        rig.wait(500 * MILLI)

    assert len(rig.orders) <= 5
    assert (rig.state, rig.naked) == ("HALTED", (-10, 0))
    assert [alert.rule for alert in rig.alerts].count("halted") == 1


def test_a_price_reject_is_priced_anew_once():
    rig, domestic, foreign = entered()
    rig.fill(domestic)
    rig.reject(foreign, RejectClass.PRICE)
    first = rig.orders[-1]
    rig.reject(first, RejectClass.PRICE)

    assert (first.instrument, first.price_ticks) == (CA.code, 19_600 + 5)
    assert rig.orders[-1].purpose is Purpose.UNWIND


def test_a_throttle_waits_twice_as_long_each_time_and_blocks_nothing():
    rig, domestic, _ = entered()
    rig.fill(domestic)
    sent = []
    for order in range(3):
        rig.reject(rig.orders[1 if order == 0 else -1], RejectClass.THROTTLE)
        since, before = rig.now, len(rig.orders)
        while len(rig.orders) == before and rig.now < since + SECOND:
            rig.wait(10 * MILLI)
        sent.append((rig.now - since) // MILLI)

    assert sent == [50, 100, 200]
    assert {order.instrument for order in rig.orders[2:]} == {CA.code}


def test_without_margin_nothing_more_is_opened_there_and_the_reducing_way_is_taken():
    rig, domestic, foreign = entered(terms_with(preference=RepairPreference.TOP_UP_FIRST))
    rig.fill(domestic)
    rig.reject(foreign, RejectClass.MARGIN)

    assert [order.purpose for order in rig.orders[2:]] == [Purpose.UNWIND]
    assert rig.last_options()["top_up:2"].reason == "LME.CA-3M: no margin at LME for more"


def test_a_wrong_offset_is_planned_anew_once():
    rig, domestic, foreign = entered(terms_with(preference=RepairPreference.UNWIND_FIRST))
    rig.fill(domestic)
    rig.reject(foreign, RejectClass.PERMISSION)
    rig.reject(rig.orders[-1], RejectClass.OFFSET)
    rig.reject(rig.orders[-1], RejectClass.OFFSET)

    assert [order.offset for order in rig.orders[2:]] == [Offset.CLOSE_TODAY, Offset.CLOSE_YESTERDAY]


def test_a_fatal_reject_is_never_tried_again():
    rig, domestic, foreign = entered()
    rig.fill(domestic)
    rig.reject(foreign, RejectClass.PERMISSION)
    rig.close(rig.orders[-1])
    rig.wait(SECOND)

    assert {order.instrument for order in rig.orders[2:]} == {CU.code}


def test_a_closed_venue_is_believed_until_a_later_quote_says_that_it_trades():
    rig, domestic, foreign = entered(terms_with(preference=RepairPreference.TOP_UP_FIRST))
    rig.see(quote(CU, "79490", None, rig.now))  # no way back either
    rig.fill(domestic)
    rig.reject(foreign, RejectClass.CLOSED)
    rig.see(quote(CA, "9799.5", "9800", rig.now))
    at_once = len(rig.orders)
    rig.wait(SECOND)
    rig.see(quote(CA, "9799.5", "9800", rig.now))

    assert (at_once, [order.instrument for order in rig.orders[2:]]) == (2, [CA.code])
    assert [(alert.rule, alert.severity) for alert in rig.alerts] == [("halted_market", "P1")]


def test_a_duplicate_id_is_asked_about_and_concludes_nothing():
    rig, domestic, foreign = entered()
    rig.fill(domestic)
    rig.reject(foreign, RejectClass.DUPLICATE)

    assert (rig.queried, len(rig.orders)) == ([foreign.client_order_id], 2)


def test_what_was_refused_is_known_after_a_restart():
    rig, domestic, foreign = entered()
    rig.fill(domestic)
    rig.reject(foreign, RejectClass.MARGIN)
    rig.tell(e.OrderRejected(rig.orders[-1].client_order_id, RejectClass.PERMISSION, "28", ""))
    [case] = rig.restarted().state.open

    assert case.refusals.no_margin == {"LME"}
    assert {code for code, _ in case.refusals.blocked} == {CU.code}
