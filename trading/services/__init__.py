"""What changes the trading app's tables and files. One verb each; the actor and the time are always given."""

from datetime import date
from pathlib import Path

import msgspec
from django.conf import settings
from django.utils import timezone

from risk import services as risk
from trading.models import Desk
from trading.services.export import replace_file, write_desk_config
from trading.services.inputs import keep_labels
from trading.services.venues_file import venues_file
from trading.venues.simulated.config import VenuesFile

__all__ = ["export_all", "export_desk_config", "export_venues"]


def export_desk_config(desk: str) -> Path:
    """Write desk.json of the desk called `desk` and return its path; raises Desk.DoesNotExist."""
    row = Desk.objects.get(name=desk)
    limits = risk.limit_set(desk)
    return write_desk_config(row, paths=settings.CMC_PATHS, limits=limits, today=_today(), at=timezone.now())


def export_venues() -> Path:
    """Write venues.json, what the simulated venues start from, keep what it says of prices, and return its path."""
    content = venues_file(paths=settings.CMC_PATHS, recorded_ticks=settings.RECORDED_TICKS, today=_today())
    keep_labels(msgspec.json.decode(content, type=VenuesFile))
    return replace_file(settings.CMC_PATHS.venues_config, content)


def export_all() -> list[Path]:
    """Write every desk's configuration and the simulated venues', which first says where their prices come from."""
    venues = export_venues()
    return [*(export_desk_config(desk.name) for desk in Desk.objects.order_by("name")), venues]


def _today() -> date:
    return timezone.localdate()
