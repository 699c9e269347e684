"""The full-chain trace of a project as CSV: one row per event, a decision with one row per order.

Two profiles. `regulator` is exact: UTF-8 without a mark, CRLF, RFC 4180, nothing added to any cell. `human`
opens in a spreadsheet: with a byte order mark, and text that a spreadsheet would run as a formula is made
plain text. Neither ever serves as the other.
"""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum

import msgspec

from audit.journal_format import Event, Order, Quote, Record
from audit.trace import Entry, Trace

TEMPLATE = "project_trace"
SCHEMA_VERSION = "1"


class Profile(StrEnum):
    HUMAN = "human"
    REGULATOR = "regulator"


COLUMNS = (
    "ledger_stream", "ledger_seq", "part", "prev_hash", "entry_hash", "project_id", "pair_id", "program",
    "epoch", "case_id", "event_type", "actor_type", "actor_id", "approver_id", "command_id", "ts_event_utc",
    "ts_event_ns", "ts_venue_ns", "ts_wire_tx_ns", "clordid", "venue_order_id", "leg", "venue",
    "is_simulated", "market_data", "instrument", "side", "offset_flag", "order_type", "tif", "purpose", "qty", "price",
    "price_ticks",
    "currency", "multiplier", "fill_id", "cum_qty", "quote_bid", "quote_ask", "quote_ts_ns", "signal_value",
    "signal_threshold", "limit_set_version", "risk_result", "risk_reason_code", "reason",
    "remediation_action", "remediation_options", "residual_exposure_after", "outcome", "alert_rule",
    "alert_severity", "config_hash", "build_hash", "body",
)  # fmt: skip

# Columns whose text is a number by construction; a leading minus sign there is a sign.
_NUMERIC = frozenset({
    "ledger_seq", "part", "epoch", "ts_event_ns", "ts_venue_ns", "ts_wire_tx_ns", "leg", "qty", "price",
    "price_ticks", "multiplier", "cum_qty", "quote_bid", "quote_ask", "quote_ts_ns", "signal_value",
    "signal_threshold",
})  # fmt: skip

_RUN_AS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def write(trace: Trace, profile: Profile) -> bytes:
    """Return the trace as the bytes of one CSV file."""
    text = io.StringIO(newline="")
    rows = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\r\n")
    rows.writeheader()
    for row in _rows(trace):
        rows.writerow(row if profile is Profile.REGULATOR else {name: _plain(name, row[name]) for name in row})
    encoded = text.getvalue().encode()
    return encoded if profile is Profile.REGULATOR else b"\xef\xbb\xbf" + encoded


def _plain(name: str, text: str) -> str:
    """Return the cell so that a spreadsheet shows it and never runs it (ASVS 1.2.10)."""
    if name in _NUMERIC or not text.startswith(_RUN_AS_FORMULA):
        return text
    return "'" + text


def _rows(trace: Trace) -> Iterator[dict[str, str]]:
    for entry in trace.entries:
        row = _columns_of_entry(entry)
        record = trace.records.get((entry.stream, entry.seq))
        if record is None:
            yield row
            continue
        row |= _columns_of_event(record.event, record)
        if not record.event.orders:
            yield row | _columns_of_told_order(record.event, trace)
            continue
        for part, order in enumerate(record.event.orders, start=1):
            yield row | {"part": str(part)} | _columns_of_order(order, record.event.quotes, trace)


def _columns_of_entry(entry: Entry) -> dict[str, str]:
    return {
        "ledger_stream": entry.stream,
        "ledger_seq": str(entry.seq),
        "part": "1",
        "prev_hash": entry.prev_hash,
        "entry_hash": entry.hash,
        "project_id": entry.project,
        "pair_id": entry.pair,
        "program": entry.program,
        "case_id": entry.execution,
        "event_type": entry.kind,
        "actor_type": "human" if entry.actor else "engine",
        "actor_id": entry.actor,
        "instrument": entry.instruments.strip("|").replace("|", " "),
        "ts_event_utc": iso_utc(entry.at_ns),
        "ts_event_ns": str(entry.at_ns),
        "body": entry.body,
    }


