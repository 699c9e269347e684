"""The figures of a replay, on executions small enough to work out by hand."""

from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from trading.core.program import HedgeProgram
from trading.core.units import MILLI, SECOND, Side
from trading.simulation.replay.measures import Decision, Measures, ratios
from trading.simulation.replay.setup import set_up
from trading.venues.simulated.messages import Filled

NOWHERE = Path("nowhere.json")
FX_TICKS = 71_000  # 7.1000
START = 1_000 * SECOND


@pytest.fixture
def program() -> HedgeProgram:
    setup = set_up("SAMPLE-COPPER", NOWHERE, {})
    return HedgeProgram(setup.terms, {i.code: i for i in setup.config.instruments})


def decision(name: str = "X-1", value: str = "193.22", repairs: int = 0) -> Decision:
    return Decision(name, START, (5, 1), Fraction(Decimal(value)), FX_TICKS, repairs)


def fill(venue: str, at_ms: int, lots: int, ticks: int, side: Side, order: str = "O") -> tuple[str, Filled]:
    symbol = {"SHFE": "cu", "LME": "CA-3M"}[venue]
    at = START + at_ms * MILLI
    return venue, Filled("desk", order, "V", f"F{at_ms}{venue}", symbol, side, lots, ticks, lots, "20260921", at)


def summary(program: HedgeProgram, fills: list, decisions: dict | None = None, ended_ms: int = 10_000, **more) -> dict:
    decisions = decisions or {"X-1": decision()}
    execution_of = more.get("execution_of", {"O": "X-1"})
    return Measures(program, decisions, execution_of).summary(fills, START + ended_ms * MILLI, more.get("instant", 1))


# Import parity of 9800 at 7.10 is (9800 + 60) x 1.13 x 7.10 + 200 = 79306.78, so 79500 earns 193.22.
SOLD = ("SHFE", 0, 5, 7950, Side.SELL)
BOUGHT = ("LME", 40, 1, 19_600, Side.BUY)


def test_a_clean_execution_is_captured_without_slippage(program: HedgeProgram) -> None:
    found = summary(program, [fill(*SOLD), fill(*BOUGHT)])

    assert (found["executions"], found["matched_units"], found["failures"], found["repaired"]) == (1, 1, 0, 0)
    assert (found["capture"], found["slippage_mean"]) == (1.0, 0.0)
    assert found["edge"] == 205.5  # (193.22 - 185) x 25 t
    assert found["leg_gap_ms_p50"] == 40.0
    assert found["naked_lot_seconds"] == 0.2  # five lots for 40 ms


def test_a_worse_hedge_is_slippage_and_below_the_trigger_it_is_a_failure(program: HedgeProgram) -> None:
    found = summary(program, [fill(*SOLD), fill("LME", 40, 1, 19_604, Side.BUY)])

    assert found["slippage_mean"] == 16.046  # 2 USD/t x 1.13 x 7.10
    assert (found["capture"], found["failures"], found["matched_units"]) == (0.0, 1, 1)


def test_a_leg_that_stays_naked_counts_to_the_end(program: HedgeProgram) -> None:
    found = summary(program, [fill("SHFE", 0, 3, 7950, Side.SELL)], ended_ms=2_000)

    assert found["naked_lot_seconds"] == 6.0
    assert (found["matched_units"], found["failures"], found["leg_gap_ms_p50"]) == (0, 1, None)


def test_a_leg_rolled_back_is_naked_only_meanwhile_and_a_failure(program: HedgeProgram) -> None:
    fills = [fill(*SOLD), fill("SHFE", 500, 5, 7951, Side.BUY)]
    found = summary(program, fills, {"X-1": decision(repairs=1)})

    assert found["naked_lot_seconds"] == 2.5
    assert (found["failures"], found["repaired"], found["capture"]) == (1, 1, 0.0)
    assert found["edge"] == -250.0  # one tick of 10 CNY/t on 25 t


def test_topping_up_dearer_is_part_of_what_was_achieved(program: HedgeProgram) -> None:
    fills = [fill("SHFE", 0, 3, 7950, Side.SELL), fill(*BOUGHT), fill("SHFE", 200, 2, 7945, Side.SELL)]
    found = summary(program, fills, {"X-1": decision(repairs=1)})

    assert found["slippage_mean"] == 20.0  # two of five lots 50 CNY/t lower
    assert found["repaired"] == 1


def test_capture_is_measured_against_what_an_instant_trader_would_have_had(program: HedgeProgram) -> None:
    assert summary(program, [fill(*SOLD), fill(*BOUGHT)], instant=4)["capture"] == 0.25


def test_ratios_say_nothing_where_the_baseline_has_nothing() -> None:
    ours = {"capture": 0.9, "slippage_mean": 1.0, "failures": 2, "naked_lot_seconds": 0.1, "edge": 30.0}
    theirs = {"capture": 0.6, "slippage_mean": 2.0, "failures": 0, "naked_lot_seconds": 2.0, "edge": 20.0}
    assert ratios(ours, theirs) == {
        "capture": 1.5,
        "slippage": 0.5,
        "failures": None,
        "naked_lot_seconds": 0.05,
        "edge": 1.5,
    }
