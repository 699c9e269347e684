"""The desk between journal, gate and venues: what leaves when, and what is refused."""

from decimal import Decimal

import msgspec
import pytest

from risk.limits import Limit, LimitKind, LimitSet
from tests.engine.desk_rig import START, DeskRig, ready
from trading.core import events as e
from trading.core.events import Level
from trading.core.units import SECOND
from trading.engine import commands as c
from trading.engine import records as r
from trading.engine.actions import Cancel, Submit, Sync
from trading.engine.outbox import SEND_WITHIN
from trading.simulation.copper import (
    CA,
    COPPER_LIMITS,
    CU,
    CU_HG,
    copper_terms,
    quote,
)


def test_nothing_leaves_before_its_record_is_durable():
    rig = ready()
    rig.market()
    waiting = list(rig.sent)
    rig.synced()

    assert (waiting, len(rig.sent)) == ([], 2)
    assert isinstance(next(a for a in reversed(rig.actions) if isinstance(a, Sync | Submit)), Submit)


def test_both_legs_leave_in_one_action():
    rig = ready()
    rig.market()
    rig.synced()
    [submit] = [action for action in rig.actions if isinstance(action, Submit)]

    assert {order.venue for order in submit.orders} == {"SHFE", "LME"}
    assert submit.approved.limits_hash == COPPER_LIMITS.hash
    assert rig.events(e.OrdersDecided)[0].limits_version.startswith("1:")


def test_an_intent_that_waited_too_long_for_the_disk_never_leaves():
    rig = ready()
    rig.market()
    rig.now += SEND_WITHIN + 1
    rig.synced()

    assert rig.sent == []
    assert len(rig.events(e.OrderNotSent)) == 2
    assert next(iter(rig.program.state.executions.values())).outcome == "not_sent"


def test_a_kill_overtakes_an_entry_that_waits_for_the_disk():
    rig = ready()
    rig.market()
    rig.command(c.KillDesk("stop", "all", "risk1", "drill", "K1"))
    rig.synced()

    assert rig.sent == []


def test_a_line_that_drops_meanwhile_keeps_both_legs_home():
    rig = ready()
    rig.market()
    rig.tell(e.VenueDown("LME", "dropped"))
    rig.synced()

    assert (rig.sent, len(rig.events(e.OrderNotSent))) == ([], 2)


def test_the_gate_refuses_an_entry_beyond_its_limit():
    small = LimitSet.of(2, (*COPPER_LIMITS.limits, Limit(LimitKind.ORDER_LOTS_MAX, Decimal(4))))
    rig = ready(limits=small)
    rig.market()
    rig.synced()

    [refused] = rig.events(e.OrdersRefused)
    assert (rig.sent, refused.code) == ([], "ORDER_LOTS")


def test_a_repair_passes_where_an_entry_would_not():
    rig = ready()
    rig.market()
    rig.synced()
    domestic, foreign = rig.sent
    small = LimitSet.of(2, (*COPPER_LIMITS.limits, Limit(LimitKind.ORDER_LOTS_MAX, Decimal(1))))
    rig.command(c.SetLimits(small, "L1", "risk1"))
    rig.tell(e.OrderFilled(domestic.client_order_id, "F1", 10, domestic.price_ticks))
    rig.tell(e.OrderRejected(foreign.client_order_id, e.RejectClass.OTHER, "1", "no"))
    rig.synced()

    assert len(rig.sent) == 3
    assert rig.desk.limits.version == 2


def test_a_missing_limit_refuses():
    rig = ready(limits=LimitSet.of(1, ()))
    rig.market()

    assert rig.events(e.OrdersRefused)[0].code == "NO_LIMIT"


def test_worst_case_positions_count_working_and_unknown_orders():
    rig = ready()
    rig.market()
    rig.synced()
    span = rig.desk.positions.range_of(CU.code, rig.desk.programs.values())
    rig.tell(e.OrderFilled(rig.sent[0].client_order_id, "F1", 4, rig.sent[0].price_ticks))
    rig.tell(e.VenueDown("SHFE", "dropped"))
    later = rig.desk.positions.range_of(CU.code, rig.desk.programs.values())

    assert (span.low_lots, span.high_lots) == (-10, 0)
    assert (later.low_lots, later.high_lots) == (-10, -4)


