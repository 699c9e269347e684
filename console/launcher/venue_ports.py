"""Moves simulated venues away from ports that something else uses, in every configuration alike."""

import json
from hashlib import sha256
from pathlib import Path

import msgspec
from django.apps import apps

from console.launcher import ports
from console.paths import Paths
from trading.engine import config


def replace_busy(paths: Paths, *, any_port: bool = False) -> list[str]:
    """Give every simulated venue a free port; return one line for each that had to move.

    With `any_port` all of them move, for installations that start beside each other. The database is
    changed too, so that the next export keeps what the running venues use.
    """
    if not paths.venues_config.exists():
        return []
    venues = json.loads(paths.venues_config.read_text())
    moved = {
        venue["name"]: ports.free_port()
        for venue in venues["venues"]
        if any_port or not ports.is_free(venue["port"], venue["host"])
    }
    if not moved:
        return []
    for venue in venues["venues"]:
        venue["port"] = moved.get(venue["name"], venue["port"])
    _replace(paths.venues_config, json.dumps(venues, indent=1).encode() + b"\n")
    for file in paths.var.glob("desks/*/desk.json"):
        _replace(file, config.dump(_with_ports(config.load(file), moved)))
    for name, port in moved.items():
        simulated = apps.get_model("trading", "Connection").objects.filter(venue__is_simulated=True)
        simulated.filter(venue__name=name).update(port=port)
    return [f"The simulated venue {name} has moved to port {port}." for name, port in moved.items()]


def _with_ports(desk: config.DeskConfig, moved: dict[str, int]) -> config.DeskConfig:
    venues = tuple(
        msgspec.structs.replace(venue, port=moved[venue.name]) if venue.is_simulated and venue.name in moved else venue
        for venue in desk.venues
    )
    made = msgspec.structs.replace(desk, venues=venues, config_hash="")
    return msgspec.structs.replace(made, config_hash=sha256(msgspec.json.encode(made)).hexdigest())


def _replace(path: Path, content: bytes) -> None:
    draft = path.with_name(path.name + ".new")
    draft.touch(mode=0o600)
    draft.write_bytes(content)
    draft.replace(path)
