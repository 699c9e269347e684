"""A second engine of a desk: it waits, takes over when the first one dies or hangs, and the first one is fenced."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.rig import Rig, until
from trading.core.events import ExecutionEnded, OrdersDecided
from trading.engine.journal_files import History
from trading.engine.lease import LAPSE_S, Lease, LeaseBusy
from trading.engine.records import EngineStarted, Recovered

pytestmark = [pytest.mark.timeout(300), pytest.mark.xdist_group("drill")]


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    built = Rig(tmp_path)
    built.start_venues()
    built.start_engine()
    yield built
    built.close()


def stand_by(rig: Rig) -> subprocess.Popen[bytes]:
    """Start a second engine and wait until it stands by."""
    log = (rig.var / "standby.log").open("ab")
    engine = subprocess.Popen(
        [sys.executable, "-m", "trading.engine", "--config", str(rig.desk_file), "--stand-by"], stdout=log, stderr=log
    )
    until(lambda: b"standing by" in (rig.var / "standby.log").read_bytes(), "the standby")
    return engine


def end(engine: subprocess.Popen[bytes]) -> None:
    if engine.poll() is None:
        engine.send_signal(signal.SIGCONT)
        engine.kill()
    engine.wait(10)


def epochs(rig: Rig) -> list[int]:
    return [start.epoch for start in rig.facts(EngineStarted)]


def test_a_standby_waits_without_touching_anything(rig: Rig) -> None:
    standby = stand_by(rig)
    try:
        assert rig.arm()["ok"]
        until(lambda: rig.facts(ExecutionEnded), "the execution")
        assert epochs(rig) == [1]
        standby.terminate()
        assert standby.wait(30) == 0, "it ends when it is told to"
        assert rig.status()["state"] == "RECONCILED"
    finally:
        end(standby)


def test_a_standby_takes_over_when_the_engine_is_killed_in_mid_execution(rig: Rig) -> None:
    standby = stand_by(rig)
    try:
        rig.fault("LME", "latency_ms", count=None, ms=300)
        rig.arm()
        until(lambda: rig.facts(OrdersDecided), "the entry")
        rig.kill_engine()

        [ended] = until(lambda: rig.facts(ExecutionEnded), "the standby to finish the execution")

        assert epochs(rig) == [1, 2] and rig.facts(Recovered)[-1].state == "RECONCILED"
        assert ended.naked == (0, 0)
        assert set(Counter(line["id"] for line in rig.orders_received()).values()) == {1}
        assert rig.positions() == {"cu2703": -5, "CA-3M": 1}
    finally:
        end(standby)


def test_a_paused_engine_is_replaced_and_fenced_when_it_goes_on(rig: Rig) -> None:
    standby = stand_by(rig)
    zombie = rig.engine
    assert zombie is not None
    try:
        rig.fault("LME", "latency_ms", count=None, ms=300)
        rig.arm()
        until(lambda: rig.facts(OrdersDecided), "the entry")
        zombie.send_signal(signal.SIGSTOP)
        paused_at = time.monotonic()
        until(lambda: epochs(rig) == [1, 2], "the standby to take over")
        assert time.monotonic() - paused_at >= LAPSE_S - 1, "not before the lease had lapsed"
        until(lambda: rig.status().get("state") == "RECONCILED", "the new engine")
        until(lambda: rig.facts(ExecutionEnded), "the execution to end")
        sent = len(rig.orders_received())
        lines = len(rig.journal())

        zombie.send_signal(signal.SIGCONT)

        assert zombie.wait(30) == 1, "it finds itself fenced and ends"
        assert "was replaced" in rig.said("engine")
        assert len(rig.orders_received()) == sent, "it sent nothing"
        records = rig.journal()  # raises if the chain is broken
        assert all(record.epoch == 2 for record in records[lines:]), "it recorded nothing"
        assert rig.status()["state"] == "RECONCILED", "the new engine goes on, and its socket is its own"
        assert set(Counter(line["id"] for line in rig.orders_received()).values()) == {1}
        assert History.of(Path(rig.config.journal_dir)).torn is None
    finally:
        end(standby)
        end(zombie)


def test_a_lease_that_is_renewed_cannot_be_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "lease.lock"
    holder = Lease.take(path)
    holder.claim(epoch_after=0)

    with pytest.raises(LeaseBusy, match="renewed"):
        Lease.take_over(path)
    os.utime(path, (time.time() - LAPSE_S - 1,) * 2)
    successor = Lease.take_over(path)

    assert successor.claim(epoch_after=0) == 2
    assert "was replaced" in holder.fence() and successor.fence() == ""


def test_the_standby_drill_finds_nothing_lost_and_the_paused_engine_fenced() -> None:
    from trading.simulation.drill import standby

    report = standby.run(2)

    assert (report.findings, report.fenced) == ([], 1)
    assert report.is_clean and report.killed_ms["n"] == report.paused_ms["n"] == 1
