"""The kill drill: 20 engines die here on every run, and what the drill would say if one of them lost something."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from trading.simulation.drill import kill
from trading.simulation.drill.evidence import look
from trading.simulation.drill.stage import Stage, until

pytestmark = [pytest.mark.drill, pytest.mark.timeout(600), pytest.mark.xdist_group("drill")]


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    built = Stage(tmp_path)
    built.start_venues()
    yield built
    built.close()


def hedge_once(stage: Stage) -> None:
    """Arm an engine, see both legs traded, and stop it."""
    engine = stage.start_engine()
    until(lambda: stage.status().get("state") == "RECONCILED", "the desk", 90)
    assert stage.arm()["ok"]
    until(lambda: len(stage.ask_venues(op="orders", venue="LME")) == 1, "the foreign order")
    until(lambda: not any(program["open"] for program in stage.status()["programs"]), "the execution to end")
    engine.terminate()
    assert engine.wait(60) == 0


def test_twenty_deaths_lose_nothing_send_nothing_twice_and_leave_nothing_naked() -> None:
    report = kill.run(20, "all", seed=1)

    assert (report.duplicate_sends, report.lost_receipts, report.naked_unalerted) == (0, 0, 0), report.findings
    assert sum(report.kills_by_boundary.values()) == 20
    assert len(report.kills_by_boundary) > 12, "many different boundaries"
    assert report.reconciled_ms["p99"] <= kill.RECONCILED_MAX_MS


def test_a_fill_that_is_missing_in_the_journal_is_found_missing(stage: Stage) -> None:
    hedge_once(stage)
    assert look(stage, {stage.last_command}, {"programs": []})[0].count == 0
    [journal] = Path(stage.config.journal_dir).glob("*.journal")
    lines = journal.read_bytes().splitlines(keepends=True)
    first_fill = next(n for n, line in enumerate(lines) if b'"OrderFilled"' in line)
    journal.write_bytes(b"".join(lines[:first_fill]))
    journal.with_name(journal.name + ".synced").unlink()

    found, _ = look(stage, {stage.last_command, "C-unheard"}, {"programs": []})

    assert sum("is not in the journal" in text for text in found.lost_receipts) == 2
    assert any("C-unheard" in text for text in found.lost_receipts)


def test_an_order_that_left_twice_and_a_leg_without_its_other_one_are_found(stage: Stage) -> None:
    hedge_once(stage)
    tap = stage.folder / "venues" / "SHFE" / "tap.jsonl"
    order = next(line for line in tap.read_text().splitlines() if "journal_synced_offset_ok" in line)
    with tap.open("a") as file:
        file.write(order + "\n")
    record = stage.folder / "venues" / "LME" / "record.jsonl"
    record.write_text("".join(line + "\n" for line in record.read_text().splitlines() if '"Executed"' not in line))

    found, _ = look(stage, set(), {"programs": [{"open": []}]})

    assert found.duplicate_sends == [f"order {json.loads(order)['id']} left 2 times"]
    assert len(found.naked_unalerted) == 1


@pytest.mark.parametrize("point", ["somewhere", "send.1:sideways"])
def test_a_crash_point_that_does_not_exist_starts_no_engine(tmp_path: Path, point: str) -> None:
    stage = Stage(tmp_path)

    engine = stage.start_engine(point)

    assert engine.wait(60) == 2
    assert point in stage.said("engine")


def test_a_live_desk_takes_no_crash_point(tmp_path: Path) -> None:
    from trading.engine.crash_points import BadCrashPoint, check

    check("", "LIVE")
    with pytest.raises(BadCrashPoint, match="LIVE"):
        check("send.1:after", "LIVE")


def test_the_command_prints_one_json_object_without_a_database() -> None:
    ran = subprocess.run(
        [sys.executable, "manage.py", "drill", "kill", "--rounds", "1", "--boundary", "random", "--json"],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip

    report = json.loads(ran.stdout)
    assert (ran.returncode, report["drill"], report["rounds"]) == (0, "kill", 1)
    assert report["kills_by_boundary"] == {"random time": 1}
