"""The waterfall of one execution: every step with its clock, start and duration, read from the journal's receipts.

Groups, in the order of the screen: market_data, decide, leg0, leg1, then one per repair attempt (top_up1, unwind2 ...),
and end. Start and duration are the engine's clock; a venue's own time stands in a step's values and is never mixed in.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from audit.models import Receipt
from trading.core import events as e
from trading.engine.records import Body
from trading.models import ChildOrder, Execution, Instrument
from trading.selectors.executions import band_of, fill_dict, order_dict, summary
from trading.selectors.programs import plain

ENGINE_CLOCK = "E"

_decoder = msgspec.json.Decoder(Body)


def execution_detail(row: Execution) -> dict[str, Any]:
    """Return everything the detail page shows of an execution."""
    orders = list(row.orders.prefetch_related("fills"))
    records = _records(row)
    waterfall = Waterfall(row, {order.client_order_id: order for order in orders})
    steps = [step for record in records for step in waterfall.steps_of(record)]
    stream = f"desk:{row.desk.name}"
    return {
        "summary": summary(row),
        "t0_ns": row.started_at_ns,
        "steps": sorted(steps, key=lambda step: step["at_ns"]),
        "orders": [order_dict(order) for order in orders],
        "fills": [fill_dict(fill) for order in orders for fill in order.fills.all()],
        "decisions": waterfall.decisions,
        "naked_band": band_of(row),
        "receipts": {
            "stream": stream,
            "first_seq": row.first_seq,
            "last_seq": row.last_seq,
            "count": len(records),
        },
    }


def _records(row: Execution) -> list[Body]:
    stream = f"desk:{row.desk.name}"
    bodies = Receipt.objects.filter(stream=stream, execution=row.id).order_by("seq").values_list("body", flat=True)
    return [_decoder.decode(body) for body in bodies]


class Waterfall:
    """Turns records into steps, remembering which repair an order belongs to."""

    def __init__(self, row: Execution, orders: dict[str, ChildOrder]) -> None:
        self.decisions: list[dict[str, Any]] = []
        self._row = row
        self._orders = orders
        self._group: dict[str, str] = {}  # order id -> group
        self._repairs = 0
        self._told: set[tuple[str, ...]] = set()  # fills and ends that a step already shows
        self._ticks = dict(Instrument.objects.values_list("code", "tick"))

    def steps_of(self, record: Body) -> Iterator[dict[str, Any]]:
        """Yield the steps that a record shows; most records show one."""
        event = record.event
        if self._is_repeated(event):
            return
        match event:
            case e.OrdersDecided():
                yield from self._decided(event, record)
            case e.OrderFilled():
                yield self._step(record, self._group_of(event), "fill", self._fill_values(event), order=event)
            case e.OrderRejected():
                values = {"code": event.code, "text": event.text, "class": event.reject_class.value}
                yield self._step(record, self._group_of(event), "order_rejected", values, order=event)
            case e.OrderClosed():
                order = self._orders.get(event.client_order_id)
                left = order.lots - event.cumulative_lots if order else 0
                values = {
                    "reason": event.reason,
                    "filled": str(event.cumulative_lots),
                    "left": str(left),
                }
                yield self._step(record, self._group_of(event), "order_closed", values, order=event)
            case e.OrderNotSent():
                yield self._step(record, self._group_of(event), "order_not_sent", {"text": event.text}, order=event)
            case e.OrderStatus():
                values = {"state": event.state, "filled_lots": str(event.cumulative_lots)}
                yield self._step(record, self._group_of(event), "order_status", values, order=event)
            case e.CancelRejected():
                yield self._step(record, self._group_of(event), "cancel_rejected", {"text": event.text}, order=event)
            case e.OrdersRefused():
                yield self._step(record, "decide", "orders_refused", {"code": event.code, "text": event.text})
            case e.QueryDecided() | e.CancelDecided():
                key = "query_decided" if isinstance(event, e.QueryDecided) else "cancel_decided"
                if isinstance(event, e.CancelDecided) and event.options:
                    self.decisions.append(self._compared("call_back", event.client_order_ids, event.options, record))
                values = {"orders": ", ".join(event.client_order_ids), "reason": event.reason}
                yield self._step(record, "end", key, values)
            case e.RepairHeld():
                self.decisions.append(self._compared("hold", (), event.options, record))
                yield self._step(record, "end", "repair_held", {"reason": event.reason})
            case e.ExecutionEnded():
                naked = " ".join(str(lots) for lots in event.naked)
                yield self._step(record, "end", "ended", {"outcome": event.outcome, "naked": naked})
            case e.Halted():
                yield self._step(record, "end", "halted", {"reason": event.reason, "text": event.text})

    def _is_repeated(self, event: Any) -> bool:
        """Whether a venue only says again what a step already shows, as it does when a desk asks after a restart."""
        match event:
            case e.OrderFilled():
                fact: tuple[str, ...] = (event.client_order_id, "fill", event.fill_id)
            case e.OrderClosed():
                fact = (event.client_order_id, "closed")
            case e.OrderStatus():
                return (event.client_order_id, "closed") in self._told
            case _:
                return False
        is_repeated = fact in self._told
        self._told.add(fact)
        return is_repeated

    def _decided(self, event: e.OrdersDecided, record: Body) -> Iterator[dict[str, Any]]:
        self.decisions.append(self._decision(event, record))
        is_entry = event.purpose is e.Purpose.ENTRY
        if is_entry:
            for quote in event.quotes:
                yield self._quote(quote, record)
            yield self._step(record, "decide", "trigger", {
                "measure": self._row.measure,
                "value": plain(event.measure_value) or "",
                "threshold": plain(event.trigger_value) or "",
            })  # fmt: skip
            yield self._step(record, "decide", "risk_checked", {"limits_version": event.limits_version})
        else:
            self._repairs += 1
            yield self._step(
                record, f"{event.purpose.value}{self._repairs}", event.purpose.value, {"lots": _lots(event)}
            )
        for intent in event.orders:
            group = f"leg{intent.leg}" if is_entry else f"{event.purpose.value}{self._repairs}"
            self._group[intent.client_order_id] = group
            yield self._order(intent, group, record)

    def _quote(self, quote: e.QuoteSeen, record: Body) -> dict[str, Any]:
        step = self._step(record, "market_data", "quote", {
            "instrument": quote.instrument,
            "bid": self._price(quote.instrument, quote.bids[0].price_ticks) if quote.bids else "",
            "ask": self._price(quote.instrument, quote.asks[0].price_ticks) if quote.asks else "",
            "exchange_at_ns": str(quote.exchange_at),
        })  # fmt: skip
        # The row begins where the quote came in: its length is how old it was when it was used.
        return step | {"at_ns": quote.received_at, "duration_ns": record.at - quote.received_at}

    def _order(self, intent: e.OrderIntent, group: str, record: Body) -> dict[str, Any]:
        order = self._orders.get(intent.client_order_id)
        is_unsent = order is not None and order.state == "not_sent"
        sent_at = (order.sent_at_ns if order else None) or record.at
        answered_at = (order.accepted_at_ns or order.closed_at_ns) if order else None
        step = self._step(record, group, "order_decided" if is_unsent else "order_sent", {
            "client_order_id": intent.client_order_id,
            "venue": intent.venue,
            "instrument": intent.instrument,
            "side": intent.side.value,
            "lots": str(intent.lots),
            "price": self._price(intent.instrument, intent.price_ticks),
            "time_in_force": intent.time_in_force.value,
            "decided_at_ns": str(record.at),
            "is_answered": "yes" if answered_at else "no",
        })  # fmt: skip
        if is_unsent:  # no bar: nothing was on the wire
            return step | {"leg": intent.leg}
        duration = None if answered_at is None else max(0, answered_at - sent_at)
        return step | {"at_ns": sent_at, "duration_ns": duration, "leg": intent.leg}

    def _fill_values(self, event: e.OrderFilled) -> dict[str, str]:
        order = self._orders.get(event.client_order_id)
        return {
            "client_order_id": event.client_order_id,
            "fill_id": event.fill_id,
            "lots": str(event.lots),
            "price": self._price(order.instrument, event.price_ticks) if order else "",
            "limit_price": plain(order.price) if order else "",
            "exchange_at_ns": "" if event.exchange_at is None else str(event.exchange_at),
        }

    def _decision(self, event: e.OrdersDecided, record: Body) -> dict[str, Any]:
        return {
            "seq": record.seq,
            "at_ns": record.at,
            "purpose": event.purpose.value,
            "measure_value": plain(event.measure_value),
            "trigger_value": plain(event.trigger_value),
            "limits_version": event.limits_version,
            "orders": [intent.client_order_id for intent in event.orders],
            "options": [_option(option) for option in event.options],
        }

    def _compared(
        self, purpose: str, orders: tuple[str, ...], options: tuple[e.RepairOption, ...], record: Body
    ) -> dict[str, Any]:
        """Return a choice that sent nothing: an order was called back, or the case was held."""
        return {
            "seq": record.seq, "at_ns": record.at, "purpose": purpose, "measure_value": None, "trigger_value": None,
            "limits_version": "", "orders": list(orders), "options": [_option(option) for option in options],
        }  # fmt: skip

    def _step(self, record: Body, group: str, key: str, values: dict[str, Any], order: Any = None) -> dict[str, Any]:
        known = self._orders.get(order.client_order_id) if order is not None else None
        return {
            "key": f"{record.seq}.{key}.{values.get('client_order_id') or values.get('instrument') or ''}".rstrip("."),
            "seq": record.seq,
            "group": group,
            "label_key": f"step.{key}",
            "values": values,
            "at_ns": record.at,
            "duration_ns": None,
            "clock": ENGINE_CLOCK,
            "leg": known.leg if known else None,
        }

    def _group_of(self, event: Any) -> str:
        return self._group.get(event.client_order_id, "end")

    def _price(self, instrument: str, ticks: int) -> str:
        tick = self._ticks.get(instrument)
        return "" if tick is None else plain(ticks * tick)


def _option(option: e.RepairOption) -> dict[str, Any]:
    return {
        "name": option.name, "target_units": option.target_units, "lots_by_leg": list(option.lots_by_leg),
        "cost": plain(option.cost), "reason": option.reason,
    }  # fmt: skip


def _lots(event: e.OrdersDecided) -> str:
    return " ".join(f"{intent.side.value} {intent.lots} {intent.instrument}" for intent in event.orders)