def _columns_of_event(event: Event, record: Record) -> dict[str, str]:
    return {
        "epoch": str(record.epoch),
        "approver_id": event.approved_by,
        "command_id": event.command_id,
        "ts_venue_ns": _number(event.exchange_at),
        "purpose": event.purpose,
        "signal_value": _number(event.measure_value),
        "signal_threshold": _number(event.trigger_value),
        "limit_set_version": event.limits_version,
        "risk_result": _risk_result(event),
        "risk_reason_code": event.code if event.type == "OrdersRefused" else event.reject_class,
        "reason": event.reason or event.text,
        "remediation_action": event.purpose if event.purpose in ("top_up", "unwind", "proxy") else "",
        "remediation_options": msgspec.json.encode(event.options).decode() if event.options else "",
        "residual_exposure_after": " ".join(map(str, event.naked)),
        "outcome": event.outcome,
        "alert_rule": event.rule,
        "alert_severity": event.severity,
        "config_hash": event.config_hash,
        "build_hash": event.build,
    }


def _risk_result(event: Event) -> str:
    return {"OrdersDecided": "approved", "OrdersRefused": "refused"}.get(event.type, "")


def _columns_of_order(order: Order, quotes: tuple[Quote, ...], trace: Trace) -> dict[str, str]:
    row = _columns_of_identity(order, trace) | {
        "order_type": "limit",
        "tif": order.time_in_force,
        "qty": str(order.lots),
        "price": price(order.instrument, order.price_ticks, trace),
        "price_ticks": str(order.price_ticks),
        "offset_flag": order.offset,
    }
    quote = next((item for item in quotes if item.instrument == order.instrument), None)
    if quote:
        row["quote_bid"] = price(order.instrument, quote.bids[0].price_ticks, trace) if quote.bids else ""
        row["quote_ask"] = price(order.instrument, quote.asks[0].price_ticks, trace) if quote.asks else ""
        row["quote_ts_ns"] = str(quote.exchange_at)
    return row


def _columns_of_told_order(event: Event, trace: Trace) -> dict[str, str]:
    """What a venue said about an order, beside what the order was."""
    row = {
        "clordid": event.client_order_id or " ".join(event.client_order_ids),
        "venue_order_id": event.venue_order_id,
        "fill_id": event.fill_id,
        "cum_qty": str(event.cumulative_lots) if event.type in ("OrderClosed", "OrderStatus") else "",
        "ts_wire_tx_ns": str(event.at) if event.type == "SentToWire" else "",
    }
    traced = trace.orders.get(event.client_order_id)
    if traced is None:
        return row
    order = traced.intent
    row |= _columns_of_identity(order, trace)
    if event.type == "OrderFilled":
        row["qty"] = str(event.lots)
        row["price"] = price(order.instrument, event.price_ticks, trace)
        row["price_ticks"] = str(event.price_ticks)
    return row


def _columns_of_identity(order: Order, trace: Trace) -> dict[str, str]:
    venue, instrument = trace.venues.get(order.venue), trace.instruments.get(order.instrument)
    return {
        "clordid": order.client_order_id,
        "leg": str(order.leg),
        "venue": order.venue,
        "is_simulated": "" if venue is None else str(venue.is_simulated).lower(),
        "market_data": "" if venue is None else " · ".join(filter(None, [venue.input_kind, venue.input_label])),
        "instrument": order.instrument,
        "side": order.side,
        "currency": instrument.currency if instrument else "",
        "multiplier": f"{instrument.multiplier:f}" if instrument else "",
    }


def price(instrument: str, ticks: int, trace: Trace) -> str:
    """Return the price of `ticks` as a plain decimal; empty when the instrument's tick is not on record."""
    known = trace.instruments.get(instrument)
    return f"{ticks * known.tick:f}" if known else ""


def iso_utc(at_ns: int) -> str:
    """Return nanoseconds UTC as ISO 8601 with six decimals; the exact figure has its own column."""
    seconds, rest = divmod(at_ns, 1_000_000_000)
    at = datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest // 1000)
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _number(value: object) -> str:
    return "" if value is None else f"{value:f}" if not isinstance(value, int) else str(value)
