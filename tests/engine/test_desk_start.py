"""How a start of the desk ends: reconciled, or halted with a reason; and what survives from before it."""

from risk.gate import review
from tests.engine.desk_rig import START, DeskRig, ready
from trading.core import events as e
from trading.core.units import MILLI, SECOND
from trading.engine import records as r
from trading.engine.actions import Query, QueryAll
from trading.engine.desk import Desk
from trading.engine.journal import MemoryJournal
from trading.engine.recovery import RECOVERY_TIME_MAX, DeskState


def crashed_rig():
    """A desk that died after both legs left; only SHFE's fill is in its journal."""
    rig = ready()
    rig.market()
    rig.synced()
    rig.tell(e.OrderFilled(rig.sent[0].client_order_id, "F1", 10, rig.sent[0].price_ticks, "D1"))
    return rig


def test_after_a_restart_the_program_is_disarmed_and_its_order_is_asked_about():
    before = crashed_rig()
    rig = DeskRig(history=before.journal.records, epoch=2)
    rig.connect("SHFE", "LME")

    assert rig.program.state.mode_reason == "restart"
    assert [a.client_order_id for a in rig.actions if isinstance(a, Query)] == [before.sent[1].client_order_id]
    assert {a.venue for a in rig.actions if isinstance(a, QueryAll)} == {"SHFE", "LME"}
    assert rig.desk.reconciliation.state is DeskState.RECOVERING


def test_evidence_makes_the_desk_reconciled_and_the_case_goes_on():
    before = crashed_rig()
    foreign = before.sent[1]
    rig = DeskRig(history=before.journal.records, epoch=2)
    rig.connect()
    rig.market()
    rig.tell(e.OrderStatus(foreign.client_order_id, "closed", 0, "", rig.now))
    rig.synced()

    assert rig.desk.reconciliation.state is DeskState.RECONCILED
    assert rig.sent[0].purpose in (e.Purpose.TOP_UP, e.Purpose.UNWIND)
    assert rig.sent[0].client_order_id.startswith("DEMO2-")


def test_nothing_is_sent_twice_after_a_restart():
    before = crashed_rig()
    rig = DeskRig(history=before.journal.records, epoch=2)
    rig.connect()
    rig.market()
    rig.synced()

    assert rig.sent == []


def test_a_venue_that_stays_silent_leaves_the_desk_halted_with_the_reason():
    rig = DeskRig()
    rig.connect("SHFE")
    rig.now += RECOVERY_TIME_MAX
    rig.do(rig.desk.on_time(rig.now))
    halted = rig.desk.reconciliation.state
    [verdict] = rig.events(r.Recovered)
    rig.connect("LME")

    assert (halted, verdict.reason) == (DeskState.HALTED, "no answer from LME")
    assert rig.desk.reconciliation.state is DeskState.RECONCILED


def test_a_kill_survives_the_loss_of_its_record():
    rig = DeskRig()
    fresh = Desk(rig.config, MemoryJournal(), review, 2, rig.now)
    fresh.resume(rig.now, [("", e.Kill("K1", "risk1", "stop", "drill"))])

    assert fresh.programs["CU-SELL"].shown_state(rig.now) == "HALTED"


def test_an_order_of_ours_that_nobody_decided_blocks_entries():
    rig = ready()
    rig.tell(e.OrderStatus("DEMO1-9-9-00", "working", 0))
    rig.market()
    rig.synced()

    assert rig.sent == []
    assert rig.events(r.ForeignOrderSeen)[0].client_order_id == "DEMO1-9-9-00"
    assert any(alert.severity == "P1" for alert in rig.events(r.AlertRaised))


def test_someone_elses_order_is_noted_and_changes_nothing():
    rig = ready()
    rig.tell(e.OrderStatus("MANUAL-1", "working", 0))
    rig.market()
    rig.synced()

    assert len(rig.sent) == 2


def test_a_late_lease_stops_entries_and_a_lost_one_everything():
    rig = ready()
    rig.do(rig.desk.set_lease("late", rig.now))
    rig.market()
    late = len(rig.events(e.OrdersDecided))
    rig.do(rig.desk.set_lease("held", rig.now))
    decided = len(rig.events(e.OrdersDecided))
    rig.do(rig.desk.set_lease("lost", rig.now))
    rig.synced()

    assert (late, decided, rig.sent) == (0, 1, [])


def test_deadlines_are_met_and_never_lie_in_the_past():
    rig = ready()
    rig.market()
    rig.synced()
    due = rig.desk.deadline()
    rig.now = due
    actions = rig.do(rig.desk.on_time(rig.now))

    assert due <= START + SECOND + MILLI
    assert any(isinstance(action, Query) for action in actions)
    assert rig.desk.deadline() > rig.now


def test_the_journal_alone_rebuilds_the_desk():
    rig = crashed_rig()
    again = Desk(rig.config, MemoryJournal(), review, 1, rig.now)
    again.recover(rig.journal.records)

    assert again.programs["CU-SELL"].snapshot() == rig.program.snapshot()
    assert again.positions.confirmed == rig.desk.positions.confirmed


def test_what_a_venue_lists_again_at_every_start_goes_on_record_once():
    rig = crashed_rig()
    domestic = rig.sent[0].client_order_id
    listed = [
        e.OrderFilled(domestic, "F1", 10, rig.sent[0].price_ticks, "D1"),
        e.OrderStatus(domestic, "closed", 10, "", rig.now),
    ]
    for event in listed:
        rig.tell(event)
    once = len(rig.journal.records)

    for event in listed * 3:
        rig.tell(event)
    assert len(rig.journal.records) == once

    rig.tell(e.OrderStatus(domestic, "closed", 12, "", rig.now))  # news: more than was told before
    assert len(rig.journal.records) > once
