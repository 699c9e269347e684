"""The board of planted bugs: for each, the first schedule or specification that notices it.

A specification must pass on the sound code and fail on the planted one; a schedule notices a bug by breaking an
invariant or by a crash of the engine. Kept kill seeds (`mutants/seeds.json`) are tried first where a bound is short.
"""

import json
import time
from collections.abc import Iterable
from pathlib import Path

import msgspec

from trading.simulation.mutants import Mutant, mutants, planted
from trading.simulation.world import World

SEEDS_FILE = Path(__file__).parent / "mutants" / "seeds.json"


class Verdict(msgspec.Struct, frozen=True):
    """What noticed one planted bug: the seed, or None for a specification, and the invariant; both empty if nothing."""

    name: str
    topic: str
    seed: int | None = None
    invariant: str = ""
    equivalent: str = ""
    broken: str = ""  # why the bug could not be planted


class Board(msgspec.Struct, frozen=True):
    """All verdicts. `total` counts the bugs that must be noticed."""

    killed: int
    total: int
    equivalent: int
    mutants: tuple[Verdict, ...]
    seconds: float

    @property
    def survivors(self) -> list[str]:
        return [found.name for found in self.mutants if not found.invariant and not found.equivalent]


def board(schedules: int, kept: dict[str, int] | None = None) -> Board:
    """Plant every bug in turn and try at most `schedules` seeds on it, a kept one first."""
    began = time.perf_counter()
    verdicts = tuple(judge(bug, schedules, (kept or {}).get(bug.name)) for bug in mutants().values())
    equivalent = sum(bool(found.equivalent) for found in verdicts)
    killed = sum(bool(found.invariant) for found in verdicts)
    seconds = round(time.perf_counter() - began, 3)
    return Board(killed, len(verdicts) - equivalent, equivalent, verdicts, seconds)


def judge(bug: Mutant, schedules: int, kept_seed: int | None = None) -> Verdict:
    """Return what notices the bug; one that cannot be planted where it was is not noticed, and says why."""
    try:
        return _judge(bug, schedules, kept_seed)
    except (LookupError, AttributeError) as gone:
        return Verdict(bug.name, bug.topic, broken=str(gone))


def _judge(bug: Mutant, schedules: int, kept_seed: int | None) -> Verdict:
    if bug.equivalent:
        return Verdict(bug.name, bug.topic, equivalent=bug.equivalent)
    if bug.specification is not None:
        bug.specification()  # on the sound code: must not raise
        noticed = "specification" if _fails(bug) else ""
        return Verdict(bug.name, bug.topic, invariant=noticed)
    seeds: Iterable[int] = range(schedules) if kept_seed is None else (kept_seed, *range(schedules))
    with planted(bug.name):
        for seed in seeds:
            if what := violation_of(seed):
                return Verdict(bug.name, bug.topic, seed, what.split()[0].rstrip(":"))
    return Verdict(bug.name, bug.topic)


def violation_of(seed: int) -> str:
    """Return what one schedule finds wrong; an engine that raises is wrong too."""
    try:
        return World(seed).run()
    except Exception as crash:
        return f"crash: {crash!r}"


def _fails(bug: Mutant) -> bool:
    assert bug.specification is not None
    with planted(bug.name):
        try:
            bug.specification()
        except AssertionError:
            return True
    return False


def kept_seeds() -> dict[str, int]:
    """Return the seed that killed each bug when the seeds were last kept."""
    found: dict[str, int] = json.loads(SEEDS_FILE.read_text(encoding="utf-8"))
    return found


def keep_seeds(found: Board) -> None:
    """Keep the killing seeds, so that a short run tries them first."""
    seeds = {verdict.name: verdict.seed for verdict in found.mutants if verdict.seed is not None}
    SEEDS_FILE.write_text(json.dumps(seeds, indent=1, sort_keys=True) + "\n", encoding="utf-8")
