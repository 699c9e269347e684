"""How long an order may be missing before it is presumed dead: as configured, or longer where a venue is slower.

A wait that is shorter than a venue's slowest replies takes living orders for dead ones (controls.md §3.3: 12.8 false
ends per 1,000 schedules at 1 s, none above the longest delay). So the desk measures its venues (engine/reply_times.py)
and records what it found; every program holds that between its own configured wait and its longest.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from trading.core import events as e
from trading.core.effects import Effect
from trading.core.terms import ReplyTimes
from trading.core.units import Nanos

if TYPE_CHECKING:
    from trading.core.state import ProgramState


def in_use(configured: dict[str, ReplyTimes], measured: dict[str, Nanos]) -> dict[str, ReplyTimes]:
    """Return the reply times by venue, with each wait moved to what was measured as far as the terms let it."""
    return {
        venue: msgspec.structs.replace(times, presumed_dead=times.clamp(measured.get(venue, 0)))
        for venue, times in configured.items()
    }


def measured(state: "ProgramState", event: e.ReplyTimesMeasured, now: Nanos) -> list[Effect]:
    """The desk measured how long a venue takes to answer."""
    state.measured_waits[event.venue] = event.presumed_dead
    state.reply_times = in_use(state.terms.reply_times, state.measured_waits)
    return []


FOLDS: dict[type, Callable[["ProgramState", Any, Nanos], list[Effect]]] = {e.ReplyTimesMeasured: measured}
