"""Orders at our venues that this journal never decided: another terminal's, or ours from a journal that was lost."""

from typing import TYPE_CHECKING, Any

from trading.core.effects import RaiseAlert
from trading.core.units import Nanos
from trading.engine import records as r
from trading.engine.actions import Action

if TYPE_CHECKING:
    from trading.engine.desk import Desk


def hear_foreign(desk: "Desk", event: Any, now: Nanos, out: list[Action]) -> None:
    """Record a foreign order once; one that bears our own name blocks entries until a person looks."""
    name = event.client_order_id
    if name in desk.foreign:
        return
    is_ours = name.startswith(desk.config.desk.upper())
    venue = next((v.name for v in desk.config.venues if v.name == getattr(event, "venue", "")), "")
    desk.record("", r.ForeignOrderSeen(venue, name, type(event).__name__), now, out)
    severity = "P1" if is_ours else "P3"
    values = {"order": name, "desk": desk.config.desk}
    desk.perform(RaiseAlert("foreign_order", severity, "alert.foreign_order", values), now, out)
    desk.update_permits(now, out)
