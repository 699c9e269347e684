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
from trading.simulation.faults import EFFECTS, RATES
from trading.simulation.figures import Figures, worse_than_kept
from trading.simulation.world import World

COUNTS_FROM = 3_000  # schedules from which on a fault or branch that never occurred is a failure
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
    figures: Figures = msgspec.field(default_factory=Figures)
    first_violation: dict[str, Any] | None = None
    failed: list[int] = []  # every seed with a violation

    def add(self, other: "Summary") -> None:
        self.schedules += other.schedules
        self.events += other.events
        self.violations += other.violations
        self.escalated += other.escalated
        self.faults.update(other.faults)
        self.branches.update(other.branches)
        self.figures.add(other.figures)
        self.first_violation = self.first_violation or other.first_violation
        self.failed += other.failed

    def never(self) -> list[str]:
        """Return the faults and branches in scope that did not occur once."""
        return [name for name in (*RATES, *EFFECTS) if not self.faults[name]] + [
            name for name in EXPECTED_BRANCHES if not self.branches[name]
        ]

    def worse(self) -> list[str]:
        """Return the distribution figures that are worse than those of the last release."""
        return worse_than_kept(self.figures)

    def is_clean(self) -> bool:
        return not self.violations and (self.schedules < COUNTS_FROM or not self.never())


def run_seeds(seeds: Iterable[int]) -> Summary:
    """Run one schedule per seed in this process."""
    summary = Summary()
    gc.freeze()
    gc.set_threshold(500_000, 5, 50)  # worlds are cyclic and short-lived; the default looks at them far too often
    for seed in seeds:
        summary.add(run_one(seed))
    return summary


def run_one(seed: int) -> Summary:
    """Run one schedule; an engine that raises is a violation too."""
    world = World(seed)
    try:
        violation = world.run()
    except Exception as crash:
        violation = f"crash: {type(crash).__name__}: {crash}"
    escalated = int(bool(world.checkers.branches["escalated"]))
    truth = world.truth
    return Summary(
        schedules=1,
        events=world.events,
        violations=int(bool(violation)),
        escalated=escalated,
        faults=world.faults.counts,
        branches=world.checkers.branches,
        figures=Figures(
            1, escalated, int(truth.is_over_clip), world.checkers.false_terminals, truth.naked_lot_ns, truth.orders,
            truth.executions,
        ),
        first_violation={"seed": seed, "what": violation} if violation else None,
        failed=[seed] if violation else [],
    )  # fmt: skip


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
