"""Orders, reports and market data as values. Prices are Decimal, quantities whole lots, times UTC ns.

Each field stands with its FIX tag. One that is None is not written. All are given by keyword.
Source: FIX 4.4 with errata 20030618, volumes 3 and 4; RptSeq(83) in market data as vendors' 4.4 profiles
carry it.
"""
# `at` and `group` only declare a field and return no shared value, so calling them in a class body is safe.
# ruff: noqa: RUF009

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from trading.venues.fix.body import FLAG, INTEGER, LOTS, PRICE, TIME, Body, at, code, group
from trading.venues.fix.codes import (
    EntryType,
    ExecType,
    OrderStatus,
    OrderType,
    Side,
    SubscriptionType,
    TimeInForce,
    UpdateAction,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOrderSingle(Body):
    """An order. `lots` is OrderQty(38); a market order has no price."""

    MSG_TYPE: ClassVar[bytes] = b"D"
    client_order_id: str = at(11)
    symbol: str = at(55)
    side: Side = at(54, code(Side))
    lots: int = at(38, LOTS)
    order_type: OrderType = at(40, code(OrderType))
    time_in_force: TimeInForce = at(59, code(TimeInForce), default=TimeInForce.DAY)
    sent_at: int = at(60, TIME)
    price: Decimal | None = at(44, PRICE, default=None)
    account: str | None = at(1, default=None)
    security_exchange: str | None = at(207, default=None)
    maturity_month_year: str | None = at(200, default=None)
    maturity_date: str | None = at(541, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCancelRequest(Body):
    """A wish to cancel what is left of an order."""

    MSG_TYPE: ClassVar[bytes] = b"F"
    client_order_id: str = at(11)
    orig_client_order_id: str = at(41)
    symbol: str = at(55)
    side: Side = at(54, code(Side))
    sent_at: int = at(60, TIME)
    lots: int | None = at(38, LOTS, default=None)
    venue_order_id: str | None = at(37, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderStatusRequest(Body):
    """A question about one order."""

    MSG_TYPE: ClassVar[bytes] = b"H"
    client_order_id: str = at(11)
    symbol: str = at(55)
    side: Side = at(54, code(Side))
    venue_order_id: str | None = at(37, default=None)
    request_id: str | None = at(790, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderMassStatusRequest(Body):
    """A question about all orders; MassStatusReqType(585) 7 is every order of ours."""

    MSG_TYPE: ClassVar[bytes] = b"AF"
    request_id: str = at(584)
    scope: int = at(585, INTEGER, default=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionReport(Body):
    """Anything a venue says about an order.

    Fills come from `last_lots` and `last_price`; `filled_lots` and `leaves_lots` only check them.
    """

    MSG_TYPE: ClassVar[bytes] = b"8"
    venue_order_id: str = at(37)
    exec_id: str = at(17)
    exec_type: ExecType = at(150, code(ExecType))
    status: OrderStatus = at(39, code(OrderStatus))
    symbol: str = at(55)
    side: Side = at(54, code(Side))
    leaves_lots: int = at(151, LOTS)
    filled_lots: int = at(14, LOTS)
    average_price: Decimal = at(6, PRICE)
    client_order_id: str | None = at(11, default=None)
    orig_client_order_id: str | None = at(41, default=None)
    exec_ref_id: str | None = at(19, default=None)
    lots: int | None = at(38, LOTS, default=None)
    price: Decimal | None = at(44, PRICE, default=None)
    last_lots: int | None = at(32, LOTS, default=None)
    last_price: Decimal | None = at(31, PRICE, default=None)
    maturity_date: str | None = at(541, default=None)
    reported_at: int | None = at(60, TIME, default=None)
    reject_reason: int | None = at(103, INTEGER, default=None)
    status_request_id: str | None = at(790, default=None)
    mass_status_id: str | None = at(584, default=None)
    reports_total: int | None = at(911, INTEGER, default=None)
    is_last_report: bool | None = at(912, FLAG, default=None)
    text: str | None = at(58, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCancelReject(Body):
    """A cancel or replace was refused: `response_to` 1 is a cancel, 2 a replace. The order may still fill."""

    MSG_TYPE: ClassVar[bytes] = b"9"
    venue_order_id: str = at(37)
    client_order_id: str = at(11)
    orig_client_order_id: str = at(41)
    status: OrderStatus = at(39, code(OrderStatus))
    response_to: int = at(434, INTEGER)
    reason: int | None = at(102, INTEGER, default=None)
    text: str | None = at(58, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class BusinessMessageReject(Body):
    """A well-formed message that the application of the other side cannot serve."""

    MSG_TYPE: ClassVar[bytes] = b"j"
    ref_msg_type: str = at(372)
    reason: int = at(380, INTEGER)
    ref_seq_num: int | None = at(45, INTEGER, default=None)
    ref_id: str | None = at(379, default=None)
    text: str | None = at(58, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryTypeWanted(Body):
    """One kind of entry asked for."""

    entry_type: EntryType = at(269, code(EntryType))


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolWanted(Body):
    """One instrument asked for."""

    symbol: str = at(55)


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketDataRequest(Body):
    """A subscription. `depth` 0 is the full book; `update_type` 0 is full refresh, 1 incremental."""

    MSG_TYPE: ClassVar[bytes] = b"V"
    request_id: str = at(262)
    subscription: SubscriptionType = at(263, code(SubscriptionType))
    depth: int = at(264, INTEGER)
    update_type: int | None = at(265, INTEGER, default=None)
    entry_types: tuple[EntryTypeWanted, ...] = group(267, EntryTypeWanted, default=())
    symbols: tuple[SymbolWanted, ...] = group(146, SymbolWanted, default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotEntry(Body):
    """One level of one side, or one figure, of a book."""

    entry_type: EntryType = at(269, code(EntryType))
    price: Decimal | None = at(270, PRICE, default=None)
    lots: int | None = at(271, LOTS, default=None)
    position: int | None = at(290, INTEGER, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketDataSnapshot(Body):
    """The whole book of one instrument; replaces what was known of it."""

    MSG_TYPE: ClassVar[bytes] = b"W"
    request_id: str | None = at(262, default=None)
    symbol: str = at(55)
    report_seq_num: int | None = at(83, INTEGER, default=None)
    entries: tuple[SnapshotEntry, ...] = group(268, SnapshotEntry, default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class IncrementalEntry(Body):
    """One change of one book."""

    action: UpdateAction = at(279, code(UpdateAction))
    entry_type: EntryType | None = at(269, code(EntryType), default=None)
    symbol: str | None = at(55, default=None)
    report_seq_num: int | None = at(83, INTEGER, default=None)
    entry_id: str | None = at(278, default=None)
    price: Decimal | None = at(270, PRICE, default=None)
    lots: int | None = at(271, LOTS, default=None)
    position: int | None = at(290, INTEGER, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketDataIncremental(Body):
    """Changes of books, in order. RptSeq(83) counts them for each instrument: a jump is a gap."""

    MSG_TYPE: ClassVar[bytes] = b"X"
    request_id: str | None = at(262, default=None)
    entries: tuple[IncrementalEntry, ...] = group(268, IncrementalEntry, default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketDataRequestReject(Body):
    """A subscription was refused."""

    MSG_TYPE: ClassVar[bytes] = b"Y"
    request_id: str = at(262)
    reason: str | None = at(281, default=None)
    text: str | None = at(58, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityStatus(Body):
    """An instrument's trading state; SecurityTradingStatus(326): 2 halted, 17 ready to trade."""

    MSG_TYPE: ClassVar[bytes] = b"f"
    symbol: str = at(55)
    trading_status: int | None = at(326, INTEGER, default=None)
    changed_at: int | None = at(60, TIME, default=None)
    text: str | None = at(58, default=None)
