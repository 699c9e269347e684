"""Quote and lean: where the quote rests, when it moves, and that every fill is hedged at once."""

from fractions import Fraction

import msgspec

from tests.core.quoting_rig import FAR, domestic, foreign, moved, quoted, quoting_terms, reasons
from tests.core.rig import CA, CU, MILLI, SECOND, Decimal, Rig, quote
from trading.core import events as e
from trading.core.events import Level, Purpose, TimeInForce
from trading.core.measure import import_parity
from trading.core.terms import (
    Comparator,
    LeadChoice,
    LegRole,
    Measure,
    Trigger,
)
from trading.core.units import Side
from trading.simulation.copper import COPPER_PARITY

# --- where it rests ---


def test_the_quote_rests_where_the_trigger_just_holds():
    rig, order = quoted()
    bought_at = Fraction(order.price_ticks, 2)
    spread, worse = (
        79400 - import_parity(bought_at + step, Fraction("7.1010"), COPPER_PARITY) for step in (0, Fraction(1, 2))
    )

    assert (order.instrument, order.side, order.lots) == (CA.code, Side.BUY, 2)
    assert order.time_in_force is TimeInForce.DAY
    assert worse < 100 <= spread
    assert rig.decisions[0].measure_value == round(Decimal(spread.numerator) / Decimal(spread.denominator), 6)


def test_a_quote_on_the_domestic_leg_leans_on_the_foreign_ask():
    _, order = quoted(LeadChoice.DOMESTIC)
    parity = import_parity(Fraction(9800), Fraction("7.1010"), COPPER_PARITY)

    assert (order.instrument, order.side, order.lots) == (CU.code, Side.SELL, 10)
    assert (order.price_ticks - 1) * 10 - parity < 100 <= order.price_ticks * 10 - parity


def test_the_quote_never_crosses_the_best_opposite_price():
    _, order = quoted(domestic=("79490", "79500"))

    assert order.price_ticks == 19600 - 1  # the trigger would allow 9808.5, and 9800 is offered


def test_the_other_legs_book_is_walked_for_the_whole_hedge():
    _, shallow = quoted()
    deeper = Rig(quoting_terms())
    deeper.arm()
    deeper.market(("79000", "79010"), bid_lots=1)
    deeper.see(msgspec.structs.replace(quote(CU, *FAR, deeper.now), bids=(Level(7940, 5), Level(7938, 50))))

    # Five lots at 79400 and five at 79380 are 10 CNY/t less than ten at 79400: 1.25 USD/t, two to three ticks.
    assert 2 <= shallow.price_ticks - deeper.orders[-1].price_ticks <= 3


def test_the_quote_is_no_larger_than_the_other_legs_depth():
    rig = Rig(quoting_terms(clip_units=4))
    rig.arm()
    rig.market(FAR, bid_lots=13)

    assert [order.lots for order in rig.orders] == [2]


def test_nothing_is_quoted_further_than_the_collar_from_the_market():
    rig = Rig(quoting_terms())
    rig.arm()
    rig.market(("77500", "77510"))

    assert rig.orders == []


def test_a_trigger_on_the_other_legs_price_joins_the_queue():
    trigger = Trigger(Measure.COUNTER_PRICE, Comparator.AT_LEAST, Decimal("79400"), LegRole.DOMESTIC)
    _, order = quoted(trigger=trigger)

    assert order.price_ticks == 19599


# --- fills ---


def test_every_partial_fill_is_hedged_while_the_quote_rests_on():
    rig, order = quoted()
    rig.fill(order, 1, close=False)
    first = rig.orders[-1]
    rig.fill(first)
    between = (rig.cancelled, len(rig.program.state.open))
    rig.fill(order, 1, close=False)
    second = rig.orders[-1]
    rig.fill(second)

    assert [(o.instrument, o.lots, o.purpose) for o in (first, second)] == [(CU.code, 5, Purpose.HEDGE)] * 2
    assert between == ([], 1)
    assert (rig.outcome, rig.naked) == ("hedged", (0, 0))


def test_three_of_five_lots_wait_for_the_other_two():
    rig, order = quoted(LeadChoice.DOMESTIC)
    rig.fill(order, 3, close=False)
    before = len(rig.orders)
    rig.fill(order, 2, close=False)
    hedge = rig.orders[-1]

    assert (before, hedge.instrument, hedge.lots, hedge.purpose) == (1, CA.code, 1, Purpose.HEDGE)


def test_lots_short_of_a_unit_do_not_wait_longer_than_a_repair_would():
    rig, order = quoted(LeadChoice.DOMESTIC)
    rig.fill(order, 3, close=False)
    rig.wait(499 * MILLI)
    before = reasons(rig)
    rig.wait(2 * MILLI)
    rig.close(order, 3)
    repair = rig.orders[-1]
    rig.fill(repair)

    assert (before, reasons(rig)) == ([], ["sub_unit"])
    assert repair.purpose in (Purpose.TOP_UP, Purpose.UNWIND)
    assert rig.naked == (0, 0)


