"""The end of a start: RECONCILED, or HALTED with a reason. Until then nothing trades (controls.md §5.2).

Evidence is complete when every venue has answered a query for all orders on its present session, its positions were
held against our books (or it tells none), and no order of a program is left whose fate is unknown. A venue that stays
silent too long makes the desk HALTED; when its answer comes after all, the desk becomes RECONCILED. A kill is another
matter and stays until two people lift it.
"""

from collections.abc import Callable, Iterable
from enum import Enum

from trading.core.effects import Effect, RaiseAlert
from trading.core.program import HedgeProgram
from trading.core.units import SECOND, Nanos
from trading.engine.records import AlertRaised

RECOVERY_TIME_MAX = 30 * SECOND


class DeskState(Enum):
    RECOVERING = "RECOVERING"
    RECONCILED = "RECONCILED"
    HALTED = "HALTED"


class Reconciliation:
    """What is still owed before this start may trade."""

    def __init__(self, venues: Iterable[str], now: Nanos, compared: Callable[[str], bool] = lambda venue: True) -> None:
        self.state = DeskState.RECOVERING
        self.reason = "starting"
        self.gives_up_at: Nanos = now + RECOVERY_TIME_MAX
        self._asked_at: dict[str, Nanos] = {}
        self._answered: dict[str, Nanos] = {}
        self._venues = tuple(venues)
        self._is_compared = compared  # whether a venue's positions were held against our books

    def note_asked(self, venue: str, now: Nanos) -> None:
        """The venue came up and was asked for all orders; an older answer no longer counts."""
        self._asked_at[venue] = now
        self._answered.pop(venue, None)

    def note_down(self, venue: str) -> None:
        self._asked_at.pop(venue, None)
        self._answered.pop(venue, None)

    def note_answered(self, venue: str, queried_at: Nanos) -> None:
        if venue in self._asked_at and queried_at >= self._asked_at[venue]:
            self._answered[venue] = queried_at

    def is_in_step(self, venue: str) -> bool:
        """Whether the venue has told all it knows since it last came up."""
        return venue in self._answered and self._is_compared(venue)

    def judge(self, programs: Iterable[HedgeProgram], now: Nanos) -> bool:
        """Move on when the evidence is there or the time is up; return whether the state changed."""
        if self.state is DeskState.RECONCILED:
            return False
        silent = [venue for venue in self._venues if venue not in self._answered]
        unknown = [
            order.intent.client_order_id
            for program in programs
            for case in program.state.open
            for order in case.orders
            if order.is_live and not order.is_queued  # what rests on purpose is known once the venue has listed it
        ]
        unchecked = [venue for venue in self._venues if venue in self._answered and not self._is_compared(venue)]
        if not silent and not unknown and not unchecked:
            self.state, self.reason = DeskState.RECONCILED, ""
            return True
        if self.state is DeskState.RECOVERING and now >= self.gives_up_at:
            parts = [f"no answer from {venue}" for venue in silent]
            parts += [f"positions of {venue} not compared" for venue in unchecked]
            parts += [f"fate of {order} unknown" for order in unknown]
            self.state, self.reason = DeskState.HALTED, "; ".join(parts)
            return True
        return False

    def evidence(self, order_count: int) -> dict[str, str]:
        """Return what the verdict rests on, for the record."""
        answers = {venue: f"all orders listed, asked at {at}" for venue, at in self._answered.items()}
        return {**answers, "orders": str(order_count)}


class OwedAlerts:
    """Alerts that a recorded fact calls for and that a crash kept from being recorded: the next start raises them."""

    def __init__(self) -> None:
        self._owed: list[RaiseAlert] = []

    def note(self, event: object, effects: Iterable[Effect]) -> None:
        """Follow the records of the past in order: what was called for, and what was raised."""
        if isinstance(event, AlertRaised):
            told = (event.rule, event.values, event.execution)
            mine = next((a for a in self._owed if (a.rule, a.values, a.execution) == told), None)
            if mine is not None:
                self._owed.remove(mine)
        self._owed += [effect for effect in effects if isinstance(effect, RaiseAlert)]

    def take(self) -> list[RaiseAlert]:
        """Return what is owed; it is owed no more."""
        owed, self._owed = self._owed, []
        return owed
