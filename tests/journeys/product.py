"""The running product, as an operator of the machine sees it: its processes, its files and its sockets."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import psutil

from console.launcher.ports import free_port
from console.paths import Paths
from trading.core import events as e
from trading.engine.journal_files import History
from trading.engine.records import Record

PROJECT = Path(__file__).resolve().parents[2]
DESK = "demo"
Found = TypeVar("Found")


def eventually(probe: Callable[[], Found], within_s: float, what: str) -> Found:
    """Return the first truthy answer of `probe`; fail the test, naming `what` was awaited, after `within_s`."""
    deadline = time.monotonic() + within_s
    while True:
        answer = probe()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"waited {within_s} s for {what}"
        time.sleep(0.05)


class Product:
    """One `manage.py up` in a folder of its own, on ports of its own."""

    def __init__(self, var: Path, environment: dict[str, str] | None = None) -> None:
        self.paths = Paths(var)
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self._environment = {
            **os.environ,
            "CMC_VAR": str(var),
            "CMC_PORT": str(self.port),
            "CMC_VENUE_PORTS": "any",
            **(environment or {}),
        }
        for name in ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE"):
            self._environment.pop(name, None)
        if "RECORDED_TICKS" not in (environment or {}):
            self._environment.pop("RECORDED_TICKS", None)
        self._launcher: subprocess.Popen[bytes] | None = None
        self.log = var / "launcher-output.txt"

    def start(self, within_s: float = 120) -> None:
        """Start every process and return once the console answers and the engine has told what it found."""
        self.paths.var.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as output:
            self._launcher = subprocess.Popen(
                [sys.executable, "manage.py", "up"],
                cwd=PROJECT,
                env=self._environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        eventually(self._answers, within_s, f"the console on {self.address}; see {self.log}")
        eventually(self._has_recovered, within_s, f"the engine to recover; see {self.log}")

    def stop(self) -> None:
        """Press Ctrl-C and make sure that nothing outlives the launcher."""
        if self._launcher is None:
            return
        family = [self._launcher_process(), *self._launcher_process().children(recursive=True)]
        self._launcher.send_signal(signal.SIGINT)
        _, alive = psutil.wait_procs(family, timeout=30)
        for process in alive:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self._launcher.wait(timeout=5)
        assert not alive, f"still alive after Ctrl-C: {alive}"

    def _launcher_process(self) -> psutil.Process:
        assert self._launcher is not None
        return psutil.Process(self._launcher.pid)

    def _answers(self) -> bool:
        assert self._launcher is not None
        assert self._launcher.poll() is None, self.log.read_text()[-2000:]
        try:
            with urllib.request.urlopen(f"{self.address}/livez", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    def password_of(self, username: str) -> str:
        """Return the generated demo password of `username`."""
        for line in self.paths.demo_logins.read_text().splitlines():
            words = line.split()
            if words and words[0] == username:
                return words[1]
        raise AssertionError(f"no demo login for {username}")

    # --- processes ---------------------------------------------------------------------------------------------

    def process(self, *words: str) -> psutil.Process:
        """Return the one child whose command line holds all `words`, the newest if there are several."""
        children = self._launcher_process().children(recursive=True)
        matching = []
        for child in children:
            with contextlib.suppress(psutil.Error):
                line = " ".join(child.cmdline())
                if all(word in line for word in words):
                    matching.append(child)
        assert matching, f"no process with {words} among {len(children)}"
        return max(matching, key=lambda child: child.create_time())

    def engine_process(self) -> psutil.Process:
        return self.process("trading.engine")

    @contextlib.contextmanager
    def without_redis(self) -> Iterator[None]:
        """Stop the embedded server and keep the launcher from starting it again meanwhile."""
        hold = self.paths.run / "valkey.hold"
        hold.touch()
        try:
            self.process("valkey-server").terminate()
            yield
        finally:
            hold.unlink()

    # --- sockets -----------------------------------------------------------------------------------------------

    def venues(self, **request: object) -> dict:
        """Ask the simulated venues' control socket."""
        return ask(self.paths.venues_control, request)

    def _has_recovered(self) -> bool:
        return (self.engine_status() or {}).get("state", "RECOVERING") != "RECOVERING"

    def engine_status(self) -> dict | None:
        """Return what the engine says of itself, or None while it does not answer."""
        try:
            return ask(self.paths.control_socket(DESK), {"op": "status"})["result"]
        except (OSError, ValueError, KeyError):
            return None

    def control(self, **request: object) -> dict:
        return ask(self.paths.control_socket(DESK), request)

    def programs(self) -> dict[str, dict]:
        """Return each program of the engine's own status by its name."""
        status = self.engine_status()
        assert status is not None, "the engine does not answer"
        return {program["program"]: program for program in status["programs"]}

    def calm_down(self) -> None:
        """Clear every fault, disarm every program and wait until nothing is open."""
        for venue in self.venues(op="state")["result"]:
            self.venues(op="clear", venue=venue)
        for program in self.programs():
            self.control(
                op="disarm", program=program, command_id=str(uuid.uuid4()), actor="journey", reason="between journeys"
            )
        eventually(self._is_calm, 60, "every execution to end")

    def _is_calm(self) -> bool:
        return self.engine_status() is not None and all(
            program["state"] not in ("ARMED", "EXECUTING", "NAKED") for program in self.programs().values()
        )

    # --- files -------------------------------------------------------------------------------------------------

    def journal(self) -> Iterator[Record]:
        """Yield every record of the desk's journal, oldest first, checking the chain on the way."""
        yield from History.of(self.paths.journal(DESK))

    def booked_lots(self) -> dict[str, int]:
        """Return the signed lots per instrument of all fills in the journal; a fill that was told twice counts once."""
        intents = {}
        counted = set()
        lots: dict[str, int] = {}
        for record in self.journal():
            match record.event:
                case e.OrdersDecided(orders=orders):
                    intents.update({order.client_order_id: order for order in orders})
                case e.OrderFilled() as fill:
                    order = intents[fill.client_order_id]
                    key = (order.venue, fill.trading_day, fill.fill_id)
                    if key in counted:
                        continue
                    counted.add(key)
                    lots[order.instrument] = lots.get(order.instrument, 0) + order.side.sign * fill.lots
        return lots

    def wait_until_paired(self) -> dict[str, int]:
        """Return the booked lots once the copper legs match 5 : 1; a record reaches the file a moment later."""

        def paired() -> dict[str, int] | None:
            lots = self.booked_lots()
            return lots if lots.get("SHFE.cu2703", 0) == -5 * lots.get("LME.CA-3M", 0) else None

        return eventually(paired, 5, "the copper legs to match")

    def held_lots(self, venue: str) -> dict[str, int]:
        """Return the signed lots per instrument as the venue's own books have them."""
        rows = self.venues(op="positions", venue=venue, account="")["result"]
        return {f"{venue}.{row['symbol']}": row["net_lots"] for row in rows}

    def tap(self, venue: str) -> list[dict]:
        """Return what the venue's own process recorded on its wire."""
        path = self.paths.venue_tap(venue)
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def ask(path: Path, request: dict[str, object], timeout_s: float = 5) -> dict:
    """Send one JSON line to a Unix socket and return the line that comes back."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(timeout_s)
        line.connect(str(path))
        line.sendall(json.dumps(request).encode() + b"\n")
        return json.loads(line.makefile("rb").readline())
