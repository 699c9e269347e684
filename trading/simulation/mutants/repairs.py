"""Mistakes about what is naked and what a repair may do."""

from typing import Any

import msgspec

from trading.core import events as e
from trading.core import execution, repair, state
from trading.core.order import Order, OrderState
from trading.engine import desk, proposal
from trading.simulation.mutants import mutant


@mutant
def sizes_repairs_from_orders(put: Any) -> None:
    def done(self: Order) -> int:
        return self.intent.lots if self.state is OrderState.SETTLED and self.filled_lots else self.filled_lots

    put(Order, "done_lots", property(done))


@mutant
def keeps_attempts_in_memory(put: Any) -> None:
    down = state.ProgramState._venue_down

    def forget(self: Any, event: e.VenueDown, now: int) -> Any:
        if event.reason == "restart":
            for case in self.open:
                case.attempts = 0
        return down(self, event, now)

    put(state.ProgramState, "_venue_down", forget)


@mutant
def holds_repairs_to_entry_limits(put: Any) -> None:
    propose = proposal.propose

    def as_entry(prog: Any, decided: Any, now: int) -> Any:
        return msgspec.structs.replace(propose(prog, decided, now), is_repair=False)

    put(desk, "propose", as_entry)


@mutant
def rounds_the_residual_away(put: Any) -> None:
    def rounded(along: Any, ratio_lots: Any) -> Any:
        units = [round(lots / ratio) for lots, ratio in zip(along, ratio_lots, strict=True)]
        matched = max(0, min(units))
        return tuple((u - matched) * ratio for u, ratio in zip(units, ratio_lots, strict=True))

    put(execution, "naked_lots", rounded)


@mutant
def repairs_without_waiting_for_unknown_orders(put: Any) -> None:
    put(execution.Execution, "is_live", property(lambda self: False))


@mutant
def forgets_that_a_late_fill_reopens(put: Any) -> None:
    put(execution.Execution, "needs_work", property(lambda self: False))


@mutant
def unwinds_more_than_it_has(put: Any) -> None:
    obstacle = repair._obstacle

    def unlimited(move: Any, limits: Any) -> Any:
        return obstacle(move, msgspec.structs.replace(limits, is_reduce_only=False))

    put(repair, "_obstacle", unlimited)
