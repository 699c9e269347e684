"""A start step by step: who may start, from where it folds, and what it does when the record was changed."""

import hashlib
import json
import pickle
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from risk.gate import review
from tests.engine.desk_rig import DeskRig, ready
from tests.engine.rig import Rig, until
from trading.core import events as e
from trading.engine import checkpoints
from trading.engine.build import build
from trading.engine.config import dump
from trading.engine.desk import Desk
from trading.engine.records import Checkpoint, Recovered

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    built = Rig(tmp_path)
    built.start_venues()
    yield built
    built.close()


def busy() -> DeskRig:
    """A desk with a naked leg, a bust, a foreign trade, a refused command and a kill on record."""
    rig = ready()
    rig.market()
    rig.synced()
    domestic, foreign = rig.sent
    rig.tell(e.OrderFilled(domestic.client_order_id, "F1", 10, domestic.price_ticks, "D1"))
    rig.tell(e.FillBusted(domestic.client_order_id, "F1", "D1"))
    rig.tell(e.OrderFilled(domestic.client_order_id, "F2", 5, domestic.price_ticks, "D1"))
    rig.tell(e.OrderStatus(foreign.client_order_id, "working", 0))
    rig.arm(command_id="C-late", incarnation=99)
    return rig


def test_a_snapshot_and_the_records_behind_it_give_what_all_records_give() -> None:
    rig = busy()
    state, taken_at = checkpoints.freeze(rig.desk), rig.journal.seq
    foreign = rig.sent[1]
    rig.tell(e.OrderFilled(foreign.client_order_id, "F3", 1, foreign.price_ticks, "D1"))

    again = Desk(rig.config, rig.journal, review, 1, rig.now)
    checkpoints.thaw(again, state)
    again.recover(rig.journal.records[taken_at:])

    assert again.programs["CU-SELL"].snapshot() == rig.program.snapshot()
    assert again.positions.confirmed == rig.desk.positions.confirmed
    assert again.answers == rig.desk.answers


def test_a_snapshot_may_hold_nothing_that_could_run() -> None:
    desk = busy().desk
    evil = pickle.dumps({"programs": print})

    with pytest.raises(pickle.UnpicklingError, match=r"builtins\.print"):
        checkpoints.thaw(desk, evil)


def test_a_start_folds_from_the_last_snapshot_and_knows_all_it_knew(rig: Rig) -> None:
    rig.desk_file.write_bytes(dump(msgspec.structs.replace(rig.config, records_per_snapshot=10)))
    rig.start_engine()
    rig.arm()
    until(lambda: rig.facts(e.ExecutionEnded), "the execution")
    rig.kill_engine()
    rig.start_engine()
    until(lambda: rig.facts(Checkpoint), "the snapshot")
    rig.kill_engine()
    records = len(rig.journal())

    rig.start_engine()

    folded = int(rig.said("engine").rsplit(" records folded", 1)[0].rsplit(" ", 1)[1])
    assert 0 < folded < records
    assert rig.facts(Recovered)[-1].state == "RECONCILED"
    assert rig.program()["executions_started"] == 1
    assert rig.positions() == {"cu2703": -5, "CA-3M": 1}
    assert not [event for event in rig.facts(e.OrderFilled) if event.lots not in (1, 5)]
    assert len(rig.facts(e.OrderFilled)) == 2, "what the venues list again is known from the snapshot"


def test_a_changed_snapshot_is_left_aside(rig: Rig) -> None:
    rig.desk_file.write_bytes(dump(msgspec.structs.replace(rig.config, records_per_snapshot=1)))
    rig.start_engine()
    rig.kill_engine()
    rig.start_engine()
    until(lambda: rig.facts(Checkpoint), "the snapshot")
    rig.kill_engine()
    for path in Path(rig.config.journal_dir).glob("*.snapshot"):
        path.write_bytes(path.read_bytes() + b"x")

    rig.start_engine()

    assert "no record vouches" in rig.said("engine")


def test_the_record_names_the_digest_of_the_snapshot(rig: Rig) -> None:
    rig.desk_file.write_bytes(dump(msgspec.structs.replace(rig.config, records_per_snapshot=1)))
    rig.start_engine()
    rig.kill_engine()
    rig.start_engine()

    vouched = until(lambda: rig.facts(Checkpoint), "the snapshot")[-1]

    newest = max(Path(rig.config.journal_dir).glob("*.snapshot"))
    assert hashlib.sha256(newest.read_bytes()).hexdigest() in {fact.snapshot for fact in rig.facts(Checkpoint)}
    assert vouched.at_seq < len(rig.journal())
    assert json.loads(newest.read_bytes().partition(b"\n")[0])["build"] == build()
