"""INV-16: what the engine counts for its limits equals a recount of the journal and of what it sent."""

from typing import TYPE_CHECKING

from trading.core import events as e
from trading.core.execution import Execution
from trading.core.units import SECOND, Nanos, utc_day
from trading.engine.desk import Desk

if TYPE_CHECKING:
    from trading.simulation.checkers import Checkers


def _never_was(case: Execution) -> bool:
    """Whether the execution was a quote that was called back before it traded: that is no execution of the day."""
    return case.is_ended and case.outcome == "flat" and case.called_back


class Counted:
    """Recounts the day's executions of every program and the messages of the last second of every venue."""

    def __init__(self, checkers: "Checkers") -> None:
        self._checkers = checkers
        self._sent: dict[str, list[Nanos]] = {}  # since the engine's start

    def on_start(self) -> None:
        self._sent.clear()

    def on_message(self, venue: str) -> None:
        """An order or a cancel left."""
        self._sent.setdefault(venue, []).append(self._checkers.world.now)

    def check(self, desk: Desk) -> None:
        """Recount; due when the counters are about to decide something."""
        world = self._checkers.world
        day = utc_day(world.now)
        entries: dict[str, set[str]] = {}  # a quote that moved is an entry of the same execution
        for record in world.disk.records:
            event = record.event
            if isinstance(event, e.OrdersDecided) and event.purpose is e.Purpose.ENTRY and utc_day(record.at) == day:
                entries.setdefault(record.program, set()).add(event.execution)
        for name, program in desk.programs.items():
            counted = program.state.executions_today if program.state.day == day else 0
            cases = program.state.executions
            found = sum(not _never_was(cases[case]) for case in entries.get(name, ()) if case in cases)
            if counted != found:
                text = f"{name} counts {counted} executions today, the journal holds {found}"
                self._checkers.fail("INV-16", text)
        for venue in world.names:
            counted = desk.messages_in_last_second(venue, world.now)
            sent = sum(at > world.now - SECOND for at in self._sent.get(venue, ()))
            if counted != sent:
                text = f"{venue}: {counted} messages counted in the last second, {sent} were sent"
                self._checkers.fail("INV-16", text)
