"""What a way of legging was worth, from its decisions and from the venues' own fills. Exact until it is shown.

capture            units that ended matched at the trigger's value or better, over the units that an instant trader
                   (no delay, same trigger, same cooldown) would have decided on
slippage           value decided on minus value achieved, against us, per unit of the spread; matched executions only
failures           executions that did not end matched at the trigger's value or better
repaired           executions that their first orders did not complete
edge               domestic currency over the trigger's value: what matched executions achieved beyond it, less what
                   round trips of executions that were rolled back cost
leg gap            from the first fill of one leg to the first fill of the other, on the venues' clocks
naked lot-seconds  domestic lots not covered by the other leg, integrated over venue time
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from trading.core import events as e
from trading.core.program import HedgeProgram
from trading.core.terms import Direction
from trading.core.units import MILLI, SECOND, Nanos
from trading.venues.simulated.messages import Filled


@dataclass(slots=True)
class Decision:
    """One entry as it was decided."""

    execution: str
    decided_at: Nanos
    units_lots: tuple[int, ...]
    value: Fraction | None
    fx_ticks: int
    repairs: int = 0

    @classmethod
    def of(cls, decided: e.OrdersDecided, at: Nanos) -> "Decision":
        value = None if decided.measure_value is None else Fraction(decided.measure_value)
        quotes = {quote.instrument: quote for quote in decided.quotes}
        codes = {order.instrument for order in decided.orders}
        fx = next((quote for code, quote in quotes.items() if code not in codes), None)
        buys_foreign = decided.orders[1].side.sign > 0
        level = (fx.asks if buys_foreign else fx.bids)[0].price_ticks if fx else 1
        return cls(decided.execution, at, tuple(order.lots for order in decided.orders), value, level)


@dataclass(frozen=True, slots=True)
class LegFill:
    at: Nanos
    leg: int
    signed_lots: int
    price_ticks: int


class Measures:
    """Judges one run. `program` gives the trigger, the ratio and the conversion."""

    def __init__(self, program: HedgeProgram, decisions: dict[str, Decision], execution_of: dict[str, str]) -> None:
        self._program = program
        self._decisions = decisions
        self._execution_of = execution_of
        self._leg_of_symbol = {
            (instrument.venue, instrument.symbol): leg for leg, instrument in enumerate(program.instruments)
        }
        self._ratio = program.state.ratio_lots

    def summary(self, fills: Iterable[tuple[str, Filled]], ended_at: Nanos, instant_units: int) -> dict[str, Any]:
        """Return the figures of a run as JSON values."""
        by_execution: dict[str, list[LegFill]] = defaultdict(list)
        everything: list[LegFill] = []
        for venue, fill in fills:
            leg = self._leg_of_symbol[venue, fill.symbol]
            found = LegFill(fill.exchange_ns, leg, fill.side.sign * fill.lots, fill.price_ticks)
            everything.append(found)
            by_execution[self._execution_of[fill.client_order_id]].append(found)
        executions = [self._judge(self._decisions[name], by_execution.get(name, [])) for name in self._decisions]
        matched = [one for one in executions if one["matched_units"]]
        slippages = [one["slippage"] for one in matched if one["slippage"] is not None]
        captured = sum(one["matched_units"] for one in matched if one["is_at_trigger"])
        naked = self._naked_lot_seconds(everything, ended_at)
        return {
            "executions": len(executions),
            "matched_units": sum(one["matched_units"] for one in matched),
            "failures": sum(not one["is_at_trigger"] for one in executions),
            "repaired": sum(not one["is_clean"] for one in executions),
            "captured_units": captured,
            "capture": _shown(Fraction(captured, instant_units)) if instant_units else None,
            "slippage_mean": _shown(sum(slippages, Fraction(0)) / len(slippages)) if slippages else None,
            "slippage_p95": _shown(_percentile(slippages, 95)) if slippages else None,
            "edge": _shown(sum((one["edge"] for one in executions), Fraction(0))),
            "leg_gap_ms_p50": _milliseconds([one["gap"] for one in executions if one["gap"] is not None], 50),
            "leg_gap_ms_p99": _milliseconds([one["gap"] for one in executions if one["gap"] is not None], 99),
            "naked_lot_seconds": _shown(naked),
            "naked_lot_seconds_per_execution": _shown(naked / len(executions)) if executions else None,
        }

    def _judge(self, decision: Decision, fills: list[LegFill]) -> dict[str, Any]:
        net = [sum(fill.signed_lots for fill in fills if fill.leg == leg) for leg in (0, 1)]
        units = min(abs(net[leg]) // self._ratio[leg] for leg in (0, 1))
        first = [min((fill.at for fill in fills if fill.leg == leg), default=None) for leg in (0, 1)]
        is_matched = units > 0 and abs(net[0]) == units * self._ratio[0] and abs(net[1]) == units * self._ratio[1]
        wanted = decision.units_lots[0] // self._ratio[0]
        achieved = self._achieved(decision, fills, units) if is_matched else None
        return {
            "matched_units": units if is_matched else 0,
            "is_clean": is_matched and units == wanted and not decision.repairs,
            "is_at_trigger": achieved is not None and self._is_at_trigger(achieved),
            "slippage": self._slippage(decision, achieved),
            "edge": self._edge(achieved, units) if is_matched else self._round_trips(decision, fills, net),
            "gap": None if None in first else abs(first[0] - first[1]),
        }

    def _achieved(self, decision: Decision, fills: list[LegFill], units: int) -> Fraction:
        """Return the spread that the fills made, top-ups and round trips included, per domestic unit."""
        paid = [Fraction(0), Fraction(0)]
        for fill in fills:
            paid[fill.leg] += fill.signed_lots * fill.price_ticks
        lots = [units * ratio for ratio in self._ratio]
        domestic, foreign = (abs(paid[leg]) / lots[leg] for leg in (0, 1))
        return self._program.trigger.value(domestic, foreign, decision.fx_ticks)

    def _is_at_trigger(self, achieved: Fraction) -> bool:
        trigger = self._program.terms.trigger
        at_least = trigger.comparator.value == ">="
        return achieved >= Fraction(trigger.value) if at_least else achieved <= Fraction(trigger.value)

    def _edge(self, achieved: Fraction | None, units: int) -> Fraction:
        """Return what a matched execution earned beyond the trigger's value, domestic currency."""
        assert achieved is not None
        beyond = achieved - Fraction(self._program.terms.trigger.value)
        quantity = units * self._ratio[0] * Fraction(self._program.instruments[0].multiplier)
        return beyond * quantity * (1 if self._program.terms.direction is Direction.SELL_DOMESTIC else -1)

    def _round_trips(self, decision: Decision, fills: list[LegFill], net: list[int]) -> Fraction:
        """Return the cash that bought and sold again made or lost, domestic currency; a residual counts as nothing."""
        total = Fraction(0)
        for leg, instrument in enumerate(self._program.instruments):
            if net[leg] == 0:
                rate = decision.fx_ticks * self._program.fx_tick if leg else Fraction(1)
                paid = sum(fill.signed_lots * fill.price_ticks for fill in fills if fill.leg == leg)
                total -= paid * Fraction(instrument.tick) * Fraction(instrument.multiplier) * rate
        return total

    def _slippage(self, decision: Decision, achieved: Fraction | None) -> Fraction | None:
        if achieved is None or decision.value is None:
            return None
        sells = self._program.terms.direction is Direction.SELL_DOMESTIC
        return decision.value - achieved if sells else achieved - decision.value

    def _naked_lot_seconds(self, fills: list[LegFill], ended_at: Nanos) -> Fraction:
        total, lots, since = Fraction(0), [0, 0], 0
        for fill in [*sorted(fills, key=lambda fill: fill.at), LegFill(ended_at, 0, 0, 0)]:
            naked = abs(lots[0] + Fraction(lots[1] * self._ratio[0], self._ratio[1]))
            total += naked * (fill.at - since)
            since = fill.at
            lots[fill.leg] += fill.signed_lots
        return total / SECOND


def ratios(together: dict[str, Any], sequential: dict[str, Any]) -> dict[str, float | None]:
    """Return the desk's figures over the baseline's."""

    def over(name: str) -> float | None:
        ours, theirs = together[name], sequential[name]
        return round(ours / theirs, 3) if ours is not None and theirs else None

    return {
        "capture": over("capture"),
        "slippage": over("slippage_mean"),
        "failures": over("failures"),
        "naked_lot_seconds": over("naked_lot_seconds"),
        "edge": over("edge"),
    }


def _percentile(values: list[Any], percent: int) -> Any:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


def _milliseconds(gaps: list[Nanos], percent: int) -> float | None:
    return round(_percentile(gaps, percent) / MILLI, 3) if gaps else None


def _shown(value: Fraction) -> float:
    return round(float(value), 4)


__all__ = ["Decision", "Measures", "ratios"]
