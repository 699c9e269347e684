"""One execution: the orders that one trigger or its repairs sent, and how far they are from whole units.

*Along* counts lots in the direction the execution was entered: +3 along a sold leg means three lots sold. What is
naked, what may still fill and what was spent are all derived from the orders, so nothing can disagree with them.
"""

from copy import copy
from fractions import Fraction

from trading.core.alignment import matched_units, naked_lots
from trading.core.events import OrdersDecided, Purpose
from trading.core.order import LIVE_STATES, SETTLED_STATES, Order, OrderState
from trading.core.rejects import Refusals
from trading.core.terms import Pair, Proxy
from trading.core.units import Lots, Nanos, Side

SPLIT = "split"  # reason of the share that marks the parts of one clip on several routes


def hedged_by(held: Lots, proxy: Proxy) -> Lots:
    """Return the lots of its leg that `held` lots of a proxy stand in for: whole multiples only, never rounded up."""
    whole = abs(held) // proxy.lots * proxy.replaces_lots
    return whole if held > 0 else -whole


class Execution:
    """Mutable; changed only by the fold in `state`."""

    __slots__ = (
        "_proxy_legs", "along", "attempts", "attempts_allowed", "attempts_before", "called_back", "entered_sides",
        "fx_ticks", "id", "is_ended", "is_split", "is_uncounted", "lead", "mandate", "naked", "naked_since",
        "opened_at", "orders", "outcome", "pair", "planned_sums", "priced", "proxies", "proxy_lots", "purpose",
        "ratio_lots", "refusals", "retry_at", "route", "taken_over", "taken_proxies", "told", "units", "units_counted",
    )  # fmt: skip

    def __init__(
        self,
        decided: OrdersDecided,
        entered_sides: tuple[Side, ...],
        ratio_lots: tuple[Lots, ...],
        attempts_max: int,
        now: Nanos,
    ) -> None:
        self.id = decided.execution
        self.route = decided.route
        self.purpose = decided.purpose  # entry or flatten
        self.is_split = any(share.reason == SPLIT for share in decided.shares)
        self.pair: Pair | None = None  # what the route was when this was entered; terms may change after it ended
        self.ratio_lots = ratio_lots
        self.opened_at = now
        self.orders: list[Order] = []
        self.entered_sides = entered_sides
        self.lead = decided.lead  # the leg that works first; None when both left together
        self.units = decided.units or decided.orders[0].lots // ratio_lots[decided.orders[0].leg]
        self.units_counted = 0  # matched units that the day's count already has
        self.is_uncounted = False  # ended as a quote that never traded: no execution of the day
        self.called_back = ""  # why the resting quote was last called back
        self.along: tuple[Lots, ...] = (0,) * len(ratio_lots)  # lots known to be traded, in the direction of entry
        self.taken_over: tuple[Lots, ...] = self.along  # lots along that a person took over: not the case's any more
        self.taken_proxies: dict[str, Lots] = {}  # and of proxies, by instrument
        self.naked: tuple[Lots, ...] = self.along  # lots beyond the matched units, bought positive, sold negative
        self.planned_sums: list[tuple[int, Lots] | None] = [None] * len(ratio_lots)  # lots x ticks, lots: per leg
        self.fx_ticks = 0  # FX of the decision, for costs when no newer rate is known
        self.attempts = 0  # repair orders decided or refused; the journal counts, so a restart forgets none
        self.attempts_allowed = attempts_max
        self.attempts_before = 0  # attempts when a person last granted a new budget
        self.priced: list[tuple[Fraction, list[Order]]] = []  # what each repair was expected to cost
        self.refusals = Refusals()
        self.proxies: dict[str, Proxy] = {}  # by instrument: what may stand in for a leg of this case
        self.proxy_lots: dict[str, Lots] = {}  # along the leg it stands in for, in its own lots
        self._proxy_legs: dict[str, int] = {}
        self.told: set[str] = set()  # what a person was told about this case, once each
        self.retry_at: Nanos = 0
        self.naked_since: Nanos | None = None
        self.mandate = ""  # "reduce" or "neutralize": a person's order to repair although halted
        self.is_ended = False
        self.outcome = ""

    def count(self) -> None:
        """Derive what is traded and what is naked from the orders; due after every change of one.

        A proxy counts for its leg in whole multiples only; what it has beyond them is naked too.
        """
        lots = [-taken for taken in self.taken_over]
        proxy_lots = {code: -taken for code, taken in self.taken_proxies.items()}
        for order in self.orders:
            intent = order.intent
            done = order.done_lots if intent.side is self.entered_sides[intent.leg] else -order.done_lots
            if intent.instrument in self.proxies:
                proxy_lots[intent.instrument] = proxy_lots.get(intent.instrument, 0) + done
                self._proxy_legs[intent.instrument] = intent.leg
            else:
                lots[intent.leg] += done
        for code, held in proxy_lots.items():
            lots[self._proxy_legs[code]] += hedged_by(held, self.proxies[code])
        self.proxy_lots = proxy_lots
        self.along = tuple(lots)
        beyond = naked_lots(self.along, self.ratio_lots)
        self.naked = tuple(side.sign * lots for side, lots in zip(self.entered_sides, beyond, strict=True))

    def take_over(self) -> None:
        """Leave what is naked now to a person: it is no longer repaired, and later fills are counted without it."""
        beyond = naked_lots(self.along, self.ratio_lots)
        self.taken_over = tuple(before + lots for before, lots in zip(self.taken_over, beyond, strict=True))
        for code, held in self.proxy_lots.items():
            stray = abs(held) % self.proxies[code].lots * (1 if held > 0 else -1)
            self.taken_proxies[code] = self.taken_proxies.get(code, 0) + stray
        self.mandate, self.naked_since = "", None
        self.count()

    @property
    def residual(self) -> tuple[Lots, ...]:
        """Return the signed lots per leg that a person took over."""
        return tuple(side.sign * lots for side, lots in zip(self.entered_sides, self.taken_over, strict=True))

    @property
    def is_taken_over(self) -> bool:
        return any(self.taken_over) or any(self.taken_proxies.values())

    @property
    def is_flatten(self) -> bool:
        return self.purpose is Purpose.FLATTEN

    def net_units(self) -> int:
        """Return the matched units with the sign of the domestic leg: a flatten counts against what was entered."""
        return self.entered_sides[0].sign * self.matched()

    @property
    def is_naked(self) -> bool:
        """Whether anything traded stands without its counterpart."""
        return any(self.naked) or any(lots % self.proxies[code].lots for code, lots in self.proxy_lots.items())

    def proxy_positions(self) -> dict[str, Lots]:
        """Return the signed lots held in stand-ins, by instrument."""
        return {
            code: self.entered_sides[self._proxy_legs[code]].sign * lots
            for code, lots in self.proxy_lots.items()
            if lots
        }

    def matched(self) -> int:
        return matched_units(self.along, self.ratio_lots)

    def reserved(self) -> tuple[tuple[Lots, Lots], ...]:
        """Return per leg the lots that may still be (sold, bought) by working, unknown and presumed-dead orders."""
        open_lots = [[0, 0] for _ in self.ratio_lots]
        for order in self.orders:
            if order.intent.instrument not in self.proxies:
                open_lots[order.intent.leg][order.intent.side is Side.BUY] += order.reserved_lots
        return tuple((sold, bought) for sold, bought in open_lots)

    def reserved_in(self, instrument: str) -> tuple[Lots, Lots]:
        """Return the lots of one instrument that may still be (sold, bought), proxies included."""
        open_lots = [0, 0]
        for order in self.orders:
            if order.intent.instrument == instrument:
                open_lots[order.intent.side is Side.BUY] += order.reserved_lots
        return open_lots[0], open_lots[1]

    # --- a lead leg and its hedge ---

    @property
    def quote(self) -> Order | None:
        """The resting order of the lead leg, while it may still trade."""
        return next((order for order in self.orders if order.state in LIVE_STATES and order.is_quote), None)

    @property
    def rest_lots(self) -> Lots:
        """Lots of the lead leg beyond its whole units: too few for an order on the other leg."""
        return 0 if self.lead is None else self.along[self.lead] % self.ratio_lots[self.lead]

    def hedge_due(self, filled_later: Lots = 0) -> tuple[int, Lots]:
        """Return (leg, lots) that whole units of the lead leg still want from the other leg; no lots when none.

        Each unit is hedged by one order; what that order leaves open belongs to the repair, and once a repair was
        decided all of it does. `filled_later` are lots the lead leg may still trade.
        """
        if self.lead is None or self.attempts or self.mandate:
            return 0, 0
        other = 1 - self.lead
        units = max(0, self.along[self.lead] + filled_later) // self.ratio_lots[self.lead]
        units = min(units, self.units)  # the gate approved no more; what is beyond the plan is traded back
        ordered = sum(order.intent.lots for order in self.orders if order.intent.purpose is Purpose.HEDGE)
        return other, max(0, units * self.ratio_lots[other] - ordered)

    def hedge_to_come(self) -> tuple[int, Lots]:
        """Return (leg, lots) of the hedge that follows if all working orders of the lead leg trade."""
        if self.lead is None:
            return 0, 0
        return self.hedge_due(max(self.reserved()[self.lead]))

    @property
    def is_hedge_short(self) -> bool:
        """Whether a hedge is over with lots missing, or nobody knows what became of it."""
        hedges = [order for order in self.orders if order.intent.purpose is Purpose.HEDGE]
        return any(
            order.state is OrderState.UNKNOWN or (order.is_settled and order.done_lots < order.intent.lots)
            for order in hedges
        )

    @property
    def is_overquoted(self) -> bool:
        """Whether the lead leg would pass the planned units because an order thought to be over traded on."""
        if self.lead is None:
            return False
        working = max(self.reserved()[self.lead])
        return working > 0 and self.along[self.lead] + working > self.units * self.ratio_lots[self.lead]

    @property
    def is_overhedged(self) -> bool:
        """Whether the other leg would pass the lead leg's whole units if all of its live orders traded."""
        if self.lead is None:
            return False
        other = 1 - self.lead
        sold, bought = self.reserved()[other]
        coming = bought if self.entered_sides[other] is Side.BUY else sold
        units = max(0, self.along[self.lead]) // self.ratio_lots[self.lead]
        return self.along[other] + coming > units * self.ratio_lots[other]

    # --- prices, budget and outcome ---

    def planned_ticks(self, leg: int) -> Fraction | None:
        """Return the average price the decision counted on for `leg`, if its book was deep enough to tell."""
        planned = self.planned_sums[leg]
        return None if planned is None else Fraction(*planned)

    def average_ticks(self, leg: int) -> Fraction | None:
        """Return the average price of the fills that entered `leg`, else what the decision counted on."""
        own = next((o.intent.instrument for o in self.orders if o.intent.leg == leg and not self._is_proxy(o)), "")
        average = self.average_of(own, self.entered_sides[leg])
        return self.planned_ticks(leg) if average is None else average

    def average_of(self, instrument: str, side: Side) -> Fraction | None:
        """Return the average price of the fills of one side of an instrument; None without a fill."""
        turnover = lots = 0
        for order in self.orders:
            if order.intent.instrument == instrument and order.intent.side is side:
                turnover += order.turnover
                lots += order.filled_lots
        return Fraction(turnover, lots) if lots else None

    def _is_proxy(self, order: Order) -> bool:
        return order.intent.instrument in self.proxies

    @property
    def is_live(self) -> bool:
        """Whether an order may still trade as far as we know."""
        return any(order.state in LIVE_STATES for order in self.orders)

    @property
    def is_settled(self) -> bool:
        return all(order.state in SETTLED_STATES for order in self.orders)

    @property
    def needs_work(self) -> bool:
        return not self.is_settled or self.is_naked

    def spent(self) -> Fraction:
        """Return what the repairs so far cost, by the estimate of each and the share of it that was traded."""
        total = Fraction(0)
        for cost, orders in self.priced:
            wanted = sum(order.intent.lots for order in orders)
            total += cost * Fraction(sum(order.done_lots for order in orders), wanted)
        return total

    @property
    def attempts_left(self) -> int:
        return self.attempts_allowed - (self.attempts - self.attempts_before)

    def grant(self, mandate: str, *, now: Nanos) -> None:
        """Give a new budget of attempts because a person asked for it."""
        self.mandate = mandate
        self.attempts_before = self.attempts
        self.refusals = Refusals()
        self.retry_at = now
        if self.naked_since is not None:
            self.naked_since = now

    def as_if(self, mandate: str, now: Nanos) -> "Execution":
        """Return the case as it would be if a person had just asked for this; the case itself stays as it is."""
        other = copy(self)
        other.told = set(self.told)
        other.grant(mandate, now=now)
        return other

    def describe_outcome(self) -> str:
        """Return the outcome of a case that has nothing naked and nothing unsettled."""
        if self.is_taken_over:
            return "accepted"
        purposes = {order.intent.purpose for order in self.orders if order.done_lots}
        if self.matched() and self.is_flatten:
            return "flattened"
        if self.proxy_positions():
            return "proxied"
        if self.matched():
            return "topped_up" if purposes & {Purpose.TOP_UP, Purpose.UNWIND} else "hedged"
        if purposes & {Purpose.TOP_UP, Purpose.UNWIND}:
            return "rolled_back"
        if self.called_back:
            return "flat"
        states = {order.state.value for order in self.orders}
        if states <= {"rejected", "not_sent"}:
            return "rejected" if "rejected" in states else "not_sent"
        return "flat"

    def facts(self) -> dict[str, object]:
        """Return the execution as plain values, for the snapshot."""
        return {
            "id": self.id, "units": self.units, "along": list(self.along), "naked": list(self.naked),
            "purpose": self.purpose.value, "residual": list(self.residual),
            "residual_proxies": dict(self.taken_proxies),
            "naked_since": self.naked_since, "proxies": self.proxy_positions(), "told": sorted(self.told),
            "attempts": self.attempts, "attempts_left": self.attempts_left, "retry_at": self.retry_at,
            "mandate": self.mandate, "is_ended": self.is_ended, "outcome": self.outcome,
            "route": self.route, "is_split": self.is_split,
            "lead": self.lead, "called_back": self.called_back, "units_counted": self.units_counted,
            "refusals": self.refusals.facts(), "orders": [order.facts() for order in self.orders],
        }  # fmt: skip
