"""The receipt of a desk's configuration: what turns ticks into prices and says which venues were simulated.

Reports of a project are made from receipts alone, so the facts they need to read a journal stand here as they were.
Addresses, accounts and folders stay out.
"""

from datetime import datetime

import msgspec

from audit import receipts
from audit.models import Receipt
from trading.engine.config import DeskConfig
from trading.venues.port import VenueConfig

KIND = "desk_configured"


def leave_receipt(config: DeskConfig, *, actor: str, at: datetime) -> None:
    """Issue the receipt unless the desk's newest one is about this very configuration."""
    newest = Receipt.objects.filter(kind=KIND, body__contains=f'"desk":"{config.desk}"').order_by("-seq").first()
    if newest is not None and config.config_hash in newest.body:
        return
    body = {
        "desk": config.desk,
        "config_hash": config.config_hash,
        "environment": config.environment,
        "currency": config.currency,
        "instruments": msgspec.to_builtins(config.instruments),
        "venues": [_venue(venue) for venue in config.venues],
        "programs": msgspec.to_builtins(config.programs),
        "limits_version": config.limits.version,
        "limits_hash": config.limits.hash,
    }
    receipts.issue(kind=KIND, actor=actor, at=at, body=body)


def _venue(venue: VenueConfig) -> dict[str, object]:
    return {
        "name": venue.name,
        "kind": venue.kind,
        "side": venue.side,
        "currency": venue.currency,
        "is_simulated": venue.is_simulated,
        "input_kind": venue.input_kind,
        "input_label": venue.input_label,
    }
