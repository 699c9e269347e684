"""INV-16: what the engine counts for its limits equals a recount of the journal and of what it sent."""

from typing import TYPE_CHECKING

from trading.core import events as e
from trading.core.units import SECOND, Nanos, utc_day
from trading.engine.desk import Desk

if TYPE_CHECKING:
    from trading.simulation.checkers import Checkers


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
        entries: dict[str, int] = {}
        for record in world.disk.records:
            event = record.event
            if isinstance(event, e.OrdersDecided) and event.purpose is e.Purpose.ENTRY and utc_day(record.at) == day:
                entries[record.program] = entries.get(record.program, 0) + 1
        for name, program in desk.programs.items():
            counted = program.state.executions_today if program.state.day == day else 0
            if counted != entries.get(name, 0):
                text = f"{name} counts {counted} executions today, the journal holds {entries.get(name, 0)}"
                self._checkers.fail("INV-16", text)
        for venue in world.names:
            counted = desk.messages_in_last_second(venue, world.now)
            sent = sum(at > world.now - SECOND for at in self._sent.get(venue, ()))
            if counted != sent:
                text = f"{venue}: {counted} messages counted in the last second, {sent} were sent"
                self._checkers.fail("INV-16", text)
