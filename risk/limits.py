"""Limits as data: what may be sent, per venue, instrument or pair. Pure; the gate judges with them."""

from decimal import Decimal

import msgspec


class Limit(msgspec.Struct, frozen=True):
    """One bound. An empty scope field matches everything; `warn` alerts before `hard` refuses."""

    kind: str  # order_lots_max, order_value_max, position_lots_max, naked_lots_max, price_collar_rate ...
    hard: Decimal
    warn: Decimal | None = None
    scope_venue: str = ""
    scope_instrument: str = ""
    scope_pair: str = ""


class LimitSet(msgspec.Struct, frozen=True):
    """A version of all limits of a desk; `hash` names its content in every receipt."""

    version: int
    hash: str
    limits: tuple[Limit, ...] = ()
