"""Planted bugs. Each is a plausible mistake in the real code; the checkers must notice every one.

A mutant replaces one function or table entry while it is planted. Names say what the mistake would be in words.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from trading.core import events as e
from trading.core import execution, order, program, state, view
from trading.core.order import TRANSITIONS, Evidence, Order, OrderState
from trading.engine import desk, proposal
from trading.engine.actions import Submit
from trading.engine.recovery import DeskState, Reconciliation

Plant = Callable[[Callable[[Any, str, Any], None]], None]
MUTANTS: dict[str, Plant] = {}


def mutant(plant: Plant) -> Plant:
    MUTANTS[plant.__name__] = plant
    return plant


@contextmanager
def planted(name: str) -> Iterator[None]:
    """Have the bug in place for the duration of the block."""
    undo: list[tuple[Any, str, Any]] = []

    def put(owner: Any, key: str, value: Any) -> None:
        if isinstance(owner, dict):
            undo.append((owner, key, owner[key]))
            owner[key] = value
        else:
            undo.append((owner, key, owner.__dict__[key]))
            setattr(owner, key, value)

    MUTANTS[name](put)
    try:
        yield
    finally:
        for owner, key, value in reversed(undo):
            if isinstance(owner, dict):
                owner[key] = value
            else:
                setattr(owner, key, value)


@mutant
def sends_before_the_journal(put: Any) -> None:
    propose = desk.Desk._propose

    def hasty(self: Any, prog: Any, decided: Any, now: int, out: list[Any]) -> None:
        propose(self, prog, decided, now, out)
        while (pending := self._outbox.next_intent(self.journal.seq)) is not None:
            out.append(Submit(pending.approved, pending.decided.orders))

    put(desk.Desk, "_propose", hasty)


@mutant
def counts_a_fill_twice(put: Any) -> None:
    def book(self: Order, fill: e.OrderFilled) -> bool:
        self.filled_lots += fill.lots
        return True

    put(Order, "book", book)


@mutant
def sizes_repairs_from_orders(put: Any) -> None:
    def done(self: Order) -> int:
        return self.intent.lots if self.state is OrderState.SETTLED and self.filled_lots else self.filled_lots

    put(Order, "done_lots", property(done))


@mutant
def ends_orders_before_their_fills(put: Any) -> None:
    apply = Order.apply

    def hasty(self: Order, evidence: Evidence, now: int) -> None:
        apply(self, evidence, now)
        if self.state is OrderState.CLOSED:
            self.state = OrderState.SETTLED

    put(Order, "apply", hasty)


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


@mutant
def takes_a_cancel_reject_for_the_end(put: Any) -> None:
    dead = {**TRANSITIONS[Evidence.CANCEL_REJECTED], OrderState.CANCELLING: OrderState.CLOSED}
    put(TRANSITIONS, Evidence.CANCEL_REJECTED, dead)


@mutant
def takes_a_cancel_for_granted(put: Any) -> None:
    gone = dict.fromkeys(OrderState, OrderState.CLOSED)
    put(TRANSITIONS, Evidence.CANCEL_ASKED, gone)


@mutant
def trades_without_reconciling(put: Any) -> None:
    def judge(self: Reconciliation, programs: Any, now: int) -> bool:
        changed = self.state is not DeskState.RECONCILED
        self.state, self.reason = DeskState.RECONCILED, ""
        return changed

    put(Reconciliation, "judge", judge)


@mutant
def drops_fills_of_ended_orders(put: Any) -> None:
    book = Order.book

    def forgetful(self: Order, fill: e.OrderFilled) -> bool:
        return False if self.is_settled else book(self, fill)

    put(Order, "book", forgetful)


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
def forgets_a_kill_at_restart(put: Any) -> None:
    recover, resume = desk.Desk.recover, desk.Desk.resume

    def forgetful(self: Any, history: Any) -> None:
        recover(self, [record for record in history if not isinstance(record.event, e.Kill)])

    put(desk.Desk, "recover", forgetful)
    put(desk.Desk, "resume", lambda self, now, kills=(): resume(self, now))


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
        return self._entry(now) if event is None and may and self.state.open else event

    put(program.HedgeProgram, "decide", eager)


@mutant
def sends_what_waited_too_long(put: Any) -> None:
    put(desk, "why_not_send", lambda pending, now: "")


@mutant
def repairs_without_waiting_for_unknown_orders(put: Any) -> None:
    put(execution.Execution, "is_live", property(lambda self: False))


@mutant
def forgets_that_a_late_fill_reopens(put: Any) -> None:
    put(execution.Execution, "needs_work", property(lambda self: False))


@mutant
def unwinds_more_than_it_has(put: Any) -> None:
    from trading.core import repair

    put(repair, "_obstacle", lambda leg, move, limits: "" if leg.quote is not None else leg.unusable)


@mutant
def fills_do_not_end_the_silence(put: Any) -> None:
    stuck = {known: known for known in OrderState}
    put(order.TRANSITIONS, Evidence.CLOSED, stuck)
