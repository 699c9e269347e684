"""The failures that were reproduced on peers' own code (domain.md §0, findings 2 to 8), played against ours."""

from decimal import Decimal

import msgspec
import pytest

from risk.limits import Limit, LimitKind, LimitSet
from tests.core.rig import CA, CU, SECOND, Rig, entered, quote
from tests.core.test_measure import with_trigger
from tests.engine.desk_rig import ready
from trading.core import events as e
from trading.core.terms import Comparator, Measure, RepairPreference
from trading.engine import commands as c
from trading.simulation.copper import COPPER_LIMITS, REPAIR, copper_terms

ONE_CLIP = copper_terms(clip_units=1)


def test_finding_2_stop_in_a_partial_fill_never_reports_finished():
    """vnpy_spreadtrading: 5:-1, 3 of 5 lots filled, stop() said "finished" and left 3 lots naked."""
    rig, domestic, foreign = entered(ONE_CLIP)
    rig.tell(e.Disarm("C2", "trader1", "stop"))
    rig.reject(foreign)
    rig.fill(domestic, 3)
    assert (rig.naked, rig.state) == ((-3, 0), "EXECUTING")
    rig.market()
    for repair in rig.orders[2:]:
        rig.fill(repair)

    [execution] = rig.program.state.executions.values()
    assert (execution.along, execution.naked) in (((5, 1), (0, 0)), ((0, 0), (0, 0)))
    assert (rig.outcome in ("topped_up", "rolled_back"), rig.state) == (True, "DISARMED")
    assert rig.alerts, "somebody is told"


@pytest.mark.parametrize("filled", [2, 3, 4])
def test_finding_2_three_of_five_hedge_lots_are_not_rounded_to_done(filled):
    """vnpy_spreadtrading: 1 LME lot, 3 of 5 SHFE lots: round_to(0.6) = 1, ALLTRADED, the algorithm was dropped."""
    rig, domestic, foreign = entered(ONE_CLIP)
    rig.fill(foreign)
    rig.fill(domestic, filled)
    rig.market()

    assert rig.outcome == "" and rig.program.state.open
    assert (rig.orders[-1].instrument, rig.orders[-1].lots) == (CU.code, 5 - filled)
    rig.fill(rig.orders[-1])
    assert rig.outcome == "topped_up"


def test_finding_3_five_naked_lots_never_show_as_zero():
    """vnpy_spreadtrading: the spread position is the minimum over the legs; five naked lots showed as 0."""
    rig = ready(ONE_CLIP)
    rig.market()
    rig.synced()
    domestic, _ = rig.sent
    rig.tell(e.OrderFilled(domestic.client_order_id, "F1", 5, domestic.price_ticks, "D1"))
    [case] = rig.program.snapshot()["open"]
    span = rig.desk.positions.range_of(CU.code, rig.desk.programs.values())

    assert case["naked"] == [-5, 0]
    assert case["along"] == [5, 0]
    assert (span.low_lots, span.high_lots) == (-5, -5)


@pytest.mark.parametrize(("threshold", "fires"), [("8.111224", True), ("8.1113", False), ("8.0", True)])
def test_finding_4_a_ratio_is_not_rounded_to_a_tick_of_a_leg(threshold, fires):
    """vnpy_spreadtrading: a ratio of 8.111 was rounded to the smallest leg tick, 0.5, and traded as 8.0."""
    rig = with_trigger(Measure.RATIO, Comparator.AT_LEAST, threshold)
    rig.market()

    assert (rig.program.margin(1) >= 0) is fires


