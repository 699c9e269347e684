"""Mistakes about what a venue said of an order: fills, ends, silence, revival."""

from typing import Any

import msgspec

from trading.core import events as e
from trading.core import order, program, state
from trading.core.order import TRANSITIONS, Evidence, Order, OrderState
from trading.simulation.mutants import mutant


@mutant
def counts_a_fill_twice(put: Any) -> None:
    def book(self: Order, fill: e.OrderFilled) -> bool:
        self.filled_lots += fill.lots
        return True

    put(Order, "book", book)


@mutant
def ends_orders_before_their_fills(put: Any) -> None:
    apply = Order.apply

    def hasty(self: Order, evidence: Evidence, now: int) -> None:
        apply(self, evidence, now)
        if self.state is OrderState.CLOSED:
            self.state = OrderState.SETTLED

    put(Order, "apply", hasty)


@mutant
def takes_a_cancel_reject_for_the_end(put: Any) -> None:
    dead = {**TRANSITIONS[Evidence.CANCEL_REJECTED], OrderState.CANCELLING: OrderState.CLOSED}
    put(TRANSITIONS, Evidence.CANCEL_REJECTED, dead)


@mutant
def takes_a_cancel_for_granted(put: Any) -> None:
    gone = dict.fromkeys(OrderState, OrderState.CLOSED)
    put(TRANSITIONS, Evidence.CANCEL_ASKED, gone)


@mutant
def drops_fills_of_ended_orders(put: Any) -> None:
    book = Order.book

    def forgetful(self: Order, fill: e.OrderFilled) -> bool:
        return False if self.is_settled else book(self, fill)

    put(Order, "book", forgetful)


@mutant
def never_revives_the_presumed_dead(put: Any) -> None:
    fold = state.ProgramState.fold

    def deaf(self: Any, event: Any, now: int) -> Any:
        known = self.orders.get(getattr(event, "client_order_id", ""))
        return [] if known is not None and known.state is OrderState.PRESUMED_DEAD else fold(self, event, now)

    put(state.ProgramState, "fold", deaf)


@mutant
def takes_not_found_for_dead_at_once(put: Any) -> None:
    def dead(self: Any, known: Order, queried_at: int, now: int) -> Any:
        return self._learn(known, Evidence.MISSING, now) if known.is_live else []

    put(state.ProgramState, "_not_found", dead)


@mutant
def fills_do_not_end_the_silence(put: Any) -> None:
    stuck = {known: known for known in OrderState}
    put(order.TRANSITIONS, Evidence.CLOSED, stuck)


@mutant
def resends_silent_orders(put: Any) -> None:
    def resend(self: Any, now: int) -> Any:
        for silent in [known for case in self.state.open for known in case.orders]:
            case = self.state.executions[silent.execution]
            if silent.state is OrderState.SENT and now - silent.sent_at >= 10**9 and len(case.orders) < 4:
                again = msgspec.structs.replace(silent.intent, client_order_id=silent.intent.client_order_id + "R")
                return e.OrdersDecided(case.id, e.Purpose.TOP_UP, (again,), tuple(q for q in self.quotes if q))
        return silent_query(self, now)

    silent_query = program.HedgeProgram._silent
    put(program.HedgeProgram, "_silent", resend)
