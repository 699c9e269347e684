"""Trades that a venue takes back or corrects: they count no more, the case is open again, and order is no matter."""

from itertools import permutations

import pytest

from tests.core.rig import SECOND, Rig, entered
from trading.core import events as e
from trading.core.order import Order, OrderState


def hedged() -> tuple[Rig, e.OrderIntent, e.OrderIntent]:
    """Both legs traded: ten lots sold at home (F1), two bought abroad (F2)."""
    rig, domestic, foreign = entered()
    rig.fill(domestic)
    rig.fill(foreign)
    assert rig.outcome == "hedged"
    return rig, domestic, foreign


def bust(order: e.OrderIntent, fill: str, day: str = "D1") -> e.FillBusted:
    return e.FillBusted(order.client_order_id, fill, day, "off-market price")


def test_a_bust_reopens_the_case_and_names_what_is_naked() -> None:
    rig, _, foreign = hedged()

    rig.tell(bust(foreign, "F2"))

    assert rig.naked == (-10, 0)
    rules = [alert.rule for alert in rig.alerts]
    assert rules[-2:] == ["fill_busted", "execution_reopened"]
    assert rig.queried[-1] == foreign.client_order_id, "its venue must say where the order stands now"


def test_the_leg_that_lost_its_trade_is_repaired_when_the_venue_has_confirmed() -> None:
    rig, _, foreign = hedged()
    rig.tell(bust(foreign, "F2"))
    rig.now += SECOND
    rig.market()
    rig.tell(e.OrderStatus(foreign.client_order_id, "closed", 0, "", rig.now))

    repair = rig.orders[-1]
    assert repair.purpose in (e.Purpose.TOP_UP, e.Purpose.UNWIND)
    rig.fill(repair)
    assert rig.outcome in ("topped_up", "rolled_back")


def test_a_trade_taken_back_twice_is_taken_back_once() -> None:
    rig, _, foreign = hedged()
    rig.tell(bust(foreign, "F2"))
    alerts = len(rig.alerts)

    rig.tell(bust(foreign, "F2"))

    assert rig.naked == (-10, 0)
    assert len(rig.alerts) == alerts


def test_a_bust_that_comes_before_its_fill_keeps_the_fill_from_counting() -> None:
    rig, domestic, foreign = entered()
    rig.fill(domestic)
    rig.tell(bust(foreign, "F2"))

    rig.tell(e.OrderFilled(foreign.client_order_id, "F2", 2, foreign.price_ticks, "D1"))

    assert rig.naked == (-10, 0)
    assert rig.program.state.orders[foreign.client_order_id].filled_lots == 0


def test_a_bust_without_a_trading_day_finds_its_fill_whichever_comes_first() -> None:
    rig, domestic, foreign = entered()
    rig.tell(bust(domestic, "F1", day=""))
    rig.fill(domestic)
    rig.fill(foreign)
    rig.tell(bust(foreign, "F2", day=""))

    assert [rig.program.state.orders[o.client_order_id].filled_lots for o in (domestic, foreign)] == [0, 0]


def test_a_correction_replaces_quantity_and_price() -> None:
    rig, domestic, _ = hedged()

    rig.tell(e.FillCorrected(domestic.client_order_id, "F1", 8, domestic.price_ticks - 5, "D1"))

    order = rig.program.state.orders[domestic.client_order_id]
    assert (order.filled_lots, order.turnover) == (8, 8 * (domestic.price_ticks - 5))
    # One whole unit (5 : 1) is left of each side; three lots at home and one abroad stand alone.
    assert rig.naked == (-3, 1)


def test_a_corrected_trade_that_is_taken_back_stays_taken_back() -> None:
    rig, domestic, _ = hedged()
    rig.tell(bust(domestic, "F1"))
    rig.tell(e.FillCorrected(domestic.client_order_id, "F1", 8, domestic.price_ticks, "D1"))

    assert rig.program.state.orders[domestic.client_order_id].filled_lots == 0


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_the_order_of_arrival_changes_nothing(order: tuple[int, ...]) -> None:
    _, domestic, _ = entered()
    name = domestic.client_order_id
    news = [
        e.OrderFilled(name, "F1", 4, 100, "D1"),
        e.OrderFilled(name, "F2", 6, 100, "D1"),
        e.FillBusted(name, "F1", "D1"),
        e.FillCorrected(name, "F2", 5, 101, "D1"),
    ]
    known = Order(domestic, "X-1", 0)
    for number in (*order, *order):  # and all of it twice
        match news[number]:
            case e.OrderFilled() as fill:
                known.book(fill)
            case e.FillBusted() as taken_back:
                known.bust(taken_back, 1)
            case e.FillCorrected() as corrected:
                known.correct(corrected, 1)

    assert (known.filled_lots, known.turnover) == (5, 505)


def test_what_the_venue_announced_before_a_bust_holds_nothing_up() -> None:
    rig, _, foreign = hedged()
    order = rig.program.state.orders[foreign.client_order_id]
    rig.tell(bust(foreign, "F2"))
    rig.tell(e.OrderClosed(foreign.client_order_id, 2, "filled"))  # an old report, late
    assert order.state is OrderState.CLOSED
    rig.now += SECOND

    rig.tell(e.OrderStatus(foreign.client_order_id, "closed", 0, "", rig.now))

    assert (order.state, order.done_lots) == (OrderState.SETTLED, 0)


def test_an_answer_asked_for_before_the_bust_is_not_taken_for_news() -> None:
    rig, _, foreign = hedged()
    asked_at = rig.now
    rig.now += SECOND
    rig.tell(bust(foreign, "F2"))

    rig.tell(e.OrderStatus(foreign.client_order_id, "closed", 2, "", asked_at))

    assert rig.program.state.orders[foreign.client_order_id].state is not OrderState.SETTLED


def test_a_venue_that_knows_of_fewer_lots_than_were_filled_calls_a_person() -> None:
    rig, domestic, foreign = entered()
    rig.fill(domestic, 4, close=False)
    rig.fill(foreign)
    asked_at = rig.now = rig.now + SECOND

    rig.tell(e.OrderStatus(domestic.client_order_id, "closed", 0, "", asked_at))

    assert [alert.severity for alert in rig.alerts if alert.rule == "venue_knows_fewer"] == ["P1"]
