"""Tick on one socket to both orders on two sockets, beside the floor in the same run; and ticks per second in process.

The engine is the real process: adapters, desk, gate, journal. It runs twice, with the durable write before the wire
and without (`--without-sync`), so that the price of durability can be read off. Blocks of samples alternate between
the three, so that a busy machine is busy for all of them.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from tests.benchmarks.figures import Figure, latency, ratio
from tests.benchmarks.tick_driver import TickDriver, depth
from tests.engine.desk_config import CA, FX, PROGRAM, desk_config, terms
from trading.core.units import MILLI, SECOND
from trading.engine.config import dump
from trading.engine.control_client import EngineUnreachable, call

BLOCK = 100
PAUSE_S = 0.006  # longer than the cooldown, in which the tick that ends the opportunity is read
HIGH, LOW = ("81000", "81010"), ("70000", "70010")


class Subject:
    """One process under measurement and the wires to it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self.driver = TickDriver()
        self.latency_ns: list[int] = []
        self.skew_ns: list[int] = []
        self.process: subprocess.Popen[bytes] | None = None
        self.is_connected = False

    def launch(self, *command: str) -> None:
        log = (self.folder / "log").open("wb")
        self.process = subprocess.Popen([sys.executable, *command], stdout=log, stderr=log, stdin=subprocess.PIPE)

    def get_ready(self, idle: Callable[[], None]) -> None:
        """Bring the process to where it waits for ticks; `idle` keeps the others' lines alive."""
        self.driver.accept(idle)
        self.is_connected = True

    def measure(self, samples: int, idle: Callable[[], None]) -> None:
        """Fire ticks one by one, each after the execution of the one before."""
        fire = json.dumps(depth("cu2703", *HIGH)).encode() + b"\n"
        for _ in range(samples):
            orders, sent_at = self.driver.fire(fire)
            arrived = [at for at, _ in orders]
            self.latency_ns.append(max(arrived) - sent_at)
            self.skew_ns.append(max(arrived) - min(arrived))
            self.driver.wires[0].say(depth("cu2703", *LOW))
            self.driver.fill(orders)
            self.after()
            time.sleep(PAUSE_S)
            idle()

    def after(self) -> None:
        """What must happen before the next tick."""

    def close(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        self.driver.close()


class EngineSubject(Subject):
    """The engine with one armed program."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        ports = {"SHFE": self.driver.wires[0].port, "LME": self.driver.wires[1].port}
        program = msgspec.structs.replace(
            terms(trigger_value="500", executions_max=1_000_000), cooldown=2 * MILLI, time_to_live=3600 * SECOND
        )
        self.config = desk_config(folder, ports, {"SHFE": "local", "LME": "local"}, programs=(program,))
        loose = tuple(msgspec.structs.replace(limit, hard=Decimal(10**9)) for limit in self.config.limits.limits)
        limits = msgspec.structs.replace(self.config.limits, limits=loose)
        # The driver keeps no account, so nobody is asked for positions; that is off the path that is measured.
        silent = tuple(
            msgspec.structs.replace(
                venue, capabilities=msgspec.structs.replace(venue.capabilities, supports_position_query=False)
            )
            for venue in self.config.venues
        )
        self.config = msgspec.structs.replace(self.config, limits=limits, venues=silent)

    def launch(self, *arguments: str) -> None:
        path = self.folder / "desk.json"
        path.write_bytes(dump(self.config))
        super().launch("-m", "trading.engine", "--config", str(path), *arguments)

    def get_ready(self, idle: Callable[[], None]) -> None:
        super().get_ready(idle)
        self.driver.serve_until(lambda: self._state() == "RECONCILED", idle)
        self.quote_foreign()
        self.driver.wires[0].say(depth("cu2703", *LOW))
        command = {"op": "arm", "program": PROGRAM, "command_id": "bench", "actor": "bench", "revision": 1}
        answer = call(self.config.control_socket, {**command, "expires_at": time.time_ns() + 2 * SECOND})
        assert answer["ok"], answer

    def _state(self) -> str:
        try:
            return str(call(self.config.control_socket, {"op": "status"}, 0.2)["result"]["state"])
        except EngineUnreachable:
            return ""

    def quote_foreign(self) -> None:
        self.driver.wires[1].say(depth(CA.symbol, "9800.0", "9800.5"), depth(FX.symbol, "7.0000", "7.0002"))

    def after(self) -> None:
        self.quote_foreign()


def run(samples: int = 1_000) -> Iterator[Figure]:
    """Measure and yield the figures."""
    yield from tick_to_orders(samples)
    yield from ticks_in_process()


def tick_to_orders(samples: int) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="hotpath-") as folder:
        floor = Subject(Path(folder) / "floor")
        durable, buffered = EngineSubject(Path(folder) / "durable"), EngineSubject(Path(folder) / "buffered")
        subjects = (floor, buffered, durable)

        def idle() -> None:
            for subject in subjects:
                if subject.is_connected:
                    subject.driver.serve()

        try:
            ports = [str(wire.port) for wire in floor.driver.wires]
            floor.launch("-m", "tests.benchmarks.floor", *ports, str(floor.folder / "journal"))
            durable.launch()
            buffered.launch("--without-sync")
            for subject in subjects:
                subject.get_ready(idle)
            for subject in subjects:
                subject.measure(BLOCK, idle)  # warm up
                subject.latency_ns.clear()
                subject.skew_ns.clear()
            for _ in range(max(1, samples // BLOCK)):
                for subject in subjects:
                    subject.measure(BLOCK, idle)
        finally:
            for subject in subjects:
                subject.close()
        yield from _figures(floor, buffered, durable)


def _figures(floor: Subject, buffered: Subject, durable: Subject) -> Iterator[Figure]:
    name = "tick to both orders"
    least = latency("hotpath", f"{name}, floor", floor.latency_ns, "minimal loop with risk check and journal write")
    ours = latency("hotpath", f"{name}, journal written", buffered.latency_ns, "journal written, not synced")
    safe = latency("hotpath", f"{name}, journal durable", durable.latency_ns, "fdatasync before the wire")
    skews = [
        latency("hotpath", f"skew of the legs, {what}", subject.skew_ns)
        for what, subject in (("floor", floor), ("journal written", buffered), ("journal durable", durable))
    ]
    yield from (least, ours, safe, *skews)
    yield from ratio("hotpath", "journal written / floor", ours, least)
    yield from ratio("hotpath", "journal durable / floor", safe, least)
    yield from ratio("hotpath", "skew, journal written / floor", skews[1], skews[0])


def ticks_in_process() -> Iterator[Figure]:
    from tests.benchmarks.in_process import ticks_per_second

    yield from ticks_per_second()


__all__: list[Any] = ["run"]
