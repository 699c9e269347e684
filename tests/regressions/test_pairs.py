"""What other products got wrong about pairs: legs left naked, hedges not sent, sent twice, or sent without end."""

from decimal import Decimal

import msgspec
import pytest

from risk.limits import Limit, LimitKind, LimitSet
from tests.core.rig import MILLI, SECOND, Rig, entered
from tests.engine.desk_rig import DeskRig, ready
from trading.core import events as e
from trading.engine import commands as c
from trading.engine import records as r
from trading.simulation.copper import COPPER_LIMITS, CU, copper_terms

HOUR = 3600 * SECOND


def test_rt12_nothing_new_is_entered_while_a_leg_is_pending():
    """Hummingbot #4779: new maker orders were placed while the taker order was still pending (INV-09)."""
    rig, domestic, foreign = entered()
    rig.fill(domestic)
    for _ in range(20):
        rig.market()
        rig.wait(50 * MILLI)

    assert rig.orders == [domestic, foreign]


def test_rt13_a_hedge_that_does_not_fill_climbs_the_ladder_and_ends_with_a_person():
    """Hummingbot #3849: a taker limit that never fills, or that the venue refuses, was not retried and not told."""
    rig, domestic, foreign = entered(copper_terms(repair=_patient()))
    rig.fill(domestic)
    rig.close(foreign)
    prices = []
    for _ in range(12):
        rig.market()
        if len(rig.orders) > 2 and rig.program.state.open and rig.program.state.open[0].is_live:
            prices.append((rig.orders[-1].instrument, rig.orders[-1].price_ticks))
            rig.close(rig.orders[-1])
        rig.wait(SECOND)

    same_leg = [ticks for instrument, ticks in prices if instrument == foreign.instrument]
    assert len(same_leg) >= 2 and same_leg == sorted(same_leg) and same_leg[0] < same_leg[-1], "pays more each time"
    assert len(rig.orders) <= 2 + 3
    [halted] = [alert for alert in rig.alerts if alert.rule == "halted"]
    assert (halted.severity, halted.values["naked"]) == ("P1", "SHFE.cu2703 -10, LME.CA-3M +0")


def _patient():
    return msgspec.structs.replace(copper_terms().repair, naked_age_max=HOUR)


def test_rt14_a_hedge_below_one_lot_is_never_rounded_to_nothing():
    """Hummingbot #5688: the hedge amount was rounded to 0 and the fill stayed unhedged."""
    rig, domestic, foreign = entered(copper_terms(clip_units=1))
    rig.reject(foreign)
    rig.fill(domestic, 2)  # two of five lots are 0.4 of a foreign lot
    rig.market()
    assert rig.naked == (-2, 0)
    for repair in rig.orders[2:]:
        rig.fill(repair)

    [execution] = rig.program.state.executions.values()
    assert (execution.outcome, execution.along, execution.naked) == ("topped_up", (5, 1), (0, 0))


def test_rt15_what_is_under_way_is_reserved_before_the_next_send():
    """Hummingbot #855: three fills came at once and the balance was enough for two hedges."""
    room_for_two = LimitSet.of(1, (*COPPER_LIMITS.limits, Limit(LimitKind.POSITION_LOTS_MAX, Decimal(20))))
    names = ("A", "B", "C")
    rig = DeskRig(*(copper_terms(program=name) for name in names), limits=room_for_two)
    rig.connect()
    for number, name in enumerate(names):
        rig.command(c.ArmProgram(name, f"C{number}", "trader1", 1, rig.now + 2 * SECOND))
    rig.market()
    rig.synced()

    assert sum(order.lots for order in rig.sent if order.instrument == CU.code) == 20
    assert sum(order.lots for order in rig.sent if order.instrument != CU.code) == 4, "no leg without its other"


def test_rt16_orders_of_a_venue_that_is_away_are_not_forgotten():
    """Hummingbot #8457: a DNS outage marked orders failed and forgot them; a short of six orders was left."""
    rig, domestic, foreign = entered()
    rig.fill(foreign)
    rig.tell(e.VenueDown("SHFE", "name not resolved"))
    rig.wait(10 * SECOND)
    reserved = rig.program.state.orders[domestic.client_order_id].reserved_lots
    rig.wait(6 * HOUR)
    rig.market()
    assert len(rig.orders) == 2 and rig.outcome == ""

    rig.tell(e.VenueUp("SHFE"))
    rig.tell(e.OrderFilled(domestic.client_order_id, "F9", 10, domestic.price_ticks, "D1"))

    assert reserved == 10
    assert rig.program.state.executions[rig.program.state.orders[domestic.client_order_id].execution].naked == (0, 0)


def test_rt19_repeated_failures_stop_the_program():
    """vn.py #656: reverse orders were repeated until somebody restarted the program."""
    rig = Rig()
    rig.arm()
    for _ in range(50):
        rig.market()
        for order in [o for o in rig.orders if rig.program.state.orders[o.client_order_id].is_live]:
            rig.reject(order)
        rig.wait(2 * SECOND)

    assert len(rig.orders) == 6, "three executions"
    assert (rig.state, rig.program.state.mode_reason) == ("DISARMED", "failures")
    assert "disarmed" in [alert.rule for alert in rig.alerts]


def test_rt20_orders_of_another_terminal_are_noted_and_our_lost_ones_stop_entries():
    """vn.py #2148: every CTP connection receives all orders and trades of the account, and took them for its own."""
    rig = ready()
    rig.tell(e.OrderFilled("TERMINAL-7", "F1", 3, 7949, "D1"))
    rig.market()
    rig.synced()
    after_foreign = len(rig.sent)

    orphaned = ready()
    orphaned.tell(e.OrderStatus("DEMO1-9-9-00", "working", 3))
    orphaned.market()
    orphaned.synced()

    assert after_foreign == 2
    assert [seen.client_order_id for seen in rig.events(r.ForeignOrderSeen)] == ["TERMINAL-7"]
    assert orphaned.sent == []
    assert [alert.severity for alert in orphaned.events(r.AlertRaised)] == ["P1"]


@pytest.mark.parametrize("venue", ["SHFE", "LME"])
def test_rt21_quotes_without_a_trading_line_trigger_nothing(venue):
    """vn.py #1823: the trade channel was down while quotes went on, and the strategy traded on them."""
    rig = ready()
    rig.tell(e.VenueDown(venue, "trade front lost"))
    for _ in range(3):
        rig.market()
        rig.synced()
    while_down = list(rig.sent)
    rig.connect(venue)
    rig.market()
    rig.synced()

    assert while_down == []
    assert len(rig.sent) == 2
