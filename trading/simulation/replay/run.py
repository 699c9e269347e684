"""One replay: the same ticks and delays for the desk and for the baseline, and the figures of both."""

import time
from typing import Any

from trading.core.program import HedgeProgram
from trading.simulation.replay.fault_rates import NO_FAULTS, FaultRates
from trading.simulation.replay.floor import DURABLE_AFTER, Floor
from trading.simulation.replay.measures import Measures, ratios
from trading.simulation.replay.setup import RAISED, Setup
from trading.simulation.replay.traders import DeskTrader, InstantTrader, SequentialLegger
from trading.venues.simulated.messages import Tick
from trading.venues.simulated.model import load_model

DELAYS_MS = (2, 20, 200)
GRID_DELAY_MS = 200  # where the parameters matter most
SHOWN = (
    "capture", "slippage_mean", "failures", "naked_lot_seconds", "naked_lot_seconds_per_execution", "leg_gap_ms_p50",
    "edge", "executions", "halts",
)  # fmt: skip


def replay(
    setup: Setup,
    minutes: float,
    grid_minutes: float,
    delays_ms: tuple[int, ...] = DELAYS_MS,
    rates: FaultRates = NO_FAULTS,
) -> dict[str, Any]:
    """Play the setup at every delay, again with faults when there are rates, then its grid; return JSON values."""
    began, trigger = time.perf_counter(), setup.terms.trigger
    ticks = setup.ticks(minutes)
    if not ticks:
        return {"program": setup.terms.program, "ticks": 0, "sources": setup.sources()}
    instant = _instant_units(setup, ticks)
    runs = [{"delay_ms": delay, **_both(setup, ticks, delay, instant)} for delay in delays_ms]
    faulty = [{"delay_ms": delay, **_both(setup, ticks, delay, instant, rates)} for delay in delays_ms if rates]
    played = time.perf_counter() - began
    return {
        "program": setup.terms.program,
        "trigger": f"{trigger.measure.value} {trigger.comparator.value} {trigger.value}",
        "sources": setup.sources(),
        "model_version": load_model().version,
        "ticks": len(ticks),
        "market_seconds": round((ticks[-1].exchange_ns - ticks[0].exchange_ns) / 1e9, 1),
        "wall_seconds": round(played, 2),
        "times_real_time": round(
            (ticks[-1].exchange_ns - ticks[0].exchange_ns) / 1e9 * 2 * len(runs + faulty) / played, 1
        ),
        "instant_units": instant,
        "durable_after_us": DURABLE_AFTER // 1000,
        "limits_raised": [kind.value for kind in RAISED],
        "delays": runs,
        "faults": {"rates": rates.stated(), "delays": faulty},
        "sensitivity": {
            "delay_ms": GRID_DELAY_MS,
            "minutes": grid_minutes,
            "grid": _grid(setup, grid_minutes, rates) if grid_minutes else [],
        },
    }


def _both(
    setup: Setup, ticks: list[Tick], delay_ms: int, instant: int, rates: FaultRates = NO_FAULTS
) -> dict[str, Any]:
    start = ticks[0].exchange_ns
    together = _play(DeskTrader(setup.config, start), setup, ticks, delay_ms, instant, rates)
    sequential = _play(SequentialLegger(setup.config, start), setup, ticks, delay_ms, instant, rates)
    return {"together": together, "sequential": sequential, "together_over_sequential": ratios(together, sequential)}


def _play(
    trader: DeskTrader | SequentialLegger,
    setup: Setup,
    ticks: list[Tick],
    delay_ms: int,
    instant: int,
    rates: FaultRates,
) -> dict[str, Any]:
    floor = Floor(setup.config, delay_ms, rates)
    start = ticks[0].exchange_ns
    floor.call(trader, trader.start(start), start)
    ended_at = floor.run(trader, ticks)
    program = HedgeProgram(setup.terms, {i.code: i for i in setup.config.instruments})
    fills = [(name, fill) for name, exchange in floor.exchanges.items() for fill in exchange.register.fills]
    figures = Measures(program, trader.decisions, trader.execution_of).summary(fills, ended_at, instant)
    return {
        **figures,
        "orders": floor.orders_sent,
        "repair_orders": trader.repairs,
        "refused": trader.refused,
        "halts": trader.halts,
        "faults": floor.faults_that_occurred(),
    }


def _instant_units(setup: Setup, ticks: list[Tick]) -> int:
    trader, floor = InstantTrader(setup.config, ticks[0].exchange_ns), Floor(setup.config, 0)
    floor.run(trader, ticks)
    return trader.units


def _grid(setup: Setup, minutes: float, rates: FaultRates) -> list[dict[str, Any]]:
    """Return the figures, with the faults if there are any, with one parameter of the generated side changed."""
    rows = []
    for parameter, factors in {"none": [1.0], **load_model().sensitivity}.items():
        for factor in factors:
            ticks = setup.ticks(minutes, {parameter: factor})
            if not ticks:
                continue
            figures = _both(setup, ticks, GRID_DELAY_MS, _instant_units(setup, ticks), rates)
            rows.append(
                {
                    "parameter": parameter,
                    "factor": factor,
                    "together": {name: figures["together"][name] for name in SHOWN},
                    "sequential": {name: figures["sequential"][name] for name in SHOWN},
                    "together_over_sequential": figures["together_over_sequential"],
                }
            )
    return rows
