"""The durable state of one program: a fold of its journaled facts, and nothing else.

`fold` is deterministic: the same events at the same times give the same state and the same effects, so replaying the
journal is the recovery. A fact carries its consequences: booking a late fill reopens its execution in the same step,
because a crash between two records would lose the second (controls.md §0.5).
"""

from fractions import Fraction

from trading.core import amendments, people, waits
from trading.core import events as e
from trading.core.depth import walk
from trading.core.effects import CancelOrder, Effect, QueryOrder, RaiseAlert, SendOrders
from trading.core.execution import Execution
from trading.core.order import Evidence, Order, OrderState
from trading.core.people import Mode as Mode
from trading.core.rejects import ACTIONS, RETRY_AFTER, RejectAction
from trading.core.repair import CHOSEN
from trading.core.residual import Residual
from trading.core.tally import Tally
from trading.core.terms import Instrument, Proxy, Terms
from trading.core.units import Lots, Nanos, Side, utc_day

FAILURES_IN_ROW_MAX = 3  # executions without a matched unit before the program disarms itself
FOLDED_BY: dict[type, str] = {  # methods of the state
    e.OrdersDecided: "_orders_decided", e.CancelDecided: "_cancel_decided", e.QueryDecided: "_query_decided",
    e.OrderAccepted: "_accepted", e.OrderRejected: "_rejected", e.OrderFilled: "_filled", e.OrderClosed: "_closed",
    e.CancelRejected: "_cancel_rejected", e.OrderStatus: "_status", e.OrderNotSent: "_not_sent",
    e.VenueUp: "_venue_up", e.VenueDown: "_venue_down", e.ExecutionEnded: "_ended", e.Halted: "_halted",
    e.RepairHeld: "_repair_held",
}  # fmt: skip
LEAD_PURPOSES = frozenset((e.Purpose.ENTRY, e.Purpose.HEDGE))  # of a further order that is no repair


def usable_proxies(terms: Terms, instruments: dict[str, Instrument]) -> dict[str, Proxy]:
    """Return what may stand in for a leg, by instrument: a known one, on a venue whose silence has a limit."""
    return {
        proxy.instrument: proxy
        for proxy in terms.repair.proxies
        if proxy.instrument in instruments and instruments[proxy.instrument].venue in terms.reply_times
    }


