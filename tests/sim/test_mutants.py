"""Every planted bug is noticed within a bounded number of schedules: the checkers are worth something."""

import json

import pytest
from django.core.management import call_command

from trading.simulation.board import judge, kept_seeds, violation_of
from trading.simulation.mutants import mutant, mutants, planted

SEEDS_MAX = 800
KEPT = kept_seeds()
MUST_BE_NOTICED = [bug for bug in mutants().values() if not bug.equivalent]


@pytest.mark.parametrize("bug", MUST_BE_NOTICED, ids=lambda bug: bug.name)
def test_a_planted_bug_is_noticed(bug):
    verdict = judge(bug, SEEDS_MAX, KEPT.get(bug.name))

    assert verdict.invariant, f"{bug.name} survived {SEEDS_MAX} schedules"


def test_a_bug_is_gone_after_its_block():
    with planted("counts_a_fill_twice"):
        pass

    assert not violation_of(1)


def test_a_name_is_used_once():
    def counts_a_fill_twice(put):
        pass

    with pytest.raises(ValueError, match="choose another name"):
        mutant(counts_a_fill_twice)


def test_the_board_names_what_noticed_each_bug(capsys):
    call_command("simulate", "--mutants", "--schedules", "800", "--json")
    printed = json.loads(capsys.readouterr().out)

    assert printed["killed"] == printed["total"] == len(MUST_BE_NOTICED)
    assert all(found["invariant"] or found["equivalent"] for found in printed["mutants"])
