"""Mistakes about who may drive the desk: terms that never end, renewals that nobody looks at."""

from typing import Any

from trading.engine import desk
from trading.engine.lease import Lease, Tenure
from trading.simulation.mutants import mutant


@mutant
def a_lease_never_ends(put: Any) -> None:
    put(Lease, "tenure", lambda self, now: Tenure.HELD)


@mutant
def a_late_lease_still_enters(put: Any) -> None:
    put(desk.Desk, "set_lease", lambda self, tenure, now: [])


@mutant
def a_lost_lease_still_sends(put: Any) -> None:
    update = desk.Desk.update_permits

    def lax(self: Any, now: int, out: list[Any]) -> None:
        lost, self.lease = self.lease == "lost", "held" if self.lease == "lost" else self.lease
        update(self, now, out)
        self.lease = "lost" if lost else self.lease

    put(desk.Desk, "update_permits", lax)