@pytest.mark.parametrize(
    ("quote_of", "count"),
    [
        (lambda q: msgspec.structs.replace(q, bids=(Level(0, 5),)), 1),
        (lambda q: msgspec.structs.replace(q, bids=q.asks), 1),
        (lambda q: q, 0),
    ],
)
def test_a_quote_that_cannot_be_true_is_refused_and_the_next_is_handled(quote_of, count):
    rig = ready()
    rig.do(rig.desk.on_quote(quote_of(quote(CU, "79490", "79500", rig.now)), rig.now))
    rig.market()

    assert rig.desk.refused_quotes[CU.code] == count
    assert len(rig.events(e.OrdersDecided)) == 1


def test_a_tick_is_shown_only_to_programs_that_hold_the_instrument():
    rig = DeskRig(copper_terms(), copper_terms(CU_HG, program="CU-HG"))
    rig.do(rig.desk.on_quote(quote(CA, "9799.5", "9800", rig.now), rig.now))

    assert rig.program.quotes[1] is not None
    assert rig.desk.programs["CU-HG"].quotes == [None, None, None]


# --- commands ---


def test_a_command_sent_twice_is_done_once_and_answered_twice():
    rig = DeskRig()
    rig.connect()
    rig.arm()
    rig.arm()

    assert len(rig.events(e.Arm)) == 1
    assert [(reply.command_id, reply.ok) for reply in rig.replies] == [("C1", True), ("C1", True)]


def test_the_answer_waits_for_the_disk():
    rig = DeskRig()
    rig.connect()
    rig.command(c.ArmProgram("CU-SELL", "C1", "trader1", 1, rig.now + SECOND))
    before = list(rig.replies)
    rig.synced()

    assert (before, len(rig.replies)) == ([], 1)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"expires_at": START - 1}, "EXPIRED"),
        ({"incarnation": 99}, "STALE"),
        ({"program": "NONE"}, "NO_PROGRAM"),
        ({"revision": 7}, "CANNOT_ARM"),
    ],
)
def test_an_arm_that_cannot_be_obeyed_is_refused_with_a_receipt(changes, code):
    rig = DeskRig()
    rig.connect()
    rig.arm(**changes)

    assert rig.replies[-1].code == code
    assert rig.events(r.CommandRefused)[0].code == code
    assert rig.program.shown_state(rig.now) == "DISARMED"


def test_no_arming_before_the_desk_is_reconciled():
    rig = DeskRig()
    rig.arm()

    assert rig.replies[-1].code == "NOT_RECONCILED"


def test_a_kill_cancels_at_once_and_is_lifted_by_two():
    rig = ready()
    rig.market()
    rig.synced()
    actions = rig.command(c.KillDesk("cancel", "all", "risk1", "drill", "K1"))
    rig.command(c.LiftKill("risk1", "risk1", "oops", "K2"))
    rig.command(c.LiftKill("risk1", "risk2", "checked", "K3"))
    rig.synced()

    assert {a.client_order_id for a in actions if isinstance(a, Cancel)} == {o.client_order_id for o in rig.sent}
    assert [(reply.command_id, reply.ok) for reply in rig.replies[-3:]] == [("K1", True), ("K2", False), ("K3", True)]


def test_new_terms_are_taken_only_while_disarmed():
    rig = ready()
    rig.command(c.SetProgram(msgspec.structs.replace(copper_terms(), revision=2), "T1", "trader1"))
    rig.command(c.DisarmProgram("CU-SELL", "C2", "trader1", "edit"))
    rig.command(c.SetProgram(msgspec.structs.replace(copper_terms(), revision=2), "T2", "trader1"))
    rig.synced()

    assert [reply.ok for reply in rig.replies[-3:]] == [False, True, True]
    assert rig.program.terms.revision == 2


def test_a_repair_overtaken_by_a_fill_stays_home():
    rig = ready()
    rig.market()
    rig.synced()
    domestic, foreign = rig.sent
    rig.tell(e.OrderFilled(domestic.client_order_id, "F1", 10, domestic.price_ticks))
    rig.tell(e.OrderRejected(foreign.client_order_id, e.RejectClass.OTHER, "1", "no"))
    rig.tell(e.OrderFilled(foreign.client_order_id, "F2", 2, foreign.price_ticks))
    rig.synced()

    assert rig.sent == [domestic, foreign]
    assert rig.events(e.OrderNotSent)[0].text == "overtaken by a fill"
