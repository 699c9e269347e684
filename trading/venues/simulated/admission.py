"""Why a venue would not take an order or a cancel: the checks it makes on arrival, in the order it makes them."""

from collections import deque
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from trading.core.events import Offset
from trading.core.terms import Instrument
from trading.core.units import SECOND, Lots, Nanos, OffGridPrice, Ticks, to_ticks
from trading.venues.simulated.book import Order
from trading.venues.simulated.faults import Faults
from trading.venues.simulated.messages import CancelOrder, NewOrder, RejectCode, Tick
from trading.venues.simulated.positions import Book, Positions
from trading.venues.simulated.register import Register
from trading.venues.simulated.spec import OPEN, VenueSpec

Objection = tuple[RejectCode, str]
# CTP's own numbers for closing more than there is (SFIT's error list; venues.md §3.7)
OVER_CLOSE = {
    Offset.CLOSE: (30, "over-close of the position"),
    Offset.CLOSE_TODAY: (50, "over-close of today's position"),
    Offset.CLOSE_YESTERDAY: (51, "over-close of yesterday's position"),
}


class DeskState:
    """What the venue knows about one desk: its fencing epoch, when it was last heard, its recent messages."""

    def __init__(self) -> None:
        self.epoch = 0
        self.heard_at: Nanos = 0
        self._recent: deque[Nanos] = deque()

    def see_epoch(self, epoch: int | None) -> None:
        self.epoch = max(self.epoch, epoch or 0)

    def messages_in_last_second(self, now: Nanos) -> int:
        """Count one message and return how many there were within a second."""
        while self._recent and self._recent[0] <= now - SECOND:
            self._recent.popleft()
        self._recent.append(now)
        return len(self._recent)


class Admission:
    """Judges what arrives: first who sends it, then the faults that are on, then the order itself."""

    def __init__(self, spec: VenueSpec, faults: Faults, register: Register) -> None:
        self._spec, self._faults, self._register = spec, faults, register
        self._desks: dict[str, DeskState] = {}

    def desk(self, name: str) -> DeskState:
        return self._desks.setdefault(name, DeskState())

    def objection(
        self, request: NewOrder, instrument: Instrument | None, tick: Tick | None, phase: str, now: Nanos
    ) -> Objection | None:
        """Return the first reason not to take the order, or None; `instrument` is None when it is not listed."""
        desk = self.desk(request.desk)
        if request.epoch is not None and request.epoch < desk.epoch:
            return RejectCode.STALE_EPOCH, f"epoch {request.epoch} is older than {desk.epoch}"
        desk.see_epoch(request.epoch)
        if self._register.is_used(request.desk, request.client_order_id):
            return RejectCode.DUPLICATE, f"order id {request.client_order_id} was used before"
        if instrument is None:
            return RejectCode.UNKNOWN_INSTRUMENT, f"{request.symbol} is not listed on {self._spec.name}"
        rate_max = self._spec.message_rate_per_s
        is_too_fast = desk.messages_in_last_second(now) > rate_max
        if is_too_fast or self._take("throttle_reject", request, now) is not None:
            return RejectCode.THROTTLE, f"more than {rate_max} messages in a second"
        if fault := self._take("reject_next", request, now):
            return RejectCode(fault["code"]), fault["text"]
        if self._take("halt", request, now) is not None:
            return RejectCode.HALTED, f"{request.symbol} is halted"
        positions = self._register.positions
        of_kind = request.offset if self._spec.closes_today_separately else None
        frozen = self._register.frozen_lots(_book(request), request.side, of_kind)
        return find_objection(request, instrument, tick, phase, self._spec, positions, frozen)

    def cancel_objection(self, request: CancelOrder, order: Order | None, now: Nanos) -> Objection | None:
        """Return the reason not to cancel, or None."""
        highest = self.desk(request.desk).epoch
        if request.epoch is not None and request.epoch < highest:
            return RejectCode.STALE_EPOCH, f"epoch {request.epoch} is older than {highest}"
        if order is None:
            return RejectCode.UNKNOWN_ORDER, f"no order {request.client_order_id}"
        if not order.is_working:
            return RejectCode.TOO_LATE, f"order {request.client_order_id} is closed: {order.reason}"
        if fault := self._take("cancel_reject", order, now):
            return RejectCode.TOO_LATE, fault["text"]
        if self._take("no_cancel_period", order, now) is not None:
            return RejectCode.CLOSED, "no cancels are taken in this period"
        return None

    def _take(self, name: str, order: Order | NewOrder, now: Nanos) -> dict[str, Any] | None:
        return self._faults.take(name, now, order.symbol, order.side)


