"""The tables say what the journal says: once, in order, whatever stops and starts again in between."""

import sqlite3
import threading
from decimal import Decimal

import pytest
from django.db import connection

from audit.models import Receipt
from audit.receipts import head_seq
from risk.models import Alert
from tests.trading.story import LME, SHFE
from trading.engine import records as r
from trading.models import ChildOrder, Command, Execution, Fill, JournalCursor, Position, ProgramState
from trading.projector import Projector, follow

pytestmark = pytest.mark.django_db


def copy_all(projector: Projector | None = None) -> Projector:
    projector = projector or Projector("demo")
    while projector.copy_batch():
        pass
    return projector


def test_receipts_keep_the_bytes_and_hashes_of_the_journal(story):
    story.hedged()

    copy_all()

    lines = [line for path in sorted(story.directory.glob("*.journal")) for line in path.read_bytes().splitlines()]
    stored = [f"{receipt.hash} {receipt.body}".encode() for receipt in Receipt.objects.filter(stream="desk:demo")]
    assert stored == lines


def test_a_hedged_execution_is_told_with_its_orders_fills_and_positions(story):
    story.arm()
    name = story.hedged()

    copy_all()

    execution = Execution.objects.get(id=name)
    assert (execution.outcome, execution.clips, execution.pair.code) == ("hedged", 1, "CU-SHFE-LME")
    assert {order.state for order in execution.orders.all()} == {"settled"}
    assert dict(Position.objects.values_list("instrument", "net_lots")) == {SHFE: -5, LME: 1}
    assert ProgramState.objects.get(program__name="CU-LME-SELL").state == "ARMED"


def test_the_naked_band_and_the_leg_gap_come_from_the_fills(story):
    name = story.trigger()
    story.fill(0, 3, 7947, after_ms=5)
    story.fill(0, 2, 7946, after_ms=10)
    story.fill(1, 1, 19602, after_ms=100)

    copy_all()

    execution = Execution.objects.get(id=name)
    assert execution.leg_gap_ns == 100_000_000
    assert execution.naked_peak_lots == 5
    assert execution.naked_lot_ms == 3 * 10 + 5 * 100


def test_slippage_is_what_was_paid_beyond_the_depth_that_was_seen(story):
    name = story.trigger()
    story.fill(0, 5, 7946)  # one tick of 10 CNY/t below the bid: 5 lots x 5 t x 10
    story.fill(1, 1, 19602)  # one tick of 0.5 USD/t above the ask: 25 t x 0.5 x 7.101

    copy_all()

    assert Execution.objects.get(id=name).slippage == Decimal("250") + Decimal("88.7625")


def test_fees_follow_the_schedule_of_the_day(story):
    name = story.trigger()
    story.fill(0, 5, 7947)
    story.fill(1, 1, 19601)

    copy_all()

    shanghai = Decimal(79470) * 25 * Decimal("0.00005")
    london = Decimal(5) * Decimal("7.101")
    assert Execution.objects.get(id=name).fees == (shanghai + london).quantize(Decimal("0.0001"))


def test_copying_again_from_any_record_changes_nothing(story):
    story.arm()
    story.hedged()
    copy_all()
    before = snapshot()

    for _ in range(3):
        copy_all(Projector("demo"))

    assert snapshot() == before


@pytest.mark.parametrize("batch", [1, 2, 5])
def test_a_restart_after_any_batch_ends_in_the_same_tables(story, batch):
    story.arm()
    execution = story.trigger()
    story.fill(0, 5, 7947)
    story.reject(1)
    story.top_up(execution)
    story.fill(1, 1, 19604, attempt=1)
    story.end(execution, "topped_up")

    while Projector("demo", batch_max=batch).copy_batch():  # a fresh projector for every batch
        pass

    assert Execution.objects.get().outcome == "topped_up"
    assert Fill.objects.count() == 2
    assert head_seq("desk:demo") == JournalCursor.objects.get().seq == story.journal.seq


def test_a_fill_that_the_venue_repeats_counts_once(story):
    story.trigger()
    story.fill(0, 5, 7947)
    story.fills -= 1
    story.fill(0, 5, 7947)

    copy_all()

    assert Fill.objects.count() == 1
    assert Position.objects.get(instrument=SHFE).net_lots == -5


