"""Quote and lean: what calls the quote back, what a quote without a fill is not, and what a restart finds."""

import msgspec
import pytest

from tests.core.quoting_rig import FAR, domestic, foreign, moved, quoted, quoting_terms, reasons
from tests.core.rig import CU, MILLI, SECOND, Rig, quote
from trading.core import events as e
from trading.core.events import Purpose, RejectClass
from trading.core.program import Permit
from trading.core.terms import (
    LeadChoice,
    Session,
    Slicing,
)
from trading.simulation.copper import CU_CA, INSTRUMENTS

# --- what calls it back ---


def stop_trading(rig):
    rig.see(msgspec.structs.replace(quote(CU, *FAR, rig.now), is_trading=False))


def lose_the_permit(rig):
    rig.program.permit = Permit.REPAIRS
    rig.market(FAR)


def stop_at(rig, *, after):
    """Keep the books fresh until then, so that nothing but time has passed."""
    for _ in range(after):
        rig.wait(SECOND)
        rig.market(FAR)


CALLED_BACK = {
    "kill": lambda rig: rig.tell(e.Kill("K1", "risk1", "stop", "drill")),
    "disarmed": lambda rig: rig.tell(e.Disarm("C2", "trader1", "enough")),
    "halted": lambda rig: rig.tell(e.Halted("livelock", (0, 0), "drill")),
    "venue_down": lambda rig: rig.tell(e.VenueDown("SHFE", "dropped")),
    "stale": lambda rig: rig.wait(2 * SECOND + MILLI),
    "no_permit": lose_the_permit,
    "trigger_gone": lambda rig: domestic(rig, "77500", "77510"),
    "ttl": lambda rig: stop_at(rig, after=10),
}


@pytest.mark.parametrize("reason", CALLED_BACK)
def test_the_quote_is_called_back(reason):
    rig, order = quoted(time_to_live=10 * SECOND)
    CALLED_BACK[reason](rig)
    called_back = list(rig.cancelled)
    rig.close(order)
    rig.settle()

    assert (called_back, reasons(rig)[0]) == ([order.client_order_id], reason)
    assert (rig.outcome, len(rig.orders)) == ("flat", 1)


def test_a_market_in_its_break_calls_the_quote_back():
    rig, _order = quoted()
    stop_trading(rig)

    assert reasons(rig) == ["stale"]


@pytest.mark.parametrize("level", ["stop", "cancel", "neutralize"])
def test_every_kill_calls_the_quote_back_and_never_quotes_again(level):
    rig, order = quoted()
    rig.tell(e.Kill("K1", "risk1", level, "drill"))
    rig.close(order)
    rig.market(FAR)

    assert (rig.cancelled, len(rig.orders)) == ([order.client_order_id], 1)


def test_a_kill_while_a_unit_is_half_done_still_hedges_it():
    rig, order = quoted()
    rig.tell(e.Kill("K1", "risk1", "stop", "drill"))
    rig.fill(order, 1, close=False)
    hedge = rig.orders[-1]
    rig.close(order, 1)
    rig.fill(hedge)

    assert (hedge.purpose, rig.outcome) == (Purpose.HEDGE, "hedged")


def test_the_time_window_of_the_program_calls_the_quote_back():
    # START is 2027-01-15 08:00 UTC, 16:00 in Shanghai.
    rig, _order = quoted(slicing=Slicing(windows=(Session("16:00", "16:01", "mon-sun"),)), rest=100)
    stop_at(rig, after=59)
    before = reasons(rig)
    rig.wait(2 * SECOND)

    assert (before, reasons(rig)) == ([], ["window"])


def test_a_session_that_ends_soon_calls_the_quote_back():
    pair = msgspec.structs.replace(CU_CA, hedgeable_min=300 * SECOND)
    day = (Session("08:00", "16:06"),)
    with_sessions = msgspec.structs.replace(CU, sessions=day)
    rig = Rig(quoting_terms(pair=pair, rest=100), {**INSTRUMENTS, CU.code: with_sessions})
    rig.arm()
    rig.market(FAR)
    [order] = rig.orders
    rig.tell(e.OrderAccepted(order.client_order_id, "V1"))
    stop_at(rig, after=59)
    before = reasons(rig)
    rig.wait(2 * SECOND)

    assert (before, reasons(rig)) == ([], ["session"])


