"""What a schedule really did to its pairs, by the venues' own truth, and how many schedules add up.

*Naked* counts lots beyond whole matched units, on every leg of every execution, from the first trade on: what a person
who saw both venues at once would have called naked, whatever the engine believed.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from trading.core import events as e
from trading.core.alignment import naked_lots
from trading.core.units import Lots, Nanos

if TYPE_CHECKING:
    from trading.simulation.world import World

RECORD = Path(__file__).with_name("record.json")
GATED_FROM = 5_000  # schedules from which on a rate is steady enough to be compared


class TrueCase:
    """One execution by the venues' truth. `along` counts in the direction of entry."""

    __slots__ = ("along", "clip", "entered", "naked", "ratio", "since")

    def __init__(self, ratio: tuple[Lots, ...], entered: dict[int, int], clip: int) -> None:
        self.ratio = ratio
        self.entered = entered  # leg -> sign of the entry side
        self.clip = clip  # units
        self.along = [0] * len(ratio)
        self.naked: Lots = 0
        self.since: Nanos = 0


class Truth:
    """Follows every trade at every venue."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._cases: dict[str, TrueCase] = {}
        self._case_of: dict[str, TrueCase] = {}
        self.orders = 0
        self.executions = 0
        self.naked_lot_ns = 0
        self.is_over_clip = False

    def on_decided(self, ratio: tuple[Lots, ...], entered: dict[int, int], decided: e.OrdersDecided) -> None:
        """Learn which orders belong to which execution; `entered` is the sign of the entry side by leg."""
        self.orders += len(decided.orders)
        case = self._cases.get(decided.execution)
        if case is None:
            clip = decided.units or decided.orders[0].lots // ratio[decided.orders[0].leg]
            case = self._cases[decided.execution] = TrueCase(ratio, entered, clip)
            self.executions += 1
        for order in decided.orders:
            self._case_of[order.client_order_id] = case

    def on_trade(self, intent: e.OrderIntent, lots: Lots) -> None:
        """A venue traded."""
        case, now = self._case_of[intent.client_order_id], self._world.now
        self.naked_lot_ns += case.naked * (now - case.since)
        case.along[intent.leg] += intent.side.sign * case.entered[intent.leg] * lots
        beyond = naked_lots(case.along, case.ratio)
        case.naked, case.since = sum(map(abs, beyond)), now
        if any(abs(leg) > case.clip * ratio for leg, ratio in zip(beyond, case.ratio, strict=True)):
            self.is_over_clip = True

    def finish(self) -> None:
        """The schedule is over: count what is naked up to now."""
        for case in self._cases.values():
            self.naked_lot_ns += case.naked * (self._world.now - case.since)
            case.since = self._world.now


class Figures(msgspec.Struct):
    """Sums over schedules; the rates printed are made of them."""

    schedules: int = 0
    escalated: int = 0
    over_clip: int = 0
    false_terminals: int = 0
    naked_lot_ns: int = 0
    orders: int = 0
    executions: int = 0

    def add(self, other: "Figures") -> None:
        for name in self.__struct_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def rates(self) -> dict[str, float]:
        """Return the distribution figures: shares of schedules, and means per schedule or per execution."""
        schedules = self.schedules or 1
        return {
            "escalated_share": round(self.escalated / schedules, 5),
            "over_clip_share": round(self.over_clip / schedules, 5),
            "false_terminals_per_1000": round(1000 * self.false_terminals / schedules, 3),
            "naked_lot_seconds": round(self.naked_lot_ns / 1e9 / schedules, 3),
            "orders_per_execution": round(self.orders / (self.executions or 1), 4),
        }


def worse_than_kept(figures: Figures, path: Path = RECORD) -> list[str]:
    """Return one line per rate that is worse than the last release's by more than its tolerance.

    The record holds `{"schedules", "rates": {name: rate}, "tolerances": {name: rate}}`; less is better for every rate.
    """
    if figures.schedules < GATED_FROM:
        return []
    kept = json.loads(path.read_text(encoding="utf-8"))
    found = figures.rates()
    return [
        f"{name} is {found[name]}, the last release had {rate} and {kept['tolerances'][name]} more is tolerated"
        for name, rate in kept["rates"].items()
        if found[name] > rate + kept["tolerances"][name]
    ]


def write_record(figures: Figures, path: Path) -> None:
    """Write a record to compare later runs with; a tenth more is tolerated, and three sigma of a count per schedule."""
    rates = figures.rates()
    tolerances = {
        name: round(rate / 10 + 3 * (max(rate, 0.001) / GATED_FROM) ** 0.5, 5) for name, rate in rates.items()
    }
    tolerances["false_terminals_per_1000"] = round(rates["false_terminals_per_1000"] / 10 + 2, 3)
    record = {"schedules": figures.schedules, "rates": rates, "tolerances": tolerances}
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
