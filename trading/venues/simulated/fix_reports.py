"""What the exchange says about orders as FIX 4.4 execution reports. Pure apart from what it remembers of the orders.

ExecID(17) of a fill is the venue's fill id, the same whenever the fill is sent again; every other report has one of its
own. A fill that completes its order carries OrdStatus(39) 2, so that no separate report of the end is needed; if the
end is told first (a fault), it goes out as a status report and the fills come after it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count

from trading.core.terms import Instrument
from trading.core.units import Lots, Side, Ticks
from trading.venues.fix import codes, positions
from trading.venues.fix.body import Body
from trading.venues.fix.codec import Value
from trading.venues.fix.messages import ExecutionReport, NewOrderSingle, OrderCancelReject
from trading.venues.simulated import messages as say
from trading.venues.simulated.messages import RejectCode

Fields = list[tuple[int, Value]]
Said = tuple[bytes, Fields]

NO_SYMBOL = "[N/A]"  # what FIX 4.4 prescribes where a report is about no instrument
REJECT_REASONS = {  # OrdRejReason(103)
    RejectCode.UNKNOWN_INSTRUMENT: 1,
    RejectCode.CLOSED: 2,
    RejectCode.HALTED: 2,
    RejectCode.MARGIN: 3,
    RejectCode.DUPLICATE: 6,
    RejectCode.UNSUPPORTED: 11,
    RejectCode.QUANTITY: 13,
}
OTHER_REASON = 99
UNKNOWN_ORDER = 5
CANCEL_REASONS = {RejectCode.TOO_LATE: 0, RejectCode.UNKNOWN_ORDER: 1}  # CxlRejReason(102)
ENDS = {
    "filled": (codes.ExecType.ORDER_STATUS, codes.OrderStatus.FILLED),
    "cancelled": (codes.ExecType.CANCELED, codes.OrderStatus.CANCELED),
    "venue_cancelled": (codes.ExecType.CANCELED, codes.OrderStatus.CANCELED),
    "expired": (codes.ExecType.EXPIRED, codes.OrderStatus.EXPIRED),
}


@dataclass(slots=True)
class Known:
    """What reports repeat of an order, and how it stands as far as this client has been told."""

    symbol: str = NO_SYMBOL
    side: codes.Side = codes.Side.BUY
    lots: Lots = 0
    price: Decimal | None = None
    venue_order_id: str = "NONE"
    status: codes.OrderStatus = codes.OrderStatus.NEW
    filled_lots: Lots = 0
    traded_ticks: int = 0  # sum of lots x price, for the average
    fill_ids: set[str] = field(default_factory=set)
    busted_ids: set[str] = field(default_factory=set)


class ReportWriter:
    """Turns the exchange's messages into FIX bodies for one client."""

    def __init__(self, listed: dict[str, Instrument], prefix: str, account: str = "") -> None:
        self._listed, self._account = listed, account or None
        self._prefix = prefix
        self._number = count(1)
        self._orders: dict[str, Known] = {}
        self._answers: dict[str, list[say.Status]] = {}

    def know(self, order: NewOrderSingle) -> None:
        """Remember what a first order of this id says; a duplicate changes nothing."""
        known = Known(order.symbol, order.side, order.lots, order.price)
        self._orders.setdefault(order.client_order_id, known)

    def know_about(self, client_order_id: str, symbol: str, side: codes.Side) -> None:
        self._orders.setdefault(client_order_id, Known(symbol, side))

    def write(self, message: say.Report) -> list[Said]:
        """Return the FIX messages (type, body) for one message of the exchange."""
        match message:
            case say.Accepted():
                known = self._known(message.client_order_id)
                known.venue_order_id = message.venue_order_id
                return [self._report(message, codes.ExecType.NEW, known.status)]
            case say.Rejected():
                return [self._rejected(message)]
            case say.Filled():
                return [self._filled(message)]
            case say.Busted():
                return [self._busted(message)]
            case say.Corrected():
                return [self._corrected(message)]
            case say.Closed():
                return self._closed(message)
            case say.CancelRejected():
                return [self._cancel_rejected(message)]
            case say.Status():
                return self._status(message)
            case say.StatusEnd():
                return self._mass_status(message)
            case say.PositionList():
                return list(self._positions(message))

    def _known(self, client_order_id: str) -> Known:
        return self._orders.setdefault(client_order_id, Known())

    def _filled(self, message: say.Filled) -> Said:
        known = self._known(message.client_order_id)
        if known.symbol == NO_SYMBOL:  # an order that this client never sent
            side = codes.Side.BUY if message.side is Side.BUY else codes.Side.SELL
            known.symbol, known.side, known.lots = message.symbol, side, message.lots
        known.venue_order_id = message.venue_order_id
        is_complete = message.cumulative_lots >= known.lots
        if known.status in (codes.OrderStatus.NEW, codes.OrderStatus.PARTIALLY_FILLED) or is_complete:
            known.status = codes.OrderStatus.FILLED if is_complete else codes.OrderStatus.PARTIALLY_FILLED
        known.filled_lots = max(known.filled_lots, message.cumulative_lots)
        if message.fill_id not in known.fill_ids:  # a query repeats fills
            known.fill_ids.add(message.fill_id)
            known.traded_ticks += message.lots * message.price_ticks
        return self._report(
            message,
            codes.ExecType.TRADE,
            known.status,
            message.fill_id,
            last_lots=message.lots,
            last_price=message.price_ticks * self._listed[message.symbol].tick,
            maturity_date=message.prompt or None,
            text="forced liquidation" if message.client_order_id.startswith(say.FORCED) else None,
            filled_lots=message.cumulative_lots,
            extra=((75, message.trading_day),),
        )

    def _busted(self, message: say.Busted) -> Said:
        known = self._known(message.client_order_id)
        if message.fill_id not in known.busted_ids:  # a query repeats busts
            known.busted_ids.add(message.fill_id)
            known.filled_lots -= message.lots
        if known.status is codes.OrderStatus.FILLED:
            known.status = codes.OrderStatus.CANCELED  # the venue does not work the busted lots again
        bust = codes.ExecType.TRADE_CANCEL
        return self._report(
            message,
            bust,
            known.status,
            exec_ref_id=message.fill_id,
            last_lots=message.lots,
            extra=((75, message.trading_day),) if message.trading_day else (),
        )

    def _corrected(self, message: say.Corrected) -> Said:
        known = self._known(message.client_order_id)
        return self._report(
            message,
            codes.ExecType.TRADE_CORRECT,
            known.status,
            exec_ref_id=message.fill_id,
            last_lots=message.lots,
            last_price=message.price_ticks * self._listed[message.symbol].tick,
            extra=((75, message.trading_day),),
        )

    def _closed(self, message: say.Closed) -> list[Said]:
        known = self._known(message.client_order_id)
        if message.reason == "filled" and known.status is codes.OrderStatus.FILLED:
            return []
        exec_type, known.status = ENDS[message.reason]
        known.filled_lots = max(known.filled_lots, message.cumulative_lots)
        return [
            self._report(
                message,
                exec_type,
                known.status,
                filled_lots=message.cumulative_lots,
                cancel_id=message.cancel_id,
                text="cancelled by the venue" if message.reason == "venue_cancelled" else None,
            )
        ]

    def _rejected(self, message: say.Rejected) -> Said:
        known = self._known(message.client_order_id)
        if message.code is not RejectCode.DUPLICATE:
            known.status = codes.OrderStatus.REJECTED
        return self._report(
            message,
            codes.ExecType.REJECTED,
            codes.OrderStatus.REJECTED,
            filled_lots=0,
            reject_reason=REJECT_REASONS.get(message.code, OTHER_REASON),
            text=f"{message.code.value}: {message.text}",
        )

    def _cancel_rejected(self, message: say.CancelRejected) -> Said:
        known = self._known(message.client_order_id)
        is_unknown = message.code is RejectCode.UNKNOWN_ORDER
        body = OrderCancelReject(
            venue_order_id=known.venue_order_id,
            client_order_id=message.cancel_id or message.client_order_id,
            orig_client_order_id=message.client_order_id,
            status=codes.OrderStatus.REJECTED if is_unknown else known.status,
            response_to=1,
            reason=CANCEL_REASONS.get(message.code, OTHER_REASON),
            text=f"{message.code.value}: {message.text}",
        )
        return b"9", body.fields()

    # --- status ---

    def _status(self, message: say.Status) -> list[Said]:
        if message.ref.startswith("AF:"):
            self._answers.setdefault(message.ref, []).append(message)
            return []
        return [self._status_report(message, status_request_id=message.ref or None)]

    def _mass_status(self, message: say.StatusEnd) -> list[Said]:
        answers = self._answers.pop(message.ref, [])
        request_id = message.ref.removeprefix("AF:")
        if not answers:
            nothing = say.Status(message.desk, "NONE", "not_found", 0, "", message.ref)
            return [self._status_report(nothing, mass_status_id=request_id, reports_total=0, is_last_report=True)]
        return [
            self._status_report(
                answer,
                mass_status_id=request_id,
                reports_total=len(answers),
                is_last_report=number == len(answers),
            )
            for number, answer in enumerate(answers, 1)
        ]

    def _status_report(self, message: say.Status, **more: object) -> Said:
        if message.state == "not_found":
            more |= {"reject_reason": UNKNOWN_ORDER, "text": "unknown order"}
            status = codes.OrderStatus.REJECTED
        else:
            known = self._known(message.client_order_id)
            known.venue_order_id = message.venue_order_id
            status = self._standing(message, known)
        return self._report(message, codes.ExecType.ORDER_STATUS, status, filled_lots=message.cumulative_lots, **more)

    @staticmethod
    def _standing(message: say.Status, known: Known) -> codes.OrderStatus:
        if message.state == "working":
            partly = codes.OrderStatus.PARTIALLY_FILLED
            return partly if message.cumulative_lots else codes.OrderStatus.NEW
        return codes.OrderStatus.FILLED if message.cumulative_lots >= known.lots > 0 else codes.OrderStatus.CANCELED

    # --- positions ---

    def _positions(self, message: say.PositionList) -> Iterator[Said]:
        """The acknowledgement, then one report for each instrument and prompt date; flags and days are not told."""
        net: dict[tuple[str, str], int] = {}
        for line in message.lines:
            key = (line.symbol, line.prompt)
            net[key] = net.get(key, 0) + line.side.sign * (line.today_lots + line.yesterday_lots)
        day, total, account = message.trading_day, len(net), self._account
        acknowledged = positions.PositionsAcknowledged(
            report_id=f"{message.ref}A", request_id=message.ref, total=total, business_day=day, account=account,
            result=0 if net else positions.NOTHING_FOUND, status=0,
        )  # fmt: skip
        yield acknowledged.MSG_TYPE, acknowledged.fields()
        for number, ((symbol, prompt), lots) in enumerate(sorted(net.items()), 1):
            held = positions.Quantity(kind=positions.TOTAL, long_lots=max(lots, 0), short_lots=max(-lots, 0))
            report = positions.PositionReport(
                report_id=f"{message.ref}P{number}", request_id=message.ref, total=total, business_day=day,
                account=account, symbol=symbol, prompt=prompt or None, quantities=(held,),
            )  # fmt: skip
            yield report.MSG_TYPE, report.fields()

    # --- the report itself ---

    def _report(
        self,
        message: say.Report,
        exec_type: codes.ExecType,
        status: codes.OrderStatus,
        exec_id: str = "",
        filled_lots: Lots | None = None,
        cancel_id: str = "",
        extra: tuple[tuple[int, Value], ...] = (),
        **more: object,
    ) -> Said:
        order_id = message.client_order_id  # type: ignore[union-attr]
        known = self._orders.get(order_id, Known())
        filled = known.filled_lots if filled_lots is None else filled_lots
        is_over = status not in (codes.OrderStatus.NEW, codes.OrderStatus.PARTIALLY_FILLED)
        body: Body = ExecutionReport(
            venue_order_id=known.venue_order_id,
            exec_id=exec_id or f"{self._prefix}R{next(self._number)}",
            exec_type=exec_type,
            status=status,
            symbol=known.symbol,
            side=known.side,
            leaves_lots=0 if is_over else max(known.lots - filled, 0),
            filled_lots=filled,
            average_price=_average(known, self._listed),
            client_order_id=cancel_id or order_id,
            orig_client_order_id=order_id if cancel_id else None,
            lots=known.lots or None,
            price=known.price,
            reported_at=getattr(message, "exchange_ns", None),
            **more,  # type: ignore[arg-type]
        )
        return b"8", body.fields(extra)


def _average(known: Known, listed: dict[str, Instrument]) -> Decimal:
    if not known.filled_lots or known.symbol not in listed:
        return Decimal(0)
    ticks: Ticks | Decimal = Decimal(known.traded_ticks) / known.filled_lots
    return (ticks * listed[known.symbol].tick).quantize(Decimal("0.000001"))
