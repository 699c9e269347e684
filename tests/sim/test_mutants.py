"""Every planted bug is noticed within a bounded number of schedules: the checkers are worth something."""

import pytest

from tests.sim.mutants import MUTANTS, planted
from trading.simulation.world import World

SEEDS_MAX = 800
EQUIVALENT: set[str] = set()


def caught_at(name: str) -> tuple[int, str] | None:
    with planted(name):
        for seed in range(SEEDS_MAX):
            try:
                violation = World(seed).run()
            except (AssertionError, KeyError, IndexError, TypeError, ValueError) as crash:
                violation = f"crashed: {crash!r}"
            if violation:
                return seed, violation
    return None


@pytest.mark.parametrize("name", sorted(set(MUTANTS) - EQUIVALENT))
def test_a_planted_bug_is_caught(name: str) -> None:
    assert caught_at(name) is not None, f"{name} survived {SEEDS_MAX} schedules"
