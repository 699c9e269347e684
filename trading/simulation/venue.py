"""A venue that may lie in every way the fault list names, but keeps the truth about what it traded.

Immediate orders trade on arrival. What is said about them is subject to the faults of the schedule (`Telling`); what
was traded is not, and the checkers compare against it. A query resends the fills of the order before the answer.
"""

from collections.abc import Callable
from random import Random

from trading.core import events as e
from trading.core.units import MILLI, SECOND, Lots, Nanos, Side
from trading.simulation.account import Account
from trading.simulation.faults import Faults
from trading.simulation.telling import Deliver, Telling

REJECTS = tuple(e.RejectClass)
CLOSINGS = (e.Offset.CLOSE, e.Offset.CLOSE_TODAY, e.Offset.CLOSE_YESTERDAY)
OFF_PRICE_TICKS = 2_500  # further than any collar
Later = Callable[[Nanos, Callable[[str, Nanos], None], str], None]
Traded = Callable[[e.OrderIntent, Lots], None]


class VenueOrder:
    """The truth about one order at the venue."""

    __slots__ = ("amendments", "filled_lots", "fills", "intent", "is_rejected", "is_working", "left_lots")

    def __init__(self, intent: e.OrderIntent) -> None:
        self.intent = intent
        self.filled_lots: Lots = 0
        self.left_lots: Lots = intent.lots  # what may still trade; a trade taken back comes not back to the book
        self.fills: list[e.OrderFilled] = []  # as they were first told
        self.amendments: dict[str, e.FillBusted | e.FillCorrected] = {}  # by trade and day
        self.is_working = False
        self.is_rejected = False


