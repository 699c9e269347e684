"""What the program believes of an order, whatever the venue says and in whatever order it says it."""

import itertools

import pytest

from tests.core.rig import SECOND, Rig, entered
from trading.core import events as e
from trading.core.events import RejectClass
from trading.core.order import TRANSITIONS, Evidence, OrderState
from trading.simulation.copper import REPAIR

PRESUMED_DEAD = 5 * SECOND


def state_of(rig: Rig, order: e.OrderIntent) -> str:
    return rig.program.state.orders[order.client_order_id].state.value


def answer(rig: Rig, order: e.OrderIntent, state: str, lots: int = 0) -> None:
    """The venue answers the last query."""
    asked_at = rig.program.state.orders[order.client_order_id].asked_at
    rig.tell(e.OrderStatus(order.client_order_id, state, lots, "", asked_at))


def test_the_table_answers_every_evidence_in_every_state():
    assert set(TRANSITIONS) == set(Evidence)
    assert all(set(row) == set(OrderState) for row in TRANSITIONS.values())


def test_a_fill_counts_once_however_often_it_is_reported():
    rig, domestic, _ = entered()
    fill = rig.fill(domestic, 4, close=False)
    for _ in range(4):
        rig.tell(fill)

    assert rig.program.state.orders[domestic.client_order_id].filled_lots == 4


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_reports_may_come_in_any_order(order):
    rig, domestic, foreign = entered()
    name = domestic.client_order_id
    reports = [
        e.OrderAccepted(name, "V1"),
        e.OrderFilled(name, "F1", 4, domestic.price_ticks, "D1"),
        e.OrderFilled(name, "F2", 6, domestic.price_ticks, "D1"),
        e.OrderClosed(name, 10, "filled"),
    ]
    for index in order:
        rig.tell(reports[index])
    rig.fill(foreign)

    assert (state_of(rig, domestic), rig.outcome) == ("settled", "hedged")


def test_an_order_is_not_settled_before_its_announced_fills_are_here():
    rig, domestic, foreign = entered()
    rig.fill(foreign)
    rig.tell(e.OrderClosed(domestic.client_order_id, 10, "filled"))
    before = (state_of(rig, domestic), rig.outcome)
    rig.tell(e.OrderFilled(domestic.client_order_id, "F9", 10, domestic.price_ticks, "D1"))

    assert (before, rig.outcome) == (("closed", ""), "hedged")


def test_announced_lots_are_hedged_before_their_fills_arrive():
    rig, domestic, foreign = entered()
    rig.reject(foreign)
    rig.tell(e.OrderClosed(domestic.client_order_id, 10, "filled"))

    assert rig.orders[-1].instrument == foreign.instrument  # status before trade: no reason to wait


def test_missing_fills_are_asked_for():
    rig, domestic, foreign = entered()
    rig.fill(foreign)
    rig.tell(e.OrderClosed(domestic.client_order_id, 10, "filled"))
    rig.wait(SECOND)

    assert rig.queried == [domestic.client_order_id]


def test_a_silent_order_is_queried_and_never_sent_again():
    rig, domestic, foreign = entered()
    rig.fill(foreign)
    rig.wait(60 * SECOND)

    assert len(rig.orders) == 2
    assert set(rig.queried) == {domestic.client_order_id}
    assert state_of(rig, domestic) == "unknown"


def test_not_found_too_early_proves_nothing():
    rig, domestic, foreign = entered()
    rig.fill(foreign)
    rig.wait(SECOND)
    answer(rig, domestic, "not_found")

    assert (state_of(rig, domestic), len(rig.orders)) == ("unknown", 2)


def lost() -> tuple[Rig, e.OrderIntent, e.OrderIntent]:
    """The domestic order got lost on its way and is presumed dead."""
    rig, domestic, foreign = entered()
    rig.fill(foreign)
    while state_of(rig, domestic) != "presumed_dead":
        rig.wait(SECOND)
        rig.market()
        answer(rig, domestic, "not_found")
    return rig, domestic, foreign


def test_a_lost_order_is_presumed_dead_late_and_then_repaired():
    rig, domestic, _ = lost()

    assert rig.now - rig.program.state.orders[domestic.client_order_id].sent_at >= PRESUMED_DEAD
    assert len(rig.orders) == 3


def test_a_presumed_dead_order_stays_in_exposure():
    rig, domestic, _ = lost()
    [case] = rig.program.state.open

    assert rig.program.state.orders[domestic.client_order_id].reserved_lots == 10
    assert case.reserved()[0][0] >= 10


def test_an_order_that_rises_again_reopens_the_case():
    rig, domestic, _ = lost()
    rig.fill(rig.orders[2])
    ended = rig.outcome
    rig.fill(domestic)
    repair = rig.orders[-1]

    assert (ended, rig.outcome) == ("topped_up", "")
    assert (repair.side.sign, repair.lots) == (1, 10)  # ten lots too many were sold
    assert any(alert.rule == "execution_reopened" for alert in rig.alerts)


