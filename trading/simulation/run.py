"""Many schedules, and what they add up to. A schedule is a seed; a violation prints it."""

import gc
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import msgspec

from trading.simulation.checkers import EXPECTED_BRANCHES
from trading.simulation.faults import RATES
from trading.simulation.world import World

COUNTS_FROM = 1_000  # schedules from which on a fault or branch that never occurred is a failure
CHUNK = 250
FAILED_SEEDS = Path(__file__).with_name("failed_seeds.txt")


class Summary(msgspec.Struct):
    """What a run of schedules did. `escalated` counts those that ended with a person called."""

    schedules: int = 0
    events: int = 0
    violations: int = 0
    escalated: int = 0
    seconds: float = 0.0
    faults: Counter[str] = msgspec.field(default_factory=Counter)
    branches: Counter[str] = msgspec.field(default_factory=Counter)
    first_violation: dict[str, Any] | None = None
    failed: list[int] = []  # every seed with a violation

    def add(self, other: "Summary") -> None:
        self.schedules += other.schedules
        self.events += other.events
        self.violations += other.violations
        self.escalated += other.escalated
        self.faults.update(other.faults)
        self.branches.update(other.branches)
        self.first_violation = self.first_violation or other.first_violation
        self.failed += other.failed

    def never(self) -> list[str]:
        """Return the faults and branches in scope that did not occur once."""
        return [name for name in RATES if not self.faults[name]] + [
            name for name in EXPECTED_BRANCHES if not self.branches[name]
        ]

    def is_clean(self) -> bool:
        return not self.violations and (self.schedules < COUNTS_FROM or not self.never())


def run_seeds(seeds: Iterable[int]) -> Summary:
    """Run one schedule per seed in this process."""
    summary = Summary()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)  # worlds are cyclic and short-lived; the default looks at them far too often
    for seed in seeds:
        world = World(seed)
        violation = world.run()
        summary.schedules += 1
        summary.events += world.events
        summary.escalated += bool(world.checkers.branches["escalated"])
        summary.faults.update(world.faults.counts)
        summary.branches.update(world.checkers.branches)
        if violation:
            summary.violations += 1
            summary.failed.append(seed)
            summary.first_violation = summary.first_violation or {"seed": seed, "what": violation}
    return summary


def simulate(schedules: int, seed: int, jobs: int = 1) -> Summary:
    """Run the seeds that failed before, then `schedules` new ones from `seed` on, over `jobs` processes."""
    began = time.perf_counter()
    summary = run_seeds(failed_seeds())
    chunks = [range(first, min(first + CHUNK, seed + schedules)) for first in range(seed, seed + schedules, CHUNK)]
    for part in _map(chunks, jobs):
        summary.add(part)
    summary.seconds = round(time.perf_counter() - began, 3)
    return summary


def _map(chunks: Sequence[range], jobs: int) -> Iterable[Summary]:
    if jobs <= 1:
        yield from map(run_seeds, chunks)
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("fork")) as pool:
        yield from pool.map(run_seeds, chunks)


def failed_seeds() -> list[int]:
    """Return every seed that ever showed a violation; each line is a seed and what it showed."""
    lines = FAILED_SEEDS.read_text(encoding="utf-8").splitlines()
    return [int(line.split()[0]) for line in lines if line and not line.startswith("#")]
