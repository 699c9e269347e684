"""A hedge program: one operator-approved run over one pair, as a sans-I/O machine.

Theory of operation. The host shows quotes (`see`), asks for a decision (`decide`), records it in the journal and only
then has it applied (`handle`), exactly as it records and applies what venues and operators say. So the durable state
is a fold of the journal, and `decide` is a pure choice from that state, the quotes and the time; all control flow is
in it. Its spine: a silent order? ask. Naked? repair. Something unsettled? wait. Nothing left? finish. Else look for
an entry.
"""

from collections.abc import Iterator
from enum import IntEnum

import msgspec

from trading.core import events as e
from trading.core import routing
from trading.core.books import Books
from trading.core.effects import Effect
from trading.core.entry import Entries
from trading.core.execution import Execution
from trading.core.flatten import Flattens
from trading.core.order import LIVE_STATES, SETTLED_STATES, Order, OrderState
from trading.core.quoting import quoting_of
from trading.core.repair_case import Repairs
from trading.core.state import FAILURES_IN_ROW_MAX, Mode, ProgramState
from trading.core.terms import Instrument, Terms
from trading.core.units import NEVER, Lots, Nanos, Side, Ticks
from trading.core.view import Cell, MarketView


class Permit(IntEnum):
    """What the desk lets its programs do now; volatile, never journaled."""

    NOTHING = 0  # not reconciled, or the lease is lost: cancels and queries only
    REPAIRS = 1
    ENTRIES = 2


