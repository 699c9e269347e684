"""Fault schedules on the real core, desk and recovery: what CI runs at every commit, and that a seed is a schedule."""

import json

import pytest
from django.core.management import call_command

from trading.simulation.run import Summary, failed_seeds, run_seeds
from trading.simulation.world import World

CI_SCHEDULES = 5_000  # in each of the parts that run beside each other
CI_PARTS = 4  # twenty thousand


def test_seeds_that_once_failed_are_clean():
    summary = run_seeds(failed_seeds())

    assert summary.first_violation is None


@pytest.mark.timeout(600)
@pytest.mark.parametrize("part", range(CI_PARTS))
def test_twenty_thousand_schedules_break_no_invariant_and_miss_no_fault(part):
    first = 1 + part * CI_SCHEDULES
    summary = run_seeds(range(first, first + CI_SCHEDULES))

    assert summary.first_violation is None
    assert summary.never() == []
    assert summary.worse() == []


@pytest.mark.parametrize("seed", [3, 44, 181])
def test_a_seed_is_one_schedule(seed):
    first, second = World(seed), World(seed)
    first.run()
    second.run()

    assert first.events == second.events > 20
    assert [record.event for record in first.disk.records] == [record.event for record in second.disk.records]


def test_the_command_prints_one_object(capsys):
    call_command("simulate", "--schedules", "20", "--seed", "7", "--json")
    printed = json.loads(capsys.readouterr().out)

    assert printed["schedules"] >= 20
    assert printed["violations"] == 0
    assert {"events", "escalated", "seconds", "faults", "branches", "never", "first_violation"} <= set(printed)


def test_the_command_refuses_nonsense():
    with pytest.raises(SystemExit) as stop:
        call_command("simulate", "--schedules", "0")

    assert stop.value.code == 2


def test_a_violation_or_a_fault_that_never_came_is_not_clean():
    assert not Summary(schedules=10, violations=1).is_clean()
    assert not Summary(schedules=3_000).is_clean()
    assert Summary(schedules=10).is_clean()
