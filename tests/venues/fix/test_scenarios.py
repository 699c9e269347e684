"""The README's table of published scenarios says what is tested: no more, no less."""

from pathlib import Path

from tests.venues.fix import (
    test_scenarios_fields,
    test_scenarios_logon,
    test_scenarios_receive,
    test_scenarios_recovery,
)
from tests.venues.fix.counterparty import SCENARIOS
from trading.venues.fix import session

PLAYED = (test_scenarios_logon, test_scenarios_receive, test_scenarios_fields, test_scenarios_recovery)


def test_every_published_scenario_is_played_by_a_test_that_exists() -> None:
    tests = {name for module in PLAYED for name in vars(module)}

    assert len(SCENARIOS) == 59
    assert set(SCENARIOS.values()) <= tests and len(set(SCENARIOS.values())) == 59


def test_the_readme_lists_the_scenarios_and_their_tests() -> None:
    readme = Path(session.__file__).with_name("README.md").read_text()

    rows = [line for line in readme.splitlines() if line.startswith("| ") and "`test_" in line]

    assert rows == [f"| {number} | `{test}` |" for number, test in SCENARIOS.items()]
