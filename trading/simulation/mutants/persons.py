"""Mistakes about what people may do, and how often it counts."""

from typing import Any

from trading.core.effects import CancelOrder
from trading.engine import desk, desk_commands
from trading.simulation.mutants import mutant


@mutant
def lets_one_person_lift_a_kill(put: Any) -> None:
    put(desk_commands, "_lift_refusal", lambda desk, command: None)


@mutant
def obeys_a_repeated_command_again(put: Any) -> None:
    obey = desk_commands.obey

    def forgetful(of: Any, command: Any, now: int, out: list[Any]) -> None:
        of.answers.clear()
        obey(of, command, now, out)

    put(desk, "obey", forgetful)


@mutant
def throttles_cancels(put: Any) -> None:
    perform = desk.Desk.perform

    def throttled(self: Any, effect: Any, now: int, out: list[Any]) -> None:
        if isinstance(effect, CancelOrder) and self.messages_in_last_second(effect.venue, now) >= 2:
            return
        perform(self, effect, now, out)

    put(desk.Desk, "perform", throttled)


@mutant
def lets_everything_pass_the_gate(put: Any) -> None:
    def open_gate(self: Any, program: Any, decided: Any, now: int) -> Any:
        return desk.Approved(desk.propose(program, decided, now), 0, "", now, ())

    put(desk.Desk, "review", open_gate)
