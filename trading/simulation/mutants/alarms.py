"""Mistakes about what a person must hear, and about what only a journal may change."""

from typing import Any

from trading.core import events as e
from trading.core import people, program
from trading.core.effects import RaiseAlert
from trading.core.program import HedgeProgram
from trading.core.state import ProgramState
from trading.core.units import SECOND
from trading.engine import desk, foreign
from trading.engine.recovery import OwedAlerts
from trading.simulation.mutants import mutant


def what_a_crash_swallowed_is_raised_at_the_next_start() -> None:
    """The journal holds a halt and not its alert: the crash came between the two."""
    alert = RaiseAlert("halted", "P1", "alert.halted", {"program": "CU-SELL"}, "X-1")
    owed = OwedAlerts()
    owed.note(e.Halted("attempts", (0, 0), ""), [alert])
    assert owed.take() == [alert]


@mutant(specification=what_a_crash_swallowed_is_raised_at_the_next_start)
def forgets_alerts_that_a_crash_swallowed(put: Any) -> None:
    put(OwedAlerts, "take", lambda self: [])


@mutant
def halts_without_a_word(put: Any) -> None:
    halted = ProgramState._halted

    def silent(self: Any, event: e.Halted, now: int) -> Any:
        halted(self, event, now)
        return []

    put(ProgramState, "_halted", silent)


@mutant
def does_not_mind_foreign_orders(put: Any) -> None:
    put(foreign, "hear_order", lambda of, event, now, out: None)


@mutant
def changes_state_beside_the_journal(put: Any) -> None:
    look = HedgeProgram.look

    def nervous(self: HedgeProgram, now: int) -> bool:
        self.state.cooldown_until = max(self.state.cooldown_until, now)
        return look(self, now)

    put(program.HedgeProgram, "look", nervous)


@mutant
def stays_armed_over_a_restart(put: Any) -> None:
    disarmed = people.disarmed

    def stubborn(state: Any, event: e.Disarmed, now: int) -> Any:
        return [] if event.reason == "restart" else disarmed(state, event, now)

    put(people.FOLDS, e.Disarmed, stubborn)


@mutant
def dates_an_alert_before_its_cause(put: Any) -> None:
    perform = desk.Desk.perform

    def early(self: Any, effect: Any, now: int, out: list[Any]) -> None:
        perform(self, effect, now - SECOND if isinstance(effect, RaiseAlert) else now, out)

    put(desk.Desk, "perform", early)
