"""Executions: the list with its filters, and one execution with its orders, fills and figures."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from audit.errors import DomainError
from trading.models import ChildOrder, Execution, Fill
from trading.selectors.naked import naked_band, traded_of
from trading.selectors.programs import plain

PAGE = 50


class BadCursor(DomainError):
    """The cursor of a page is not one that this list gave out."""

    code = "bad_cursor"
    status = 400


@dataclass(frozen=True)
class Filter:
    """What the list is narrowed to; empty means everything. Times are ns UTC."""

    pair: str = ""
    program: str = ""
    outcome: str = ""
    from_ns: int | None = None
    until_ns: int | None = None


def page(wanted: Filter, cursor: str = "") -> dict[str, Any]:
    """Return a page, newest first, and the cursor of the next one; raises BadCursor."""
    rows = _filtered(wanted)
    if cursor:
        rows = rows.filter(_after(cursor))
    found = list(rows.select_related("pair", "program", "desk")[: PAGE + 1])
    following = found[PAGE - 1] if len(found) > PAGE else None
    return {
        "items": [summary(row) for row in found[:PAGE]],
        "next": f"{following.started_at_ns}:{following.id}" if following else None,
    }


def _filtered(wanted: Filter) -> QuerySet[Execution]:
    chosen = Q()
    if wanted.pair:
        chosen &= Q(pair__code=wanted.pair)
    if wanted.program:
        chosen &= Q(program__name=wanted.program)
    if wanted.outcome:
        chosen &= Q(outcome=wanted.outcome)
    if wanted.from_ns is not None:
        chosen &= Q(started_at_ns__gte=wanted.from_ns)
    if wanted.until_ns is not None:
        chosen &= Q(started_at_ns__lt=wanted.until_ns)
    return Execution.objects.filter(chosen).order_by("-started_at_ns", "-id")


def _after(cursor: str) -> Q:
    at, _, name = cursor.partition(":")
    if not at.isdigit() or not name:
        raise BadCursor("This page's cursor is not valid; start again from the first page.")
    return Q(started_at_ns__lt=int(at)) | Q(started_at_ns=int(at), id__lt=name)


def summary(row: Execution) -> dict[str, Any]:
    """Return one line of the list."""
    total = None if row.ended_at_ns is None else row.ended_at_ns - row.started_at_ns
    return {
        "id": row.id,
        "pair": row.pair.code,
        "program": row.program.name,
        "project": row.pair.project,
        "direction": row.direction,
        "clips": row.clips,
        "outcome": row.outcome,
        "started_at_ns": row.started_at_ns,
        "ended_at_ns": row.ended_at_ns,
        "total_ns": total,
        "measure": row.measure,
        "measure_value": plain(row.measure_value),
        "trigger_value": plain(row.trigger_value),
        "leg_gap_ns": row.leg_gap_ns,
        "naked_peak_lots": plain(row.naked_peak_lots),
        "naked_lot_ms": plain(row.naked_lot_ms),
        "slippage": plain(row.slippage),
        "fees": plain(row.fees),
        "currency": row.desk.currency,
        "purpose": row.purpose,
        "mode": row.mode,
        "lead_leg": row.lead_leg,
        "route": row.route,
        "shares": row.shares,
        "residual_lots": row.residual_lots,
        "residual_owner": row.residual_owner,
        "residual_reason": row.residual_reason,
        "last_seq": row.last_seq,
    }


def execution_named(execution_id: str) -> Execution:
    """Return one execution; raises Execution.DoesNotExist."""
    return Execution.objects.select_related("pair", "program", "desk").get(id=execution_id)


def order_dict(order: ChildOrder) -> dict[str, Any]:
    """Return one child order; times are ns UTC of the engine's clock."""
    names = (
        "client_order_id", "venue", "venue_order_id", "instrument", "leg", "attempt", "purpose", "side", "lots",
        "filled_lots", "time_in_force", "offset", "state", "decided_at_ns", "sent_at_ns", "accepted_at_ns",
        "closed_at_ns", "close_reason", "reject_code", "reject_text", "seq",
    )  # fmt: skip
    return {name: getattr(order, name) for name in names} | {"price": plain(order.price)}


def fill_dict(fill: Fill) -> dict[str, Any]:
    """Return one fill; `exchange_at_ns` is the venue's own clock."""
    return {
        "client_order_id": fill.order.client_order_id, "fill_id": fill.fill_id, "venue": fill.venue,
        "instrument": fill.order.instrument, "leg": fill.order.leg, "side": fill.order.side, "lots": fill.lots,
        "price": plain(fill.price), "trading_day": fill.trading_day, "exchange_at_ns": fill.exchange_at_ns,
        "recorded_at_ns": fill.recorded_at_ns, "seq": fill.seq,
    }  # fmt: skip


def band_of(row: Execution) -> list[dict[str, Any]]:
    """Return the naked band in lots of the first leg, from zero at the trigger."""
    legs = [leg.ratio_lots for leg in row.pair.legs.order_by("position")]
    band = naked_band(traded_of(row.id), legs)
    return [{"at_ns": row.started_at_ns, "lots": "0"}] + [
        {"at_ns": step.at_ns, "lots": plain(step.lots)} for step in band
    ]