class ProgramState:
    """All that the journal determines about one program."""

    def __init__(self, terms: Terms, instruments: dict[str, Instrument]) -> None:
        self.instruments = instruments
        self.measured_waits: dict[str, Nanos] = {}  # venue -> how long the desk found one should wait for its orders
        self.adopt(terms)
        self.mode = Mode.DISARMED
        self.mode_reason = "start"
        self.mode_since: Nanos = 0
        self.armed_until: Nanos = 0
        self.kill_level = ""
        self.kill_reason = ""
        self.killed_at: Nanos = 0
        self.halt_reason = ""
        self.up_since: dict[str, Nanos] = {}
        self.orders: dict[str, Order] = {}
        self.executions: dict[str, Execution] = {}
        self.open: list[Execution] = []
        self.presumed_dead: dict[str, None] = {}  # in the order of presumption, so that every fold asks alike
        self.executions_started = 0
        self.executions_since_arm = 0
        self.executions_today = 0
        self.day = ""
        self.failures_in_row = 0
        self.cooldown_until: Nanos = 0
        self.flatten: people.Flattening | None = None
        self.tally = Tally()
        self.residual = Residual()

    def adopt(self, terms: Terms) -> None:
        self.terms = terms
        self.reply_times = waits.in_use(terms.reply_times, self.measured_waits)
        pairs = (terms.pair, *terms.routes)
        self.ratio_lots = tuple(leg.ratio_lots for leg in terms.pair.legs)
        self.sides = tuple(terms.direction.side_of(leg.role) for leg in terms.pair.legs)  # of entries, on every route
        self.venues = tuple(
            dict.fromkeys(self.instruments[leg.instrument].venue for pair in pairs for leg in pair.legs)
        )  # of every route
        self.proxies = usable_proxies(terms, self.instruments)
        self.heard_venues = frozenset((*self.venues, *(self.instruments[code].venue for code in self.proxies)))

    def fold(self, event: e.Event, now: Nanos) -> list[Effect]:
        """Apply a fact and return what the host must do; facts that concern nobody here change nothing."""
        kind = type(event)
        if (name := FOLDED_BY.get(kind)) is not None:
            effects: list[Effect] = getattr(self, name)(event, now)
            return effects
        apply = people.FOLDS.get(kind) or amendments.FOLDS.get(kind) or waits.FOLDS.get(kind)
        return apply(self, event, now) if apply else []

    # --- decisions ---

    def _orders_decided(self, event: e.OrdersDecided, now: Nanos) -> list[Effect]:
        execution = self.executions.get(event.execution)
        if execution is None:
            execution = self._open_execution(event, now)
        elif event.purpose not in LEAD_PURPOSES:
            execution.attempts += len({intent.leg for intent in event.orders})  # a leg may need several children
        for intent in event.orders:
            self.orders[intent.client_order_id] = order = Order(intent, execution.id, now)
            execution.orders.append(order)
            if event.lead is not None and order.is_quote:
                execution.called_back = ""
                execution.planned_sums[intent.leg] = intent.price_ticks * intent.lots, intent.lots
                self.tally.count_quote_message(now)
        for option in event.options:
            if option.reason == CHOSEN and option.cost is not None:
                execution.priced.append((Fraction(option.cost), execution.orders[-len(event.orders) :]))
        effects: list[Effect] = [SendOrders(event.orders)]
        if any(option.reason == CHOSEN and option.name == "queue" for option in event.options):
            effects += self._tell(execution, "limit_locked")
        return effects

    def _repair_held(self, event: e.RepairHeld, now: Nanos) -> list[Effect]:
        return self._tell(self.executions[event.execution], event.reason)

    def _tell(self, execution: Execution, rule: str) -> list[Effect]:
        """Call a person because a market keeps a leg naked; once per case and cause."""
        if rule in execution.told:
            return []
        execution.told.add(rule)
        return [self.alert(rule, "P1", execution.id, naked=self._named(execution.route, execution.naked))]

    def _open_execution(self, event: e.OrdersDecided, now: Nanos) -> Execution:
        pair = self.terms.pair_on(event.route)
        ratio_lots = tuple(leg.ratio_lots for leg in pair.legs)
        sides = self.sides
        if event.purpose is e.Purpose.FLATTEN:  # the other way round, whatever the terms say by now
            traded = {order.leg: order.side for order in event.orders}
            sides = tuple(traded[leg] for leg in range(len(pair.legs)))
        execution = Execution(event, sides, ratio_lots, self.terms.repair.attempts_max, now)
        execution.pair = pair
        legs = [leg.instrument for leg in pair.legs]
        execution.proxies = {
            code: proxy for code, proxy in self.proxies.items() if proxy.replaces in legs and code not in legs
        }
        quotes = {quote.instrument: quote for quote in event.quotes}
        for number, (leg, side) in enumerate(zip(pair.legs, sides, strict=True)):
            lots, quote = execution.units * leg.ratio_lots, quotes.get(leg.instrument)
            levels = () if quote is None else quote.asks if side is Side.BUY else quote.bids
            total = walk(levels, lots)
            execution.planned_sums[number] = None if total is None else (total, lots)
        fx = quotes.get(pair.fx_instrument or "")
        if fx is not None and fx.asks:
            execution.fx_ticks = fx.asks[0].price_ticks
        self.executions_started += 1
        if execution.is_flatten:
            execution.mandate = "flatten"
            self.executions[execution.id] = execution
            self.open.append(execution)
            return execution
        if not (execution.is_split and any(case.is_split and case.opened_at == now for case in self.open)):
            self.executions_since_arm += 1  # the parts of a clip that is split are one set
        self.executions[execution.id] = execution
        self.open.append(execution)
        day = utc_day(now)
        self.executions_today = self.executions_today + 1 if day == self.day else 1
        self.day = day
        return execution

    def _cancel_decided(self, event: e.CancelDecided, now: Nanos) -> list[Effect]:
        effects: list[Effect] = []
        for order in self._known(event.client_order_ids):
            order.apply(Evidence.CANCEL_ASKED, now)
            order.asked_at = now
            if order.is_quote:
                self.executions[order.execution].called_back = event.reason
                self.tally.count_quote_message(now)
            effects.append(CancelOrder(order.intent.client_order_id, order.intent.venue))
        return effects

    def _query_decided(self, event: e.QueryDecided, now: Nanos) -> list[Effect]:
        effects: list[Effect] = []
        for order in self._known(event.client_order_ids):
            order.apply(Evidence.SILENT, now)
            order.queries += 1
            order.asked_at = now
            effects.append(QueryOrder(order.intent.client_order_id, order.intent.venue))
        return effects

    def _known(self, client_order_ids: tuple[str, ...]) -> list[Order]:
        return [self.orders[name] for name in client_order_ids if name in self.orders]

    def _ended(self, event: e.ExecutionEnded, now: Nanos) -> list[Effect]:
        execution = self.executions[event.execution]
        execution.is_ended = True
        execution.outcome = event.outcome
        execution.mandate = ""
        self.open.remove(execution)
        if execution.is_flatten:
            if self.flatten is not None:
                self.flatten.note_end(execution, now)
            told = [] if execution.matched() == execution.units else [self._ended_alert(event, execution)]
            return [*told, *self.residual.book(execution, self)]
        if event.outcome == "flat" and any(order.is_quote for order in execution.orders):
            self._count_again(execution, -1)  # a quote that never traded is no set, no failure and no reason to pause
            execution.is_uncounted = True
            if not execution.called_back:
                self.cooldown_until = max(self.cooldown_until, now + self.terms.cooldown)
            return []
        self.cooldown_until = max(self.cooldown_until, now + self.terms.cooldown)
        self.failures_in_row = 0 if execution.matched() else self.failures_in_row + 1
        alerts: list[Effect] = self.residual.book(execution, self)
        if event.outcome in ("hedged", "flat", "accepted"):
            return alerts
        return [self._ended_alert(event, execution), *alerts]

    def _ended_alert(self, event: e.ExecutionEnded, execution: Execution) -> RaiseAlert:
        severity = "P2" if event.outcome in ("rolled_back", "proxied") else "P3"  # ux.md §2.5
        values = {"outcome": event.outcome}
        if event.outcome == "proxied":
            values["proxy"] = ", ".join(f"{code} {lots:+d}" for code, lots in execution.proxy_positions().items())
        return self.alert("execution_" + event.outcome, severity, execution.id, **values)

    def _count_again(self, execution: Execution, more: int) -> None:
        self.executions_since_arm = max(0, self.executions_since_arm + more)
        if utc_day(execution.opened_at) == self.day:
            self.executions_today += more

    def _halted(self, event: e.Halted, now: Nanos) -> list[Effect]:
        self.halt_reason = event.reason
        self.set_mode(Mode.DISARMED, "halted", now)
        for execution in self.open:
            execution.mandate = ""
        residual = self._named(self.open[0].route if self.open else 0, event.naked)
        execution_id = self.open[0].id if self.open else ""
        return [self.alert("halted", "P1", execution_id, reason=event.reason, naked=residual, text=event.text)]

    def _named(self, route: int, naked: tuple[Lots, ...]) -> str:
        legs = zip(self.terms.pair_on(route).legs, naked, strict=True)
        return ", ".join(f"{leg.instrument} {lots:+d}" for leg, lots in legs)

    # --- what venues say ---

    def _accepted(self, event: e.OrderAccepted, now: Nanos) -> list[Effect]:
        order = self.orders[event.client_order_id]
        order.told.add(type(event))
        order.venue_order_id = event.venue_order_id or order.venue_order_id
        return self._learn(order, Evidence.ACCEPTED, now)

    def _rejected(self, event: e.OrderRejected, now: Nanos) -> list[Effect]:
        order = self.orders[event.client_order_id]
        if ACTIONS[event.reject_class] is RejectAction.ASK or order.done_lots:
            return self._learn(order, Evidence.SILENT, now)  # the venue has the order: ask what became of it
        if order.is_settled and order.state is not OrderState.PRESUMED_DEAD:
            return []
        execution = self.executions[order.execution]
        order.reject_class = event.reject_class
        execution.retry_at = max(execution.retry_at, execution.refusals.note(order.intent, event.reject_class, now))
        return self._learn(order, Evidence.REJECTED, now)

    def _filled(self, event: e.OrderFilled, now: Nanos) -> list[Effect]:
        order = self.orders[event.client_order_id]
        if not order.book(event):
            return []
        return self._learn(order, Evidence.FILLED, now)

    def _closed(self, event: e.OrderClosed, now: Nanos) -> list[Effect]:
        order = self.orders[event.client_order_id]
        order.told.add(type(event))
        order.announce(event.cumulative_lots)
        # "Filled", and less than ordered: one of the two is wrong, so it is a question and no end.
        is_contradiction = event.reason == "filled" and event.cumulative_lots < order.intent.lots
        return self._learn(order, Evidence.SILENT if is_contradiction else Evidence.CLOSED, now)

    def _cancel_rejected(self, event: e.CancelRejected, now: Nanos) -> list[Effect]:
        return self._learn(self.orders[event.client_order_id], Evidence.CANCEL_REJECTED, now)

    def _status(self, event: e.OrderStatus, now: Nanos) -> list[Effect]:
        order = self.orders[event.client_order_id]
        order.told.add(type(event))
        order.announce(event.cumulative_lots, event.queried_at)
        if event.state == "closed":
            effects = self._fewer(order, event)
            order.announce(order.filled_lots)  # asked and still fewer: then the fills are the truth
            return [*effects, *self._learn(order, Evidence.CLOSED, now)]
        if event.state == "working":
            order.venue_order_id = event.venue_order_id or order.venue_order_id
            effects = self._learn(order, Evidence.ACCEPTED, now)
            is_immediate = order.intent.time_in_force is not e.TimeInForce.DAY
            order.is_resting = is_immediate and order.state is OrderState.WORKING
            return effects
        return self._not_found(order, event.queried_at, now)

    def _fewer(self, order: Order, event: e.OrderStatus) -> list[Effect]:
        """A person must look when the venue, asked after our last fill, knows of fewer lots: a trade was taken back."""
        if event.cumulative_lots >= order.filled_lots or event.queried_at <= order.heard_at:
            return []
        words = {"filled": str(order.filled_lots), "told": str(event.cumulative_lots)}
        return [self.alert("venue_knows_fewer", "P1", order.execution, order=event.client_order_id, **words)]

    def _not_found(self, order: Order, queried_at: Nanos, now: Nanos) -> list[Effect]:
        """Presume the order dead only after a long enough silence, on a session that was alive when we asked."""
        times = self.reply_times[order.intent.venue]
        up_since = self.up_since.get(order.intent.venue)
        asked_late = queried_at - order.sent_at >= times.presumed_dead
        if not asked_late or up_since is None or queried_at < up_since or not order.is_live:
            return []
        effects = self._learn(order, Evidence.MISSING, now)
        return [*effects, self.alert("presumed_dead", "P2", order.execution, order=order.intent.client_order_id)]

    def _not_sent(self, event: e.OrderNotSent, now: Nanos) -> list[Effect]:
        order = self.orders[event.client_order_id]
        self.executions[order.execution].retry_at = now + RETRY_AFTER
        return self._learn(order, Evidence.NOT_SENT, now)

    def amend(self, order: Order, now: Nanos) -> list[Effect]:
        """A trade of the order was taken back or corrected: count anew and ask about it."""
        return self._learn(order, Evidence.AMENDED, now)

    def _learn(self, order: Order, evidence: Evidence, now: Nanos) -> list[Effect]:
        """Apply evidence and fold its consequences: what is naked since when, and whether the case is open again."""
        order.apply(evidence, now)
        name = order.intent.client_order_id
        if order.state is OrderState.PRESUMED_DEAD:
            self.presumed_dead[name] = None
        else:
            self.presumed_dead.pop(name, None)
        execution = self.executions[order.execution]
        execution.count()
        if (gained := execution.matched() - execution.units_counted) > 0:
            execution.units_counted += gained
            self.tally.count_units(gained, now)
        if not execution.is_naked:
            execution.naked_since = None
        elif execution.naked_since is None:
            execution.naked_since = now
        if execution.is_ended and execution.needs_work:
            execution.is_ended = False
            if execution.is_uncounted:  # it traded after all
                execution.is_uncounted = False
                self._count_again(execution, 1)
            self.residual.take_out(execution)
            execution.outcome = ""
            self.open.append(execution)
            return [self.alert("execution_reopened", "P2", execution.id, order=name, evidence=evidence.value)]
        return []

    def _venue_up(self, event: e.VenueUp, now: Nanos) -> list[Effect]:
        if event.venue in self.heard_venues:
            self.up_since[event.venue] = now
            for order in self._orders_at(event.venue):
                order.queries = 0  # ask anew at once
        return []

    def _venue_down(self, event: e.VenueDown, now: Nanos) -> list[Effect]:
        self.up_since.pop(event.venue, None)
        for order in self._orders_at(event.venue):
            order.apply(Evidence.SILENT, now)
        return []

    def _orders_at(self, venue: str) -> list[Order]:
        return [o for case in self.open for o in case.orders if o.intent.venue == venue and not o.is_settled]

    def arm_refusal(self, event: e.Arm, now: Nanos) -> str:
        """Return why this command cannot arm the program now, or an empty string."""
        if now > event.expires_at:
            return "the command expired before it arrived; review and arm again"
        if event.revision != self.terms.revision:
            return f"revision {event.revision} was reviewed, revision {self.terms.revision} is in force"
        if self.kill_level:
            return "the kill switch is active; it takes two people to lift"
        if self.halt_reason:
            return f"the program is halted: {self.halt_reason}"
        return "units are being flattened; wait until that is over" if self.flatten is not None else ""

    def set_mode(self, mode: Mode, reason: str, now: Nanos) -> None:
        self.mode, self.mode_reason, self.mode_since = mode, reason, now

    def alert(self, rule: str, severity: str, execution: str, **values: str) -> RaiseAlert:
        named = {"program": self.terms.program, "pair": self.terms.pair.code, **values}
        return RaiseAlert(rule, severity, f"alert.{rule}", named, execution)
