"""What the simulated venues are told: venues.json, one entry per simulated venue of any desk."""

import json
from datetime import date
from pathlib import Path
from typing import Any, Protocol

import msgspec

from trading.models import Connection, Desk, MarketInput, Pair
from trading.services.export import instrument_terms, pair_terms
from trading.services.inputs import RecordingNotFound, recording_path


class Paths(Protocol):
    @property
    def var(self) -> Path: ...
    @property
    def venues_control(self) -> Path: ...
    def journal(self, desk: str) -> Path: ...


def venues_file(*, paths: Paths, recorded_ticks: str, today: date) -> bytes:
    """Return venues.json; raises RecordingNotFound. Real venues are not in it."""
    lines = Connection.objects.filter(venue__is_simulated=True).select_related("venue", "desk").order_by("pk")
    by_venue: dict[str, Connection] = {}
    for line in lines:
        by_venue.setdefault(line.venue.name, line)
    made = {
        "control_socket": str(paths.venues_control),
        "record_dir": str(paths.var / "venues"),
        "journal_dirs": {desk.name: str(paths.journal(desk.name)) for desk in Desk.objects.all()},
        "speed": 1.0,
        "venues": [_venue(line, recorded_ticks, today) for line in by_venue.values()],
    }
    return json.dumps(made, indent=1).encode() + b"\n"


def _venue(line: Connection, recorded_ticks: str, today: date) -> dict[str, Any]:
    venue = line.venue
    inputs = {source.instrument_id: source for source in line.inputs.all()}
    instruments = [
        _listed(row, inputs.get(row.pk), line, recorded_ticks, today)
        for row in venue.instruments.select_related("venue")
    ]
    return {
        "name": venue.name,
        "face": venue.kind,
        "host": line.host,
        "port": line.port,
        # The venue's own comp id is the one that we address.
        "sender_comp_id": line.target_comp_id,
        "target_comp_id": line.sender_comp_id,
        "heartbeat_s": line.heartbeat_s,
        "username": line.username,
        "password_env": line.password_env,
        "account": line.account,
        "latency_ms": line.latency_ms or 0,
        "message_rate_per_s": venue.message_rate_per_s,
        "cancel_on_disconnect": venue.cancel_on_disconnect,
        "closes_today_separately": venue.closes_today_separately or venue.offset_rule == "close_today_separate",
        "enforces_sessions": not line.is_around_the_clock,
        "instruments": instruments,
    }


def _listed(row: Any, source: MarketInput | None, line: Connection, recorded_ticks: str, today: date) -> dict[str, Any]:
    terms = instrument_terms(row, today, is_around_the_clock=line.is_around_the_clock)
    listed: dict[str, Any] = msgspec.to_builtins(terms)
    if source is None:
        return listed
    settings = dict(source.settings)
    if source.kind == MarketInput.Kind.RECORDED:
        settings["path"] = _recording(settings["path"], line, recorded_ticks)
    if source.kind == MarketInput.Kind.GENERATED_FROM:
        settings = {**_conversion(row.code, settings["source"], today), **settings}
    listed["input"] = {"kind": source.kind, **settings}
    return listed


def _recording(path: str, line: Connection, recorded_ticks: str) -> str:
    try:
        return str(recording_path(path, recorded_ticks))
    except RecordingNotFound as missing:
        raise RecordingNotFound(f"connection {line.desk.name}/{line.venue.name} {missing.message}") from None


def _conversion(code: str, source: str, today: date) -> dict[str, Any]:
    """Return the parity and the FX of the pair of both, so that what is generated follows what is traded."""
    for pair in Pair.objects.filter(legs__instrument__code=code).filter(legs__instrument__code=source).order_by("code"):
        terms = pair_terms(pair, today)
        fx = {"fx": terms.fx_instrument} if terms.fx_instrument else {}
        return {"parity": msgspec.to_builtins(terms.parity), **fx}
    return {}
