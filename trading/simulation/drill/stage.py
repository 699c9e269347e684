"""What a drill stands on: a folder, simulated venues in one process, and engine processes of one copper desk."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from risk.limits import Limit, LimitKind, LimitSet
from trading.core.terms import (
    Comparator,
    Instrument,
    Measure,
    RepairPolicy,
    RepairPreference,
    ReplyTimes,
    Terms,
    Trigger,
)
from trading.core.units import MILLI, SECOND
from trading.engine import crash_points
from trading.engine.config import Capabilities, DeskConfig, VenueConfig, dump
from trading.engine.control_client import EngineUnreachable, call
from trading.simulation.copper import CA, CU, CU_CA, FX, copper_terms

PROGRAM = "CU-SELL"
POLL_S = 0.01
WAIT_S = 30.0
LISTED = {"SHFE": (CU,), "LME": (CA, FX)}
# Short, so that a round is short; nothing in a drill depends on how long they are.
REPLY_TIMES = ReplyTimes(reply_due=100 * MILLI, query_interval=100 * MILLI, presumed_dead=500 * MILLI)
REPAIR = RepairPolicy(RepairPreference.CHEAPEST, 100 * MILLI, 5, Decimal(1_000_000), 30 * SECOND)

Found = TypeVar("Found")


class DrillFailed(RuntimeError):
    """The drill could not be run to its end; the text says what did not happen."""


def until(condition: Callable[[], Found], what: str, timeout_s: float = WAIT_S) -> Found:
    """Return the first true value of `condition`; raises DrillFailed after the deadline."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(POLL_S)
    raise DrillFailed(f"waited {timeout_s:g} s in vain for {what}")


class Stage:
    """Close it to end every process it started."""

    def __init__(self, folder: Path) -> None:
        """Write the configurations of desk and venues into `folder`."""
        self.folder = folder
        ports = dict(zip(LISTED, free_ports(len(LISTED)), strict=True))
        self.config = desk_config(folder, ports)
        self.desk_file = folder / "desk.json"
        self.desk_file.write_bytes(dump(self.config))
        self.venues_socket = folder / "venues.sock"
        self.venues_file = folder / "venues.json"
        self.venues_file.write_text(json.dumps(self._venues_config()))
        self._processes: list[subprocess.Popen[bytes]] = []
        self._commands = 0
        self.last_command = ""

    # --- processes ---

    def start_venues(self) -> subprocess.Popen[bytes]:
        venues = self._start("venues", "-m", "trading.venues.simulated", "--config", str(self.venues_file))
        until(self.venues_socket.exists, "the simulated venues")
        return venues

    def start_engine(self, crash_at: str = "", *arguments: str) -> subprocess.Popen[bytes]:
        return self._start(
            "engine", "-m", "trading.engine", "--config", str(self.desk_file), *arguments, crash_at=crash_at
        )

    def close(self) -> None:
        for process in reversed(self._processes):
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
            process.wait(10)

    def said(self, name: str) -> str:
        """Return what the processes of this name wrote."""
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def _start(self, name: str, *arguments: str, crash_at: str = "") -> subprocess.Popen[bytes]:
        surroundings = {**os.environ, crash_points.VARIABLE: crash_at}
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, *arguments], stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=surroundings
            )
        self._processes.append(process)
        return process

    # --- operators and venues ---

    def command(self, op: str, **fields: Any) -> dict[str, Any]:
        """Have one command obeyed; no answer is an empty one."""
        try:
            return call(self.config.control_socket, {"op": op, **fields})
        except EngineUnreachable:
            return {}

    def status(self) -> dict[str, Any]:
        """Return the desk's status, or nothing while no engine answers."""
        result = self.command("status").get("result")
        return result if isinstance(result, dict) else {}

    def arm(self) -> dict[str, Any]:
        return self.command(
            "arm", program=PROGRAM, command_id=self.next_id(), actor="trader1", revision=1,
            expires_at=time.time_ns() + 2 * SECOND,
        )  # fmt: skip

    def kill_desk(self) -> dict[str, Any]:
        who = {"actor": "risk1", "reason": "drill", "command_id": self.next_id()}
        return self.command("kill", level="cancel", scope="all", **who)

    def lift_kill(self) -> dict[str, Any]:
        who = {"requested_by": "risk1", "approved_by": "risk2", "reason": "drill", "command_id": self.next_id()}
        return self.command("lift_kill", scope="all", **who)

    def next_id(self) -> str:
        self._commands += 1
        self.last_command = f"C-{self._commands}"
        return self.last_command

    def ask_venues(self, **request: Any) -> Any:
        answer = call(self.venues_socket, request, timeout_s=10)
        if not answer["ok"]:
            raise DrillFailed(f"the venues refuse {request}: {answer['text']}")
        return answer["result"]

    def fault(self, venue: str, name: str, **params: Any) -> None:
        self.ask_venues(op="fault", venue=venue, name=name, params=params)

    def clear_faults(self) -> None:
        for venue in LISTED:
            self.ask_venues(op="clear", venue=venue)

    def _venues_config(self) -> dict[str, Any]:
        return {
            "control_socket": str(self.venues_socket), "record_dir": str(self.folder / "venues"),
            "journal_dirs": {self.config.desk: self.config.journal_dir},
            "venues": [
                {
                    "name": venue.name, "face": venue.kind, "port": venue.port, "account": venue.account,
                    "sender_comp_id": venue.target_comp_id, "target_comp_id": venue.sender_comp_id,
                    "latency_ms": 2, "heartbeat_s": 1, "instruments": [_listed(i) for i in LISTED[venue.name]],
                }
                for venue in self.config.venues
            ],
        }  # fmt: skip


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports


