"""Mistakes about a lead leg, the hedge of what it filled, and a quote that rests."""

from typing import Any

import msgspec

from trading.core import entry, execution, quoting, state
from trading.core import events as e
from trading.core.events import Purpose
from trading.core.policy import counter_levels
from trading.core.program import HedgeProgram, Permit
from trading.core.terms import ExecutionMode, LeadChoice, Working
from trading.core.units import SECOND, Nanos
from trading.core.view import FX
from trading.engine import desk, proposal
from trading.simulation.copper import CA, CU, INSTRUMENTS, copper_terms, quote
from trading.simulation.copper import FX as RATE
from trading.simulation.mutants import mutant

AT: Nanos = 1_800_000_000 * SECOND


def resting(program: HedgeProgram, bid: str, at: Nanos) -> list[e.Event]:
    """Show the books with this domestic bid, record what is decided and have a new quote accepted."""
    decided: list[e.Event] = []
    for instrument, low, high in ((CA, "9799.5", "9800"), (RATE, "7.0990", "7.1010"), (CU, bid, "79500")):
        program.see(quote(instrument, low, high, at), at)
    while (event := program.decide(at)) is not None:
        decided.append(event)
        program.handle(event, at)
        if isinstance(event, e.OrdersDecided):
            program.handle(e.OrderAccepted(event.orders[0].client_order_id, "V"), at)
    return decided


def quoting_program(requote_ticks: int = 4) -> HedgeProgram:
    working = Working(LeadChoice.FOREIGN, requote_ticks, 600)
    program = HedgeProgram(copper_terms(mode=ExecutionMode.QUOTE_AND_LEAN, working=working), INSTRUMENTS)
    program.permit = Permit.ENTRIES
    for venue in program.state.venues:
        program.handle(e.VenueUp(venue), AT)
    program.handle(e.Arm("C1", "trader1", 1, AT + SECOND), AT)
    return program


def filled(program: HedgeProgram, order: e.OrderIntent, lots: int, number: int) -> list[e.Event]:
    """Have the order trade and record what is decided then."""
    program.handle(e.OrderFilled(order.client_order_id, f"F{number}", lots, order.price_ticks, "D1"), AT)
    decided: list[e.Event] = []
    while (event := program.decide(AT)) is not None:
        decided.append(event)
        program.handle(event, AT)
    return decided


def a_fill_is_hedged_while_the_quote_rests() -> None:
    program = quoting_program()
    [placed] = resting(program, "79400", AT)
    assert isinstance(placed, e.OrdersDecided)
    decided = filled(program, placed.orders[0], 1, 1)
    assert [event.purpose for event in decided if isinstance(event, e.OrdersDecided)] == [Purpose.HEDGE]


def what_is_beyond_the_plan_is_not_hedged() -> None:
    program = quoting_program()
    [placed] = resting(program, "79400", AT)
    assert isinstance(placed, e.OrdersDecided)
    [hedge] = filled(program, placed.orders[0], 2, 1)
    assert isinstance(hedge, e.OrdersDecided)
    filled(program, hedge.orders[0], 10, 2)
    decided = filled(program, placed.orders[0], 1, 3)
    assert not any(isinstance(event, e.OrdersDecided) and event.purpose is Purpose.HEDGE for event in decided)


def a_quote_moves_by_its_tolerance_only() -> None:
    program = quoting_program()
    assert [type(event) for event in resting(program, "79400", AT)] == [e.OrdersDecided]
    assert resting(program, "79390", AT + 1) == []  # two to three ticks
    assert [type(event) for event in resting(program, "79370", AT + 2)] == [e.CancelDecided]


def a_quote_that_never_traded_is_no_failure() -> None:
    program = quoting_program()
    for step in range(4):
        at = AT + step * SECOND
        [placed] = resting(program, "79400", at)
        assert isinstance(placed, e.OrdersDecided)
        [_] = resting(program, "77500", at)
        program.handle(e.OrderClosed(placed.orders[0].client_order_id, 0, "cancelled"), at)
        while (event := program.decide(at)) is not None:
            assert isinstance(event, e.ExecutionEnded)
            program.handle(event, at)
    assert program.is_armed


def the_gate_sees_the_hedge_to_come() -> None:
    program = quoting_program()
    [placed] = resting(program, "79400", AT)
    assert isinstance(placed, e.OrdersDecided)
    assert [order.lots for order in desk.propose(program, placed, AT).to_come] == [10]


@mutant
def hedges_what_the_lead_leg_ordered(put: Any) -> None:
    def due(self: Any, filled_later: int = 0) -> tuple[int, int]:
        if self.lead is None or self.attempts or self.mandate or not self.along[self.lead]:
            return 0, 0
        hedged = any(order.intent.purpose is Purpose.HEDGE for order in self.orders)
        return 1 - self.lead, 0 if hedged else self.units * self.ratio_lots[1 - self.lead]

    put(execution.Execution, "hedge_due", due)