def test_a_late_fill_finds_its_order_and_changes_the_figures(story):
    name = story.hedged()
    copy_all()
    peak = Execution.objects.get(id=name).naked_peak_lots

    story.fill(1, 1, 19601, after_ms=500)
    copy_all(Projector("demo"))

    assert Execution.objects.get(id=name).naked_lot_ms > 0
    assert ChildOrder.objects.get(client_order_id=story.order_id(1)).filled_lots == 2
    assert Execution.objects.get(id=name).naked_peak_lots >= peak


def test_records_that_are_not_durable_yet_are_left_alone(story):
    copy_all()
    seq = JournalCursor.objects.get().seq
    path = next(story.directory.glob("*.journal"))
    with path.open("ab") as file:
        file.write(b"0" * 64 + b' {"seq":99}\n')

    copy_all(Projector("demo"))

    assert JournalCursor.objects.get().seq == seq
    assert JournalCursor.objects.get().problem == ""


def test_the_copy_goes_on_into_the_next_days_file(story):
    story.hedged()
    projector = copy_all()
    story.next_day()
    story.hedged()

    copy_all(projector)
    copy_all(Projector("demo"))

    assert len(list(story.directory.glob("*.journal"))) == 2
    assert Execution.objects.count() == 2


def test_a_changed_byte_stops_the_copy_and_raises_the_gravest_alert(story):
    story.arm()
    path = next(story.directory.glob("*.journal"))
    path.write_bytes(path.read_bytes().replace(b"trader1", b"trader2"))

    assert Projector("demo").step() > 0

    assert Alert.objects.get(rule="journal_copy_stopped").severity == "P1"
    assert "link does not match" in JournalCursor.objects.get().problem


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "sqlite", reason="only the embedded database has one writer")
def test_a_locked_database_delays_the_copy_and_loses_nothing(story):
    story.hedged()
    projector = Projector("demo")
    projector.copy_batch()
    story.hedged()
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout=20")
    other = sqlite3.connect(connection.settings_dict["NAME"])
    other.execute("BEGIN IMMEDIATE")

    while_locked = projector.step()
    other.rollback()
    other.close()
    copy_all(projector)

    assert while_locked == 1.0
    assert Execution.objects.filter(outcome="hedged").count() == 2


def test_an_engine_restart_disarms_what_was_armed(story):
    story.arm()
    story.restart()

    copy_all()

    state = ProgramState.objects.get(program__name="CU-LME-SELL")
    assert (state.state, state.reason) == ("DISARMED", "engine_restart")
    assert JournalCursor.objects.get().epoch == 2


def test_an_engine_alert_reaches_the_inbox_once(story):
    story.say(r.AlertRaised("naked_age", "P1", "alert.naked_age", {"lots": "5"}, ""))

    copy_all()
    copy_all(Projector("demo"))

    alert = Alert.objects.get()
    assert (alert.rule, alert.severity, alert.program, alert.count) == ("naked_age", "P1", "CU-LME-SELL", 1)


def test_what_the_engine_did_with_a_command_settles_its_row(story, person):
    Command.objects.create(
        command_id="c-arm", actor=person("trader1"), idempotency_key="k-1", desk_id=1, op="arm", program="CU-LME-SELL"
    )
    refused = Command.objects.create(
        command_id="c-2", actor=person("trader1"), idempotency_key="k-2", desk_id=1, op="arm", program="CU-LME-SELL"
    )
    story.arm("c-arm")
    story.say(r.CommandRefused("c-2", "EXPIRED", "the command expired"))

    copy_all()

    refused.refresh_from_db()
    assert Command.objects.get(command_id="c-arm").state == "accepted"
    assert (refused.state, refused.code) == ("refused", "EXPIRED")


@pytest.mark.django_db(transaction=True)
def test_follow_copies_as_the_journal_grows_and_stops_when_told(story, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"  # nobody listens there: the copy must not care
    stop = threading.Event()
    thread = threading.Thread(target=follow, args=("demo", stop))
    thread.start()
    try:
        name = story.hedged()
        deadline = threading.Event()
        for _ in range(200):
            if Execution.objects.filter(id=name, outcome="hedged").exists():
                break
            deadline.wait(0.05)
        assert Execution.objects.get(id=name).outcome == "hedged"
    finally:
        stop.set()
        thread.join(10)
    assert not thread.is_alive()


def snapshot() -> list:
    tables = (Execution, ChildOrder, Fill, Position, ProgramState, Receipt)
    return [list(table.objects.order_by("pk").values()) for table in tables]
