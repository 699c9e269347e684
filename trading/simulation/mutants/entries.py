"""Mistakes about when an execution may begin."""

from typing import Any

from trading.core import program, view
from trading.engine import desk
from trading.simulation.mutants import mutant


@mutant
def accepts_stale_quotes(put: Any) -> None:
    put(view.MarketView, "is_coherent", lambda self, now: None not in self.quotes)


@mutant
def accepts_crossed_quotes(put: Any) -> None:
    put(desk, "fault", lambda quote: "")


@mutant
def enters_while_a_case_is_open(put: Any) -> None:
    decide = program.HedgeProgram.decide

    def eager(self: Any, now: int) -> Any:
        event = decide(self, now)
        may = self.state.mode.value == "armed" and self.holds_since is not None and self.permit > 1
        return self.entries.decide(now) if event is None and may and self.state.open else event

    put(program.HedgeProgram, "decide", eager)
