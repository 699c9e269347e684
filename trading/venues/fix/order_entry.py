"""Our orders as FIX messages: new, cancel, and the question about one. Pure.

New orders are rendered from a template per instrument; only what differs from one to the next is encoded.
"""

from collections.abc import Iterable

from trading.core.events import OrderIntent, TimeInForce
from trading.core.terms import Instrument
from trading.core.units import Nanos, Side, to_price
from trading.venues.fix.codec import Template, Value
from trading.venues.fix.codes import Side as FixSide
from trading.venues.fix.messages import ExecutionReport, OrderCancelRequest, OrderStatusRequest
from trading.venues.fix.session import Session
from trading.venues.fix.timestamps import format_utc

SIDES = {Side.BUY: FixSide.BUY, Side.SELL: FixSide.SELL}
TIMES_IN_FORCE = {TimeInForce.DAY: b"0", TimeInForce.IOC: b"3", TimeInForce.FOK: b"4"}
# What changes from one order to the next: ClOrdID, Side, OrderQty, Price, TimeInForce, TransactTime.
VARIABLE_TAGS = (11, 54, 38, 44, 59, 60)

MATURITY_DATE = 541  # the prompt date, where an order trades a certain one


class OrderEntry:
    """Knows every order of this desk at the venue, also those of earlier runs."""

    def __init__(self, session: Session, instruments: Iterable[Instrument], account: str) -> None:
        self._session, self._account = session, account
        self._instruments = {i.code: i for i in instruments}
        self._orders: dict[str, OrderIntent] = {}
        self._templates: dict[tuple[str, bool], Template] = {}

    def adopt(self, orders: Iterable[OrderIntent]) -> None:
        for order in orders:
            if order.instrument in self._instruments:
                self._orders[order.client_order_id] = order

    def instrument_of(self, client_order_id: str) -> Instrument | None:
        order = self._orders.get(client_order_id)
        return self._instruments[order.instrument] if order else None

    def listed(self, symbol: str) -> Instrument | None:
        """Return the desk's instrument of this name at the venue."""
        return next((i for i in self._instruments.values() if i.symbol == symbol), None)

    def new(self, order: OrderIntent, now: Nanos) -> tuple[Template, tuple[bytes, ...]]:
        """Return the template of the order's instrument and this order's values for it."""
        price = to_price(order.price_ticks, self._instruments[order.instrument].tick)
        prompt = (order.prompt.encode(),) if order.prompt else ()
        return self._template(order.instrument, bool(prompt)), (
            order.client_order_id.encode(),
            SIDES[order.side].value.encode(),
            b"%d" % order.lots,
            format(price, "f").encode(),
            TIMES_IN_FORCE[order.time_in_force],
            format_utc(now),
            *prompt,
        )

    def _template(self, code: str, has_prompt: bool) -> Template:
        template = self._templates.get((code, has_prompt))
        if template is None:
            # HandlInst (automated, no broker intervention), Symbol, OrdType (limit), and Account where there is one
            static: list[tuple[int, Value]] = [(21, b"1"), (55, self._instruments[code].symbol), (40, b"2")]
            if self._account:
                static.insert(0, (1, self._account))
            tags = (*VARIABLE_TAGS, MATURITY_DATE) if has_prompt else VARIABLE_TAGS
            template = self._templates[code, has_prompt] = self._session.template(b"D", static, tags)
        return template

    def cancel(self, client_order_id: str, cancel_id: str, now: Nanos) -> OrderCancelRequest | None:
        """Return the cancel of an order, or None for one that nobody here knows."""
        order = self._orders.get(client_order_id)
        if order is None:
            return None
        return OrderCancelRequest(
            client_order_id=cancel_id,
            orig_client_order_id=client_order_id,
            symbol=self._instruments[order.instrument].symbol,
            side=SIDES[order.side],
            sent_at=now,
            lots=order.lots,
        )

    def status(self, client_order_id: str) -> OrderStatusRequest | None:
        """Return the question about an order, or None for one that nobody here knows."""
        order = self._orders.get(client_order_id)
        if order is None:
            return None
        return OrderStatusRequest(
            client_order_id=client_order_id,
            symbol=self._instruments[order.instrument].symbol,
            side=SIDES[order.side],
        )


class MassStatus:
    """One question about all orders, and how much of its answer has come."""

    def __init__(self, request_id: str = "", asked_at: Nanos = 0) -> None:
        self.request_id, self.asked_at = request_id, asked_at
        self._reports = 0

    def counts(self, report: ExecutionReport) -> bool:
        """Take one report of the answer; return whether it was the last."""
        if report.mass_status_id != self.request_id:
            return False
        self._reports += 1
        total = report.reports_total
        return bool(report.is_last_report) or (total is not None and self._reports >= total)

    def is_overdue(self, now: Nanos, answer_max: Nanos) -> bool:
        return bool(self.request_id) and now - self.asked_at > answer_max
