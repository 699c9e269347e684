"""Every planted bug is noticed within a bounded number of schedules: the checkers are worth something."""

import json
from contextlib import nullcontext

import pytest
from django.core.management import call_command

from trading.simulation.board import judge, kept_seeds, violation_of
from trading.simulation.mutants import Mutant, mutant, mutants, planted
from trading.simulation.world import World

SEEDS_MAX = 2_500
KEPT = kept_seeds()
MUST_BE_NOTICED = [bug for bug in mutants().values() if not bug.equivalent]


@pytest.mark.parametrize("bug", MUST_BE_NOTICED, ids=lambda bug: bug.name)
def test_a_planted_bug_is_noticed(bug):
    verdict = judge(bug, SEEDS_MAX, KEPT.get(bug.name))

    assert verdict.invariant, verdict.broken or f"{bug.name} survived {SEEDS_MAX} schedules"


def test_a_bug_is_gone_after_its_block():
    with planted("counts_a_fill_twice"):
        pass

    assert not violation_of(1)


def test_a_name_is_used_once():
    def counts_a_fill_twice(put):
        pass

    with pytest.raises(ValueError, match="choose another name"):
        mutant(counts_a_fill_twice)


def test_the_board_names_what_noticed_each_bug(capsys, monkeypatch):
    few = {bug.name: bug for bug in MUST_BE_NOTICED if bug.topic == "starts"}
    monkeypatch.setattr("trading.simulation.board.mutants", lambda: few)
    call_command("simulate", "--mutants", "--schedules", "800", "--json")
    printed = json.loads(capsys.readouterr().out)

    assert printed["killed"] == printed["total"] == len(few)
    assert all(found["invariant"] for found in printed["mutants"])


def test_a_bug_that_nobody_notices_fails_the_board(monkeypatch):
    harmless = Mutant("is_harmless", "tests", lambda put: None)
    monkeypatch.setattr("trading.simulation.board.mutants", lambda: {"is_harmless": harmless})
    monkeypatch.setattr("trading.simulation.board.planted", lambda name: nullcontext())

    with pytest.raises(SystemExit) as stop:
        call_command("simulate", "--mutants", "--schedules", "3", "--json")

    assert stop.value.code == 1


def test_a_plant_whose_place_is_gone_says_so():
    @mutant
    def replaces_what_is_gone(put):
        put(World, "no_such_method", None)

    with pytest.raises(LookupError, match="no_such_method"), planted("replaces_what_is_gone"):
        pass
