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
from trading.core.terms import Terms
from trading.core.units import Lots, Nanos

if TYPE_CHECKING:
    from trading.simulation.world import World

RECORD = Path(__file__).with_name("record.json")
GATED_FROM = 5_000  # schedules from which on a rate is steady enough to be compared


class TrueCase:
    """One execution by the venues' truth. `along` counts in the direction of entry, stand-ins in `standing`."""

    __slots__ = ("along", "clip", "entered", "naked", "proxies", "ratio", "since", "standing")

    def __init__(self, terms: Terms, decided: e.OrdersDecided) -> None:
        legs = terms.pair_on(decided.route).legs
        self.ratio = tuple(leg.ratio_lots for leg in legs)
        self.entered = tuple(terms.direction.side_of(leg.role).sign for leg in legs)
        held = {leg.instrument for leg in legs}
        self.proxies = {p.instrument: p for p in terms.repair.proxies if p.instrument not in held}
        self.clip = decided.units or decided.orders[0].lots // self.ratio[decided.orders[0].leg]  # units
        self.along = [0] * len(legs)
        self.standing: dict[tuple[str, int], Lots] = {}
        self.naked: Lots = 0
        self.since: Nanos = 0

    def trade(self, intent: e.OrderIntent, lots: Lots) -> tuple[Lots, ...]:
        """Book a trade; return the naked lots per leg. A stand-in counts in whole multiples, its rest is naked too."""
        signed = intent.side.sign * self.entered[intent.leg] * lots
        if intent.instrument in self.proxies:
            key = (intent.instrument, intent.leg)
            self.standing[key] = self.standing.get(key, 0) + signed
        else:
            self.along[intent.leg] += signed
        covered, strays = list(self.along), [0] * len(self.along)
        for (code, leg), held in self.standing.items():
            whole, stray = divmod(abs(held), self.proxies[code].lots)
            covered[leg] += whole * self.proxies[code].replaces_lots * (1 if held > 0 else -1)
            strays[leg] += stray
        beyond = naked_lots(covered, self.ratio)
        return tuple(abs(leg) + stray for leg, stray in zip(beyond, strays, strict=True))


class Truth:
    """Follows every trade at every venue."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._cases: dict[str, TrueCase] = {}
        self._case_of: dict[str, TrueCase] = {}
        self.orders = 0
        self.naked_lot_ns = 0
        self.is_over_clip = False

    @property
    def executions(self) -> int:
        return len(self._cases)

    def on_decided(self, terms: Terms, decided: e.OrdersDecided) -> None:
        """Learn which orders belong to which execution."""
        self.orders += len(decided.orders)
        case = self._cases.get(decided.execution)
        if case is None:
            case = self._cases[decided.execution] = TrueCase(terms, decided)
        for order in decided.orders:
            self._case_of[order.client_order_id] = case

    def on_trade(self, intent: e.OrderIntent, lots: Lots) -> None:
        """A venue traded."""
        case, now = self._case_of[intent.client_order_id], self._world.now
        self.naked_lot_ns += case.naked * (now - case.since)
        beyond = case.trade(intent, lots)
        case.naked, case.since = sum(beyond), now
        if any(leg > case.clip * ratio for leg, ratio in zip(beyond, case.ratio, strict=True)):
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
    """Write a record to compare later runs with.

    Tolerated is a tenth more, a fifth for lot-seconds, and three standard errors of the difference of two runs.
    """
    rates = figures.rates()
    share = {name: 0.1 * rate + 3 * (2 * rate / GATED_FROM) ** 0.5 for name, rate in rates.items()}
    thousands = GATED_FROM / 1000
    false_terminals = rates["false_terminals_per_1000"]
    share["false_terminals_per_1000"] = 0.1 * false_terminals + 3 * (2 * false_terminals / thousands) ** 0.5 + 1
    share["naked_lot_seconds"] = 0.2 * rates["naked_lot_seconds"]
    tolerances = {name: round(more, 5) for name, more in share.items()}
    record = {"schedules": figures.schedules, "rates": rates, "tolerances": tolerances}
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
