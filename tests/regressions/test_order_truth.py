"""What other products got wrong about single orders: ends that were assumed, fills that were invented or lost."""

import itertools

import pytest

from tests.core.rig import SECOND, Rig, entered
from tests.core.test_order_evidence import answer, state_of
from tests.engine.desk_rig import ready
from trading.core import events as e
from trading.core.order import OrderState
from trading.venues.fix.codes import ExecType, Side
from trading.venues.fix.codes import OrderStatus as Stands
from trading.venues.fix.messages import ExecutionReport
from trading.venues.fix.reports import events_of

MINUTE, HOUR = 60 * SECOND, 3600 * SECOND


def called_back() -> tuple[Rig, e.OrderIntent, e.OrderIntent]:
    """The domestic order was accepted, did not fill in its time, and its cancel is under way; the other filled."""
    rig, domestic, foreign = entered()
    rig.fill(foreign)
    rig.tell(e.OrderAccepted(domestic.client_order_id, "V1"))
    rig.wait(SECOND)
    assert rig.cancelled == [domestic.client_order_id]
    return rig, domestic, foreign


def test_rt02_a_missing_fill_is_asked_for_and_never_inferred():
    """Nautilus #3493: an inferred fill was generated before the real one, and the position counted both."""
    rig, domestic, foreign = entered()
    rig.fill(foreign)
    rig.tell(e.OrderClosed(domestic.client_order_id, 10, "filled"))
    order = rig.program.state.orders[domestic.client_order_id]
    booked_before, is_live_before = order.filled_lots, rig.outcome
    rig.wait(2 * SECOND)
    assert rig.queried, "the gap is a question"

    rig.tell(e.OrderFilled(domestic.client_order_id, "F9", 10, domestic.price_ticks, "D1"))

    assert (booked_before, is_live_before) == (0, "")
    assert (order.filled_lots, order.turnover, rig.outcome) == (10, 10 * domestic.price_ticks, "hedged")


def test_rt04_a_cancel_that_is_never_confirmed_never_becomes_cancelled():
    """Nautilus #4152/#4153: PENDING_CANCEL was forced to CANCELED after retries; the venue never said so."""
    rig, domestic, _ = called_back()
    rig.wait(HOUR)

    order = rig.program.state.orders[domestic.client_order_id]
    assert order.state in (OrderState.CANCELLING, OrderState.UNKNOWN)
    assert order.reserved_lots == 10
    assert rig.outcome == "" and not rig.program.state.open[0].is_ended


def test_rt05_a_stale_answer_does_not_end_an_order():
    """Nautilus #4288: the stale cancel-half of a replace ended an order that lived; four collisions in 12 minutes."""
    rig, domestic, foreign = entered()
    rig.fill(foreign)
    rig.wait(2 * SECOND)
    for asked_at in (0, rig.program.state.orders[domestic.client_order_id].sent_at):
        rig.tell(e.OrderStatus(domestic.client_order_id, "not_found", 0, "", asked_at))
    after_stale = (state_of(rig, domestic), len(rig.orders))
    answer(rig, domestic, "working")

    assert after_stale == ("unknown", 2)
    assert state_of(rig, domestic) in ("working", "cancelling")


def test_rt05_a_replace_report_is_no_end():
    """Nautilus #4288, on the wire: ExecType REPLACED (150=5) says nothing about the end of an order."""
    report = ExecutionReport(
        venue_order_id="V1", exec_id="E1", exec_type=ExecType.REPLACED, status=Stands.REPLACED, symbol="CA-3M",
        side=Side.BUY, leaves_lots=0, filled_lots=0, average_price=0, client_order_id="C1",
    )  # fmt: skip

    assert events_of(report, lambda order: None) == []


def test_rt06_every_child_of_a_mass_cancel_has_a_deadline():
    """Nautilus #4523: cancels sent as a batch were never registered for a timeout."""
    rig, domestic, foreign = entered()
    for order in (domestic, foreign):
        rig.tell(e.OrderAccepted(order.client_order_id, "V"))
    rig.tell(e.Kill("K1", "risk1", "cancel", "drill"))
    assert set(rig.cancelled) == {domestic.client_order_id, foreign.client_order_id}

    rig.wait(2 * SECOND)

    assert set(rig.queried) == {domestic.client_order_id, foreign.client_order_id}


