"""What a program asks its host to do after a fact was recorded. Effects are requests; they are not journaled."""

import msgspec

from trading.core.events import OrderIntent


class SendOrders(msgspec.Struct, frozen=True):
    """Hand these orders to their venues together, once the record that holds them is durable."""

    orders: tuple[OrderIntent, ...]


class CancelOrder(msgspec.Struct, frozen=True):
    client_order_id: str
    venue: str


class QueryOrder(msgspec.Struct, frozen=True):
    client_order_id: str
    venue: str


class RaiseAlert(msgspec.Struct, frozen=True):
    """severity P1-P4 (ux.md §2.5). `rule` groups repeats of one cause."""

    rule: str
    severity: str
    text_key: str  # message catalogue key; `values` fill it in either language
    values: dict[str, str]
    execution: str = ""


Effect = SendOrders | CancelOrder | QueryOrder | RaiseAlert
