"""Mistakes about lines, markets that are shut, and intents that survive a crash."""

from typing import Any

from trading.core import events as e
from trading.core import policy, state, view
from trading.core.order import OrderState
from trading.engine import desk
from trading.engine.actions import Submit
from trading.engine.egress import Egress
from trading.engine.proposal import OrderProposal
from trading.engine.recovery import Reconciliation
from trading.simulation.mutants import mutant


@mutant
def enters_on_a_dead_line(put: Any) -> None:
    def deaf(self: Any, event: e.VenueDown, now: int) -> Any:
        return []

    put(state.ProgramState, "_venue_down", deaf)
    put(Reconciliation, "note_down", lambda self, venue: None)


@mutant
def enters_in_a_break(put: Any) -> None:
    def fresh(quote: Any, now: int, age_max: int) -> bool:
        return quote is not None and now - quote.received_at <= age_max

    put(view, "is_fresh", fresh)
    put(policy, "is_fresh", fresh)


@mutant
def sends_again_what_a_crash_left_open(put: Any) -> None:
    resume = desk.Desk.resume

    def eager(self: Any, now: int, kills: Any = ()) -> Any:
        lost = [o.intent for p in self.programs.values() for o in p.state.orders.values() if o.state is OrderState.SENT]
        out = resume(self, now, kills)
        if lost:
            out.append(Submit(desk.Approved(OrderProposal(True, tuple(lost)), 1, "", now, ()), tuple(lost)))
        return out

    put(desk.Desk, "resume", eager)
    put(Egress, "objection", lambda self, orders: "")


@mutant
def closes_an_order_with_the_line(put: Any) -> None:
    def over(self: Any, event: e.VenueDown, now: int) -> Any:
        self.up_since.pop(event.venue, None)
        for order in self._orders_at(event.venue):
            order.announce(order.filled_lots)
            order.state = OrderState.SETTLED
        return []

    put(state.ProgramState, "_venue_down", over)
