"""Trades taken back, corrected or made by somebody else, through the real adapters and the simulated venues."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.rig import Rig, until
from trading.core.events import ExecutionEnded, FillBusted, FillCorrected, ForeignFilled, OrderFilled
from trading.engine.records import AlertRaised

pytestmark = pytest.mark.timeout(300)

SYMBOLS = {"SHFE": "cu2703", "LME": "CA-3M"}


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    """An engine that has hedged once."""
    built = Rig(tmp_path)
    built.start_venues()
    built.start_engine()
    built.arm()
    until(lambda: built.facts(ExecutionEnded), "the first execution")
    yield built
    built.close()


def rules(rig: Rig) -> set[str]:
    return {alert.rule for alert in rig.facts(AlertRaised)}


@pytest.mark.parametrize("venue", SYMBOLS)
def test_a_trade_that_its_venue_takes_back_is_repaired(rig: Rig, venue: str) -> None:
    rig.fault(venue, "trade_bust")

    [bust] = until(lambda: rig.facts(FillBusted), "the bust")
    ends = until(lambda: len(rig.facts(ExecutionEnded)) > 1 and rig.facts(ExecutionEnded), "the case to end again")

    assert bust.fill_id in {fill.fill_id for fill in rig.facts(OrderFilled)}
    assert ends[-1].outcome in ("topped_up", "rolled_back") and ends[-1].naked == (0, 0)
    assert rules(rig) >= {"fill_busted", "execution_reopened"}
    positions = rig.positions()
    assert positions.get("cu2703", 0) == -5 * positions.get("CA-3M", 0)


def test_a_corrected_trade_leaves_what_it_no_longer_covers_to_repair(rig: Rig) -> None:
    rig.fault("SHFE", "trade_correct", lots=3, ticks=0)

    [correction] = until(lambda: rig.facts(FillCorrected), "the correction")
    until(lambda: len(rig.facts(ExecutionEnded)) > 1, "the case to end again")

    assert correction.lots == 3
    positions = rig.positions()
    assert positions.get("cu2703", 0) == -5 * positions.get("CA-3M", 0)


def test_a_correction_over_fix_names_the_trade_and_its_new_price(rig: Rig) -> None:
    fill = next(f for f in rig.facts(OrderFilled) if f.fill_id.startswith("LME"))
    rig.fault("LME", "trade_correct", ticks=4)

    [correction] = until(lambda: rig.facts(FillCorrected), "the correction")

    assert (correction.fill_id, correction.lots) == (fill.fill_id, fill.lots)
    assert correction.price_ticks == fill.price_ticks + 4


def test_an_amendment_that_came_while_the_engine_was_away_is_heard_at_its_next_start(rig: Rig) -> None:
    rig.kill_engine()
    rig.fault("SHFE", "trade_bust")

    rig.start_engine()
    until(lambda: len(rig.facts(ExecutionEnded)) > 1, "the case to end again")

    assert len(rig.facts(FillBusted)) == 1
    positions = rig.positions()
    assert positions.get("cu2703", 0) == -5 * positions.get("CA-3M", 0)


@pytest.mark.parametrize("venue", SYMBOLS)
def test_another_terminals_trade_is_counted(rig: Rig, venue: str) -> None:
    rig.fault(venue, "foreign_order", lots=2)

    [trade] = until(lambda: rig.facts(ForeignFilled), "the foreign trade")

    assert (trade.venue, trade.lots, trade.is_forced) == (venue, 2, False)
    until(lambda: "foreign_fill" in rules(rig), "the alert")
    assert rig.program()["halt_reason"] == ""


@pytest.mark.parametrize("venue", SYMBOLS)
def test_a_forced_liquidation_halts_the_program(rig: Rig, venue: str) -> None:
    rig.fault(venue, "forced_liquidation", lots=1)

    [trade] = until(lambda: rig.facts(ForeignFilled), "the forced trade")

    assert trade.is_forced
    until(lambda: rig.program()["halt_reason"] == "forced_liquidation", "the halt")
    assert rig.arm()["code"] == "CANNOT_ARM"