class HedgeProgram(MarketView):
    """One program. `id_prefix` and `permit` belong to the host; everything durable is in `state`."""

    def __init__(
        self,
        terms: Terms,
        instruments: dict[str, Instrument],
        closes_today: frozenset[str] = frozenset(),
        cells: dict[str, Cell] | None = None,
    ) -> None:
        """Compile the terms; raises BadTerms.

        `closes_today` names venues where today's position closes separately; `cells` are the books shared by a desk.
        """
        self.state = ProgramState(terms, instruments)
        self.permit = Permit.NOTHING
        self.books: Books | None = None  # the desk's positions; without them a close takes what the case opened today
        self.id_prefix = ""
        self._past: list[MarketView] = []  # routes of earlier terms that a late report brought back
        self._all_instruments = instruments
        self._all_cells: dict[str, Cell] = {} if cells is None else cells
        self._adopt(terms)
        self._repairs = Repairs(self, closes_today)
        self.flattens = Flattens(self, closes_today)

    def _adopt(self, terms: Terms) -> None:
        others = [MarketView(terms, self._all_instruments, self._all_cells, n + 1) for n in range(len(terms.routes))]
        super().__init__(terms, self._all_instruments, self._all_cells)
        routing.check_routes(terms, self._all_instruments)
        self.others = tuple(others)  # the routes besides the program's own
        self.views: tuple[MarketView, ...] = (self, *others)  # by route
        self.watched = tuple(dict.fromkeys(code for view in self.views for code in view.codes))
        self.terms = terms
        self.state.adopt(terms)
        self.entries = Entries(self)
        self.quoting = quoting_of(self)
        self._is_wanted = self.quoting.holds if self.quoting else self.holds
        for code in self.state.proxies:
            self._all_cells.setdefault(code, Cell())
        self.watched = tuple(dict.fromkeys((*self.watched, *self.state.proxies)))

    def view_of(self, case: Execution) -> MarketView:
        """Return the market of the route on which the case runs, although the terms may have other routes by now."""
        view = self.views[case.route] if case.route < len(self.views) else self
        if case.pair is None or view.pair.legs == case.pair.legs:
            return view
        known = next((past for past in self._past if past.pair == case.pair), None)
        if known is None:
            then = msgspec.structs.replace(self.terms, pair=case.pair, routes=())
            known = MarketView(then, self._all_instruments, self._all_cells)
            self._past.append(known)
        return known

    # --- what the program sees ---

    def see(self, quote: e.QuoteSeen, now: Nanos) -> bool:
        """Take note of a quote; return whether `decide` could now have something to say."""
        self._all_cells[quote.instrument].show(quote)
        return self.look(now)

    def look(self, now: Nanos) -> bool:
        """Look at the books again after one of them changed; return whether `decide` could have something to say."""
        holds = self.track(self._is_wanted(), now)
        for view in self.others:
            holds = view.track(view.holds(), now) or holds
        return holds or bool(self.state.open) or self.state.flatten is not None

    @property
    def is_held(self) -> bool:
        """Whether the trigger holds on the best prices of a route."""
        return self.holds_since is not None or any(view.holds_since is not None for view in self.others)

    def is_splitting(self, now: Nanos) -> bool:
        """Whether the clip entered in this turn may go on on another route."""
        return bool(self.others) and bool(routing.split_cases(self, now))

    def instrument_of(self, order: e.OrderIntent) -> Instrument:
        """Return what an order trades: its leg's instrument, or what stands in for it."""
        return self._all_instruments[order.instrument]

    def quote_of(self, code: str) -> e.QuoteSeen | None:
        """Return the last quote of any instrument this program may trade."""
        return self._all_cells[code].quote

    # --- the one method with control flow ---

    def decide(self, now: Nanos, units_max: int | None = None) -> e.Event | None:
        """Return the next decision to journal, or None while there is nothing to do.

        `units_max` is what the desk grants an entry where several programs want the same.
        """
        state = self.state
        for case in state.open:
            if (unwanted := self._unwanted(case, now)) is not None:
                return unwanted
        if (silent := self._silent(now)) is not None:
            return silent
        for case in state.open:
            if case.lead is not None and (hedge := self._hedge(case, now)) is not None:
                return hedge
            if case.is_naked:
                if (repair := self._repair(case, now)) is not None:
                    return repair
            elif case.is_settled:
                if self.quoting and (quote := self.quoting.again(case, now)) is not None:
                    return quote
                return e.ExecutionEnded(case.id, case.describe_outcome(), case.residual)
        if (flatten := self._flatten(now)) is not None:
            return flatten
        if state.mode is not Mode.ARMED:
            return None
        if (reason := self._why_disarm(now)) is not None:
            return e.Disarmed(reason)
        if not self.is_held or self.permit is not Permit.ENTRIES or (state.open and not self.is_splitting(now)):
            return None
        return (self.quoting or self.entries).decide(now, units_max)

    def _unwanted(self, case: Execution, now: Nanos) -> e.CancelDecided | None:
        """Return the cancel of orders that must not rest: those that had their time, and what a kill calls back."""
        state = self.state
        if self.quoting and (called_back := self.quoting.withdrawal(case, now)) is not None:
            return called_back
        names = []
        for order in case.orders:
            if order.state not in LIVE_STATES or order.intent.venue not in state.up_since:
                continue
            is_killed = state.kill_level in ("cancel", "neutralize") and order.asked_at < state.killed_at
            spared = state.kill_level == "neutralize" and order.intent.purpose is not e.Purpose.ENTRY
            is_needless = order.is_queued and not case.is_naked  # it came to life when the case was whole again
            if order.is_resting or is_needless or now >= self._rests_until(case, order) or (is_killed and not spared):
                names.append(order.intent.client_order_id)
        if not names or state.kill_level:
            return e.CancelDecided(tuple(names), "kill") if names else None
        return self._repairs.call_back(case, names, now)

    def _rests_until(self, case: Execution, order: Order) -> Nanos:
        """Return when an accepted order has had its time to fill by itself; it is called back once for that."""
        if order.state is not OrderState.WORKING or order.asked_at or order.intent.time_in_force is e.TimeInForce.DAY:
            return NEVER
        return self._repairs.waits_until(case, order)

    def _silent(self, now: Nanos) -> e.QueryDecided | None:
        """Return the query of every order whose venue is up and owes an answer."""
        if not (self.state.open or self.state.presumed_dead):
            return None
        names = tuple([name for name, due in self._queries_due() if now >= due])
        return e.QueryDecided(names, "silent") if names else None

    def _queries_due(self) -> Iterator[tuple[str, Nanos]]:
        """Yield (order id, when to ask) for every order that a venue on a live line still owes something about."""
        state, times = self.state, self.state.reply_times
        for case in state.open:
            for order in case.orders:
                venue = order.intent.venue
                if order.state not in SETTLED_STATES and venue in state.up_since:
                    due = order.query_due_at(times[venue])
                    if due is not None:
                        yield order.intent.client_order_id, due
        for name in state.presumed_dead:
            venue = state.orders[name].intent.venue
            if venue in state.up_since and (due := state.orders[name].query_due_at(times[venue])) is not None:
                yield name, due

    def _hedge(self, case: Execution, now: Nanos) -> e.OrdersDecided | None:
        """Return the hedge of what a lead leg filled; its own lead order may still be working."""
        if self.permit is Permit.NOTHING or not self.may_repair(case):
            return None
        return self.entries.hedge(case, now)

    def _repair(self, case: Execution, now: Nanos) -> e.Event | None:
        """Return the repair of a naked case, its halt, or None while evidence or a price may still come."""
        if not self.may_repair(case):
            return None
        naked_since = now if case.naked_since is None else case.naked_since
        if now - naked_since >= self.terms.repair.naked_age_max:
            return e.Halted("naked_age", case.naked, f"{case.id}: naked longer than allowed")
        if self.permit is not Permit.NOTHING and (recall := self._repairs.recall(case, now)) is not None:
            return recall
        if case.is_live or now < case.retry_at or self.permit is Permit.NOTHING:
            return None
        if case.attempts_left <= 0:
            return e.Halted("attempts", case.naked, f"{case.id}: the repair budget is used up")
        return self._repairs.decide(case, now)

    def may_repair(self, case: Execution) -> bool:
        """Whether repairs may go on: a halt or a kill of level cancel stops them until a person asks for one."""
        return bool(case.mandate) or not (self.state.halt_reason or self.state.kill_level == "cancel")

    def _flatten(self, now: Nanos) -> e.Event | None:
        """Return the next step of a flatten that a person asked for."""
        return None if self.permit is Permit.NOTHING else self.flattens.decide(now)

    def repair_as_if(self, case: Execution, mandate: str, now: Nanos) -> e.OrdersDecided | None:
        """Return the repair that a person's request would bring now, or None; the case itself stays as it is."""
        decided = None if case.is_live else self._repairs.decide(case.as_if(mandate, now), now)
        return decided if isinstance(decided, e.OrdersDecided) else None

    def _why_disarm(self, now: Nanos) -> str | None:
        state = self.state
        if now >= state.armed_until:
            return "ttl"
        is_done = state.executions_since_arm >= self.terms.executions_max and not self.terms.slicing.is_repeating
        if is_done and not state.open:
            return "executions_max"
        if state.failures_in_row >= FAILURES_IN_ROW_MAX:
            return "failures"
        return None

    @property
    def is_armed(self) -> bool:
        return self.state.mode is Mode.ARMED

    @property
    def may_enter(self) -> bool:
        """Whether the desk lets entries stand now."""
        return self.permit is Permit.ENTRIES

    def sets_left(self) -> int:
        """Return how many sets of this round are still to be done; a repeating program then starts over."""
        terms, done = self.terms, self.state.executions_since_arm
        return terms.executions_max - (done % terms.executions_max if terms.slicing.is_repeating else done)

    # --- orders ---

    def preview(self, now: Nanos) -> e.OrdersDecided | None:
        """Return the orders an entry would hold now, whether or not anything else allows it."""
        return (self.quoting or self.entries).preview(now)

    def next_intent(
        self, case: Execution, leg: int, side: Side, lots: Lots, price: Ticks, purpose: e.Purpose,
        time_in_force: e.TimeInForce = e.TimeInForce.IOC,
    ) -> e.OrderIntent:  # fmt: skip
        """Return a further opening order of an open execution, under the next number of its leg."""
        attempt = sum(order.intent.leg == leg for order in case.orders)
        key = f"{case.id.rsplit('-', 1)[1].lstrip('0')}-{leg}{attempt}"
        return self.intent(
            key, leg, side, lots, price, purpose, attempt=attempt, view=self.view_of(case), time_in_force=time_in_force
        )

    def intent(
        self, key: str, leg: int, side: Side, lots: Lots, price: Ticks,
        purpose: e.Purpose = e.Purpose.ENTRY, offset: e.Offset = e.Offset.OPEN, attempt: int = 0,
        view: MarketView | None = None, time_in_force: e.TimeInForce = e.TimeInForce.IOC, prompt: str = "",
    ) -> e.OrderIntent:  # fmt: skip
        """Return one order; its id is deterministic: desk and epoch, program, execution, leg, attempt.

        `view` is the route it belongs to, the program's own unless told.
        """
        view = view or self
        instrument, flag = view.instruments[leg], view.pair.legs[leg].hedge_flag
        return e.OrderIntent(
            f"{self.id_prefix}-{key}", instrument.code, instrument.venue, leg, side, lots, price,
            time_in_force, purpose, offset, attempt, flag, prompt,
        )  # fmt: skip

    # --- facts, time and what the screen shows ---

    def handle(self, event: e.Event, now: Nanos) -> list[Effect]:
        """Fold a journaled fact; return what the host must do next, in order."""
        if type(event) is e.TermsChanged and event.terms != self.terms:
            self._adopt(event.terms)
        return self.state.fold(event, now)

    def deadline(self, now: Nanos) -> Nanos | None:
        """Return when after `now` `decide` must be asked again even if nothing happens, or None."""
        state = self.state
        times = [due for _, due in self._queries_due()] if state.open or state.presumed_dead else []
        if state.open:
            times += self._case_times(now)
        if state.mode is Mode.ARMED:
            times.append(state.armed_until)
        if state.flatten is not None:
            times += [state.flatten.due_at, state.flatten.retry_at]
        if state.mode is Mode.ARMED and not state.open:
            held = [view.holds_since for view in self.views if view.holds_since is not None]
            times += [max(since + self.terms.trigger.dwell, state.cooldown_until) for since in held]
        return min([at for at in times if now < at < NEVER], default=None)

    def _case_times(self, now: Nanos) -> Iterator[Nanos]:
        """Yield the times that open executions wait for, past ones too."""
        repair = self.terms.repair
        for case in self.state.open:
            for order in case.orders:
                yield self._rests_until(case, order)
            if self.quoting:
                yield from self.quoting.deadlines(case, now)
            if case.naked_since is not None and self.may_repair(case):
                yield case.naked_since + repair.wait
                yield case.naked_since + repair.naked_age_max
                if case.lead is not None or not case.is_live:
                    yield case.retry_at

    def snapshot(self) -> dict[str, object]:
        """Return the durable state as plain values: for the screen, and to compare folds."""
        state = self.state
        return {
            "program": self.terms.program, "revision": self.terms.revision, "state": self.shown_state(0),
            "mode": state.mode.value, "reason": state.mode_reason, "since": state.mode_since,
            "armed_until": state.armed_until, "kill_level": state.kill_level, "halt_reason": state.halt_reason,
            "venues_up": dict(state.up_since), "executions_started": state.executions_started,
            "executions_since_arm": state.executions_since_arm, "executions_today": state.executions_today,
            "failures_in_row": state.failures_in_row, "cooldown_until": state.cooldown_until,
            "flatten": msgspec.to_builtins(state.flatten),
            "accepted": [case.facts() for case in state.executions.values() if case.is_taken_over],
            "presumed_dead": sorted(state.presumed_dead), "residual": state.residual.facts(),
            "tally": state.tally.facts(), "measured_waits": dict(state.measured_waits),
            "open": [case.facts() for case in state.open],
        }  # fmt: skip

    def shown_state(self, now: Nanos) -> str:
        """Return the state word of the console (ux.md §2.0); pass `now` to tell a cooldown."""
        state = self.state
        if state.halt_reason or state.kill_level:
            return "HALTED"
        if state.open:
            return "EXECUTING"
        if state.mode is Mode.DISARMED:
            return "DISARMED"
        return "COOLDOWN" if now and now < state.cooldown_until else "ARMED"
