"""The engine as operators meet it: a process, its sockets, real venues behind it, and a death at the worst moment."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.desk_config import PROGRAM, limits, terms
from tests.engine.rig import Rig, until
from trading.core.events import Arm, Disarmed, ExecutionEnded, Kill, OrderFilled, OrdersDecided
from trading.engine import kill_file
from trading.engine.commands import KillDesk
from trading.engine.control_client import EngineUnreachable, call
from trading.engine.records import CommandRefused, EngineStarted, EngineStopped, Recovered, SentToWire, TailCut

pytestmark = pytest.mark.timeout(300)

HEDGED = {"cu2703": -5, "CA-3M": 1}


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    """Venues are up; the engine is not started yet."""
    built = Rig(tmp_path)
    built.start_venues()
    yield built
    built.close()


def ended(rig: Rig) -> list[ExecutionEnded]:
    return rig.facts(ExecutionEnded)


def test_both_legs_are_hedged_and_every_intent_was_durable_before_the_wire(rig: Rig) -> None:
    rig.start_engine()
    assert rig.arm()["ok"]

    [end] = until(lambda: ended(rig), "the execution to end")

    assert (end.outcome, end.naked) == ("hedged", (0, 0))
    assert rig.positions() == HEDGED
    received = rig.orders_received()
    assert len(received) == 2
    assert all(line["journal_synced_offset_ok"] for line in received), "durable before the wire"
    [decided] = rig.facts(OrdersDecided)
    [sent] = rig.facts(SentToWire)
    assert set(sent.client_order_ids) == {order.client_order_id for order in decided.orders}


@pytest.mark.parametrize("is_lme_reject", [False, True], ids=["lme fills", "lme rejects"])
def test_a_death_between_the_two_legs_reports_leaves_nothing_naked(rig: Rig, is_lme_reject: bool) -> None:
    rig.start_engine()
    rig.fault("LME", "latency_ms", count=None, ms=400)
    if is_lme_reject:
        rig.fault("LME", "reject_next", code="MARGIN")
    rig.arm()
    until(lambda: rig.facts(OrderFilled), "the first leg's fill")
    rig.kill_engine()
    assert not ended(rig), "the second leg had not answered"

    rig.start_engine()
    [end] = until(lambda: ended(rig), "the execution to end")

    if is_lme_reject:
        assert rig.positions().get("CA-3M", 0) * 5 == -rig.positions().get("cu2703", 0), "flat or matched"
    else:
        assert rig.positions() == HEDGED
    assert end.naked == (0, 0)
    ids = Counter(line["id"] for line in rig.orders_received())
    assert set(ids.values()) == {1}, "nothing was sent twice"
    assert rig.program()["mode"] == "disarmed", "a restart means disarmed"
    assert [start.epoch for start in rig.facts(EngineStarted)] == [1, 2]
    assert rig.facts(Recovered)[-1].state == "RECONCILED"


def test_a_death_before_the_wire_sends_nothing_later(rig: Rig) -> None:
    rig.start_engine()
    rig.arm(command_id="C-a")
    until(lambda: ended(rig), "the first execution")
    rig.kill_engine()
    # What a crash between the disk and the wire leaves: an intent without a send. Here the record of the send and
    # everything after the intent is cut away, as if the process had died right there.
    [journal] = Path(rig.config.journal_dir).glob("*.journal")
    lines = journal.read_bytes().splitlines(keepends=True)
    intent = next(n for n, line in enumerate(lines) if b'"OrdersDecided"' in line)
    kept = b"".join(lines[: intent + 1])
    journal.write_bytes(kept)
    journal.with_name(journal.name + ".synced").write_text(f"{len(kept):020d}\n")

    rig.start_engine()
    [end] = until(lambda: ended(rig), "the execution to end")

    # The venue knows both orders: they are found there, not sent again.
    assert end.naked == (0, 0) and rig.positions() == HEDGED
    assert set(Counter(line["id"] for line in rig.orders_received()).values()) == {1}


def test_a_repeated_command_is_done_once(rig: Rig) -> None:
    rig.start_engine()
    first = rig.arm(command_id="C-same")
    again = rig.arm(command_id="C-same")

    assert first == again == {"ok": True, "result": None}
    assert len(rig.facts(Arm)) == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"expires_at": 1}, "EXPIRED"), ({"incarnation": 99}, "STALE"), ({"revision": 7}, "CANNOT_ARM"),
     ({"program": "NOBODY"}, "NO_PROGRAM")],
)  # fmt: skip
def test_a_command_that_cannot_be_obeyed_says_why(rig: Rig, changes: dict[str, object], code: str) -> None:
    rig.start_engine()

    answer = rig.arm(**changes)

    assert (answer["ok"], answer["code"]) == (False, code)
    assert answer["text"]
    [refused] = rig.facts(CommandRefused)
    assert refused.code == code


@pytest.mark.parametrize("line", [b"nonsense\n", b'{"op":"fire"}\n', b'{"op":"arm"}\n', b"\xff\n"])
def test_a_line_that_is_no_command_gets_one_clear_answer(rig: Rig, line: bytes) -> None:
    rig.start_engine()

    import socket

    with socket.socket(socket.AF_UNIX) as client:
        client.connect(rig.config.control_socket)
        client.sendall(line)
        answer = json.loads(client.recv(65_536))

    assert (answer["ok"], answer["code"]) == (False, "BAD_COMMAND")
    assert rig.status()["state"] == "RECONCILED"


def test_a_kill_stops_everything_and_survives_a_restart(rig: Rig) -> None:
    rig.start_engine()
    kill = {"level": "stop", "scope": "all", "actor": "risk1", "reason": "drill"}
    assert rig.command("kill", command_id="K-1", **kill)["ok"]
    assert rig.arm()["code"] == "CANNOT_ARM"
    rig.kill_engine()

    rig.start_engine()
    assert rig.arm()["code"] == "CANNOT_ARM", "a kill is sticky"
    alone = {"requested_by": "risk1", "approved_by": "risk1", "reason": "over", "scope": "all"}
    assert rig.command("lift_kill", command_id="L-1", **alone)["code"] == "SAME_PERSON"
    assert rig.command("lift_kill", command_id="L-2", **(alone | {"approved_by": "risk2"}))["ok"]
    assert not Path(rig.config.kill_file).exists()
    assert rig.arm()["ok"]


def test_a_kill_left_on_disk_reaches_a_running_engine_and_the_next_start(rig: Rig) -> None:
    rig.start_engine()
    kill_file.add(Path(rig.config.kill_file), KillDesk("stop", "all", "risk1", "socket is stuck", "K-file"))

    until(lambda: rig.facts(Kill), "the kill to be recorded")
    assert rig.arm()["code"] == "CANNOT_ARM"
    rig.kill_engine()
    rig.start_engine()
    assert rig.arm()["code"] == "CANNOT_ARM"
    assert len(rig.facts(Kill)) == 1


def test_an_unreadable_kill_file_is_a_kill(rig: Rig) -> None:
    path = Path(rig.config.kill_file)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{ half a")

    rig.start_engine()

    assert rig.arm()["code"] == "CANNOT_ARM"


def test_a_second_engine_of_the_desk_is_refused(rig: Rig) -> None:
    rig.start_engine()

    second = subprocess.run(
        [sys.executable, "-m", "trading.engine", "--config", str(rig.desk_file)], capture_output=True, timeout=90
    )

    assert second.returncode == 1
    assert b"the desk is held by process" in second.stderr
    assert rig.status()["epoch"] == 1


def test_an_engine_whose_lease_was_taken_can_neither_record_nor_send(rig: Rig) -> None:
    rig.start_engine()
    Path(rig.config.lease_file).write_text(json.dumps({"epoch": 9, "pid": 1}))

    with pytest.raises(EngineUnreachable):
        rig.arm()
        rig.status()
        until(lambda: not rig.status(), "the engine to end")
        rig.status() or rig.command("status")

    assert rig.engine is not None and rig.engine.wait(60) == 1
    assert "epoch 9 holds the desk" in rig.said("engine")
    assert rig.orders_received() == []


def test_a_late_lease_stops_entries_and_a_renewal_allows_them_again(rig: Rig) -> None:
    rig.start_engine()
    past = time.time_ns() - 1_000_000_000
    assert rig.command("lease", renewed_until=past)["result"] == {"tenure": "late"}
    assert rig.arm()["ok"]
    time.sleep(0.5)  # long enough for an entry, were one allowed
    assert rig.facts(OrdersDecided) == []

    rig.command("lease", renewed_until=time.time_ns() + 60_000_000_000)
    until(lambda: ended(rig), "the entry after the renewal")


def test_new_limits_are_in_force_at_once(rig: Rig) -> None:
    import msgspec

    rig.start_engine()
    tight = msgspec.structs.replace(limits(), version=2, limits=())
    answer = rig.command("limits", limit_set=msgspec.to_builtins(tight), command_id="LIM-2", actor="risk1")
    assert answer["ok"] and rig.status()["limits_version"] == 2

    rig.arm()
    until(lambda: b"NO_LIMIT" in b"".join(p.read_bytes() for p in Path(rig.config.journal_dir).glob("*.journal")),
          "the refusal")  # fmt: skip
    assert rig.orders_received() == []


def test_a_stop_lets_the_open_execution_finish(rig: Rig) -> None:
    rig.start_engine()
    rig.fault("LME", "latency_ms", count=None, ms=300)
    rig.arm()
    until(lambda: rig.facts(OrdersDecided), "the entry")

    assert rig.stop_engine() == 0

    assert [end.outcome for end in ended(rig)] == ["hedged"]
    [stopped] = rig.facts(EngineStopped)
    assert stopped.reason == "stopped by SIGTERM"


def test_the_engine_ends_with_the_worker_that_started_it(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.start_venues()
    try:
        parent = subprocess.Popen(
            [sys.executable, "-c",
             "import subprocess,sys,time;"
             f"p=subprocess.Popen([sys.executable,'-m','trading.engine','--config',{str(rig.desk_file)!r},"
             "'--stay-with-parent'],stdin=subprocess.PIPE);print(p.pid,flush=True);time.sleep(60)"],
            stdout=subprocess.PIPE,
        )  # fmt: skip
        assert parent.stdout is not None
        engine_pid = int(parent.stdout.readline())
        until(lambda: rig.status().get("state") == "RECONCILED", "the desk")

        parent.send_signal(signal.SIGKILL)
        parent.wait(5)

        until(lambda: not rig.status(), "the engine to end")
        until(lambda: not _is_alive(engine_pid), "the process to be gone")
    finally:
        rig.close()


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with Path(f"/proc/{pid}/stat").open() as stat:
        return stat.read().split()[2] != "Z"


def test_a_torn_end_is_cut_recorded_and_survived(rig: Rig) -> None:
    rig.start_engine()
    rig.kill_engine()
    [journal] = Path(rig.config.journal_dir).glob("*.journal")
    with journal.open("ab") as file:
        file.write(b"0123 half a rec")

    rig.start_engine()

    [torn] = rig.facts(TailCut)
    assert torn.cut_bytes == 15


def test_a_changed_journal_halts_the_desk_and_names_the_record(rig: Rig) -> None:
    rig.start_engine()
    rig.stop_engine()
    [journal] = Path(rig.config.journal_dir).glob("*.journal")
    raw = journal.read_bytes()
    journal.write_bytes(raw.replace(b'"epoch":1', b'"epoch":3', 1))

    rig.start_engine(state="HALTED")

    assert "20" in journal.name and f"{journal.name}: record 1 " in rig.status()["reason"]
    assert rig.arm()["code"] == "HALTED"
    assert rig.ask_venues(op="state")["SHFE"]["clients"] == [], "no venue is connected"
    kill = {"level": "stop", "scope": "all", "actor": "risk1", "reason": "look first", "command_id": "K-1"}
    assert rig.command("kill", **kill)["ok"]
    rig.stop_engine()
    journal.write_bytes(raw)
    rig.start_engine()
    assert rig.arm()["code"] == "CANNOT_ARM", "a kill taken meanwhile holds"


def test_a_venue_that_stays_away_leaves_the_desk_halted_until_it_answers(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    try:
        rig.start_engine(state="HALTED")
        assert "no answer from SHFE" in rig.status()["reason"]
        assert rig.arm()["code"] == "NOT_RECONCILED"

        rig.start_venues()
        until(lambda: rig.status()["state"] == "RECONCILED", "the desk to be reconciled")
    finally:
        rig.close()


@pytest.mark.parametrize(
    ("text", "says"),
    [("{", "truncated"), ('{"desk":"demo"}', "missing required field"), (None, "No such file")],
)
def test_a_bad_configuration_gets_one_line(tmp_path: Path, text: str | None, says: str) -> None:
    path = tmp_path / "desk.json"
    if text is not None:
        path.write_text(text)

    started = subprocess.run(
        [sys.executable, "-m", "trading.engine", "--config", str(path)], capture_output=True, timeout=90, text=True
    )

    assert started.returncode == 2
    assert len(started.stderr.splitlines()) == 1 and says in started.stderr and "manage.py apply" in started.stderr


def test_a_disarmed_program_says_why(rig: Rig) -> None:
    rig.start_engine()
    rig.arm()
    until(lambda: ended(rig), "the execution")
    reasons = [event.reason for event in rig.facts(Disarmed)]
    assert reasons == ["restart", "executions_max"]
    assert rig.command("disarm", program=PROGRAM, command_id="D-1", actor="trader1", reason="enough")["ok"]


def test_a_program_takes_new_terms_while_disarmed(rig: Rig) -> None:
    import msgspec

    rig.start_engine()
    answer = rig.command("program", terms=msgspec.to_builtins(terms(revision=2)), command_id="T-2", actor="trader1")

    assert answer["ok"]
    assert rig.arm(revision=1)["code"] == "CANNOT_ARM"
    assert rig.arm(revision=2)["ok"]


def test_the_control_socket_is_private(rig: Rig) -> None:
    rig.start_engine()

    assert Path(rig.config.control_socket).stat().st_mode & 0o777 == 0o600
    assert call(rig.config.control_socket, {"op": "status"})["ok"]
