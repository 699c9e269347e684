"""Checks of one decision and of what its orders could add up to; a violation is reported to the checkers."""

from typing import TYPE_CHECKING, Any

from trading.core import events as e
from trading.core.flatten import held_units
from trading.core.order import OrderState
from trading.core.policy import counter_levels, limit_of
from trading.core.program import HedgeProgram
from trading.core.repair import CHOSEN
from trading.core.units import Lots, Nanos
from trading.core.view import DOMESTIC
from trading.engine.desk import Desk
from trading.simulation.leading import Leading

if TYPE_CHECKING:
    from trading.simulation.checkers import Checkers


class Judge:
    """Checks of a decision and of what its orders could add up to."""

    def __init__(self, checkers: "Checkers") -> None:
        self._checkers = checkers
        self.leading = Leading(checkers)

    def decision(self, name: str, decided: e.OrdersDecided, now: Nanos) -> None:
        """INV-09 for entries; what each repair chose, for the counts."""
        desk = self._checkers.world.desk
        if desk is None:
            return
        program = desk.programs[name]
        self._tell_truth(program, decided)
        if decided.purpose is e.Purpose.ENTRY:
            self._entry(program, decided, now)
            self.leading.entry(program, decided, now)
            return
        if decided.execution not in program.state.executions:
            self._flatten(program, decided)
            return
        branches = self._checkers.branches
        if decided.purpose is e.Purpose.HEDGE:
            self.leading.hedge(program.state.executions[decided.execution], decided)
            return
        branches["repair_" + decided.purpose.value] += 1
        if any(option.name == "queue" and option.reason == CHOSEN for option in decided.options):
            branches["repair_queue"] += 1
        if len(decided.orders) > 1:
            branches["repair_both_legs"] += 1
        case = program.state.executions[decided.execution]
        live = [order.intent.client_order_id for order in case.orders if order.is_live]
        if live:
            self._checkers.fail("INV-09", f"a repair of {case.id} is decided while the fate of {live} is unknown")
        self._priced(decided)
        if any(lots % ratio for lots, ratio in zip(case.along, case.ratio_lots, strict=True)):
            branches["repair_sub_unit"] += 1
        if case.mandate:
            branches["repair_" + case.mandate] += 1
        if case.mandate == "reduce":
            self._reduce_only(case, decided)

    def _priced(self, decided: e.OrdersDecided) -> None:
        """INV-14: a repair trades in a market that trades, and where a side is empty it rests at the limit price."""
        quotes = {quote.instrument: quote for quote in decided.quotes}
        for order in decided.orders:
            quote = quotes[order.instrument]
            limit = limit_of(quote, order.side)
            name, price = order.client_order_id, order.price_ticks
            if not quote.is_trading:
                self._checkers.fail("INV-14", f"{name} is for {order.instrument}, which does not trade")
            if limit is not None and order.side.sign * price > order.side.sign * limit:
                self._checkers.fail("INV-14", f"{name} at {price} is beyond the limit {limit}")
            if not counter_levels(quote, order.side) and (
                price != limit or order.time_in_force is not e.TimeInForce.DAY
            ):
                self._checkers.fail("INV-14", f"{name} at {price} is made from an empty side")

    def owner(self, desk: Desk, client_order_id: str) -> HedgeProgram:
        """Return the program that decided an order."""
        return next(p for p in desk.programs.values() if client_order_id in p.state.orders)

    def _tell_truth(self, program: HedgeProgram, decided: e.OrdersDecided) -> None:
        """Let the figures know which trades will belong together."""
        self._checkers.world.truth.on_decided(program.terms, decided)

    def _entry(self, program: HedgeProgram, decided: e.OrdersDecided, now: Nanos) -> None:
        state, pair, fail = program.state, program.terms.pair_on(decided.route), self._checkers.fail
        case = state.executions.get(decided.execution)
        self._checkers.branches["entry" if case is None else "requote"] += 1
        self._checkers.branches["entry_route"] += bool(decided.route)
        parts = [other for other in state.open if other.is_split and other.opened_at == now]
        self._checkers.branches["entry_split"] += case is None and bool(parts)
        if case is None and any(other not in parts or other.route == decided.route for other in state.open):
            fail("INV-09", f"{decided.execution} begins while {state.open[0].id} is open")
        if case is not None and (case.needs_work or case.is_ended or case.attempts):
            fail("INV-09", f"{decided.execution} quotes again while it has other work")
        if state.mode.value != "armed" or state.halt_reason or now >= state.armed_until:
            fail("INV-09", f"{decided.execution} begins although the program is not armed")
        if self._checkers.is_killed(program.terms.program):
            fail("INV-13", f"{decided.execution} begins although killed")
        if self._checkers.is_restarted(program.terms.program):
            fail("INV-13", f"{decided.execution} begins although nobody armed the program since the restart")
        if self._checkers.foreign:
            fail("INV-05", f"{decided.execution} begins although {min(self._checkers.foreign)} is nobody's order")
        if self._checkers.world.lease != "held":
            fail("INV-11", f"{decided.execution} begins although the lease is {self._checkers.world.lease}")
        if not all(self._checkers.world.lines.is_up[order.venue] for order in decided.orders):
            fail("INV-09", f"{decided.execution} begins while a venue is down")
        if case is None and not parts and program.sets_left() <= 0:
            fail("INV-09", f"{decided.execution} is more than the approved number")
        desk = self._checkers.world.desk
        breaks = desk.position_check.breaks if desk is not None else {}
        broken = [order.instrument for order in decided.orders if order.instrument in breaks]
        if broken:
            fail("INV-09", f"{decided.execution} begins although our books of {broken[0]} differ from the venue's")
        for quote in decided.quotes:
            age_max = pair.fx_age_max if quote.instrument == pair.fx_instrument else pair.leg_age_max
            if now - quote.received_at > age_max:
                fail("INV-09", f"{decided.execution} rests on a stale quote of {quote.instrument}")
            if not quote.is_trading:
                fail("INV-09", f"{decided.execution} rests on {quote.instrument}, which does not trade now")
            if quote.bids and quote.asks and quote.bids[0].price_ticks >= quote.asks[0].price_ticks:
                fail("INV-09", f"{decided.execution} rests on a crossed quote of {quote.instrument}")
            if any(level.price_ticks <= 0 for level in (*quote.bids, *quote.asks)):
                fail("INV-09", f"{decided.execution} rests on a zero price of {quote.instrument}")

    def _flatten(self, program: HedgeProgram, decided: e.OrdersDecided) -> None:
        """INV-02: a flatten was asked for, closes on both legs, and never trades back more than is held."""
        state, fail = program.state, self._checkers.fail
        self._checkers.branches["flatten"] += 1
        net = held_units(state.executions.values(), decided.route)
        if state.flatten is None or decided.units > state.flatten.units_left:
            fail("INV-09", f"{decided.execution} flattens {decided.units} units that nobody asked for")
        if decided.units > abs(net):
            fail("INV-02", f"{decided.execution} flattens {decided.units} units, {net} are held")
        for order in decided.orders:
            is_closing = (order.side.sign * (1 if order.leg == DOMESTIC else -1)) * net < 0
            if order.offset is e.Offset.OPEN or not is_closing:
                fail("INV-02", f"{order.client_order_id} opens in a flatten")

    def _reduce_only(self, case: Any, decided: e.OrdersDecided) -> None:
        along = case.along
        for order in decided.orders:
            held = along[order.leg] * case.entered_sides[order.leg].sign
            if order.side.sign * held >= 0 or order.lots > abs(held):
                self._checkers.fail("INV-02", f"{order.client_order_id} adds to the position in an unwind")

    def exposure(self, desk: Desk, program: HedgeProgram, order: e.OrderIntent) -> None:
        """INV-02: what could be traded if every live order filled stays within the plan of the execution."""
        case = program.state.executions[program.state.orders[order.client_order_id].execution]
        self._contains_truth(desk, order.instrument, order.venue)
        if order.instrument in case.proxies:
            self._stands_in(case, order)
            return
        entered = case.entered_sides[order.leg]
        most = least = case.along[order.leg]
        dead: Lots = 0
        for other in case.orders:
            if other.intent.instrument != order.instrument or not other.reserved_lots:
                continue
            if other.state is OrderState.PRESUMED_DEAD:
                dead += other.reserved_lots
            elif other.intent.side is entered:
                most += other.reserved_lots
            else:
                least -= other.reserved_lots
        planned = case.units * case.ratio_lots[order.leg]
        along = case.along[order.leg]
        if most > max(planned, along) or least < min(0, along):
            text = f"{order.client_order_id}: leg {order.leg} could reach {least}..{most} of {planned}"
            self._checkers.fail("INV-02", text)

    def _stands_in(self, case: Any, order: e.OrderIntent) -> None:
        """A proxy, filled whole, never hedges more than its leg still needs."""
        proxy = case.proxies[order.instrument]
        held = case.proxy_positions().get(order.instrument, 0)
        entered = case.entered_sides[order.leg]
        most = held * entered.sign + sum(
            other.reserved_lots
            for other in case.orders
            if other.intent.instrument == order.instrument
            and other.intent.side is entered
            and other.state is not OrderState.PRESUMED_DEAD
        )
        planned = case.units * case.ratio_lots[order.leg]
        whole = abs(held) // proxy.lots * proxy.replaces_lots
        direct = case.along[order.leg] - whole
        if direct + most * proxy.replaces_lots // proxy.lots > max(planned, case.along[order.leg]):
            text = f"{order.client_order_id}: {most} lots of {order.instrument} stand in for more than {planned}"
            self._checkers.fail("INV-02", text)

    def _contains_truth(self, desk: Desk, instrument: str, venue: str) -> None:
        """The worst case we reserve always contains what the venue really traded."""
        if not self._checkers.is_truthful:
            return
        theirs = self._checkers.world.venues[venue].position(instrument)
        span = desk.positions.range_of(instrument, desk.programs.values())
        if not span.low_lots <= theirs <= span.high_lots:
            text = f"{instrument}: the venue traded {theirs}, we reserve {span.low_lots}..{span.high_lots}"
            self._checkers.fail("INV-02", text)
