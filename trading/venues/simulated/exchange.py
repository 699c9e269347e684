"""The simulated exchange: requests, ticks and time go in, timed deliveries come out.

It has no I/O, no clock and no hidden chance: the same class stands behind the TCP server, behind `replay` and behind
schedules in virtual time. A request travels `latency_in` before it meets the book, and what comes of it leaves
`latency_out` later; faults bend either way. An order is never forgotten, an order id is never used twice, and an
epoch lower than the highest seen is refused.
"""

import heapq
from decimal import Decimal
from itertools import count

import msgspec

from trading.core.events import Level, TimeInForce
from trading.core.terms import Instrument
from trading.core.units import MILLI, SECOND, Lots, Nanos, Side, to_ticks
from trading.venues.simulated.admission import Admission
from trading.venues.simulated.book import Match, Order, ReplayBook
from trading.venues.simulated.faults import Faults
from trading.venues.simulated.market_data import MarketData
from trading.venues.simulated.messages import (
    Accepted,
    CancelOrder,
    CancelRejected,
    DayBegan,
    Delivery,
    Depth,
    Disconnected,
    Heartbeat,
    Logon,
    NewOrder,
    PositionList,
    QueryOrder,
    QueryOrders,
    QueryPositions,
    Rejected,
    Report,
    Request,
    StatusEnd,
    Tick,
)
from trading.venues.simulated.register import Register
from trading.venues.simulated.report_line import ReportLine
from trading.venues.simulated.spec import BREAK, CLOSED, OPEN, VenueSpec, phase_at, trading_day

HOUR = 3600 * SECOND
LOCKED_LOTS = 5000  # what stands at the limit when a fault locks the book


class HeldOrder(msgspec.Struct, frozen=True):
    """An order that a fault kept in transit."""

    request: NewOrder


class LateFill(msgspec.Struct, frozen=True):
    """A fill of a closed order that its venue reports only now."""

    order: Order
    lots: Lots


