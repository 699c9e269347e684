"""The distribution gate: a run that is worse than the last release says in what, and by how much."""

from trading.simulation.figures import Figures, worse_than_kept, write_record

USUAL = Figures(
    10_000, escalated=500, over_clip=10, false_terminals=400, naked_lot_ns=4 * 10**14, orders=270, executions=100
)


def test_a_run_like_the_last_release_passes(tmp_path):
    record = tmp_path / "record.json"
    write_record(USUAL, record)

    assert worse_than_kept(USUAL, record) == []


def test_a_run_that_calls_people_twice_as_often_is_worse(tmp_path):
    record = tmp_path / "record.json"
    write_record(USUAL, record)
    twice = Figures(10_000, escalated=1_000, naked_lot_ns=4 * 10**14, orders=270, executions=100)

    (worse,) = worse_than_kept(twice, record)

    assert worse.startswith("escalated_share is 0.1, the last release had 0.05")


def test_too_few_schedules_are_not_compared(tmp_path):
    record = tmp_path / "record.json"
    write_record(USUAL, record)

    assert worse_than_kept(Figures(100, escalated=100), record) == []
