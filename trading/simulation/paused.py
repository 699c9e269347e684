"""An engine that was paused while a standby took over, at the moment it wakes (controls.md F-CLK-03).

It stands on another host than its successor, so no journal stops it: it has its own. What stops it is the term of its
lease, which nobody renewed. As in the host's loop, what was ready before the pause and what the sockets hold comes
first, then the timer that looks at the lease, and only then what its own disk answers.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from trading.core.units import SECOND
from trading.engine import actions as a
from trading.engine.desk import Desk
from trading.engine.lease import Lease

if TYPE_CHECKING:
    from trading.simulation.world import World

RENEWED_FOR = 2 * SECOND
NOWHERE = Path(os.devnull)
_fd = os.open(NOWHERE, os.O_RDONLY)


class Paused:
    """One paused engine; `waiting` are the records whose sync it had asked for."""

    def __init__(self, world: "World", desk: Desk | None, waiting: list[int]) -> None:
        assert desk is not None
        self._world = world
        self._desk = desk
        self._waiting = list(waiting)
        self._lease = Lease(NOWHERE, _fd)
        self._lease.renew(world.now + RENEWED_FOR)
        self._asked: list[int] = []

    def forget_after(self, durable_seq: int) -> None:
        """Keep the answers of the disk that were under way when the process stopped."""
        self._waiting = [seq for seq in self._waiting if seq <= durable_seq]

    def wake(self) -> None:
        """Go on as if nothing had happened, until the lease is looked at."""
        world, desk, now = self._world, self._desk, self._world.now
        for seq in self._waiting:
            self._do(desk.on_durable(seq, now))
        for edge in world.rng.sample((20, -20), 2):  # what the sockets hold: good for sellers, good for buyers
            for quote in world.market.quotes(now, edge):
                self._do(desk.on_quote(quote, now))
        self._do(desk.on_time(now))
        self._do(desk.set_lease(self._lease.tenure(now).value, now))
        for seq in list(self._asked):
            self._do(desk.on_durable(seq, now))

    def _do(self, wanted: list[a.Action]) -> None:
        for action in wanted:
            if isinstance(action, a.Sync):
                self._asked.append(action.seq)
            elif isinstance(action, a.Submit):
                self._world.checkers.on_stale_submit(action, self._desk.epoch)
            elif isinstance(action, a.Cancel):
                self._world.lines.send(action.venue, "take_cancel", action.client_order_id)
