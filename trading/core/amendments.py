"""Trades that a venue took back, corrected or forced upon us, folded into a program's state as part of `state.fold`.

The trade's case is open again in the same step: what is naked is counted anew, and the order is asked about, because
nothing that its venue announced before still stands.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from trading.core import events as e
from trading.core.effects import Effect
from trading.core.units import Nanos

if TYPE_CHECKING:
    from trading.core.state import ProgramState


def busted(state: "ProgramState", event: e.FillBusted, now: Nanos) -> list[Effect]:
    """The venue took a trade back."""
    order = state.orders[event.client_order_id]
    before = order.filled_lots
    if not order.bust(event, now):
        return []
    effects = state.amend(order, now)
    words = {"order": event.client_order_id, "fill": event.fill_id, "lots": str(before - order.filled_lots)}
    return [state.alert("fill_busted", "P2", order.execution, **words, text=event.text), *effects]


def corrected(state: "ProgramState", event: e.FillCorrected, now: Nanos) -> list[Effect]:
    """The venue changed a trade's quantity or price."""
    order = state.orders[event.client_order_id]
    if not order.correct(event, now):
        return []
    effects = state.amend(order, now)
    words = {"order": event.client_order_id, "fill": event.fill_id, "lots": str(event.lots)}
    return [state.alert("fill_corrected", "P2", order.execution, **words, text=event.text), *effects]


def foreign(state: "ProgramState", event: e.ForeignFilled, now: Nanos) -> list[Effect]:
    """A forced liquidation stops every program of its venue: our pairs are no longer what we believe they are."""
    if not event.is_forced or event.venue not in state.venues or state.halt_reason:
        return []
    naked = state.open[0].naked if state.open else (0,) * len(state.ratio_lots)
    text = f"{event.venue} closed {event.lots} lots of {event.instrument} by force"
    return state.fold(e.Halted("forced_liquidation", naked, text), now)


FOLDS: dict[type, Callable[["ProgramState", Any, Nanos], list[Effect]]] = {
    e.FillBusted: busted, e.FillCorrected: corrected, e.ForeignFilled: foreign,
}  # fmt: skip
