"""Positions as the journal knows them, and how far working and unknown orders could still move them."""

from collections import defaultdict
from collections.abc import Iterable

from risk.gate import PositionRange
from trading.core.events import OrderIntent
from trading.core.execution import Execution
from trading.core.program import HedgeProgram
from trading.core.units import Lots


class Positions:
    """Signed lots per instrument over all programs. `confirmed` is kept by deltas, so no day is ever re-summed."""

    def __init__(self) -> None:
        self.confirmed: defaultdict[str, Lots] = defaultdict(int)

    def note(self, intent: OrderIntent, lots_added: Lots) -> None:
        self.confirmed[intent.instrument] += intent.side.sign * lots_added

    def range_of(self, instrument: str, programs: Iterable[HedgeProgram]) -> PositionRange:
        """Return where the position may end up when every reserved order of one side fills and none of the other."""
        sold = bought = 0
        for program in reserving(programs):
            for case in reserving_cases(program):
                sells, buys = case.reserved_in(instrument)
                sold += sells
                bought += buys
        confirmed = self.confirmed.get(instrument, 0)
        return PositionRange(confirmed - sold, confirmed + bought)


def reserving(programs: Iterable[HedgeProgram]) -> list[HedgeProgram]:
    """Return the programs whose orders may still trade; of a crowd of armed programs these are few."""
    return [program for program in programs if program.state.open or program.state.presumed_dead]


def reserving_cases(program: HedgeProgram) -> list[Execution]:
    """Return the executions whose orders may still trade: the open ones and those with an order presumed dead."""
    state = program.state
    if not state.presumed_dead:
        return state.open
    closed = dict.fromkeys(state.orders[name].execution for name in state.presumed_dead)
    return [*state.open, *(state.executions[name] for name in closed if state.executions[name].is_ended)]


def worst_naked_lots(instrument: str, programs: Iterable[HedgeProgram]) -> Lots:
    """Return the lots of one instrument that may stand without their other leg, over programs of one pair."""
    worst = 0
    for program in reserving(programs):
        for case in reserving_cases(program):
            naked, reserved = case.naked, case.reserved()
            for leg, traded in enumerate(program.view_of(case).instruments):
                if traded.code == instrument:
                    worst += abs(naked[leg]) + max(reserved[leg])
    return worst
