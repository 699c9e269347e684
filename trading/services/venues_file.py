"""What the simulated venues are told: venues.json, one entry per simulated venue of any desk."""

import json
from datetime import date
from pathlib import Path
from typing import Any, Protocol

import msgspec

from audit.errors import DomainError
from trading.models import Connection, Desk, MarketInput
from trading.services.export import instrument_terms


class Paths(Protocol):
    @property
    def var(self) -> Path: ...
    @property
    def venues_control(self) -> Path: ...
    def journal(self, desk: str) -> Path: ...


class RecordingNotFound(DomainError):
    """A connection points at recorded ticks that are not there."""

    code = "recording_not_found"


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
        "closes_today_separately": venue.closes_today_separately,
        "enforces_sessions": not line.is_around_the_clock,
        "instruments": instruments,
    }


def _listed(row: Any, source: MarketInput | None, line: Connection, recorded_ticks: str, today: date) -> dict[str, Any]:
    terms = instrument_terms(row, today, is_around_the_clock=line.is_around_the_clock)
    listed: dict[str, Any] = msgspec.to_builtins(terms)
    if source is not None:
        settings = dict(source.settings)
        if source.kind == MarketInput.Kind.RECORDED:
            settings["path"] = _recording(settings["path"], line, recorded_ticks)
        listed["input"] = {"kind": source.kind, **settings}
    return listed


def _recording(path: str, line: Connection, recorded_ticks: str) -> str:
    title = f"connection {line.desk.name}/{line.venue.name}"
    if not Path(path).is_absolute() and not recorded_ticks:
        raise RecordingNotFound(f"{title} replays {path}; set RECORDED_TICKS to the folder that holds it")
    found = Path(recorded_ticks) / path
    if not found.is_file():
        raise RecordingNotFound(f"{title} replays {found}, which does not exist; correct the path or RECORDED_TICKS")
    return str(found)
