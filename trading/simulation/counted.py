"""INV-16: what the engine counts for its limits equals a recount of the journal and of what it sent."""

from typing import TYPE_CHECKING

from trading.core import events as e
from trading.core.units import SECOND, Nanos, utc_day
from trading.engine import records as r
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

    def _begun(self, day: str) -> dict[str, set[str]]:
        """Return the executions of the day by program; a quote that was ended without a trade is none."""
        begun: dict[str, set[str]] = {}
        quoting: dict[str, str] = {}
        for record in self._checkers.world.disk.records:
            event = record.event
            if isinstance(event, e.OrdersDecided) and event.purpose is e.Purpose.ENTRY and utc_day(record.at) == day:
                begun.setdefault(record.program, set()).add(event.execution)
                if event.orders[0].time_in_force is e.TimeInForce.DAY:
                    quoting[event.execution] = record.program
            elif isinstance(event, e.ExecutionEnded) and event.outcome == "flat" and event.execution in quoting:
                begun[quoting[event.execution]].discard(event.execution)
            elif isinstance(event, r.AlertRaised) and event.rule == "execution_reopened" and event.execution in quoting:
                begun[quoting[event.execution]].add(event.execution)
        return begun

    def check(self, desk: Desk) -> None:
        """Recount; due when the counters are about to decide something."""
        world = self._checkers.world
        day = utc_day(world.now)
        begun = self._begun(day)
        for name, program in desk.programs.items():
            counted = program.state.executions_today if program.state.day == day else 0
            if counted != len(begun.get(name, ())):
                text = f"{name} counts {counted} executions today, the journal holds {len(begun.get(name, ()))}"
                self._checkers.fail("INV-16", text)
        for venue in world.names:
            counted = desk.messages_in_last_second(venue, world.now)
            sent = sum(at > world.now - SECOND for at in self._sent.get(venue, ()))
            if counted != sent:
                text = f"{venue}: {counted} messages counted in the last second, {sent} were sent"
                self._checkers.fail("INV-16", text)