def test_a_rejected_hedge_calls_the_quote_back_and_is_repaired():
    rig, order = quoted()
    rig.fill(order, 1, close=False)
    hedge = rig.orders[-1]
    rig.reject(hedge)
    before = len(rig.orders)  # the quote may still trade, so nobody knows how much to repair
    rig.close(order, 1)
    repair = rig.orders[-1]

    assert (reasons(rig), before) == (["hedge_failed"], 2)
    assert repair.purpose in (Purpose.TOP_UP, Purpose.UNWIND)


def test_a_silent_hedge_calls_the_quote_back():
    rig, order = quoted()
    rig.fill(order, 1, close=False)
    rig.wait(SECOND + MILLI)

    assert reasons(rig)[0] == "hedge_failed"


def test_after_a_repair_the_execution_quotes_no_more():
    rig, order = quoted()
    rig.fill(order, 1, close=False)
    rig.reject(rig.orders[-1])
    rig.close(order, 1)
    rig.fill(rig.orders[-1])

    assert rig.program.state.open == []


def test_a_refused_cancel_is_asked_about_and_repeated():
    rig, order = quoted()
    rig.tell(e.Disarm("C2", "trader1", "enough"))
    rig.tell(e.CancelRejected(order.client_order_id, "too late"))
    rig.tell(e.OrderStatus(order.client_order_id, "working", 0, "V1"))

    assert (rig.cancelled, rig.queried) == ([order.client_order_id] * 2, [order.client_order_id])


# --- what a quote without a fill is not ---


def test_a_quote_that_never_traded_is_no_set_no_failure_and_no_pause():
    rig, order = quoted(cooldown=60 * SECOND, executions_max=1)
    for _ in range(4):
        order = rig.orders[-1]
        rig.tell(e.OrderAccepted(order.client_order_id, "V"))
        domestic(rig, "77500", "77510")
        rig.close(order)
        rig.market(FAR)
    state = rig.program.state

    assert len(rig.orders) == 5
    assert (rig.state, state.failures_in_row, state.executions_since_arm, state.executions_today) == (
        "EXECUTING", 0, 1, 1,
    )  # fmt: skip


def test_three_rejected_quotes_disarm():
    rig = Rig(quoting_terms())
    rig.arm()
    for _ in range(3):
        rig.market(FAR)
        rig.reject(rig.orders[-1], RejectClass.PERMISSION)
        rig.wait(SECOND)

    assert (len(rig.orders), rig.program.state.mode_reason) == (3, "failures")


def test_a_quote_our_gate_refused_is_not_asked_for_again_at_once():
    rig, order = quoted()
    case = rig.program.state.open[0]
    moved(rig, 10)
    rig._note(rig.program.handle(e.OrderClosed(order.client_order_id, 0, "cancelled"), rig.now))
    rig.tell(e.OrdersRefused(case.id, Purpose.ENTRY, "ORDER_LOTS", "too many"))

    assert (len(rig.orders), rig.outcome) == (1, "flat")


# --- restart ---


def test_at_every_moment_the_journal_alone_gives_the_same_state():
    rig, order = quoted(LeadChoice.DOMESTIC)
    moments = [rig.refolded() == rig.program.snapshot()]
    for step in (
        lambda: rig.fill(order, 7, close=False),
        lambda: rig.fill(rig.orders[-1]),
        lambda: foreign(rig, "9809.5", "9810"),
        lambda: rig.close(order, 7),
        lambda: rig.fill(rig.orders[-1]),
        lambda: rig.market(FAR),
    ):
        step()
        moments.append(rig.refolded() == rig.program.snapshot())

    assert moments == [True] * 7


def test_a_restart_calls_the_quote_back_before_anything_else():
    rig, order = quoted()
    rig.tell(e.VenueDown("LME", "restart"))
    rig.tell(e.Disarmed("restart"))
    rig.tell(e.VenueUp("LME"))
    rig.tell(e.OrderStatus(order.client_order_id, "working", 0, "V1"))

    assert rig.cancelled == [order.client_order_id]
