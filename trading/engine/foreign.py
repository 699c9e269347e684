"""Orders and trades on the account that this journal never decided: another terminal's, a broker's, or a lost one.

CTP sends every order and trade of the account to every connection of it. Foreign ones move the position, so the books
count them; nothing is done about them. Two kinds call a person at once: an order whose id is of our own making blocks
entries, and a forced liquidation (强平) halts every program of that venue. Two people with a reason let them go again.
"""

from typing import TYPE_CHECKING, Any

from trading.core import events as e
from trading.core.effects import RaiseAlert
from trading.core.units import Nanos
from trading.engine import records as r
from trading.engine.actions import Action

if TYPE_CHECKING:
    from trading.engine.desk import Desk

FillKey = tuple[str, str, str, str]  # venue, trading day, side, fill id


def key_of(event: e.ForeignFilled) -> FillKey:
    return event.venue, event.trading_day, event.side.value, event.fill_id


def alerts_of(desk: "Desk", event: object) -> list[RaiseAlert]:
    """Note a foreign trade, and return what a person is told of it; other facts change nothing."""
    if not isinstance(event, e.ForeignFilled):
        return []
    desk.foreign_fills.add(key_of(event))
    values = {
        "desk": desk.config.desk, "venue": event.venue, "instrument": event.instrument, "side": event.side.value,
        "lots": str(event.lots), "fill": event.fill_id,
    }  # fmt: skip
    if event.is_forced:
        return [RaiseAlert("forced_liquidation", "P1", "alert.forced_liquidation", values)]
    return [RaiseAlert("foreign_fill", "P3", "alert.foreign_fill", values)]


def hear_order(desk: "Desk", event: Any, now: Nanos, out: list[Action]) -> None:
    """A venue named an order that this journal never decided: one of ours blocks entries until a person looks."""
    name = event.client_order_id
    if name in desk.foreign:
        return
    desk.record("", r.ForeignOrderSeen("", name, type(event).__name__), now, out)
    severity = "P1" if is_ours(desk, name) else "P3"
    values = {"order": name, "desk": desk.config.desk}
    desk.perform(RaiseAlert("foreign_order", severity, "alert.foreign_order", values), now, out)
    desk.update_permits(now, out)


def is_ours(desk: "Desk", client_order_id: str) -> bool:
    """Whether the id is of this desk's making."""
    return client_order_id.startswith(desk.config.desk.upper())


def blocks_entries(desk: "Desk") -> bool:
    return any(is_ours(desk, name) for name in desk.foreign)