def find_objection(
    request: NewOrder,
    instrument: Instrument,
    tick: Tick | None,
    phase: str,
    spec: VenueSpec,
    positions: Positions,
    closing_lots: Lots,
) -> Objection | None:
    """Return the first reason not to take the order, or None.

    `closing_lots` are claimed by working closing orders.
    """
    checks: tuple[Callable[[], Objection | None], ...] = (
        lambda: _check_phase(phase, request.symbol),
        lambda: _check_lots(request, instrument),
        lambda: _check_price(request, instrument, tick),
        lambda: _check_offset(request, spec, positions, closing_lots),
        lambda: _check_margin(request, spec, positions),
    )
    return next((objection for check in checks if (objection := check()) is not None), None)


def _book(request: NewOrder) -> Book:
    return Book(request.account, request.symbol, request.hedge_flag, request.prompt)


def price_limits(instrument: Instrument, tick: Tick | None) -> tuple[Ticks | None, Ticks | None]:
    """Return (lower, upper) in ticks: the feed's own, else the instrument's rate around the last price."""
    if tick is None:
        return None, None
    if tick.upper is not None or tick.lower is not None or instrument.price_limit_rate is None or not tick.last:
        return tick.lower, tick.upper
    rate = instrument.price_limit_rate
    return int(tick.last * (1 - rate)), int(tick.last * (1 + rate))


def _check_phase(phase: str, symbol: str) -> Objection | None:
    if phase == OPEN:
        return None
    return RejectCode.CLOSED, f"{symbol} is not trading: phase {phase}"


def _check_lots(request: NewOrder, instrument: Instrument) -> Objection | None:
    if request.lots <= 0:
        return RejectCode.QUANTITY, f"quantity {request.lots} is not positive"
    if instrument.order_lots_max is not None and request.lots > instrument.order_lots_max:
        return (
            RejectCode.QUANTITY,
            f"quantity {request.lots} is above the venue's {instrument.order_lots_max} per order",
        )
    return None


def _check_price(request: NewOrder, instrument: Instrument, tick: Tick | None) -> Objection | None:
    if instrument.is_pricing_only:
        return RejectCode.PERMISSION, f"{request.symbol} is published for pricing only"
    try:
        ticks = to_ticks(request.price, instrument.tick)
    except OffGridPrice as error:
        return RejectCode.OFF_TICK, str(error)
    lower, upper = price_limits(instrument, tick)
    if upper is not None and ticks > upper:
        return RejectCode.PRICE_LIMIT, f"price {request.price} is above the limit {_price(upper, instrument)}"
    if lower is not None and ticks < lower:
        return RejectCode.PRICE_LIMIT, f"price {request.price} is below the limit {_price(lower, instrument)}"
    return None


def _price(ticks: Ticks, instrument: Instrument) -> Decimal:
    return ticks * instrument.tick


def _check_offset(request: NewOrder, spec: VenueSpec, positions: Positions, closing_lots: Lots) -> Objection | None:
    if not spec.tracks_offsets or request.offset in (None, Offset.OPEN):
        return None
    holding = positions.of(*_book(request))
    closable = holding.closable_lots(request.side, request.offset, spec.closes_today_separately) - closing_lots
    if request.lots <= closable:
        return None
    number, words = OVER_CLOSE[request.offset if spec.closes_today_separately else Offset.CLOSE]
    flag = request.hedge_flag.value
    return (
        RejectCode.OFFSET,
        f"CTP {number}: {words}: {request.offset.value} {flag} {request.lots} lots, {max(closable, 0)} can be closed",
    )


def _check_margin(request: NewOrder, spec: VenueSpec, positions: Positions) -> Objection | None:
    if spec.account_lots_max is None or request.offset not in (None, Offset.OPEN):
        return None
    of_account = positions.of_account(request.account).items()
    held = sum(holding.gross_lots for book, holding in of_account if book.symbol == request.symbol)
    if held + request.lots <= spec.account_lots_max:
        return None
    return RejectCode.MARGIN, f"{held} + {request.lots} lots need more margin than the account has"
