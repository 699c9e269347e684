"""A copper entry as the gate sees it, and the limits it lives under: 5 SHFE lots against 1 LME lot."""

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from risk.gate import Counters, PositionRange, TradingMode
from risk.limits import Limit, LimitKind, LimitSet

SHFE, LME, PAIR = "SHFE.cu2703", "LME.CA-3M", "CU-SHFE-LME"


class Order(msgspec.Struct, frozen=True):
    client_order_id: str
    venue: str
    instrument: str
    pair: str
    side_sign: int
    lots: int
    price: Decimal
    reference_price: Decimal | None
    value: Decimal | None


class Orders(msgspec.Struct, frozen=True):
    is_repair: bool
    orders: Sequence[Order]
    to_come: Sequence[Order] = ()


def domestic_leg(lots: int = 5) -> Order:
    price = Decimal("79470")
    return Order("DEMO1-1-1-A1", "SHFE", SHFE, PAIR, -1, lots, price, price, price * 5 * lots)


def foreign_leg(lots: int = 1) -> Order:
    price = Decimal("9748.5")
    return Order("DEMO1-1-1-B1", "LME", LME, PAIR, +1, lots, price, price, price * 25 * lots * 7)


def entry(*orders: Order) -> Orders:
    return Orders(is_repair=False, orders=orders or (domestic_leg(), foreign_leg()))


def repair(*orders: Order) -> Orders:
    return Orders(is_repair=True, orders=orders or (foreign_leg(),))


def counters(mode: TradingMode = TradingMode.NORMAL) -> Counters:
    return Counters(
        trading_mode=mode,
        position_lots={SHFE: PositionRange(0, 0), LME: PositionRange(0, 0)},
        naked_lots={(PAIR, SHFE): 0, (PAIR, LME): 0},
        messages_last_second={},
        executions_today={},
    )


def limit(kind: LimitKind, hard: str, **scope: str) -> Limit:
    return Limit(kind, Decimal(hard), **scope)


ALL_LIMITS = (
    limit(LimitKind.ORDER_LOTS_MAX, "10"),
    limit(LimitKind.ORDER_VALUE_MAX, "5000000"),
    limit(LimitKind.POSITION_LOTS_MAX, "50"),
    limit(LimitKind.NAKED_LOTS_MAX, "10"),
    limit(LimitKind.PRICE_COLLAR_RATE, "0.01"),
    limit(LimitKind.MESSAGE_RATE_MAX, "8"),
    limit(LimitKind.DAY_EXECUTIONS_MAX, "20"),
)


def limit_set(*limits: Limit, without: LimitKind | None = None) -> LimitSet:
    """Return the standard limits, minus one kind, plus `limits`."""
    kept = [item for item in ALL_LIMITS if item.kind is not without]
    return LimitSet.of(7, [*kept, *limits])
