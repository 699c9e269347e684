"""The lines between the engine and its venues: they drop, hang half open, stay away, and replay the whole day.

A report reaches the engine only over the line on which it was sent; what is on its way when a line breaks is gone.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from trading.core import events as e
from trading.core.units import MILLI, SECOND, Nanos

if TYPE_CHECKING:
    from trading.simulation.world import World


class Lines:
    """One line per venue. `in_flight` counts what is under way in either direction."""

    def __init__(self, world: "World", names: tuple[str, ...]) -> None:
        self._world = world
        self.names = names
        self.is_up = dict.fromkeys(names, False)
        self.half_open: set[str] = set()
        self.in_flight = 0
        self._number = dict.fromkeys(names, 0)
        self._unreachable_until: dict[str, Nanos] = {}
        self._has_been_up: set[str] = set()

    # --- to the venue ---

    def send(self, name: str, what: str, *args: Any) -> None:
        """Carry an order, a cancel or a query to its venue, if the line stands."""
        world = self._world
        if not self.is_up[name] or name in self.half_open:
            return
        delay = world.rng.randint(MILLI, 20 * MILLI)
        if what == "take_order" and world.faults.hits("order_late"):
            delay = world.rng.randint(SECOND, 12 * SECOND)  # somewhere on the way; no line holds it
        self.in_flight += 1
        world.later(delay, self._arrive, name, what, *args)

    def _arrive(self, name: str, what: str, *args: Any) -> None:
        self.in_flight -= 1
        getattr(self._world.venues[name], what)(*args, self._world.now)

    # --- from the venue ---

    def reporter(self, name: str) -> Callable[[Nanos, e.Event], None]:
        """Return the function by which the venue speaks."""

        def report(when: Nanos, event: e.Event) -> None:
            self.in_flight += 1
            self._world.at(when, self._deliver, name, self._number[name], event)

        return report

    def _deliver(self, name: str, number: int, event: e.Event) -> None:
        self.in_flight -= 1
        if self._world.desk is None or number != self._number[name] or not self.is_up[name] or name in self.half_open:
            return
        self._world.checkers.on_delivery(event)
        self._world.call("on_report", event)

    # --- down and up ---

    def cut(self, name: str) -> None:
        """The line is gone; what the venue does with working orders is its own policy."""
        self.half_open.discard(name)
        self._number[name] += 1
        if not self.is_up[name]:
            return
        self.is_up[name] = False
        policy = self._world.config.venue(name).capabilities.cancel_on_disconnect
        self._world.faults.counts["cut_" + policy] += 1
        if policy == "cancel":
            self._world.venues[name].drop_working()

    def drop(self, name: str) -> None:
        """The line breaks and the engine is told."""
        if self.is_up[name]:
            self.cut(name)
            self._world.call("on_report", e.VenueDown(name, "line dropped"))
            self.connect_later(name)

    def drop_all(self) -> None:
        """Both venues go away at once, for a while."""
        for name in self.names:
            self._unreachable_until[name] = self._world.now + self._world.rng.randint(SECOND, 6 * SECOND)
            self.drop(name)

    def stay_away(self, name: str) -> None:
        """The venue cannot be reached for longer than recovery waits."""
        self._unreachable_until[name] = self._world.now + self._world.rng.randint(31 * SECOND, 40 * SECOND)

    def hang(self, name: str) -> None:
        """The line looks alive and carries nothing, until a heartbeat is missed."""
        if self.is_up[name]:
            self.half_open.add(name)
            self._world.later(self._world.rng.randint(SECOND, 5 * SECOND), self.drop, name)

    def connect_later(self, name: str) -> None:
        world = self._world
        delay = 20 * MILLI if world.faults.is_calm else world.rng.randint(20 * MILLI, 4 * SECOND)
        at = max(world.now + delay, self._unreachable_until.get(name, 0))
        world.at(at, self._connect, name, self._number[name])

    def _connect(self, name: str, number: int) -> None:
        if self._world.desk is None or self.is_up[name] or number != self._number[name]:
            return
        self.is_up[name] = True
        self._world.call("on_report", e.VenueUp(name))
        if name in self._has_been_up and self.is_up[name] and self._world.faults.hits("day_replayed"):
            self._world.venues[name].replay_day(self._world.now)
        self._has_been_up.add(name)

    def calm_down(self) -> None:
        """Faults end: what a half-open line swallowed is only told again on a new line."""
        for name in self.names:
            if name in self.half_open:
                self.drop(name)
            self.connect_later(name)