def test_an_order_presumed_dead_is_asked_about_now_and_then():
    rig, _domestic, _ = lost()
    rig.fill(rig.orders[2])
    rig.tell(e.Disarm("C2", "trader1", "enough"))
    before = len(rig.queried)
    rig.wait(60 * SECOND)

    assert 2 <= len(rig.queried) - before <= 5


def test_a_dead_line_is_no_answer():
    rig, domestic, foreign = entered()
    rig.fill(foreign)
    rig.wait(SECOND)
    asked_at = rig.program.state.orders[domestic.client_order_id].asked_at
    rig.tell(e.VenueDown("SHFE", "dropped"))
    rig.wait(10 * SECOND)
    rig.tell(e.VenueUp("SHFE"))
    rig.tell(e.OrderStatus(domestic.client_order_id, "not_found", 0, "", asked_at))

    assert state_of(rig, domestic) == "unknown"


def test_a_fill_after_a_cancel_is_booked_and_repaired():
    rig, domestic, foreign = entered()
    rig.close(foreign)
    rig.close(domestic)
    ended = rig.outcome
    rig.tell(e.OrderFilled(domestic.client_order_id, "F7", 2, domestic.price_ticks, "D1"))
    rig.tell(e.OrderStatus(domestic.client_order_id, "closed", 2))

    assert (ended, rig.naked) == ("flat", (-2, 0))
    assert len(rig.orders) > 2


def test_a_cancel_reject_is_a_question_not_an_end():
    rig, domestic, foreign = entered()
    rig.fill(foreign)
    rig.wait(SECOND)
    answer(rig, domestic, "working")
    cancelled = list(rig.cancelled)
    rig.tell(e.CancelRejected(domestic.client_order_id, "too late"))

    assert cancelled == [domestic.client_order_id]
    assert (state_of(rig, domestic), rig.queried[-1]) == ("unknown", domestic.client_order_id)


def test_a_cancel_is_not_over_before_the_venue_says_so():
    rig, domestic, foreign = entered()
    rig.fill(foreign)
    rig.wait(SECOND)
    answer(rig, domestic, "working")

    assert (state_of(rig, domestic), len(rig.orders)) == ("cancelling", 2)


def test_a_duplicate_id_means_the_venue_has_the_order():
    rig, domestic, _ = entered()
    rig.reject(domestic, RejectClass.DUPLICATE)

    assert (state_of(rig, domestic), rig.queried) == ("unknown", [domestic.client_order_id])


def test_queries_come_less_and_less_often():
    rig, _domestic, foreign = entered()
    rig.fill(foreign)
    rig.tell(e.VenueDown("SHFE", "dropped"))
    rig.tell(e.VenueUp("SHFE"))
    rig.wait(300 * SECOND)

    assert len(rig.queried) < 20


def test_both_legs_rejected_is_over():
    rig, domestic, foreign = entered()
    rig.reject(domestic)
    rig.reject(foreign)

    assert rig.outcome == "rejected"


def test_both_legs_not_sent_is_over():
    rig, domestic, foreign = entered()
    rig.tell(e.OrderNotSent(domestic.client_order_id, "line down"))
    rig.tell(e.OrderNotSent(foreign.client_order_id, "line down"))

    assert rig.outcome == "not_sent"


def test_an_accepted_order_is_called_back_once_when_its_time_is_over():
    rig, domestic, foreign = entered()
    rig.tell(e.OrderAccepted(domestic.client_order_id, "V1"))
    rig.fill(foreign)
    rig.wait(REPAIR.wait - 1)
    before = list(rig.cancelled)
    rig.wait(10)
    rig.market()

    assert (before, rig.cancelled) == ([], [domestic.client_order_id])


def test_more_fills_than_announced_are_a_contradiction_to_ask_about():
    rig, domestic, foreign = entered()
    rig.fill(foreign)
    name, price = domestic.client_order_id, domestic.price_ticks
    rig.tell(e.OrderClosed(name, 4, "cancelled"))
    rig.tell(e.OrderFilled(name, "F1", 5, price, "D1"))
    asked = (state_of(rig, domestic), rig.queried[-1:])
    answer(rig, domestic, "closed", 7)

    assert asked == ("unknown", [name])
    assert state_of(rig, domestic) == "closed"  # two more lots are owed


def test_a_venue_that_insists_on_too_few_lots_is_outvoted_by_its_fills():
    rig, domestic, foreign = entered()
    rig.fill(foreign)
    rig.tell(e.OrderClosed(domestic.client_order_id, 4, "cancelled"))
    rig.tell(e.OrderFilled(domestic.client_order_id, "F1", 5, domestic.price_ticks, "D1"))
    answer(rig, domestic, "closed", 4)

    assert state_of(rig, domestic) == "settled"