@mutant
def rounds_a_hedge_up_to_the_next_unit(put: Any) -> None:
    hedge_due = execution.Execution.hedge_due

    def due(self: Any, filled_later: int = 0) -> tuple[int, int]:
        if self.lead is None or filled_later or not self.rest_lots:
            return hedge_due(self, filled_later)
        return hedge_due(self, self.ratio_lots[self.lead] - self.rest_lots)

    put(execution.Execution, "hedge_due", due)


@mutant
def hedges_all_lots_again_with_every_fill(put: Any) -> None:
    def due(self: Any, filled_later: int = 0) -> tuple[int, int]:
        if self.lead is None or self.attempts or self.mandate:
            return 0, 0
        hedged = any(o.is_live for o in self.orders if o.intent.purpose is Purpose.HEDGE)
        units = max(0, self.along[self.lead] + filled_later) // self.ratio_lots[self.lead]
        return 1 - self.lead, 0 if hedged or not any(self.naked) else units * self.ratio_lots[1 - self.lead]

    put(execution.Execution, "hedge_due", due)


@mutant(specification=what_is_beyond_the_plan_is_not_hedged)
def hedges_beyond_the_approved_units(put: Any) -> None:
    hedge_due = execution.Execution.hedge_due

    def due(self: Any, filled_later: int = 0) -> tuple[int, int]:
        planned, self.units = self.units, 10**6
        found = hedge_due(self, filled_later)
        self.units = planned
        return found

    put(execution.Execution, "hedge_due", due)


@mutant(specification=a_fill_is_hedged_while_the_quote_rests)
def leaves_the_hedge_to_the_repair(put: Any) -> None:
    put(entry.Entries, "hedge", lambda self, case, now: None)


@mutant
def leaves_a_quote_resting_when_stopped(put: Any) -> None:
    put(quoting.Quoting, "_stopped", lambda self, case, now: "")


@mutant
def leaves_a_quote_resting_without_its_other_leg(put: Any) -> None:
    put(quoting.Quoting, "_unsafe", lambda self, case, now: "")


@mutant
def quotes_on_although_a_hedge_came_short(put: Any) -> None:
    put(execution.Execution, "is_hedge_short", property(lambda self: False))


@mutant
def quotes_through_the_best_opposite_price(put: Any) -> None:
    def eager(view: Any, lead: int, units: int) -> Any:
        leans = quoting.lean_price(view, lead, units)
        return None if leans is None else leans[0]

    put(quoting, "quote_price", eager)


@mutant
def leans_on_the_best_price_only(put: Any) -> None:
    def shallow(view: Any, lead: int, units: int) -> Any:
        other, trigger = 1 - lead, view.trigger
        seen, fx = view.quotes[other], view.counter_ticks[FX]
        levels = counter_levels(seen, view.sides[other]) if seen else ()
        if not levels or fx is None:
            return None
        rate = fx if trigger.uses_fx else 1
        if lead == 0:
            bound = (levels[0].price_ticks * trigger.foreign_weight + trigger.foreign_fixed) * rate + trigger.fixed
            weight = trigger.domestic_weight
        else:
            bound = trigger.foreign_fixed * rate + trigger.fixed - levels[0].price_ticks * trigger.domestic_weight
            weight = -trigger.foreign_weight * rate
        return (-(-bound // weight), True) if weight > 0 else (bound // weight, False)

    put(quoting, "lean_price", shallow)


@mutant
def quotes_the_whole_size_again(put: Any) -> None:
    again = quoting.Quoting.again

    def whole(self: Any, case: Any, now: int) -> Any:
        along, case.along = case.along, (0, 0)
        found = again(self, case, now)
        case.along = along
        return found

    put(quoting.Quoting, "again", whole)


@mutant
def knows_no_message_budget(put: Any) -> None:
    put(quoting.Quoting, "has_room", lambda self, now, messages=2: True)


@mutant
def forgets_the_daily_cap(put: Any) -> None:
    put(entry.Entries, "units_left", lambda self, view, now, units_max=None: self._program.clip_units)


@mutant
def counts_a_quote_without_a_trade_as_an_execution(put: Any) -> None:
    put(state.ProgramState, "_count_again", lambda self, case, more: None)


@mutant(specification=a_quote_moves_by_its_tolerance_only)
def moves_the_quote_with_every_tick(put: Any) -> None:
    drifted = quoting.Quoting._drifted

    def eager(self: Any, case: Any, order: Any, now: int) -> str:
        price = quoting.quote_price(self._program, order.intent.leg, case.units)
        return "requote" if price != order.intent.price_ticks else drifted(self, case, order, now)

    put(quoting.Quoting, "_drifted", eager)


@mutant(specification=a_quote_that_never_traded_is_no_failure)
def calls_a_quote_without_a_trade_a_failure(put: Any) -> None:
    count_again = state.ProgramState._count_again

    def failed(self: Any, case: Any, more: int) -> None:
        count_again(self, case, more)
        self.failures_in_row += 1

    put(state.ProgramState, "_count_again", failed)


@mutant(specification=the_gate_sees_the_hedge_to_come)
def asks_the_gate_for_the_lead_order_alone(put: Any) -> None:
    propose = proposal.propose

    def alone(prog: Any, decided: Any, now: int) -> Any:
        return msgspec.structs.replace(propose(prog, decided, now), to_come=())

    put(desk, "propose", alone)
