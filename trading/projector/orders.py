"""Rows of executions, child orders, fills and positions, from the records that make them."""

from typing import Any

import msgspec
from django.db.models import F

from trading.core import events as e
from trading.core.terms import Direction
from trading.core.units import Side
from trading.core.view import DOMESTIC
from trading.engine.records import Record
from trading.models import ChildOrder, Execution, Fill, HedgeProgram, Pair, Position, ProgramRevision
from trading.projector.names import Names

_ENDED_STATES = ("settled", "rejected", "not_sent")


def open_execution(event: e.OrdersDecided, record: Record, names: Names) -> Execution | None:
    """Return the execution that a decision belongs to, made by its entry; None for an unknown program."""
    found = Execution.objects.filter(id=event.execution).first()
    program = names.program(record.program)
    if found is not None or program is None:
        return found
    terms = program.revisions.filter(revision=program.revision).first()
    pair = _pair_of(event, program, terms)
    legs = {leg.instrument.code: leg.ratio_lots for leg in pair.legs.select_related("instrument")}
    units = event.units or min(
        (order.lots // legs[order.instrument] for order in event.orders if order.instrument in legs),
        default=0,
    )
    return Execution.objects.create(
        id=event.execution, desk=names.desk, program=program, pair=pair,
        direction=_direction(event), measure=terms.measure if terms else "",
        clips=event.units or units, started_at_ns=record.at, measure_value=event.measure_value,
        trigger_value=event.trigger_value, first_seq=record.seq, last_seq=record.seq,
        purpose=event.purpose.value, mode=terms.mode if terms else "together", lead_leg=event.lead,
        route=event.route, shares=msgspec.to_builtins(event.shares),
    )  # fmt: skip


def _pair_of(event: e.OrdersDecided, program: HedgeProgram, terms: ProgramRevision | None) -> Pair:
    """Return the pair of the route that the execution runs on."""
    if not event.route or terms is None or event.route > len(terms.routes):
        return program.pair
    return Pair.objects.get(code=terms.routes[event.route - 1])


def _direction(event: e.OrdersDecided) -> str:
    """Return which way the domestic leg goes; a flatten goes the other way than its program."""
    first = event.orders[0]
    sells = (first.side is Side.SELL) == (first.leg == DOMESTIC)
    return (Direction.SELL_DOMESTIC if sells else Direction.BUY_DOMESTIC).value


def note_near_miss(event: e.OrdersRefused, record: Record, names: Names) -> None:
    """Keep a trigger that our own gate stopped: auditors ask why nothing happened."""
    program = names.program(record.program)
    if program is None or not event.execution:
        return
    terms = program.revisions.filter(revision=program.revision).first()
    Execution.objects.get_or_create(
        id=event.execution,
        defaults={
            "desk": names.desk, "program": program, "pair": program.pair, "outcome": "refused",
            "direction": terms.direction if terms else "", "measure": terms.measure if terms else "",
            "clips": 0, "started_at_ns": record.at, "ended_at_ns": record.at,
            "first_seq": record.seq, "last_seq": record.seq,
        },
    )  # fmt: skip


def add_orders(execution: Execution, event: e.OrdersDecided, record: Record, names: Names) -> None:
    """Create the child orders of one decision."""
    for intent in event.orders:
        ChildOrder.objects.get_or_create(
            client_order_id=intent.client_order_id,
            defaults={
                "execution": execution, "venue": intent.venue, "instrument": intent.instrument, "leg": intent.leg,
                "attempt": intent.attempt, "purpose": intent.purpose.value, "side": intent.side.value,
                "lots": intent.lots, "price": names.price(intent.instrument, intent.price_ticks),
                "time_in_force": intent.time_in_force.value, "offset": intent.offset.value,
                "decided_at_ns": record.at, "seq": record.seq,
            },
        )  # fmt: skip


def change_order(event: Any, record: Record) -> None:
    """Apply what the venue, or our own transport, said about an order."""
    order = ChildOrder.objects.filter(client_order_id=event.client_order_id).first()
    if order is None:
        return
    match event:
        case e.OrderAccepted():
            _accept(order, event.venue_order_id, record)
        case e.OrderRejected():
            order.state, order.closed_at_ns = "rejected", record.at
            order.reject_code, order.reject_text = event.code[:32], event.text[:300]
        case e.OrderClosed():
            _close(order, event.cumulative_lots, event.reason, record)
        case e.OrderStatus(state="closed"):
            _close(order, event.cumulative_lots, "status", record)
        case e.OrderStatus(state="working"):
            _accept(order, event.venue_order_id, record)
        case e.OrderNotSent():
            order.state, order.closed_at_ns, order.reject_text = "not_sent", record.at, event.text[:300]
    order.save()


def _accept(order: ChildOrder, venue_order_id: str, record: Record) -> None:
    order.venue_order_id = venue_order_id or order.venue_order_id
    order.accepted_at_ns = order.accepted_at_ns or record.at
    if order.state not in ("closed", *_ENDED_STATES):
        order.state = "working"


def _close(order: ChildOrder, cumulative_lots: int, reason: str, record: Record) -> None:
    order.state = "settled" if order.filled_lots >= cumulative_lots else "closed"
    order.closed_at_ns = order.closed_at_ns or record.at
    order.close_reason = order.close_reason or reason[:32]


def book_fill(event: e.OrderFilled, record: Record, names: Names) -> None:
    """Count a fill once, whatever the order's state."""
    order = ChildOrder.objects.filter(client_order_id=event.client_order_id).first()
    if order is None:
        return
    _, is_new = Fill.objects.get_or_create(
        order=order, trading_day=event.trading_day, fill_id=event.fill_id,
        defaults={
            "venue": order.venue, "lots": event.lots, "price": names.price(order.instrument, event.price_ticks),
            "exchange_at_ns": event.exchange_at, "recorded_at_ns": record.at, "seq": record.seq,
        },
    )  # fmt: skip
    if not is_new:
        return
    order.filled_lots += event.lots
    if order.state not in ("closed", *_ENDED_STATES):
        order.state = "working"
    order.save(update_fields=["filled_lots", "state"])
    _move_position(order, event.lots, record, names)


def amend_fill(event: e.FillBusted | e.FillCorrected, record: Record, names: Names) -> None:
    """Show the new truth of a trade: taken back it stands with no lots, corrected with its new figures."""
    order = ChildOrder.objects.filter(client_order_id=event.client_order_id).first()
    if order is None:
        return
    known = {"trading_day": event.trading_day} if event.trading_day else {}
    lots = event.lots if isinstance(event, e.FillCorrected) else 0
    fill = Fill.objects.filter(order=order, fill_id=event.fill_id, **known).first() or Fill(
        order=order, trading_day=event.trading_day, fill_id=event.fill_id, venue=order.venue, lots=0,
        price=order.price, recorded_at_ns=record.at, seq=record.seq,
    )  # fmt: skip
    more, fill.lots = lots - fill.lots, lots
    if isinstance(event, e.FillCorrected):
        fill.price = names.price(order.instrument, event.price_ticks)
    fill.save()
    order.filled_lots += more
    order.save(update_fields=["filled_lots"])
    _move_position(order, more, record, names)


def _move_position(order: ChildOrder, lots: int, record: Record, names: Names) -> None:
    Position.objects.get_or_create(desk=names.desk, instrument=order.instrument, defaults={"venue": order.venue})
    signed = lots * Side(order.side).sign
    bought, sold = max(signed, 0), max(-signed, 0)
    Position.objects.filter(desk=names.desk, instrument=order.instrument).update(
        net_lots=F("net_lots") + signed, bought_lots=F("bought_lots") + bought,
        sold_lots=F("sold_lots") + sold, seq=record.seq,
    )  # fmt: skip
