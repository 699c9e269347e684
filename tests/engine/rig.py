"""Real processes: the engine of one desk against simulated venues, driven as an operator drives them."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from tests.engine.desk_config import CA, CU, FX, PROGRAM, desk_config, free_ports
from trading.core.terms import Instrument
from trading.engine.config import dump
from trading.engine.control_client import EngineUnreachable, call
from trading.engine.journal_files import History
from trading.engine.records import Record

WAIT_S = 60.0


def until(condition: Callable[[], Any], what: str, timeout_s: float = WAIT_S) -> Any:
    """Return the first true value of `condition`; fail with `what` after the deadline."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.01)
    raise AssertionError(f"waited {timeout_s:g} s in vain for {what}")


class Rig:
    """A folder, simulated venues and an engine. Close it to end both."""

    def __init__(self, var: Path, *, lme: str = "fix", latency_ms: int = 2, **changes: object) -> None:
        self.var = var
        shfe_port, lme_port = free_ports(2)
        self.kinds = {"SHFE": "local", "LME": lme}
        self.config = desk_config(var, {"SHFE": shfe_port, "LME": lme_port}, self.kinds, **changes)
        self.desk_file = var / "desk.json"
        self.desk_file.write_bytes(dump(self.config))
        self.venues_socket = var / "venues.sock"
        self.venues_file = var / "venues.json"
        self.venues_file.write_text(json.dumps(self._venues(latency_ms)))
        self.venues: subprocess.Popen[bytes] | None = None
        self.engine: subprocess.Popen[bytes] | None = None
        self._commands = 0

    def _venues(self, latency_ms: int) -> dict[str, Any]:
        listed = {"SHFE": [CU], "LME": [CA, FX]}
        return {
            "control_socket": str(self.venues_socket),
            "record_dir": str(self.var / "venues"),
            "journal_dirs": {"demo": self.config.journal_dir},
            "venues": [
                {
                    "name": venue.name, "face": self.kinds[venue.name], "port": venue.port,
                    "sender_comp_id": venue.target_comp_id, "target_comp_id": venue.sender_comp_id,
                    "account": "demo", "latency_ms": latency_ms, "heartbeat_s": 1,
                    "closes_today_separately": venue.name == "SHFE",
                    "instruments": [_listed(i) for i in listed[venue.name]],
                }
                for venue in self.config.venues
            ],
        }  # fmt: skip

    # --- processes ---

    def start_venues(self) -> None:
        self.venues = self._start("venues", "-m", "trading.venues.simulated", "--config", str(self.venues_file))
        until(self.venues_socket.exists, "the simulated venues")

    def start_engine(self, state: str = "RECONCILED", *arguments: str) -> None:
        """Start the engine and wait until the desk is in this state."""
        self.engine = self._start("engine", "-m", "trading.engine", "--config", str(self.desk_file), *arguments)
        if state:
            until(lambda: self.status().get("state") == state, f"the desk to be {state}", 120)

    def kill_engine(self) -> None:
        assert self.engine is not None
        self.engine.send_signal(signal.SIGKILL)
        self.engine.wait(5)

    def stop_engine(self) -> int:
        assert self.engine is not None
        self.engine.terminate()
        return self.engine.wait(90)

    def close(self) -> None:
        for process in (self.engine, self.venues):
            if process is not None and process.poll() is None:
                process.kill()
            if process is not None:
                process.wait(5)

    def said(self, name: str) -> str:
        """Return what a process wrote."""
        return (self.var / f"{name}.log").read_text()

    def _start(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        log = (self.var / f"{name}.log").open("ab")
        return subprocess.Popen(
            [sys.executable, *arguments], stdin=subprocess.PIPE, stdout=log, stderr=log, env=dict(os.environ)
        )

    # --- operator ---

    def command(self, op: str, **fields: Any) -> dict[str, Any]:
        return call(self.config.control_socket, {"op": op, **fields})

    def status(self) -> dict[str, Any]:
        """Return the desk's status, or nothing while no engine answers."""
        try:
            answer = self.command("status")
        except EngineUnreachable:
            return {}
        return answer["result"]

    def program(self) -> dict[str, Any]:
        [program] = self.status()["programs"]
        return program

    def arm(self, **fields: Any) -> dict[str, Any]:
        return self.command(
            "arm",
            **{
                "program": PROGRAM, "command_id": self.next_id(), "actor": "trader1", "revision": 1,
                "expires_at": time.time_ns() + 2_000_000_000,
            } | fields,
        )  # fmt: skip

    def next_id(self) -> str:
        self._commands += 1
        return f"C-{self._commands}"

    # --- venues ---

    def ask_venues(self, **request: Any) -> Any:
        answer = call(self.venues_socket, request)
        assert answer["ok"], answer
        return answer["result"]

    def fault(self, venue: str, name: str, count: int | None = 1, **params: Any) -> None:
        self.ask_venues(op="fault", venue=venue, name=name, params=params, count=count)

    def positions(self) -> dict[str, int]:
        """Return the venues' own positions of the desk's account, by symbol."""
        found: dict[str, int] = {}
        for venue in ("SHFE", "LME"):
            for row in self.ask_venues(op="positions", venue=venue, account="demo"):
                found[row["symbol"]] = found.get(row["symbol"], 0) + row["net_lots"]
        return found

    def orders_received(self) -> list[dict[str, Any]]:
        """Return every order that reached a venue's wire, as the venues' own record has it."""
        lines = [
            json.loads(line)
            for path in sorted((self.var / "venues").glob("**/tap.jsonl"))
            for line in path.read_text().splitlines()
        ]
        return [line for line in lines if "journal_synced_offset_ok" in line]

    def journal(self) -> list[Record]:
        return list(History.of(Path(self.config.journal_dir)))

    def facts(self, kind: type) -> list[Any]:
        return [record.event for record in self.journal() if isinstance(record.event, kind)]


def _listed(instrument: Instrument) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(instrument)
    if instrument is CA:
        source = {"kind": "generated_from", "source": CU.code, "fx": FX.code}
    else:
        source = {"kind": "generated", "seed": 7}
    return fields | {"input": source}
