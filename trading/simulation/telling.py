"""How a venue's reports travel: lost, late, out of order, repeated, or only told when asked."""

from collections.abc import Callable
from random import Random

from trading.core import events as e
from trading.core.units import MILLI, SECOND, Nanos
from trading.simulation.faults import Faults

LATE_MAX = 12 * SECOND
Deliver = Callable[[Nanos, e.Event], None]


class Telling:
    """Puts reports on the line; the world decides whether the line carries them."""

    def __init__(self, rng: Random, faults: Faults, report: Deliver) -> None:
        self._rng = rng
        self._faults = faults
        self._report = report
        self._last_at: Nanos = 0

    def say(self, now: Nanos, event: e.Event) -> None:
        """Report something unasked, subject to every fault of reports."""
        if not self._faults.hits("report_lost"):
            self._send(now, event)

    def fill(self, now: Nanos, fill: e.OrderFilled) -> None:
        """Report a trade.

        A venue whose closing reports understate does not lose fills as well: were a hidden fill as large as a lost one,
        what is reported would add up. That only positions can tell is played by the fault `fill_never_told`.
        """
        faults = self._faults
        if not faults.has("fill_after_close") and (faults.hits("report_lost") or faults.hits("fill_only_on_query")):
            return
        self._send(now, fill)
        if faults.hits("fill_repeated"):
            for _ in range(self._rng.randint(1, 4)):
                self._report(now + self._rng.randint(MILLI, 2 * SECOND), fill)

    def _send(self, now: Nanos, event: e.Event) -> None:
        faults, rng = self._faults, self._rng
        at = self._in_order(now)
        if faults.hits("report_reordered"):
            at = now + rng.randint(MILLI, 50 * MILLI)
        if faults.hits("report_late"):
            at = now + rng.randint(50 * MILLI, LATE_MAX)
        self._report(at, event)
        if faults.hits("report_duplicated"):
            self._report(at + rng.randint(0, 2 * SECOND), event)

    def late(self, now: Nanos, event: e.Event) -> None:
        self._report(now + self._rng.randint(10 * MILLI, 3 * SECOND), event)

    def answer(self, now: Nanos, event: e.Event) -> None:
        """Answer a query; the answer may be lost."""
        if not self._faults.hits("answer_lost"):
            self._report(self._in_order(now), event)

    def surely(self, now: Nanos, event: e.Event) -> None:
        """Say it in order and without loss, as long as the line stands."""
        self._report(self._in_order(now), event)

    def _in_order(self, now: Nanos) -> Nanos:
        self._last_at = max(self._last_at + 1, now + MILLI)
        return self._last_at