def test_finding_5_a_hedge_that_is_always_rejected_sends_five_orders_and_calls_a_person():
    """vnpy_spreadtrading: 101 orders in 100 ticks, no alarm; 20,000 cancels over a lunch break (vnpy#1298)."""
    rig, domestic, foreign = entered()
    rig.fill(domestic)
    rig.reject(foreign)
    for _ in range(100):
        rig.market()
        live = [o for o in rig.orders if rig.program.state.orders[o.client_order_id].is_live]
        for order in live:
            rig.reject(order)
        rig.wait(SECOND // 2)

    assert len(rig.orders) <= 5
    assert rig.state == "HALTED"
    assert [alert.severity for alert in rig.alerts if alert.rule == "halted"] == ["P1"]


def test_finding_5_what_cannot_be_sent_is_not_tried_on_every_tick():
    """vnpy_spreadtrading: send_order returned "" while disconnected: 100 attempts in 100 ticks, no alarm."""
    rig, domestic, foreign = entered()
    rig.fill(domestic)
    rig.tell(e.OrderNotSent(foreign.client_order_id, "LME is not connected"))
    rig.tell(e.VenueDown("LME", "dropped"))
    for _ in range(100):
        rig.see(quote(CU, "79490", "79500", rig.now))
        rig.wait(SECOND // 10)

    sent_to_lme = [order for order in rig.orders[2:] if order.venue == "LME"]
    assert sent_to_lme == []
    assert len(rig.orders) <= 2 + REPAIR.attempts_max


def test_finding_6_a_limit_locked_leg_is_never_priced_from_the_empty_side():
    """vnpy_spreadtrading: SHFE limit-up, ask = 0, payup 5: the hedge was a BUY at 50 CNY instead of 82,000."""
    policy = msgspec.structs.replace(REPAIR, preference=RepairPreference.TOP_UP_FIRST)
    rig, domestic, foreign = entered(copper_terms(clip_units=1, repair=policy))
    rig.fill(foreign)
    rig.fill(domestic, 3)
    rig.see(quote(CU, None, "79500", rig.now))  # nobody buys: the two missing lots cannot be sold
    rig.see(quote(CA, "9799.5", "9800", rig.now))
    rig.wait(2 * SECOND)

    for order in rig.orders[2:]:
        reference = {CU.code: 7949, CA.code: 19600}[order.instrument]
        assert abs(order.price_ticks - reference) <= reference * Decimal("0.03"), "never near zero"


def test_finding_7_our_own_limits_cannot_manufacture_the_naked_leg():
    """vnpy_riskmanager patches send_order and blocks hedges exactly like entries."""
    rig = ready()
    rig.market()
    rig.synced()
    domestic, foreign = rig.sent
    tight = LimitSet.of(
        2,
        (
            *(limit for limit in COPPER_LIMITS.limits if limit.kind is LimitKind.PRICE_COLLAR_RATE),
            *(Limit(kind, Decimal(0)) for kind in LimitKind if kind is not LimitKind.PRICE_COLLAR_RATE),
        ),
    )
    rig.command(c.SetLimits(tight, "L1", "risk1"))
    rig.tell(e.OrderFilled(domestic.client_order_id, "F1", 10, domestic.price_ticks, "D1"))
    rig.tell(e.OrderRejected(foreign.client_order_id, e.RejectClass.OTHER, "1", "no"))
    rig.market()
    rig.synced()

    assert len(rig.sent) == 3 and rig.sent[-1].purpose in (e.Purpose.TOP_UP, e.Purpose.UNWIND)


def test_finding_8_a_partial_fill_of_a_cancelled_order_is_hedged_and_only_once():
    """Hummingbot #8094: hedges only on the full fill, forgets the cancelled maker; PR #8468 then hedges twice."""
    rig, domestic, foreign = entered(ONE_CLIP)
    rig.tell(e.OrderAccepted(domestic.client_order_id, "V1"))
    rig.close(foreign)
    rig.wait(SECOND)  # called back
    rig.market()
    late = rig.fill(domestic, 5, close=False)
    hedge = rig.orders[-1]
    rig.tell(late)
    rig.tell(e.OrderClosed(domestic.client_order_id, 5, "cancelled"))
    rig.tell(late)
    rig.fill(hedge)
    rig.tell(late)
    rig.market()

    assert (hedge.instrument, hedge.lots) == (CA.code, 1)
    assert [order.client_order_id for order in rig.orders[2:]] == [hedge.client_order_id]
    assert rig.outcome == "topped_up"


def test_the_rig_of_these_tests_does_send_orders():
    """A board of passing tests proves nothing if nothing is ever sent."""
    rig = Rig()
    rig.arm()
    rig.market()

    assert len(rig.orders) == 2
