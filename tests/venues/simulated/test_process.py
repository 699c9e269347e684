"""The simulated venues as a process of their own: it comes up, says what is wrong in one line, and goes away."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from tests.venues.simulated.wire import config_in

DEADLINE_S = 60


def start(config: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "trading.venues.simulated", "--config", str(config)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def written(folder: Path, **more: Any) -> Path:
    path = folder / "venues.json"
    path.write_bytes(msgspec.json.encode(config_in(folder, **more)))
    return path


def wait_for_socket(path: Path) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        try:
            with socket.socket(socket.AF_UNIX) as probe:
                probe.connect(str(path))
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the venues did not come up")


def test_the_process_serves_faults_over_its_private_socket_and_ends_on_a_signal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    process = start(written(tmp_path))
    control = tmp_path / "control.sock"
    try:
        wait_for_socket(control)
        assert os.stat(control).st_mode & 0o777 == 0o600

        call_command(
            "venue_fault",
            "SHFE",
            "partial_next",
            "--param",
            "ratio=0.4",
            "--side",
            "buy",
            socket=str(control),
        )
        assert json.loads(capsys.readouterr().out)["left"] == 1
        call_command("venue_fault", "--list", socket=str(control))
        on = json.loads(capsys.readouterr().out)["on"]["SHFE"]
        assert [(fault["name"], fault["params"], fault["side"]) for fault in on] == [
            ("partial_next", {"ratio": "0.4"}, "buy")
        ]
        call_command("venue_fault", "SHFE", "--clear", socket=str(control))
        assert json.loads(capsys.readouterr().out) == {"cleared": 1}
        with pytest.raises(CommandError, match="no fault is named 'typo'"):
            call_command("venue_fault", "SHFE", "typo", socket=str(control))
        with pytest.raises(CommandError, match="venue is one of SHFE, LME"):
            call_command("venue_fault", "NYMEX", "halt", socket=str(control))
    finally:
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 0
    assert "SHFE.cu2701 is recorded: cu.csv" in output
    assert not control.exists()


def test_without_venues_the_fault_command_says_so(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no simulated venues answer"):
        call_command("venue_fault", "--list", socket=str(tmp_path / "none.sock"))


def fails_with(config: Path) -> str:
    process = start(config)
    _, errors = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 1
    assert len(errors.strip().splitlines()) == 1, errors
    return errors


def test_a_busy_port_is_one_line_that_names_it(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = fails_with(written(tmp_path, SHFE={"port": port}))
    assert f"venue SHFE cannot listen on 127.0.0.1:{port}: address already in use" in said


def test_a_missing_recording_is_one_line_that_names_it(tmp_path: Path) -> None:
    config = written(tmp_path)
    (tmp_path / "cu.csv").unlink()
    assert "cu.csv: no such file" in fails_with(config)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"SHFE": {"face": "telepathy"}}, "venue SHFE: face must be local or fix, not 'telepathy'"),
        ({"SHFE": {"port": 17001}, "LME": {"port": 17001}}, "port 17001 is used by two venues"),
        ({"LME": {"sender_comp_id": ""}}, "venue LME speaks FIX and needs sender_comp_id and target_comp_id"),
    ],
)
def test_a_wrong_configuration_is_one_line_with_the_reason(tmp_path: Path, change: dict, reason: str) -> None:
    assert reason in fails_with(written(tmp_path, **change))


def test_a_file_that_is_not_there_or_not_json_is_one_line(tmp_path: Path) -> None:
    assert "no such file" in fails_with(tmp_path / "venues.json")
    (tmp_path / "venues.json").write_text("{")
    assert "venues.json" in fails_with(tmp_path / "venues.json")
