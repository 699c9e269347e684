"""Channels of the live socket: their names, who may see them, and the envelope of a message."""

import time
from typing import Any

import msgspec

PERMISSIONS = {
    "board": "board.read",
    "pair": "board.read",
    "exec": "board.read",
    "programs": "board.read",
    "alerts": "alerts.read",
    "venues": "venues.read",
    "me": "",  # everybody who is logged in
}

_encoder = msgspec.json.Encoder(decimal_format="string")


def permission_of(channel: str) -> str | None:
    """Return the permission a channel needs, empty for none; None for a channel that does not exist."""
    family, _, rest = channel.partition(".")
    if (family == "pair") != bool(rest):
        return None
    return PERMISSIONS.get(family)


def encoded(items: list[Any]) -> str:
    """Return items as JSON; done once per change, whatever the number of screens."""
    return _encoder.encode(items).decode()


def envelope(channel: str, seq: int, kind: str, items: str) -> str:
    """Return one message around items that are JSON already; `t_srv` is the server's clock, ns UTC."""
    name = _encoder.encode(channel).decode()
    return f'{{"ch":{name},"seq":{seq},"t_srv":{time.time_ns()},"kind":"{kind}","items":{items}}}'
