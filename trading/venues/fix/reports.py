"""What a venue says about orders, as core events. Pure.

Fills come from LastQty(32) and LastPx(31); CumQty(14) is passed on as the venue's own count, never turned into a
fill. An order is over when OrdStatus(39) says so, whatever LeavesQty(151) is (venues.md §5).
"""

from collections.abc import Callable
from dataclasses import replace

from trading.core.events import (
    CancelRejected,
    Event,
    FillBusted,
    FillCorrected,
    ForeignFilled,
    Offset,
    OrderAccepted,
    OrderClosed,
    OrderFilled,
    OrderRejected,
    OrderStatus,
)
from trading.core.terms import Instrument
from trading.core.units import Nanos, Side, to_ticks
from trading.venues.fix import rejects
from trading.venues.fix.codes import ExecType
from trading.venues.fix.codes import OrderStatus as Stands
from trading.venues.fix.codes import Side as FixSide
from trading.venues.fix.messages import ExecutionReport, OrderCancelReject

OVER = {
    Stands.FILLED: "filled",
    Stands.CANCELED: "cancelled",
    Stands.EXPIRED: "expired",
    Stands.DONE_FOR_DAY: "expired",
    Stands.REJECTED: "rejected",
}
FORCED_WORDS = ("LIQUIDATION", "FORCED", "BUY-IN", "CLOSE-OUT")
UNKNOWN_ORDER = 5  # OrdRejReason(103)


class UnreadableFill(ValueError):
    """A fill whose price or quantity cannot be used; it still counts, so its order must be asked for."""


def order_id(report: ExecutionReport) -> str:
    """Return the id of the order a report is about: OrigClOrdID(41) where a cancel's own id stands in 11."""
    return report.orig_client_order_id or report.client_order_id or ""


def events_of(
    report: ExecutionReport,
    instrument_of: Callable[[str], Instrument | None],
    *,
    trading_day: str = "",
    queried_at: Nanos = 0,
) -> list[Event]:
    """Return the core events in one execution report, in order. Raises UnreadableFill, OffGridPrice."""
    order = order_id(report)
    if report.exec_type is ExecType.TRADE:
        return _trade(report, order, instrument_of(order), trading_day)
    if report.exec_type is ExecType.NEW:
        return [OrderAccepted(order, report.venue_order_id, report.reported_at)]
    if report.exec_type is ExecType.REJECTED:
        return [_rejection(report, order)]
    if report.exec_type in (ExecType.CANCELED, ExecType.EXPIRED, ExecType.DONE_FOR_DAY):
        reason = OVER.get(report.status, "cancelled")
        return [OrderClosed(order, report.filled_lots, reason, report.reported_at)]
    if report.exec_type in (ExecType.TRADE_CANCEL, ExecType.TRADE_CORRECT):
        return [_amendment(report, order, instrument_of(order), trading_day), _status(report, order, queried_at)]
    if report.exec_type in (ExecType.ORDER_STATUS, ExecType.RESTATED):
        return [_status(report, order, queried_at)]
    return []


def _trade(report: ExecutionReport, order: str, instrument: Instrument | None, trading_day: str) -> list[Event]:
    if instrument is None:
        raise UnreadableFill(f"fill {report.exec_id} of order {order}, which this desk does not know")
    if report.last_price is None or not report.last_lots or report.last_lots < 0:
        raise UnreadableFill(f"fill {report.exec_id} of order {order} has no price or no quantity")
    ticks = to_ticks(report.last_price, instrument.tick)
    prompt = report.maturity_date or ""
    found: list[Event] = [
        OrderFilled(order, report.exec_id, report.last_lots, ticks, trading_day, report.reported_at, prompt)
    ]
    if report.status in OVER:
        found.append(OrderClosed(order, report.filled_lots, OVER[report.status], report.reported_at))
    return found


def _amendment(report: ExecutionReport, order: str, instrument: Instrument | None, trading_day: str) -> Event:
    """Return what became of the trade that ExecRefID(19) names; 32 and 31 of a correction are the new figures."""
    if instrument is None or not report.exec_ref_id:
        raise UnreadableFill(f"report {report.exec_id} of order {order} amends a trade that this desk does not know")
    if report.exec_type is ExecType.TRADE_CANCEL:
        return FillBusted(order, report.exec_ref_id, trading_day, report.text or "")
    if report.last_price is None or report.last_lots is None or report.last_lots < 0:
        raise UnreadableFill(f"correction {report.exec_id} of order {order} has no price or no quantity")
    ticks = to_ticks(report.last_price, instrument.tick)
    return FillCorrected(order, report.exec_ref_id, report.last_lots, ticks, trading_day, report.text or "")


class Amendments:
    """A corrected trade has a new ExecID(17), and what amends it again may name that one: the core knows the first."""

    def __init__(self) -> None:
        self._first_id: dict[str, str] = {}

    def rooted(self, report: ExecutionReport) -> ExecutionReport:
        """Return the report with ExecRefID(19) naming the trade's first ExecID."""
        if report.exec_type not in (ExecType.TRADE_CANCEL, ExecType.TRADE_CORRECT) or not report.exec_ref_id:
            return report
        first = self._first_id.get(report.exec_ref_id, report.exec_ref_id)
        self._first_id[report.exec_id] = first
        return replace(report, exec_ref_id=first)


def foreign_fill(report: ExecutionReport, venue: str, instrument: Instrument, trading_day: str) -> ForeignFilled:
    """Return a trade on our account that no order of ours made. Raises UnreadableFill, OffGridPrice.

    FIX 4.4 has no field for a forced liquidation; brokers say it in Text(58).
    """
    if report.last_price is None or not report.last_lots or report.last_lots < 0:
        raise UnreadableFill(f"fill {report.exec_id} of order {order_id(report)} has no price or no quantity")
    words = (report.text or "").upper()
    return ForeignFilled(
        venue, instrument.code, Side.BUY if report.side is FixSide.BUY else Side.SELL, report.last_lots,
        to_ticks(report.last_price, instrument.tick), report.exec_id, trading_day, Offset.OPEN,
        is_forced=any(word in words for word in FORCED_WORDS), prompt=report.maturity_date or "",
    )  # fmt: skip


def _rejection(report: ExecutionReport, order: str) -> Event:
    text = report.text or ""
    if report.filled_lots:
        return OrderClosed(order, report.filled_lots, "rejected", report.reported_at)
    code = str(report.reject_reason) if report.reject_reason is not None else ""
    return OrderRejected(order, rejects.of_order(report.reject_reason, text), code, text, report.reported_at)


def _status(report: ExecutionReport, order: str, queried_at: Nanos) -> Event:
    if report.status is Stands.REJECTED and report.reject_reason == UNKNOWN_ORDER:
        state = "not_found"
    else:
        state = "closed" if report.status in OVER else "working"
    return OrderStatus(order, state, report.filled_lots, report.venue_order_id, queried_at)


def cancel_refused(message: OrderCancelReject) -> CancelRejected:
    """Return the core event of a refused cancel; the order may still fill."""
    return CancelRejected(message.orig_client_order_id, message.text or f"reason {message.reason}")
