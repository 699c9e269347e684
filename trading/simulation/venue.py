"""A venue that may lie in every way the fault list names, but keeps the truth about what it traded.

Immediate orders trade on arrival. What is said about them is subject to the faults of the schedule; what was traded is
not, and the checkers compare against it. A query resends the fills of the order before the answer.
"""

from collections.abc import Callable
from random import Random

from trading.core import events as e
from trading.core.units import MILLI, SECOND, Lots, Nanos
from trading.simulation.faults import Faults

REJECTS = tuple(e.RejectClass)
LATE_MAX = 12 * SECOND
RESTING_TRADES = 0.3  # share of the market's moves at which a resting order trades
Deliver = Callable[[Nanos, e.Event], None]


class VenueOrder:
    """The truth about one order at the venue."""

    __slots__ = ("filled_lots", "fills", "hidden_fill", "intent", "is_rejected", "is_working")

    def __init__(self, intent: e.OrderIntent) -> None:
        self.intent = intent
        self.filled_lots: Lots = 0
        self.fills: list[e.OrderFilled] = []
        self.hidden_fill: e.OrderFilled | None = None  # traded, but not in the closing report
        self.is_working = False
        self.is_rejected = False


class SimulatedVenue:
    """`report(at, event)` is how the venue speaks; the world decides whether a line carries it."""

    def __init__(self, name: str, rng: Random, faults: Faults, report: Deliver) -> None:
        self.name = name
        self.orders: dict[str, VenueOrder] = {}
        self.is_halted = False
        self.has_lied = False
        self._rng = rng
        self._faults = faults
        self._report = report
        self._fill_number = 0
        self._last_at: Nanos = 0

    def take_order(self, intent: e.OrderIntent, now: Nanos) -> None:
        """The order has arrived."""
        order = self.orders[intent.client_order_id] = VenueOrder(intent)
        name = intent.client_order_id
        if self.is_halted or self._faults.hits("reject"):
            order.is_rejected = True
            wanted = e.RejectClass.CLOSED if self.is_halted else self._rng.choice(REJECTS)
            if wanted is e.RejectClass.DUPLICATE:  # a correct venue says so only of an order it has
                wanted = e.RejectClass.OTHER
            self._say(now, e.OrderRejected(name, wanted, wanted.value, "", now))
            return
        self._say(now, e.OrderAccepted(name, f"V{name}", now))
        if intent.time_in_force is e.TimeInForce.DAY:
            order.is_working = True
            return
        if self._faults.hits("rests"):
            order.is_working = True
            self._trade(order, self._rng.randint(0, intent.lots), now)
            if order.filled_lots == intent.lots:
                self._close(order, "filled", now)
            return
        self._trade(order, self._wanted(intent.lots), now)
        self._close(order, "filled" if order.filled_lots == intent.lots else "cancelled", now)

    def _wanted(self, lots: Lots) -> Lots:
        if self._faults.hits("no_fill"):
            return 0
        if lots > 1 and self._faults.hits("partial"):
            return self._rng.randint(1, lots - 1)
        return lots

    def _trade(self, order: VenueOrder, lots: Lots, now: Nanos) -> None:
        while lots:
            part = self._rng.randint(1, lots) if self._rng.random() < 0.3 else lots
            fill = self._fill(order, part, now)
            self._say(now, fill)
            lots -= part

    def _fill(self, order: VenueOrder, lots: Lots, now: Nanos) -> e.OrderFilled:
        self._fill_number += 1
        fill = e.OrderFilled(
            order.intent.client_order_id, f"{self.name}{self._fill_number}", lots, order.intent.price_ticks, "D1", now
        )
        order.fills.append(fill)
        order.filled_lots += lots
        return fill

    def _close(self, order: VenueOrder, reason: str, now: Nanos) -> None:
        order.is_working = False
        announced = order.filled_lots
        left = order.intent.lots - announced
        if left and self._faults.hits("fill_after_close"):
            order.hidden_fill = self._fill(order, self._rng.randint(1, left), now)
            self.has_lied = True
            self._report(now + self._rng.randint(10 * MILLI, 3 * SECOND), order.hidden_fill)
        self._say(now, e.OrderClosed(order.intent.client_order_id, announced, reason, now))

    def trade_resting(self, now: Nanos) -> None:
        """The market moved on: of what rests in the book something may trade, in parts."""
        if self.is_halted:
            return
        for order in [order for order in self.orders.values() if order.is_working]:
            left = order.intent.lots - order.filled_lots
            if order.intent.time_in_force is e.TimeInForce.DAY and self._rng.random() < RESTING_TRADES:
                self._trade(order, self._rng.randint(1, left), now)
                if order.filled_lots == order.intent.lots:
                    self._close(order, "filled", now)

    def take_cancel(self, client_order_id: str, now: Nanos) -> None:
        order = self.orders.get(client_order_id)
        if order is None or not order.is_working or self._faults.hits("cancel_rejected"):
            self._say(now, e.CancelRejected(client_order_id, "too late"))
            return
        if self._rng.random() < 0.3:
            self._trade(order, self._rng.randint(0, order.intent.lots - order.filled_lots), now)
        self._close(order, "cancelled", now)

    def take_query(self, client_order_id: str, queried_at: Nanos, now: Nanos) -> None:
        order = self.orders.get(client_order_id)
        if order is None:
            self._answer(now, e.OrderStatus(client_order_id, "not_found", 0, "", queried_at))
            return
        self._tell(order, queried_at, now, self._answer)

    def _tell(self, order: VenueOrder, queried_at: Nanos, now: Nanos, say: Deliver) -> None:
        name = order.intent.client_order_id
        for fill in order.fills:
            say(now, fill)
        state = "working" if order.is_working else "closed"
        say(now, e.OrderStatus(name, state, order.filled_lots, f"V{name}", queried_at))

    def take_query_all(self, queried_at: Nanos, now: Nanos) -> None:
        """List every order and say that the list is complete; a list that breaks off is not complete."""
        for order in self.orders.values():
            self._tell(order, queried_at, now, self._surely)
        self._report(self._in_order(now), e.StatusEnded(self.name, queried_at))

    def drop_working(self, now: Nanos) -> None:
        """The line went down and this venue cancels what works; nobody hears it."""
        for order in self.orders.values():
            order.is_working = False

    def position(self, instrument: str) -> Lots:
        """Return the true signed lots traded in `instrument`."""
        return sum(
            order.intent.side.sign * order.filled_lots
            for order in self.orders.values()
            if order.intent.instrument == instrument
        )

    # --- how reports travel ---

    def _say(self, now: Nanos, event: e.Event) -> None:
        if self._may_lose(event) and self._faults.hits("report_lost"):
            return
        at = self._in_order(now)
        if self._faults.hits("report_reordered"):
            at = now + self._rng.randint(MILLI, 50 * MILLI)
        if self._faults.hits("report_late"):
            at = now + self._rng.randint(50 * MILLI, LATE_MAX)
        self._report(at, event)
        if self._faults.hits("report_duplicated"):
            self._report(at + self._rng.randint(0, 2 * SECOND), event)

    def _may_lose(self, event: e.Event) -> bool:
        """The assumption our guarantee rests on: a venue whose closing reports understate does not lose fills as well.

        Were a hidden fill as large as a lost one, what is reported would add up and no engine could tell; only a
        comparison of positions with the venue can.
        """
        return not (isinstance(event, e.OrderFilled) and self._faults.has("fill_after_close"))

    def _answer(self, now: Nanos, event: e.Event) -> None:
        if not self._faults.hits("answer_lost"):
            self._report(self._in_order(now), event)

    def _surely(self, now: Nanos, event: e.Event) -> None:
        self._report(self._in_order(now), event)

    def _in_order(self, now: Nanos) -> Nanos:
        self._last_at = max(self._last_at + 1, now + MILLI)
        return self._last_at
