"""The kill drill: engine after engine is ended by a real `kill -9`, at every effect boundary and at random times.

Each round is one life: the engine recovers from the death before it, is held against the venues' records, is armed, and
dies at its boundary. The figures of a round's recovery are therefore seen in the next one; the last life ends well.
"""

import tempfile
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from random import Random
from subprocess import Popen, TimeoutExpired
from typing import Any

import msgspec

from trading.core.units import MILLI
from trading.simulation.drill.boundaries import BOUNDARIES, Boundary, Scene, prepare
from trading.simulation.drill.evidence import Findings, look, reconciled_at
from trading.simulation.drill.figures import spread
from trading.simulation.drill.stage import POLL_S, DrillFailed, Stage, until

ROUNDS_PER_STAGE = 40  # then a new folder: a day's journal is as long as a day's, whatever the number of rounds
RANDOM_EVERY = 4  # of the rounds over all boundaries, one in so many dies at a random time
RANDOM_DEATH_MAX_S = 1.6  # after the start of the process: before, during and after its recovery
REACH_S = 5.0  # how long a boundary may take to be reached
RECONCILED_MAX_MS = 10_000
SETTLE_S = 10.0
ON_RECORD_MAX_S = 2.0  # facts that nobody waits for reach the disk a moment after the status shows them


class Report(msgspec.Struct):
    """The figures of the drill; `unreached` boundaries were ended by an ordinary kill instead."""

    drill: str = "kill"
    rounds: int = 0
    kills_by_boundary: Counter[str] = msgspec.field(default_factory=Counter)
    unreached: Counter[str] = msgspec.field(default_factory=Counter)
    duplicate_sends: int = 0
    lost_receipts: int = 0
    naked_unalerted: int = 0
    reconciled_ms: dict[str, float] = {}
    seconds: float = 0.0
    findings: list[str] = []

    @property
    def is_clean(self) -> bool:
        faults = self.duplicate_sends + self.lost_receipts + self.naked_unalerted
        return not faults and self.reconciled_ms.get("p99", 0) <= RECONCILED_MAX_MS


def run(rounds: int, which: str, seed: int) -> Report:
    """Run the drill; `which` is all or random. Raises DrillFailed when an engine does not come back."""
    began = time.monotonic()
    chance = Random(seed)
    report, times = Report(rounds=rounds), list[float]()
    plan = _plan(rounds, which, chance)
    for first in range(0, rounds, ROUNDS_PER_STAGE):
        with tempfile.TemporaryDirectory(prefix="drill-") as folder:
            stage = Stage(Path(folder))
            try:
                stage.start_venues()
                lives = Lives(stage, chance, report, times)
                for boundary in plan[first : first + ROUNDS_PER_STAGE]:
                    lives.end_at(boundary)
                lives.end_well()
            finally:
                stage.close()
    report.reconciled_ms = spread(times)
    report.seconds = round(time.monotonic() - began, 1)
    return report


def _plan(rounds: int, which: str, chance: Random) -> list[Boundary | None]:
    """Return what each round dies at; None is a random time. Every boundary comes before any comes again."""
    plan: list[Boundary | None] = []
    while len(plan) < rounds:
        batch: list[Boundary | None] = [*BOUNDARIES, *[None] * (len(BOUNDARIES) // (RANDOM_EVERY - 1))]
        chance.shuffle(batch)
        plan += [None] * len(batch) if which == "random" else batch
    return plan[:rounds]


class Lives:
    """The engines of one stage, one after the other."""

    def __init__(self, stage: Stage, chance: Random, report: Report, times: list[float]) -> None:
        self._stage, self._chance, self._report, self._times = stage, chance, report, times
        self._acknowledged: set[str] = set()
        self._seen: set[str] = set()
        self._started_at = 0

    def end_at(self, boundary: Boundary | None) -> None:
        """Live one life and end it at the boundary, or at a random time."""
        engine = self._start(boundary)
        timer = threading.Timer(self._chance.uniform(0.05, RANDOM_DEATH_MAX_S), engine.kill)
        if boundary is None:
            timer.start()
        scene = boundary.scene if boundary else self._chance.choice((Scene.ENTRY, Scene.REPAIR, Scene.SILENCE))
        if self._recover(engine):
            self._act(scene)
        name = boundary.name if boundary else "random time"
        try:
            engine.wait(REACH_S)
        except TimeoutExpired:
            self._report.unreached[name] += 1
            engine.kill()
            engine.wait()
        timer.cancel()
        self._stage.clear_faults()
        self._report.kills_by_boundary[name] += 1

    def end_well(self) -> None:
        """Let the last engine recover, and stop it."""
        engine = self._start(None)
        if not self._recover(engine):
            raise DrillFailed(f"the last engine did not come back: {self._stage.said('engine')[-2_000:]}")
        engine.terminate()
        engine.wait(30)

    def _start(self, boundary: Boundary | None) -> Popen[bytes]:
        self._started_at = time.time_ns()
        return self._stage.start_engine(boundary.point if boundary else "")

    def _recover(self, engine: Popen[bytes]) -> bool:
        """Wait until this engine is reconciled and at rest, then look at the evidence; False when it died before."""
        deadline = time.monotonic() + 60
        settled_by = 0.0
        while engine.poll() is None and time.monotonic() < deadline:
            status = self._stage.status()
            if status.get("state") == "RECONCILED":
                settled_by = settled_by or time.monotonic() + SETTLE_S
                if status["kill"]:
                    self._note(self._stage.lift_kill())
                elif not any(program["open"] for program in status["programs"]) or time.monotonic() > settled_by:
                    return self._look(status, engine)
            time.sleep(POLL_S)
        if engine.poll() is None:
            raise DrillFailed(f"no engine was reconciled: {self._stage.status()}")
        return False

    def _look(self, status: dict[str, Any], engine: Popen[bytes]) -> bool:
        deadline = time.monotonic() + ON_RECORD_MAX_S
        while True:
            found, records = look(self._stage, self._acknowledged, status)
            at = reconciled_at(records, status["epoch"])
            if (at is not None and not found.count) or time.monotonic() > deadline or engine.poll() is not None:
                break
            time.sleep(POLL_S)
        if engine.poll() is not None:
            return False
        if at is not None:
            self._times.append((at - self._started_at) / MILLI)
        self._note_findings(found)
        if any(program["halt_reason"] for program in status["programs"]):
            self._stage.lift_kill()
        return engine.poll() is None

    def _note_findings(self, found: Findings) -> None:
        """Count what was not seen before on this stage."""
        for kind in ("duplicate_sends", "lost_receipts", "naked_unalerted"):
            new = [text for text in getattr(found, kind) if text not in self._seen]
            self._seen.update(new)
            setattr(self._report, kind, getattr(self._report, kind) + len(new))
            self._report.findings += new

    def _act(self, scene: Scene) -> None:
        """Give the engine a reason to reach its boundary."""
        prepare(self._stage, scene)
        self._note(self._stage.arm())
        if scene is Scene.CANCEL:
            with suppress(DrillFailed):  # too slow to see it: then this boundary counts as not reached
                until(self._is_trading, "an order on its way", REACH_S)
            self._note(self._stage.kill_desk())

    def _is_trading(self) -> bool:
        status = self._stage.status()
        return not status or any(program["open"] for program in status["programs"])

    def _note(self, answer: dict[str, Any]) -> None:
        if answer.get("ok"):
            self._acknowledged.add(self._stage.last_command)
