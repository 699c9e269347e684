"""The switchboard of faults, and that each of them was shown on the wire by some test."""

import re
from pathlib import Path

import pytest

from tests.venues.simulated import (
    test_faults_of_lines,
    test_faults_of_market_data,
    test_faults_of_orders,
    test_faults_of_venues,
)
from tests.venues.simulated.fault_desk import SHOWN
from trading.core.units import Side
from trading.venues.simulated.fault_catalogue import CATALOGUE
from trading.venues.simulated.faults import Faults, UnknownFault


def test_every_switch_is_shown_on_the_wire_and_described() -> None:
    # Importing the modules is what fills the list.
    assert all((test_faults_of_lines, test_faults_of_market_data, test_faults_of_orders, test_faults_of_venues))
    assert set(CATALOGUE) == SHOWN


def test_the_readme_lists_every_switch_with_its_catalogue_ids() -> None:
    readme = Path(__file__).parents[3] / "trading/venues/simulated/README.md"
    rows = re.findall(r"^\| `(\w+)` \| (F-[^|]+) \|", readme.read_text(), re.MULTILINE)
    assert {name: ids.strip() for name, ids in rows} == {name: kind.catalogue_ids for name, kind in CATALOGUE.items()}


def test_a_fault_can_be_counted_filtered_and_a_matter_of_chance() -> None:
    faults = Faults(seed=1)
    faults.switch_on("ack_lost", count=2, symbol="cu2701", side="buy", now=0)
    assert faults.take("ack_lost", 0, "au2701", Side.BUY) is None
    assert faults.take("ack_lost", 0, "cu2701", Side.SELL) is None
    assert faults.take("ack_lost", 0, "cu2701", Side.BUY) is not None
    assert faults.take("ack_lost", 0, "cu2701", Side.BUY) is not None
    assert faults.take("ack_lost", 0, "cu2701", Side.BUY) is None

    faults.switch_on("fill_lost", count=0, probability=0.25, now=0)
    hits = sum(faults.take("fill_lost", 0) is not None for _ in range(1000))
    assert 180 < hits < 320
    assert faults.clear() == 1


def test_a_fault_ends_by_itself_after_its_seconds() -> None:
    faults = Faults()
    faults.switch_on("halt", {"seconds": 2}, now=0)
    assert faults.is_on("halt", 1_999_999_999)
    assert not faults.is_on("halt", 2_000_000_000)


@pytest.mark.parametrize("name", ["nope", ""])
def test_an_unknown_fault_is_refused_with_the_names_there_are(name: str) -> None:
    with pytest.raises(UnknownFault, match="zombie"):
        Faults().switch_on(name, now=0)


def test_an_unknown_parameter_is_refused_with_those_there_are() -> None:
    with pytest.raises(UnknownFault, match="delay_ms"):
        Faults().switch_on("zombie", {"delay": 3}, now=0)
