"""The last question before the wire: may these orders leave together?

Rules, in the order they are asked:
1. HALTED lets nothing pass. REDUCE_ONLY lets repairs pass and no entry.
2. Every order, repair or not, lies inside the price collar around a fresh reference price.
3. An entry also stays inside order size and value, worst-case position (working and unknown orders count
   as filled), worst-case naked lots of its pair, the day's executions and the venue's message rate less a
   reserve.
4. An entry that works one leg first is judged together with the hedge that must follow it, so that no lead order
   leaves whose other leg a limit would stop.
5. A required limit that is not set refuses (`NO_LIMIT`); so does a figure that is not known.

Repairs (top-up, unwind) and the hedge of a lead leg have this lane to themselves: no entry limit, quota or throttle
may keep a leg naked.
Cancels never come here. The gate judges measures, not order classes, and answers for all orders or none.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Generic, Protocol, TypeVar

import msgspec

from risk.limits import LABELS, Limit, LimitKind, LimitSet

# Of a venue's message budget, this share (at least one message) is kept back from entries for repairs.
REPAIR_RESERVE_DIVISOR = 4


class TradingMode(Enum):
    NORMAL = "normal"
    REDUCE_ONLY = "reduce_only"
    HALTED = "halted"


class RefusalCode(StrEnum):
    HALTED = "HALTED"
    REDUCE_ONLY = "REDUCE_ONLY"
    INVALID_ORDER = "INVALID_ORDER"
    NO_LIMIT = "NO_LIMIT"
    NO_REFERENCE = "NO_REFERENCE"
    NO_VALUE = "NO_VALUE"
    NO_COUNTER = "NO_COUNTER"
    PRICE_COLLAR = "PRICE_COLLAR"
    ORDER_LOTS = "ORDER_LOTS"
    ORDER_VALUE = "ORDER_VALUE"
    POSITION_LOTS = "POSITION_LOTS"
    NAKED_LOTS = "NAKED_LOTS"
    DAY_EXECUTIONS = "DAY_EXECUTIONS"
    MESSAGE_RATE = "MESSAGE_RATE"


class MeasuredOrder(Protocol):
    """What the gate needs to know of one order."""

    @property
    def client_order_id(self) -> str: ...
    @property
    def venue(self) -> str: ...
    @property
    def instrument(self) -> str: ...
    @property
    def pair(self) -> str: ...
    @property
    def side_sign(self) -> int: ...  # +1 buys, -1 sells
    @property
    def lots(self) -> int: ...
    @property
    def price(self) -> Decimal: ...  # quote unit of the instrument
    @property
    def reference_price(self) -> Decimal | None: ...  # None when there is no fresh one
    @property
    def value(self) -> Decimal | None: ...  # desk currency; None when the FX rate is stale


class Proposal(Protocol):
    """Orders that leave together or not at all."""

    @property
    def is_repair(self) -> bool: ...  # top-up or unwind
    @property
    def orders(self) -> "Sequence[MeasuredOrder]": ...
    @property
    def to_come(self) -> "Sequence[MeasuredOrder]": ...  # the hedge that must follow; nothing leaves unless it may


class PositionRange(msgspec.Struct, frozen=True):
    """Where the position may end up: every working or unknown order of one side fills, none of the other."""

    low_lots: int  # position - working and unknown sells
    high_lots: int  # position + working and unknown buys


class Counters(msgspec.Struct):
    """What is already out there. A missing position or naked figure refuses; a missing count is zero."""

    trading_mode: TradingMode
    position_lots: Mapping[str, PositionRange]  # by instrument
    naked_lots: Mapping[tuple[str, str], int]  # by (pair, instrument): worst-case unmatched lots, unsigned
    messages_last_second: Mapping[str, int]  # by venue: orders and cancels
    executions_today: Mapping[str, int]  # by pair


class Headroom(msgspec.Struct, frozen=True):
    """How much of a limit an approved proposal uses: `value` of `limit` at `subject`."""

    kind: LimitKind
    subject: str
    value: Decimal
    limit: Decimal


P = TypeVar("P", bound=Proposal)


class Approved(msgspec.Struct, Generic[P], frozen=True):
    """The only thing a venue adapter sends: the proposal and the limits it was held against."""

    proposal: P
    limits_version: int
    limits_hash: str
    reviewed_at: int  # ns UTC
    headrooms: tuple[Headroom, ...]


class Refused(msgspec.Struct, frozen=True):
    """No, and why: the first rule that failed. `value` and `limit` are None where no figure was compared."""

    code: RefusalCode
    text: str
    value: Decimal | None
    limit: Decimal | None
    client_order_id: str
    limits_version: int
    reviewed_at: int  # ns UTC


class _No(msgspec.Struct, frozen=True):
    code: RefusalCode
    text: str
    value: Decimal | None = None
    limit: Decimal | None = None


class _Batch(msgspec.Struct):
    """The orders of this proposal asked about so far: what they would add on top of the counters."""

    lots_by_instrument_side: dict[tuple[str, int], int] = {}
    messages_by_venue: dict[str, int] = {}

    def add(self, order: MeasuredOrder) -> None:
        side = (order.instrument, order.side_sign)
        self.lots_by_instrument_side[side] = self.lots_by_instrument_side.get(side, 0) + order.lots
        self.messages_by_venue[order.venue] = self.messages_by_venue.get(order.venue, 0) + 1


_Answer = Headroom | _No | None
_Held = Mapping[LimitKind, Limit]
_Check = Callable[[MeasuredOrder, _Batch, Counters, _Held], _Answer]


def review(proposal: P, counters: Counters, limits: LimitSet, now: int) -> Approved[P] | Refused:
    """Return Approved with the headrooms used, or Refused naming the first rule that failed.

    `now` is nanoseconds UTC and only dates the answer: whoever filled in the measures judged freshness.
    """

    def refuse(no: _No, client_order_id: str = "") -> Refused:
        return Refused(no.code, no.text, no.value, no.limit, client_order_id, limits.version, now)

    blocked = _mode_blocks(proposal, counters.trading_mode)
    if blocked is not None:
        return refuse(blocked)
    checks = _REPAIR_CHECKS if proposal.is_repair else _ENTRY_CHECKS
    batch = _Batch()
    headrooms: list[Headroom] = []
    for order in (*proposal.orders, *proposal.to_come):
        batch.add(order)
        held = limits.at(order.venue, order.instrument, order.pair)
        for check in checks:
            answer = check(order, batch, counters, held)
            if isinstance(answer, Headroom):
                headrooms.append(answer)
            elif answer is not None:
                return refuse(answer, order.client_order_id)
    return Approved(proposal, limits.version, limits.hash, now, tuple(headrooms))


def _mode_blocks(proposal: Proposal, mode: TradingMode) -> _No | None:
    if mode is TradingMode.HALTED:
        return _No(RefusalCode.HALTED, "trading is halted: nothing is sent until two people lift the halt")
    if mode is TradingMode.REDUCE_ONLY and not proposal.is_repair:
        return _No(RefusalCode.REDUCE_ONLY, "only repairs are sent in reduce-only mode; this is an entry")
    if not proposal.orders:
        return _No(RefusalCode.INVALID_ORDER, "the proposal holds no orders")
    return None


# --- checks ------------------------------------------------------------------------------------------------


def _well_formed(order: MeasuredOrder, batch: _Batch, counters: Counters, held: _Held) -> _Answer:
    if order.lots <= 0 or order.side_sign not in (1, -1) or not order.price.is_finite():
        found = f"lots {order.lots}, side {order.side_sign}, price {order.price}"
        text = f"{order.instrument}: {found} make no order"
        return _No(RefusalCode.INVALID_ORDER, text)
    return None


def _price_collar(order: MeasuredOrder, batch: _Batch, counters: Counters, held: _Held) -> _Answer:
    limit = held.get(LimitKind.PRICE_COLLAR_RATE)
    if limit is None:
        return _no_limit(LimitKind.PRICE_COLLAR_RATE, order)
    reference = order.reference_price
    if reference is None or not reference.is_finite() or reference == 0:
        text = f"{order.instrument}: no fresh reference price to hold {order.price} against"
        return _No(RefusalCode.NO_REFERENCE, text)
    rate = abs(order.price - reference) / abs(reference)
    return _within(RefusalCode.PRICE_COLLAR, limit, order.instrument, rate)


def _order_lots(order: MeasuredOrder, batch: _Batch, counters: Counters, held: _Held) -> _Answer:
    limit = held.get(LimitKind.ORDER_LOTS_MAX)
    if limit is None:
        return _no_limit(LimitKind.ORDER_LOTS_MAX, order)
    # Parts of one decision count together: slicing does not get round the limit.
    lots = batch.lots_by_instrument_side[order.instrument, order.side_sign]
    return _within(RefusalCode.ORDER_LOTS, limit, order.instrument, Decimal(lots))


def _order_value(order: MeasuredOrder, batch: _Batch, counters: Counters, held: _Held) -> _Answer:
    limit = held.get(LimitKind.ORDER_VALUE_MAX)
    if limit is None:
        return None
    if order.value is None or not order.value.is_finite():
        text = f"{order.instrument}: the order's value is not known, its FX rate is stale"
        return _No(RefusalCode.NO_VALUE, text, None, limit.hard)
    return _within(RefusalCode.ORDER_VALUE, limit, order.instrument, abs(order.value))


def _position_lots(order: MeasuredOrder, batch: _Batch, counters: Counters, held: _Held) -> _Answer:
    limit = held.get(LimitKind.POSITION_LOTS_MAX)
    if limit is None:
        return _no_limit(LimitKind.POSITION_LOTS_MAX, order)
    position = counters.position_lots.get(order.instrument)
    if position is None:
        return _No(RefusalCode.NO_COUNTER, f"{order.instrument}: the position is not known", None, limit.hard)
    added = batch.lots_by_instrument_side[order.instrument, order.side_sign]
    worst = position.high_lots + added if order.side_sign > 0 else added - position.low_lots
    return _within(RefusalCode.POSITION_LOTS, limit, order.instrument, Decimal(worst))


def _naked_lots(order: MeasuredOrder, batch: _Batch, counters: Counters, held: _Held) -> _Answer:
    limit = held.get(LimitKind.NAKED_LOTS_MAX)
    if limit is None:
        return _no_limit(LimitKind.NAKED_LOTS_MAX, order)
    naked = counters.naked_lots.get((order.pair, order.instrument))
    subject = f"{order.pair} {order.instrument}"
    if naked is None:
        return _No(RefusalCode.NO_COUNTER, f"{subject}: the naked lots are not known", None, limit.hard)
    # Worst case: this leg fills and the other leg does not.
    worst = naked + batch.lots_by_instrument_side[order.instrument, order.side_sign]
    return _within(RefusalCode.NAKED_LOTS, limit, subject, Decimal(worst))


def _day_executions(order: MeasuredOrder, batch: _Batch, counters: Counters, held: _Held) -> _Answer:
    limit = held.get(LimitKind.DAY_EXECUTIONS_MAX)
    if limit is None:
        return None
    count = Decimal(counters.executions_today.get(order.pair, 0) + 1)
    return _within(RefusalCode.DAY_EXECUTIONS, limit, order.pair, count)


def _message_rate(order: MeasuredOrder, batch: _Batch, counters: Counters, held: _Held) -> _Answer:
    limit = held.get(LimitKind.MESSAGE_RATE_MAX)
    if limit is None:
        return None
    sent = counters.messages_last_second.get(order.venue, 0)
    count = Decimal(sent + batch.messages_by_venue[order.venue])
    for_entries = limit.hard - max(Decimal(1), limit.hard // REPAIR_RESERVE_DIVISOR)
    if count > for_entries:
        text = (
            f"{order.venue}: {count} messages in one second exceed the {for_entries} left to entries "
            f"of {limit.hard} ({LABELS[limit.kind][0]}); the rest is kept for repairs"
        )
        return _No(RefusalCode.MESSAGE_RATE, text, count, for_entries)
    return Headroom(limit.kind, order.venue, count, for_entries)


_REPAIR_CHECKS: tuple[_Check, ...] = (_well_formed, _price_collar)
_ENTRY_CHECKS: tuple[_Check, ...] = (
    *_REPAIR_CHECKS, _order_lots, _order_value, _position_lots, _naked_lots, _day_executions, _message_rate,
)  # fmt: skip


def _no_limit(kind: LimitKind, order: MeasuredOrder) -> _No:
    text = f"{order.instrument} on {order.pair}: no {kind.value} is set, and an order without it never leaves"
    return _No(RefusalCode.NO_LIMIT, text)


def _within(code: RefusalCode, limit: Limit, subject: str, value: Decimal) -> Headroom | _No:
    if value <= limit.hard:
        return Headroom(limit.kind, subject, value, limit.hard)
    bound = f"{limit.hard:f} {limit.kind.unit} ({LABELS[limit.kind][0]})"
    text = f"{subject}: {value:f} exceeds the limit of {bound}"
    return _No(code, text, value, limit.hard)
