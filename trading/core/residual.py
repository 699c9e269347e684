"""What whole units leave unhedged, carried from execution to execution as an exact fraction.

Nine lots of SHFE copper are 45 t, four of COMEX copper are 45.359237 t: each such unit leaves 0.36 t that no lot can
trade away. One unit is nothing, a thousand are 360 t; so the sum is kept, in the domestic quote unit, bought positive,
and has a budget (domain.md §6 item 7). It is a fold of the ended executions: one that a late fill reopens is taken out
until it ends again. What is naked is not in it: that is repaired, or named and taken over by a person.
"""

from fractions import Fraction
from typing import TYPE_CHECKING

from trading.core.alignment import unit_residual
from trading.core.effects import Effect
from trading.core.execution import Execution
from trading.core.measure import shown

if TYPE_CHECKING:
    from trading.core.program import HedgeProgram
    from trading.core.state import ProgramState
    from trading.core.view import MarketView


class Residual:
    """The ledger of one program."""

    __slots__ = ("_left", "carried")

    def __init__(self) -> None:
        self.carried = Fraction(0)
        self._left: dict[str, Fraction] = {}  # by execution, only what is not zero

    def book(self, case: Execution, state: "ProgramState") -> list[Effect]:
        """Add what the matched units of an execution that ended leave; alert when that used the budget up."""
        unit = unit_residual(state.terms.pair_on(case.route), case.entered_sides, state.instruments)
        left = case.matched() * unit
        if not left:
            return []
        budget = state.terms.residual_max
        had_room = budget is None or room_units(self.carried, unit, Fraction(budget))
        self._left[case.id] = left
        self.carried += left
        if budget is None or not had_room or room_units(self.carried, unit, Fraction(budget)):
            return []
        figures = {"residual": str(shown(self.carried)), "residual_max": str(budget)}
        return [state.alert("residual_max", "P3", case.id, **figures)]

    def facts(self) -> str:
        """Return the sum as an exact fraction, to compare folds and to read."""
        return str(self.carried)

    def take_out(self, case: Execution) -> None:
        """Forget what an execution left, because it is open again."""
        self.carried -= self._left.pop(case.id, Fraction(0))


def room_units(carried: Fraction, unit: Fraction, budget: Fraction) -> int | None:
    """Return how many units, each leaving `unit`, may follow until the sum passes the budget; None for any number.

    Units that bring the sum back towards zero are allowed although it is beyond the budget.
    """
    if not unit:
        return None
    ahead = budget - carried if unit > 0 else budget + carried
    return max(0, ahead // abs(unit))


def residual_room(program: "HedgeProgram", view: "MarketView") -> int | None:
    """Return how many units a route may still enter inside the program's budget; None when nothing bounds them."""
    budget = program.terms.residual_max
    if budget is None:
        return None
    return room_units(program.state.residual.carried, view.unit_residual, Fraction(budget))