def test_rt07_an_order_without_a_venue_id_is_asked_for_by_our_own():
    """Nautilus #4958: no venue_order_id meant no query, and a living order was rejected as INFLIGHT_TIMEOUT."""
    rig, domestic, foreign = entered()
    rig.fill(foreign)
    rig.wait(10 * MINUTE)

    order = rig.program.state.orders[domestic.client_order_id]
    assert (order.venue_order_id, order.state, order.reject_class) == ("", OrderState.UNKNOWN, None)
    assert set(rig.queried) == {domestic.client_order_id}

    rig.fill(domestic)
    assert rig.outcome == "hedged"


def test_rt08_filled_with_less_than_ordered_is_a_contradiction_to_ask_about():
    """Nautilus #4787: FILLED with a smaller quantity left the order stuck in PENDING_CANCEL."""
    rig, domestic, foreign = entered()
    rig.fill(foreign)
    rig.fill(domestic, 4, close=False)
    rig.tell(e.OrderClosed(domestic.client_order_id, 4, "filled"))
    quarantined = (state_of(rig, domestic), len(rig.orders))
    rig.wait(2 * SECOND)
    answer(rig, domestic, "closed", 4)
    rig.market()

    assert quarantined == ("unknown", 2), "nothing is sent on a contradiction"
    assert rig.queried[0] == domestic.client_order_id
    assert state_of(rig, domestic) == "settled" and len(rig.orders) == 3


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_rt09_a_replay_that_overlaps_live_reports_counts_everything_once(order):
    """Nautilus #4991: a replay counted a child fill again, and a cancel removed what an earlier missed fill needed."""
    rig, domestic, _ = called_back()
    name = domestic.client_order_id
    reports = [
        e.OrderFilled(name, "F8", 3, domestic.price_ticks, "D1"),
        e.OrderFilled(name, "F8", 3, domestic.price_ticks, "D1"),
        e.OrderClosed(name, 5, "cancelled"),
        e.OrderFilled(name, "F9", 2, domestic.price_ticks, "D1"),
    ]
    for index in order:
        rig.tell(reports[index])

    booked = rig.program.state.orders[name]
    assert (booked.filled_lots, booked.state) == (5, OrderState.SETTLED)


def test_rt10_retries_that_run_out_stack_no_orders():
    """Nautilus #3879: "exceeded max inflight retries, resolving as failed" while it lived; orders stacked."""
    rig, domestic, foreign = entered()
    for _ in range(60):
        rig.market()
        rig.wait(MINUTE)

    assert rig.orders == [domestic, foreign]
    assert {state_of(rig, order) for order in (domestic, foreign)} == {"unknown"}


def test_rt11_a_fill_during_the_cancel_is_hedged():
    """Hummingbot #2501: the maker order filled while its cancel was under way, and no hedge was sent."""
    rig, domestic, foreign = entered()
    rig.tell(e.OrderAccepted(domestic.client_order_id, "V1"))
    rig.reject(foreign)
    rig.wait(SECOND)
    assert rig.cancelled == [domestic.client_order_id]
    rig.market()

    rig.fill(domestic, 5, close=False)
    rig.tell(e.OrderClosed(domestic.client_order_id, 5, "cancelled"))

    assert (rig.orders[-1].instrument, rig.orders[-1].lots) == (foreign.instrument, 1)


def test_rt17_two_streams_that_tell_the_same_fill_count_it_once():
    """Hummingbot #1663, CoinAlpha #82: stream and query raced, and completion came before the last fill."""
    rig = ready()
    rig.market()
    rig.synced()
    domestic, foreign = rig.sent
    stream = [
        e.OrderFilled(domestic.client_order_id, "F1", 4, domestic.price_ticks, "D1"),
        e.OrderFilled(domestic.client_order_id, "F2", 6, domestic.price_ticks, "D1"),
    ]
    rig.tell(stream[0])
    rig.tell(e.OrderStatus(domestic.client_order_id, "closed", 10, "V1", rig.now))  # completion before the last fill
    for fill in (*stream, *stream):
        rig.tell(fill)
    rig.tell(e.OrderFilled(foreign.client_order_id, "F3", 2, foreign.price_ticks, "D1"))

    span = rig.desk.positions.range_of(domestic.instrument, rig.desk.programs.values())
    assert (span.low_lots, span.high_lots) == (-10, -10)
    assert rig.events(e.ExecutionEnded)[0].outcome == "hedged"
