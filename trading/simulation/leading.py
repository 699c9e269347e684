"""What must hold of a lead leg, its hedge and its resting quote, beside what holds of every order."""

from typing import TYPE_CHECKING

from trading.core import events as e
from trading.core.execution import Execution
from trading.core.order import OrderState
from trading.core.program import HedgeProgram
from trading.core.state import ProgramState
from trading.core.terms import Comparator, ExecutionMode
from trading.core.units import SECOND, Nanos, Side
from trading.engine.desk import Desk

if TYPE_CHECKING:
    from trading.simulation.checkers import Checkers

MINUTE: Nanos = 60 * SECOND


class Leading:
    """Part of the judge: INV-02 of hedges, INV-09 and INV-13 of quotes."""

    def __init__(self, checkers: "Checkers") -> None:
        self._checkers = checkers

    def entry(self, program: HedgeProgram, decided: e.OrdersDecided, now: Nanos) -> None:
        """Check a decision to enter, or to quote again."""
        mode, fail = program.terms.mode, self._checkers.fail
        self._checkers.branches["entry_" + mode.value] += 1
        if (decided.lead is None) is not (mode is ExecutionMode.TOGETHER):
            fail("INV-09", f"{decided.execution} has lead {decided.lead} in mode {mode.value}")
        if decided.lead is not None and [order.leg for order in decided.orders] != [decided.lead]:
            fail("INV-09", f"{decided.execution} sends more than its lead leg")
        cap = program.terms.slicing.units_per_day_max
        if cap and decided.units + program.state.tally.units_on(now) > cap and _is_first(program.state, decided):
            fail("INV-09", f"{decided.execution} passes the day's cap of {cap} units")
        self._pays(program, decided)
        if decided.orders[0].time_in_force is e.TimeInForce.DAY:
            self._quote(program, decided, now)

    def _pays(self, program: HedgeProgram, decided: e.OrdersDecided) -> None:
        """The measure on the decision's own prices reaches the trigger."""
        value, wanted = decided.measure_value, decided.trigger_value
        assert value is not None and wanted is not None
        is_above = program.terms.trigger.comparator is Comparator.AT_LEAST
        if (value < wanted) if is_above else (value > wanted):
            self._checkers.fail("INV-09", f"{decided.execution} enters at {value}, {wanted} is wanted")

    def _quote(self, program: HedgeProgram, decided: e.OrdersDecided, now: Nanos) -> None:
        order, fail = decided.orders[0], self._checkers.fail
        book = next(quote for quote in decided.quotes if quote.instrument == order.instrument)
        counter = book.asks if order.side is Side.BUY else book.bids
        if counter and order.side.sign * (order.price_ticks - counter[0].price_ticks) >= 0:
            fail("INV-09", f"{order.client_order_id} quotes through the best opposite price")
        budget = program.terms.working.messages_per_minute_max
        if (used := self._messages(program.terms.program, now)) + 1 > budget:
            fail("INV-09", f"{order.client_order_id} is message {used + 1} of a minute, {budget} are allowed")

    def _messages(self, name: str, now: Nanos) -> int:
        """Recount the quotes and their call-backs of the last minute from the journal."""
        quotes: set[str] = set()
        used = 0
        for record in self._checkers.world.disk.records:
            event = record.event
            if record.program != name or not isinstance(event, e.OrdersDecided | e.CancelDecided):
                continue
            if isinstance(event, e.OrdersDecided):
                days = [order.client_order_id for order in event.orders if _rests_as_entry(order)]
                quotes.update(days)
                count = len(days)
            else:
                count = sum(known in quotes for known in event.client_order_ids)
            used += count if record.at > now - MINUTE else 0
        return used - 1  # the decision that asks is on record already

    def hedge(self, case: Execution, decided: e.OrdersDecided) -> None:
        """INV-02: a hedge never goes beyond the whole units that the lead leg is known to have."""
        self._checkers.branches["hedge"] += 1
        if case.lead is None or len(decided.orders) != 1 or decided.orders[0].leg == case.lead:
            return self._checkers.fail("INV-02", f"{case.id} hedges {len(decided.orders)} orders, lead {case.lead}")
        if case.quote is not None:
            self._checkers.branches["hedge_while_quoting"] += 1
        order = decided.orders[0]
        coming = case.reserved()[order.leg][order.side is Side.BUY]
        units = case.along[case.lead] // case.ratio_lots[case.lead]
        most = case.along[order.leg] + coming + order.lots
        if order.side is not case.entered_sides[order.leg] or most > units * case.ratio_lots[order.leg]:
            text = f"{order.client_order_id} hedges up to {most} lots of {units} units of {case.id}"
            self._checkers.fail("INV-02", text)

    def after_turn(self, desk: Desk) -> None:
        """No quote rests on that nobody wants, or whose other leg could not be hedged."""
        for program in desk.programs.values():
            state = program.state
            for case in state.open:
                quote = case.quote
                if quote is None or quote.state is not OrderState.WORKING or quote.intent.venue not in state.up_since:
                    continue
                name = quote.intent.client_order_id
                if self._checkers.is_killed(program.terms.program) or state.halt_reason or not program.is_armed:
                    self._checkers.fail("INV-13", f"{name} rests on although the program was stopped")
                if any(venue not in state.up_since for venue in program.view_of(case).venues):
                    self._checkers.fail("INV-09", f"{name} rests on while the other leg's venue is down")
                short = [order for order in case.orders if order.intent.purpose is e.Purpose.HEDGE and order.is_settled]
                if any(order.done_lots < order.intent.lots for order in short):
                    self._checkers.fail("INV-09", f"{name} rests on although a hedge of {case.id} came short")


def _is_first(state: ProgramState, decided: e.OrdersDecided) -> bool:
    return decided.execution not in state.executions


def _rests_as_entry(order: e.OrderIntent) -> bool:
    return order.purpose is e.Purpose.ENTRY and order.time_in_force is e.TimeInForce.DAY