class SimulatedVenue:
    """`report(at, event)` is how the venue speaks, `later` its clock; `traded` is told the truth."""

    def __init__(
        self, name: str, rng: Random, faults: Faults, report: Deliver, later: Later, traded: Traded, account: Account
    ) -> None:
        self.name = name
        self.account = account
        self.never_told: set[str] = set()  # instruments of which a trade was kept from us
        self.orders: dict[str, VenueOrder] = {}
        self.is_halted = False
        self.has_lied = False
        self.rejects_until: Nanos = 0
        self.keeps_until: Nanos = 0  # no order is cancelled before
        self.trading_day = 1
        self.foreign: list[e.ForeignFilled] = []  # trades on our account that no order of ours made
        self.on_lock: Callable[[e.OrderIntent, Nanos], None] = lambda intent, now: None  # the market goes to its limit
        self._tells = Telling(rng, faults, report)
        self._rng = rng
        self._faults = faults
        self._later = later
        self._traded = traded
        self._fill_number = 0

    def trade_foreign(self, instrument: str) -> e.ForeignFilled:
        """Somebody else trades on our account; now and then it is the broker who must."""
        self._fill_number += 1
        is_forced = self._rng.random() < 0.2
        self._faults.counts["forced_liquidation" if is_forced else "foreign_fill"] += 1
        fill = e.ForeignFilled(
            self.name, instrument, self._rng.choice((Side.BUY, Side.SELL)), self._rng.randint(1, 5), 8_000,
            f"{self.name}{self._fill_number}", self.day, e.Offset.OPEN, is_forced=is_forced,
        )  # fmt: skip
        self.foreign.append(fill)
        self.account.trade(fill, fill.lots)
        return fill

    def turn_day(self, now: Nanos) -> None:
        """A new trading day begins: trade numbers start over, today's lots are yesterday's."""
        self.trading_day += 1
        self._fill_number = 0
        self.account.turn_day()
        self._tells.surely(now, e.TradingDayChanged(self.name, self.day))

    @property
    def day(self) -> str:
        return f"D{self.trading_day:03d}"

    def take_query_positions(self, queried_at: Nanos, now: Nanos) -> None:
        self._tells.answer(now, self.account.report(self.day, queried_at))

    def _frozen(self, intent: e.OrderIntent) -> Lots:
        """Return the lots that working closes of the same kind claim."""
        kind = (intent.instrument, intent.side, intent.offset, intent.hedge_flag)
        working = (order for order in self.orders.values() if order.is_working)
        return sum(
            order.left_lots
            for order in working
            if (order.intent.instrument, order.intent.side, order.intent.offset, order.intent.hedge_flag) == kind
        )

    def take_order(self, intent: e.OrderIntent, now: Nanos) -> None:
        """The order has arrived."""
        order = self.orders[intent.client_order_id] = VenueOrder(intent)
        name, faults = intent.client_order_id, self._faults
        why = self._why_rejected(intent, now)
        if why is not None:
            order.is_rejected = True
            self._tells.say(now, e.OrderRejected(name, why, why.value, "", now))
            return
        accepted = e.OrderAccepted(name, f"V{name}", now)
        is_late = faults.hits("fill_before_ack")
        if not is_late:
            self._tells.say(now, accepted)
        if intent.time_in_force is e.TimeInForce.DAY:
            if is_late:
                self._tells.say(now, accepted)
            order.is_working = True
            return
        if faults.hits("rests"):
            order.is_working = True
            self._trade(order, self._rng.randint(0, intent.lots), now)
            if not order.left_lots:
                self._close(order, "filled", now)
            elif faults.hits("venue_cancels"):
                self._later(self._rng.randint(50 * MILLI, 2 * SECOND), self._cancel_unasked, name)
        elif faults.hits("close_before_fills"):
            fills = self._traded_in_parts(order, self._wanted(intent.lots), now)
            self._close(order, "cancelled" if order.left_lots else "filled", now)
            for fill in fills:
                self._tells.fill(now, fill)
        else:
            self._trade(order, self._wanted(intent.lots), now)
            self._close(order, "cancelled" if order.left_lots else "filled", now)
        if is_late:
            self._tells.say(now, accepted)

    def _why_rejected(self, intent: e.OrderIntent, now: Nanos) -> e.RejectClass | None:
        """Return the class of the reject, or None for an order that is taken."""
        faults = self._faults
        if self.is_halted:
            return e.RejectClass.CLOSED
        if now < self.rejects_until and not faults.is_calm:
            faults.counts["reject_storm_order"] += 1
            return self._rng.choice((e.RejectClass.THROTTLE, e.RejectClass.OTHER, e.RejectClass.PRICE))
        if self.account.refuses(intent, self._frozen(intent)):
            faults.counts["over_close"] += 1
            return e.RejectClass.OFFSET
        if faults.hits("locks_under_order"):
            self.on_lock(intent, now)
            return e.RejectClass.LIMIT_LOCKED if self._rng.random() < 0.5 else e.RejectClass.PRICE
        if intent.offset in CLOSINGS and faults.hits("offset_rejected"):
            return e.RejectClass.OFFSET
        if not faults.hits("reject"):
            return None
        wanted = self._rng.choice(REJECTS)
        # A correct venue calls an order a duplicate only when it has it.
        return e.RejectClass.OTHER if wanted is e.RejectClass.DUPLICATE else wanted

    def _wanted(self, lots: Lots) -> Lots:
        if self._faults.hits("no_fill"):
            return 0
        if lots > 1 and self._faults.hits("partial"):
            return self._rng.randint(1, lots - 1)
        return lots

    def _trade(self, order: VenueOrder, lots: Lots, now: Nanos) -> None:
        for fill in self._traded_in_parts(order, lots, now):
            self._tells.fill(now, fill)

    def _traded_in_parts(self, order: VenueOrder, lots: Lots, now: Nanos) -> list[e.OrderFilled]:
        fills = []
        while lots:
            part = self._rng.randint(1, lots) if self._rng.random() < 0.3 else lots
            fills.append(self._fill(order, part, now))
            lots -= part
        return fills

    def _fill(self, order: VenueOrder, lots: Lots, now: Nanos) -> e.OrderFilled:
        shared = self._fill_number and self._faults.hits("trade_id_shared")
        if not shared:  # else this is the other side of the trade before, under the same number
            self._fill_number += 1
        intent, price = order.intent, order.intent.price_ticks
        if self._faults.hits("fill_off_price"):
            price += self._rng.choice((-OFF_PRICE_TICKS, OFF_PRICE_TICKS))
        name = f"{self.name}{self._fill_number}"
        if any(fill.fill_id == name and fill.trading_day == self.day for fill in order.fills):
            self._fill_number += 1
            name = f"{self.name}{self._fill_number}"
        fill = e.OrderFilled(intent.client_order_id, name, lots, price, self.day, now)
        order.fills.append(fill)
        order.filled_lots += lots
        order.left_lots -= lots
        self._traded(intent, lots)
        self.account.trade(intent, lots)
        if self._faults.hits("trade_amended"):
            self._later(self._rng.randint(50 * MILLI, 4 * SECOND), lambda name, at: self._amend(order, fill, at), "")
        return fill

    def _amend(self, order: VenueOrder, fill: e.OrderFilled, now: Nanos) -> None:
        """Take a trade back, or correct its quantity or price; a venue does so long after it told the trade."""
        if self._faults.is_calm:
            return
        self.has_lied = True  # from here on it said more than was traded
        name, day = fill.client_order_id, fill.trading_day
        change: e.FillBusted | e.FillCorrected
        if self._rng.random() < 0.5:
            change, lost = e.FillBusted(name, fill.fill_id, day, "erroneous trade"), fill.lots
        else:
            lost = self._rng.randint(0, fill.lots - 1)
            change = e.FillCorrected(name, fill.fill_id, fill.lots - lost, fill.price_ticks + 1, day, "corrected")
        self._faults.counts["busted" if isinstance(change, e.FillBusted) else "corrected"] += 1
        order.amendments[fill.fill_id + day] = change
        order.filled_lots -= lost
        if lost:
            self._traded(order.intent, -lost)
            self.account.take_back(order.intent, lost, is_of_today=day == self.day)
        self._tells.late(now, change)

    def _close(self, order: VenueOrder, reason: str, now: Nanos, *, is_heard: bool = True) -> None:
        order.is_working = False
        announced = order.filled_lots
        left = order.left_lots
        if left and self._faults.hits("fill_after_close"):
            hidden = self._fill(order, self._rng.randint(1, left), now)  # traded, but not in the closing report
            self.has_lied = True
            self._tells.late(now, hidden)
        elif left and self._faults.hits("fill_never_told"):
            self.account.trade(order.intent, self._rng.randint(1, left))
            self.never_told.add(order.intent.instrument)
        if is_heard:
            self._tells.say(now, e.OrderClosed(order.intent.client_order_id, announced, reason, now))

    def _cancel_unasked(self, client_order_id: str, now: Nanos) -> None:
        order = self.orders[client_order_id]
        if order.is_working:
            self._close(order, "venue_cancelled", now)

    def take_cancel(self, client_order_id: str, now: Nanos) -> None:
        order = self.orders.get(client_order_id)
        if order is None or not order.is_working or self._faults.hits("cancel_rejected"):
            self._tells.say(now, e.CancelRejected(client_order_id, "too late"))
            return
        if now < self.keeps_until:
            self._faults.counts["no_cancel_period_order"] += 1
            self._later(self.keeps_until - now, self.take_cancel, client_order_id)
            return
        if self._rng.random() < 0.3:
            self._trade(order, self._rng.randint(0, order.left_lots), now)
        self._close(order, "cancelled", now, is_heard=not self._faults.hits("cancel_ack_lost"))

    def take_query(self, client_order_id: str, queried_at: Nanos, now: Nanos) -> None:
        order = self.orders.get(client_order_id)
        if order is None:
            self._tells.answer(now, e.OrderStatus(client_order_id, "not_found", 0, "", queried_at))
            return
        self._tell(order, queried_at, now, self._tells.answer)

    def _tell(self, order: VenueOrder, queried_at: Nanos, now: Nanos, say: Deliver) -> None:
        name = order.intent.client_order_id
        for fill in order.fills:
            say(now, fill)
        for change in order.amendments.values():
            say(now, change)
        state = "working" if order.is_working else "closed"
        say(now, e.OrderStatus(name, state, order.filled_lots, f"V{name}", queried_at))

    def take_query_all(self, queried_at: Nanos, now: Nanos) -> None:
        """List every order and say that the list is complete; a list that breaks off is not complete."""
        for order in self.orders.values():
            self._tell(order, queried_at, now, self._tells.surely)
        for fill in self.foreign:
            self._tells.surely(now, fill)
        self._tells.surely(now, e.StatusEnded(self.name, queried_at))

    def replay_day(self, now: Nanos) -> None:
        """Tell all that was ever told of every order again, unasked, as CTP's private stream does in RESTART mode."""
        for order in self.orders.values():
            name = order.intent.client_order_id
            if order.is_rejected:
                self._tells.surely(now, e.OrderRejected(name, e.RejectClass.OTHER, "other", "", now))
                continue
            self._tells.surely(now, e.OrderAccepted(name, f"V{name}", now))
            for told in (*order.fills, *order.amendments.values()):
                self._tells.surely(now, told)
            if not order.is_working:
                self._tells.surely(now, e.OrderClosed(name, order.filled_lots, "closed", now))

    def drop_working(self) -> None:
        """The line went down and this venue cancels what works; nobody hears it."""
        for order in self.orders.values():
            order.is_working = False

    def position(self, instrument: str) -> Lots:
        """Return the true signed lots traded in `instrument`."""
        foreign = sum(fill.side.sign * fill.lots for fill in self.foreign if fill.instrument == instrument)
        return foreign + sum(
            order.intent.side.sign * order.filled_lots
            for order in self.orders.values()
            if order.intent.instrument == instrument
        )