class Exchange:
    def __init__(self, spec: VenueSpec, seed: int = 0) -> None:
        self.spec = spec
        self.faults = Faults(seed)
        self.register = Register(spec)
        self.reports = ReportLine(spec, self.faults)
        self.market_data = MarketData(spec, self.faults)
        self.admission = Admission(spec, self.faults, self.register)
        self.listed: dict[str, Instrument] = {instrument.symbol: instrument for instrument in spec.instruments}
        self.books = {symbol: ReplayBook() for symbol in self.listed}
        self.desk_of_account: dict[str, str] = {}
        self._due: list[tuple[Nanos, int, Request | HeldOrder | LateFill]] = []
        self._arrival_number = count()
        self._last_arrival: Nanos = 0
        self._days_ahead = 0
        self._hour_checked: int | None = None

    # --- time ---

    def handle(self, request: Request, now: Nanos) -> list[Delivery]:
        """Take one request in; it meets the book `latency_in` later, in the order of arrival."""
        self.admission.desk(request.desk).heard_at = now
        if isinstance(request, Logon | Heartbeat | Disconnected):
            return self.timer(now) + self._process(request, now)
        arrives = now + self.spec.latency_in + self.reports.extra_latency(now)
        self._last_arrival = arrives = max(arrives, self._last_arrival)
        self._push(arrives, request)
        return self.timer(now)

    def deadline(self) -> Nanos | None:
        """Return when `timer` wants to be called next, or None."""
        times = [self._due[0][0]] if self._due else []
        if self.spec.silence_max is not None:
            desks = {order.desk for order in self.register.working()}
            times += [self.admission.desk(name).heard_at + self.spec.silence_max for name in desks]
        return min(times, default=None)

    def timer(self, now: Nanos) -> list[Delivery]:
        """Process what has arrived by `now` and cancel the orders of desks that have gone silent."""
        deliveries = self._roll_on_new_day(now)
        while self._due and self._due[0][0] <= now:
            at, _, request = heapq.heappop(self._due)
            deliveries += self._process(request, at)
        if self.spec.silence_max is not None and self.register.working():
            for name in {order.desk for order in self.register.working()}:
                if now - self.admission.desk(name).heard_at >= self.spec.silence_max:
                    deliveries += self.cancel_working(name, "venue_cancelled", now)
        return deliveries

    def feed(self, tick: Tick, now: Nanos) -> list[Delivery]:
        """Show the next book of an instrument; resting orders it crosses or trades through fill."""
        deliveries = self.timer(now)
        symbol = tick.instrument
        lock = self.faults.take("limit_lock", now, symbol)
        if lock:
            tick = _locked(tick, Side(lock["side"]))
        if self.phase(symbol, now) == OPEN:
            for match in self.books[symbol].show(tick):
                deliveries += self._fill_resting(match.order, match, now)
        else:
            self.books[symbol].tick = tick
        return deliveries + self._publish(symbol, now)

    def phase(self, symbol: str, now: Nanos) -> str:
        """Return open, break or closed; a halt shows as a break."""
        if self.faults.is_on("halt", now, symbol) or self.faults.is_on("session_break", now, symbol):
            return BREAK
        return phase_at(self.listed[symbol], now) if self.spec.enforces_sessions else OPEN

    def depth(self, symbol: str, now: Nanos) -> Depth | None:
        """Return the book as it stands, for a new subscriber; None before the first tick."""
        book = self.books[symbol]
        if book.tick is None:
            return None
        return self.market_data.snapshot(
            book.tick,
            book.published(Side.BUY),
            book.published(Side.SELL),
            self.phase(symbol, now),
            self._stamp(0, now),
        )

    def trading_day(self, now: Nanos) -> str:
        """Return the venue's trading day as YYYYMMDD; a day that began early stays begun after a restart."""
        return max(trading_day(self._time_zone, now, self._days_ahead), self.register.day)

    # --- requests ---

    def _process(self, request: Request | HeldOrder | LateFill, now: Nanos) -> list[Delivery]:
        match request:
            case NewOrder():
                return self._receive(request, now)
            case HeldOrder():
                return self._admit(request.request, now)
            case CancelOrder():
                return self._cancel(request, now)
            case QueryOrder():
                return self.reports.answer(self._state_of(request.desk, request.client_order_id, request.ref), now)
            case QueryOrders():
                return self._query_all(request, now)
            case QueryPositions():
                return self._positions(request, now)
            case LateFill(order, lots):
                order.filled_lots += lots
                filled = self.register.execute(order, lots, order.price_ticks, self._stamp(now, now))
                return self._deliver([filled], order, now)
            case Logon():
                self.admission.desk(request.desk).see_epoch(request.epoch)
                self.desk_of_account[request.account] = request.desk
            case Disconnected() if self.spec.cancels_on_disconnect:
                return self.cancel_working(request.desk, "venue_cancelled", now)
        return []

    def _receive(self, request: NewOrder, now: Nanos) -> list[Delivery]:
        if self.faults.take("order_lost", now, request.symbol, request.side) is not None:
            return []
        zombie = self.faults.take("zombie", now, request.symbol, request.side)
        if zombie:
            self._push(now + int(zombie["delay_ms"]) * MILLI, HeldOrder(request))
            return []
        return self._admit(request, now)

    def _admit(self, request: NewOrder, now: Nanos) -> list[Delivery]:
        instrument, book = self.listed.get(request.symbol), self.books.get(request.symbol)
        phase = self.phase(request.symbol, now) if instrument else CLOSED
        objection = self.admission.objection(request, instrument, book.tick if book else None, phase, now)
        if objection is not None:
            self.register.use_id(request.desk, request.client_order_id)
            code, text = objection
            rejected = Rejected(request.desk, request.client_order_id, code, text, self._stamp(now, now))
            return self.reports.deliver([rejected], now, request.symbol, request.side)
        ticks = to_ticks(request.price, self.listed[request.symbol].tick)
        return self._match(self.register.open(request, ticks, now), now)

    def _match(self, order: Order, now: Nanos) -> list[Delivery]:
        book = self.books[order.symbol]
        lots_max = self._lots_allowed(order, now)
        reachable = min(lots_max, book.available_lots(order.side, order.price_ticks))
        is_hopeless = order.time_in_force is TimeInForce.FOK and reachable < order.lots
        matches = [] if is_hopeless else book.take(order, lots_max)
        stamp = self._stamp(now, now)
        reports: list[Report] = [Accepted(order.desk, order.client_order_id, order.venue_order_id, stamp)]
        of_resting: list[Delivery] = []
        for match in matches:
            reports.append(self._fill(order, match, now))
            if match.resting is not None:
                of_resting += self._fill_resting(match.resting, match, now)
        if order.leaves_lots and order.time_in_force is TimeInForce.DAY:
            book.rest(order)
        else:
            reports.append(self._close(order, "expired" if order.leaves_lots else "filled", now))
        deliveries = self._deliver(reports, order, now) + of_resting
        if matches or order.is_working:
            deliveries += self._publish_change(order.symbol, now)
        return deliveries

    def _lots_allowed(self, order: Order, now: Nanos) -> Lots:
        if self._take("no_fill", order, now) is not None:
            return 0
        if partial := self._take("partial_next", order, now):
            return min(order.lots, int(Decimal(str(partial["ratio"])) * order.lots))
        return order.lots

    def _cancel(self, request: CancelOrder, now: Nanos) -> list[Delivery]:
        order = self.register.orders.get((request.desk, request.client_order_id))
        symbol, side = (order.symbol, order.side) if order else ("", None)
        if self.faults.take("cancel_ignored", now, symbol, side) is not None:
            return []
        objection = self.admission.cancel_objection(request, order, now)
        if order is None or objection is not None:
            assert objection is not None
            code, text = objection
            rejected = CancelRejected(request.desk, request.client_order_id, code, text, request.cancel_id)
            return self.reports.deliver([rejected], now, symbol, side)
        deliveries = self._deliver([self._close(order, "cancelled", now, request.cancel_id)], order, now)
        return deliveries + self._publish_change(order.symbol, now)

    def _query_all(self, request: QueryOrders, now: Nanos) -> list[Delivery]:
        ids = [order_id for desk, order_id in self.register.orders if desk == request.desk]
        answers = [report for order_id in ids for report in self._state_of(request.desk, order_id, request.ref)]
        return self.reports.answer([*answers, StatusEnd(request.desk, request.ref)], now)

    def _positions(self, request: QueryPositions, now: Nanos) -> list[Delivery]:
        accounts = [account for account, desk in self.desk_of_account.items() if desk == request.desk]
        lines = tuple(line for account in accounts for line in self.register.lines(account))
        answer = PositionList(request.desk, request.ref, self.trading_day(now), lines)
        return self.reports.answer([answer], now)

    def _state_of(self, desk: str, order_id: str, ref: str) -> list[Report]:
        """Return an order's fills and what became of them, under their own ids, and then where it stands."""
        fills = self.register.fills_of.get((desk, order_id), [])
        amendments = self.register.amendments_of.get((desk, order_id), [])
        return [*fills, *amendments, self.register.status(desk, order_id, ref)]

    # --- what becomes of orders ---

    def cancel_working(self, desk: str, reason: str, now: Nanos) -> list[Delivery]:
        """Cancel every working order of a desk ("" = of all desks)."""
        deliveries: list[Delivery] = []
        for order in self.register.working(desk):
            deliveries += self._deliver([self._close(order, reason, now)], order, now)
        return deliveries

    def _fill(self, order: Order, match: Match, now: Nanos) -> Report:
        price = match.price_ticks
        if worse := self._take("trade_through", order, now):
            price = order.price_ticks + order.side.sign * int(worse["ticks"])
        return self.register.execute(order, match.lots, price, self._stamp(now, now))

    def _fill_resting(self, order: Order, match: Match, now: Nanos) -> list[Delivery]:
        is_self_trade = match.resting is not None and self.spec.one_trade_id_per_match
        fill_id = self.register.fills[-1].fill_id if is_self_trade else ""
        stamp = self._stamp(now, now)
        reports: list[Report] = [self.register.execute(order, match.lots, match.price_ticks, stamp, fill_id)]
        if order.is_working and order.reported_lots == order.lots:
            reports.append(self._close(order, "filled", now))
        return self._deliver(reports, order, now)

    def _close(self, order: Order, reason: str, now: Nanos, cancel_id: str = "") -> Report:
        self.books[order.symbol].remove(order)
        late = self._take("late_fill_after_cancel", order, now) if order.leaves_lots else None
        if late:
            lots = min(int(late["lots"]), order.leaves_lots)
            self._push(now + int(late["delay_ms"]) * MILLI, LateFill(order, lots))
        return self.register.close(order, reason, self._stamp(now, now), cancel_id)

    # --- bookkeeping ---

    def roll_trading_day(self, now: Nanos) -> list[Delivery]:
        """Start the next trading day before its time."""
        self._days_ahead += 1
        self._hour_checked = None
        return self._roll_on_new_day(now)

    def _roll_on_new_day(self, now: Nanos) -> list[Delivery]:
        hour = now // HOUR
        if hour == self._hour_checked:
            return []
        self._hour_checked = hour
        day = self.trading_day(now)
        if day == self.register.day:
            return []
        is_first = not self.register.day
        deliveries = self.cancel_working("", "expired", now)
        self.register.start_day(day)
        self.reports.forget_day()
        return deliveries if is_first else [*deliveries, (now + self.spec.latency_out, DayBegan(day))]

    @property
    def _time_zone(self) -> str:
        return next(iter(self.listed.values())).time_zone if self.listed else "UTC"

    def _stamp(self, at: Nanos, now: Nanos) -> Nanos:
        fault = self.faults.take("clock_offset", now)
        return at + (int(fault["ms"]) * MILLI if fault else 0)

    def _take(self, name: str, order: Order | NewOrder, now: Nanos) -> dict | None:
        return self.faults.take(name, now, order.symbol, order.side)

    def _push(self, at: Nanos, request: Request | HeldOrder | LateFill) -> None:
        heapq.heappush(self._due, (at, next(self._arrival_number), request))

    def _deliver(self, reports: list[Report], order: Order, now: Nanos) -> list[Delivery]:
        return self.reports.deliver(reports, now, order.symbol, order.side)

    def _publish_change(self, symbol: str, now: Nanos) -> list[Delivery]:
        """Return the book where the venue shows what orders change in it; others wait for the next snapshot."""
        return self._publish(symbol, now) if self.spec.publishes_every_change else []

    def _publish(self, symbol: str, now: Nanos) -> list[Delivery]:
        book = self.books[symbol]
        if book.tick is None:
            return []
        sides = book.published(Side.BUY), book.published(Side.SELL)
        return self.market_data.publish(book.tick, *sides, self.phase(symbol, now), now, self._stamp(0, now))


def _locked(tick: Tick, side: Side) -> Tick:
    levels = tick.bids if side is Side.BUY else tick.asks
    limit = tick.upper if side is Side.BUY else tick.lower
    at = limit if limit is not None else (levels[0].price_ticks if levels else 0)
    wall = (Level(at, LOCKED_LOTS),)
    bids, asks = (wall, ()) if side is Side.BUY else ((), wall)
    return Tick(tick.instrument, tick.exchange_ns, bids, asks, at, tick.volume, tick.upper, tick.lower)
