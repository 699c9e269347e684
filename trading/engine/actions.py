"""What the desk asks its host to do, in order. The host does it and decides nothing."""

from collections.abc import Callable
from typing import Any

import msgspec

from risk.gate import Approved
from trading.core.events import OrderIntent
from trading.core.units import Nanos


class Sync(msgspec.Struct, frozen=True):
    """Have the journal made durable up to `seq`; then call `on_durable`."""

    seq: int


class Submit(msgspec.Struct, frozen=True):
    """Hand all these orders to their venues now, together: their record is durable and the gate approved them."""

    approved: Approved[Any]
    orders: tuple[OrderIntent, ...]


class Cancel(msgspec.Struct, frozen=True):
    venue: str
    client_order_id: str


class Query(msgspec.Struct, frozen=True):
    """Ask what became of one order; the answer is an OrderStatus that repeats `at` as `queried_at`."""

    venue: str
    client_order_id: str
    at: Nanos


class QueryAll(msgspec.Struct, frozen=True):
    """Ask for every order of today; the answer ends with a StatusEnded that repeats `at` as `queried_at`."""

    venue: str
    at: Nanos


class QueryPositions(msgspec.Struct, frozen=True):
    """Ask for all positions of our account; the answer is a PositionsReported that repeats `at` as `queried_at`."""

    venue: str
    at: Nanos


class Publish(msgspec.Struct, frozen=True):
    """Show something outside. kind: programs | alerts | desk. May be dropped, and is built only for a reader."""

    kind: str
    payload: Callable[[], dict[str, Any]]


class Reply(msgspec.Struct, frozen=True):
    """The answer to a command; given once what it rests on is durable."""

    command_id: str
    ok: bool
    code: str = ""
    text: str = ""
    result: Any = None


Action = Sync | Submit | Cancel | Query | QueryAll | QueryPositions | Publish | Reply
