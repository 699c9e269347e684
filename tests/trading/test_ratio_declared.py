"""A pair may say how its lots are found instead of how many they are; what cannot be found is refused with a reason."""

import pytest

from tests.trading.test_apply import apply, files, problems_of, spoil
from trading.models import Pair

pytestmark = pytest.mark.django_db
__all__ = ["files"]

CODE = 'code = "CU-SHFE-CME"\n'


@pytest.fixture
def without_lots(files):
    """The demo's pair of Shanghai against New York, without the lots of its legs."""
    text = files["programs"].read_text()
    before, after = text.split(CODE)
    after = after.replace("ratio_lots = 9\n", "", 1).replace("ratio_lots = 4\n", "", 1)
    files["programs"].write_text(before + CODE + after)
    spoil(files["programs"], 'routes = ["CU-SHFE-CME"]\n', "")  # with other lots its clip would pass the limits there
    return files


def say(files, ratio: str) -> int:
    return spoil(files["programs"], CODE, CODE + ratio) + 1


def lots_of(code: str) -> list[int]:
    return [leg.ratio_lots for leg in Pair.objects.get(code=code).legs.all()]


def test_the_lots_of_a_tonnage_ratio_are_found(without_lots):
    say(without_lots, 'ratio = "tonnage"\n')

    apply(without_lots)

    assert lots_of("CU-SHFE-CME") == [9, 4]


def test_a_vat_neutral_ratio_rests_on_the_vat_of_the_pair(without_lots):
    say(without_lots, 'ratio = "vat_neutral"\nratio_error_max = 0.005\n')
    spoil(without_lots["limits"], 'instrument = "CME.HGH7"\nhard = 4\n', 'instrument = "CME.HGH7"\nhard = 9\n')

    apply(without_lots)

    assert lots_of("CU-SHFE-CME") == [2, 1]


def test_applying_it_twice_changes_nothing(without_lots):
    say(without_lots, 'ratio = "tonnage"\n')
    apply(without_lots)

    assert {change.split()[0] for change in apply(without_lots)} <= {"unchanged", "kept"}


def test_a_ratio_that_no_small_unit_meets_is_refused_with_the_closest(without_lots):
    at = say(without_lots, 'ratio = "tonnage"\nratio_error_max = 0.0001\nratio_lots_max = 10\n')

    [problem] = problems_of(without_lots)

    assert f"programs.toml:{at}:" in problem
    assert "the closest is 9:4, 0.79 % off" in problem and "ratio_lots_max" in problem


def test_lots_and_a_ratio_together_are_refused(files):
    say(files, 'ratio = "tonnage"\n')

    problems = problems_of(files)

    assert len(problems) == 2
    assert "ratio says how the lots are found, and SHFE.cu2703 gives them" in problems[0]


def test_neither_lots_nor_a_ratio_is_refused(without_lots):
    problems = problems_of(without_lots)

    assert any("SHFE.cu2703 has no ratio_lots" in problem for problem in problems)


def test_bounds_without_a_ratio_are_refused(files):
    at = say(files, "ratio_error_max = 0.001\n")

    [problem] = problems_of(files)

    assert f"programs.toml:{at}:" in problem
    assert "ratio_error_max bounds a ratio, and there is none" in problem


def test_a_custom_ratio_far_from_the_quantities_is_called_a_mistake(without_lots):
    say(without_lots, 'ratio = "custom"\nratio_custom = 0.44\n')

    problems = problems_of(without_lots)

    assert any("the ratio is inverted" in problem or "do not match" in problem for problem in problems)