def test_a_fill_on_its_way_when_the_quote_is_called_back_is_hedged():
    rig, order = quoted()
    foreign(rig, "9790", "9790.5")
    domestic(rig, "79300", "79310")
    rig.fill(order, 1, close=False)
    hedge = rig.orders[-1]
    rig.close(order, 1)
    rig.fill(hedge)

    assert (hedge.purpose, hedge.lots) == (Purpose.HEDGE, 5)
    assert rig.naked == (0, 0)


def test_a_fill_long_after_the_quote_was_cancelled_is_hedged():
    rig, order = quoted()
    rig.tell(e.Disarm("C2", "trader1", "enough"))
    rig.close(order)
    ended = rig.outcome
    rig.tell(e.OrderFilled(order.client_order_id, "LATE", 1, order.price_ticks, "D1"))
    hedge = rig.orders[-1]
    rig.fill(hedge)
    rig.tell(e.OrderStatus(order.client_order_id, "closed", 1))

    assert (ended, hedge.purpose, hedge.lots, rig.outcome) == ("flat", Purpose.HEDGE, 5, "hedged")


def test_more_fills_than_planned_are_never_hedged_beyond_the_plan():
    rig, order = quoted(clip_units=1)
    rig.fill(order)
    rig.fill(rig.orders[-1])
    rig.tell(e.OrderFilled(order.client_order_id, "AGAIN", 1, order.price_ticks, "D1"))
    rig.tell(e.OrderStatus(order.client_order_id, "closed", 2))
    extra = rig.orders[-1]

    assert (extra.instrument, extra.side, extra.purpose) == (CA.code, Side.SELL, Purpose.UNWIND)


# --- when it moves ---


def test_a_move_smaller_than_the_tolerance_is_not_followed():
    rig, _order = quoted(requote_ticks=4)
    moved(rig, 1)

    assert (rig.cancelled, len(rig.orders)) == ([], 1)


def test_a_larger_move_is_followed_within_the_same_execution():
    rig, order = quoted(requote_ticks=4)
    moved(rig, 10)
    meanwhile = len(rig.orders)
    rig.close(order)
    again = rig.orders[-1]

    assert (reasons(rig), meanwhile) == (["requote"], 1)  # one quote at a time
    assert again.price_ticks < order.price_ticks - 4
    assert again.client_order_id != order.client_order_id
    assert len(rig.program.state.executions) == 1
    assert rig.program.state.open[0].attempts == 0  # a quote is no repair


def test_what_is_quoted_again_is_what_is_left():
    rig, order = quoted()
    rig.fill(order, 1, close=False)
    rig.fill(rig.orders[-1])
    moved(rig, 10)
    rig.close(order, 1)

    assert (rig.orders[-1].instrument, rig.orders[-1].lots) == (CA.code, 1)


def test_a_better_price_is_followed_only_inside_the_message_budget():
    rig, _order = quoted(messages=3)
    moved(rig, -5)
    before = reasons(rig)
    rig.wait(SECOND)
    roomy, _ = quoted(messages=4)
    moved(roomy, -5)

    assert (before, reasons(rig), reasons(roomy)) == ([], [], ["requote"])


def test_a_quote_that_would_lose_money_is_called_back_whatever_the_budget():
    rig, order = quoted(messages=2)
    moved(rig, 5)
    rig.close(order)

    assert (reasons(rig), len(rig.orders), rig.outcome) == (["requote"], 1, "flat")  # and none anew without budget


def test_a_spent_budget_comes_back_with_time():
    rig, order = quoted(messages=2)
    moved(rig, 5)
    rig.close(order)
    rig.wait(59 * SECOND)
    rig.market(FAR)
    before = len(rig.orders)
    rig.wait(2 * SECOND)
    rig.market(FAR)

    assert (before, len(rig.orders)) == (1, 2)


def test_hedges_and_repairs_need_no_budget():
    rig, order = quoted(messages=2)
    rig.fill(order, 1, close=False)
    rig.reject(rig.orders[-1])
    rig.close(order, 1)

    assert rig.orders[1].purpose is Purpose.HEDGE
    assert len(rig.orders) == 3


def test_a_quote_is_decided_anew_when_it_has_rested_long_enough():
    rig, order = quoted(rest=1)
    rig.wait(SECOND)
    rig.close(order)

    assert (reasons(rig), len(rig.orders)) == (["rest"], 2)


def test_a_quote_shrinks_with_the_book_it_leans_on():
    rig, order = quoted()
    domestic(rig, *FAR, bid_lots=6)
    rig.close(order)

    assert (reasons(rig), rig.orders[-1].lots) == (["depth"], 1)
