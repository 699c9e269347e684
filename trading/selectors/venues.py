"""Venues: what they are, how they are reached, whether their prices are real, and how the line stands."""

from typing import Any

from trading.models import Connection, JournalCursor, MarketInput
from trading.selectors.live import last_frame


def venues() -> dict[str, Any]:
    """Return every connection of every desk, and each desk's engine as its journal and stream show it."""
    lines = Connection.objects.select_related("desk", "venue").order_by("desk__name", "venue__name")
    desks = {line.desk.name for line in lines}
    health = {desk: _health(desk) for desk in desks}
    return {
        "venues": [_line(line, health[line.desk.name]) for line in lines],
        "engines": [_engine(cursor, health.get(cursor.desk.name)) for cursor in _cursors()],
    }


def _cursors() -> list[JournalCursor]:
    return list(JournalCursor.objects.select_related("desk").order_by("desk__name"))


def _health(desk: str) -> dict[str, Any] | None:
    items = last_frame(desk, "health")
    return items[0] if items else None


def _line(line: Connection, health: dict[str, Any] | None) -> dict[str, Any]:
    venue = line.venue
    lines = (health or {}).get("venues") or []
    live = next((item for item in lines if item.get("venue") == venue.name), None)
    inputs = {source.instrument_id: source for source in line.inputs.all()}
    return {
        "desk": line.desk.name,
        "venue": venue.name,
        "kind": venue.kind,
        "side": venue.side,
        "currency": venue.currency,
        "is_simulated": venue.is_simulated,
        "input_kind": line.input_kind,
        "input_label": line.input_label,
        "is_around_the_clock": line.is_around_the_clock,
        "address": f"{line.host}:{line.port}",
        "account": line.account,
        "instruments": [
            {
                "code": row.code, "symbol": row.symbol, "is_pricing_only": row.is_pricing_only,
                "time_zone": row.time_zone, "sessions": _sessions(row), **_input(inputs.get(row.pk), line),
            }
            for row in venue.instruments.all()
        ],
        "live": live,
    }  # fmt: skip


def _input(source: MarketInput | None, line: Connection) -> dict[str, Any]:
    """Return where one instrument's prices come from: what its own input says, else what the line says."""
    if source is None:
        return {"input_kind": line.input_kind, "input_label": line.input_label}
    is_recorded = source.kind == MarketInput.Kind.RECORDED
    return {"input_kind": "recorded" if is_recorded else "generated", "input_label": source.label}


def _sessions(row: Any) -> dict[str, Any] | None:
    rule = row.session_rules.last()
    return (
        None
        if rule is None
        else {
            "phases": rule.phases,
            "valid_from": rule.valid_from.isoformat(),
            "source": rule.source,
        }
    )


def _engine(cursor: JournalCursor, health: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "desk": cursor.desk.name,
        "epoch": cursor.epoch,
        "state": cursor.engine_state,
        "reason": cursor.engine_reason,
        "journal_seq": cursor.seq,
        "recorded_at_ns": cursor.recorded_at_ns,
        "copied_at_ns": cursor.copied_at_ns,
        "problem": cursor.problem,
        "live": health,
    }