def desk_config(folder: Path, ports: dict[str, int]) -> DeskConfig:
    """Return a desk with everything it writes below `folder`."""
    desk = folder / "desk"
    return DeskConfig(
        desk="demo", environment="SIM", instruments=(CU, CA, FX),
        venues=tuple(_venue(name, port) for name, port in ports.items()), programs=(_terms(),), limits=_limits(),
        config_hash="drill", journal_dir=str(desk / "journal"), control_socket=str(folder / "control.sock"),
        stream_socket=str(folder / "stream.sock"), kill_file=str(desk / "kill.json"),
        lease_file=str(desk / "lease.lock"), fix_dir=str(desk / "fix"),
    )  # fmt: skip


def _terms() -> Terms:
    """A program that sells domestic copper once as soon as it is armed: its trigger always holds."""
    pair = msgspec.structs.replace(CU_CA, leg_age_max=60 * SECOND, leg_skew_max=60 * SECOND, fx_age_max=60 * SECOND)
    always = Trigger(Measure.SPREAD, Comparator.AT_LEAST, Decimal(-1_000_000))
    terms = copper_terms(pair, trigger=always, clip_units=1, executions_max=1, cooldown=0, repair=REPAIR)
    return msgspec.structs.replace(terms, collar_rate=Decimal("0.05"), reply_times=dict.fromkeys(LISTED, REPLY_TIMES))


def _limits() -> LimitSet:
    hard = {
        LimitKind.ORDER_LOTS_MAX: "50", LimitKind.POSITION_LOTS_MAX: "1000000", LimitKind.NAKED_LOTS_MAX: "500",
        LimitKind.PRICE_COLLAR_RATE: "0.05",
    }  # fmt: skip
    return LimitSet.of(1, tuple(Limit(kind, Decimal(value)) for kind, value in hard.items()))


def _venue(name: str, port: int) -> VenueConfig:
    is_domestic = name == "SHFE"
    return VenueConfig(
        name=name, kind="local" if is_domestic else "fix", host="127.0.0.1", port=port, account="demo",
        capabilities=Capabilities(supports_fok=True, message_rate_per_s=1_000),
        currency="CNY" if is_domestic else "USD", is_simulated=True, side="domestic" if is_domestic else "foreign",
        input_kind="generated", sender_comp_id="DESK", target_comp_id=f"{name}SIM", heartbeat_s=1,
    )  # fmt: skip


def _listed(instrument: Instrument) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(instrument)
    made: dict[str, Any] = {"kind": "generated", "seed": 7}
    if instrument is CA:
        made = {"kind": "generated_from", "source": CU.code, "fx": FX.code}
    return fields | {"input": made}
