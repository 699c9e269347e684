"""One execution: the orders that one trigger or its repairs sent, and how far they are from whole units.

*Along* counts lots in the direction the execution was entered: +3 along a sold leg means three lots sold. What is
naked, what may still fill and what was spent are all derived from the orders, so nothing can disagree with them.
"""

from copy import copy
from fractions import Fraction

from trading.core.alignment import matched_units, naked_lots
from trading.core.events import OrdersDecided, Purpose
from trading.core.order import Order
from trading.core.units import Lots, Nanos, Side


class Execution:
    """Mutable; changed only by the fold in `state`."""

    __slots__ = (
        "along", "attempts", "attempts_allowed", "attempts_before", "blocked", "entered_sides", "fx_ticks", "id",
        "is_ended", "mandate", "naked", "naked_since", "opened_at", "orders", "outcome", "planned_sums", "priced",
        "purpose", "ratio_lots", "rejects", "retry_at", "route", "taken_over", "units",
    )  # fmt: skip

    def __init__(self, decided: OrdersDecided, ratio_lots: tuple[Lots, ...], attempts_max: int, now: Nanos) -> None:
        self.id = decided.execution
        self.route = decided.route
        self.purpose = decided.purpose  # entry or flatten
        self.ratio_lots = ratio_lots
        self.opened_at = now
        self.orders: list[Order] = []
        sides = {order.leg: order.side for order in decided.orders}
        self.entered_sides = tuple(sides[leg] for leg in range(len(ratio_lots)))
        self.units = decided.units or decided.orders[0].lots // ratio_lots[decided.orders[0].leg]
        self.along: tuple[Lots, ...] = (0,) * len(ratio_lots)  # lots known to be traded, in the direction of entry
        self.taken_over: tuple[Lots, ...] = (
            self.along
        )  # lots along that a person took over: no part of the case any more
        self.naked: tuple[Lots, ...] = self.along  # lots beyond the matched units, bought positive, sold negative
        self.planned_sums: list[tuple[int, Lots] | None] = [None] * len(ratio_lots)  # lots x ticks, lots: per leg
        self.fx_ticks = 0  # FX of the decision, for costs when no newer rate is known
        self.attempts = 0  # repair orders decided or refused; the journal counts, so a restart forgets none
        self.attempts_allowed = attempts_max
        self.attempts_before = 0  # attempts when a person last granted a new budget
        self.priced: list[tuple[Fraction, list[Order]]] = []  # what each repair was expected to cost
        self.rejects: dict[tuple[int, Side], int] = {}
        self.blocked: set[tuple[int, Side]] = set()  # leg and side the venue will not take in this case
        self.retry_at: Nanos = 0
        self.naked_since: Nanos | None = None
        self.mandate = ""  # "reduce" or "neutralize": a person's order to repair although halted
        self.is_ended = False
        self.outcome = ""

    def count(self) -> None:
        """Derive what is traded and what is naked from the orders; due after every change of one."""
        lots = [0] * len(self.ratio_lots)
        for order in self.orders:
            intent = order.intent
            sign = 1 if intent.side is self.entered_sides[intent.leg] else -1
            lots[intent.leg] += sign * order.done_lots
        self.along = tuple(traded - taken for traded, taken in zip(lots, self.taken_over, strict=True))
        beyond = naked_lots(self.along, self.ratio_lots)
        self.naked = tuple(side.sign * lots for side, lots in zip(self.entered_sides, beyond, strict=True))

    def take_over(self) -> None:
        """Leave what is naked now to a person: it is no longer repaired, and later fills are counted without it."""
        beyond = naked_lots(self.along, self.ratio_lots)
        self.taken_over = tuple(before + lots for before, lots in zip(self.taken_over, beyond, strict=True))
        self.mandate, self.naked_since = "", None
        self.count()

    @property
    def residual(self) -> tuple[Lots, ...]:
        """Return the signed lots per leg that a person took over."""
        return tuple(side.sign * lots for side, lots in zip(self.entered_sides, self.taken_over, strict=True))

    @property
    def is_flatten(self) -> bool:
        return self.purpose is Purpose.FLATTEN

    def net_units(self) -> int:
        """Return the matched units with the sign of the domestic leg: a flatten counts against what was entered."""
        return self.entered_sides[0].sign * self.matched()

    def matched(self) -> int:
        return matched_units(self.along, self.ratio_lots)

    def reserved(self) -> tuple[tuple[Lots, Lots], ...]:
        """Return per leg the lots that may still be (sold, bought) by working, unknown and presumed-dead orders."""
        open_lots = [[0, 0] for _ in self.ratio_lots]
        for order in self.orders:
            open_lots[order.intent.leg][order.intent.side is Side.BUY] += order.reserved_lots
        return tuple((sold, bought) for sold, bought in open_lots)

    def planned_ticks(self, leg: int) -> Fraction | None:
        """Return the average price the decision counted on for `leg`, if its book was deep enough to tell."""
        planned = self.planned_sums[leg]
        return None if planned is None else Fraction(*planned)

    def average_ticks(self, leg: int) -> Fraction | None:
        """Return the average price of the fills that entered `leg`, else what the decision counted on."""
        turnover = lots = 0
        for order in self.orders:
            if order.intent.leg == leg and order.intent.side is self.entered_sides[leg]:
                turnover += order.turnover
                lots += order.filled_lots
        return Fraction(turnover, lots) if lots else self.planned_ticks(leg)

    @property
    def is_live(self) -> bool:
        """Whether an order may still trade as far as we know."""
        return any(order.is_live for order in self.orders)

    @property
    def is_settled(self) -> bool:
        return all(order.is_settled for order in self.orders)

    @property
    def needs_work(self) -> bool:
        return not self.is_settled or any(self.naked)

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
        self.blocked.clear()
        self.rejects.clear()
        self.retry_at = now
        if self.naked_since is not None:
            self.naked_since = now

    def as_if(self, mandate: str, now: Nanos) -> "Execution":
        """Return the case as it would be if a person had just asked for this; nothing of it is shared by the change."""
        other = copy(self)
        other.blocked, other.rejects = set(), {}
        other.grant(mandate, now=now)
        return other

    def describe_outcome(self) -> str:
        """Return the outcome of a case that has nothing naked and nothing unsettled."""
        if any(self.taken_over):
            return "accepted"
        purposes = {order.intent.purpose for order in self.orders if order.done_lots}
        if self.matched() and self.is_flatten:
            return "flattened"
        if self.matched():
            return "topped_up" if purposes & {Purpose.TOP_UP, Purpose.UNWIND} else "hedged"
        if purposes & {Purpose.TOP_UP, Purpose.UNWIND}:
            return "rolled_back"
        states = {order.state.value for order in self.orders}
        if states <= {"rejected", "not_sent"}:
            return "rejected" if "rejected" in states else "not_sent"
        return "flat"

    def facts(self) -> dict[str, object]:
        """Return the execution as plain values, for the snapshot."""
        return {
            "id": self.id, "units": self.units, "along": list(self.along), "naked": list(self.naked),
            "naked_since": self.naked_since, "attempts": self.attempts, "attempts_left": self.attempts_left,
            "purpose": self.purpose.value, "residual": list(self.residual),
            "retry_at": self.retry_at, "mandate": self.mandate, "is_ended": self.is_ended, "outcome": self.outcome,
            "orders": [order.facts() for order in self.orders],
        }  # fmt: skip
