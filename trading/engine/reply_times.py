"""How long each venue takes to answer an order, and the wait that this asks for before one is presumed dead.

Measured from the moment the orders may leave to the first report that belongs to them, in this process only: what a
lost line or a restart delayed is not the venue's slowness. A wait becomes a fact, never a silent change: it is recorded
when it differs enough from the one in use, and the programs fold it (trading/core/waits.py).
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from trading.core import events as e
from trading.core.terms import Terms
from trading.core.units import Nanos

if TYPE_CHECKING:
    from trading.engine.desk import Desk

SAMPLES_MIN = 200  # fewer say nothing about one reply in a thousand
SAMPLES_KEPT = 20_000  # then every count is halved, so that a slow day of the past wears off
SAMPLES_PER_LOOK = 50
WAITING_MAX = 10_000  # orders whose first report is awaited; the oldest are given up
MARGIN = 2  # the wait asked for is so many times the 99.9th percentile
CHANGE_MIN_PCT = 25  # a wait in use is left alone for less than that
STEPS_PER_OCTAVE = 8
OCTAVES = 64
FIRST_REPORTS = (e.OrderAccepted, e.OrderRejected, e.OrderFilled, e.OrderClosed)


class Histogram:
    """Counts of durations in buckets whose width grows with the value: an eighth of it at most, 512 in all."""

    __slots__ = ("_counts", "total")

    def __init__(self) -> None:
        self._counts = [0] * (OCTAVES * STEPS_PER_OCTAVE)
        self.total = 0

    def note(self, duration: Nanos) -> None:
        """Count one duration; what is below one nanosecond counts as one."""
        self._counts[_bucket(max(1, duration))] += 1
        self.total += 1
        if self.total >= SAMPLES_KEPT:
            self._counts = [count // 2 for count in self._counts]
            self.total = sum(self._counts)

    def per_mille(self, share: int) -> Nanos:
        """Return a duration that `share` in a thousand samples do not exceed, up to the width of its bucket."""
        rank, seen = -(-self.total * share // 1000), 0
        for bucket, count in enumerate(self._counts):
            seen += count
            if count and seen >= rank:
                return _end(bucket)
        return 0


def _bucket(duration: Nanos) -> int:
    octave = min(duration.bit_length(), OCTAVES) - 1
    return octave * STEPS_PER_OCTAVE + ((duration * STEPS_PER_OCTAVE >> octave) & (STEPS_PER_OCTAVE - 1))


def _end(bucket: int) -> Nanos:
    octave, step = divmod(bucket, STEPS_PER_OCTAVE)
    return ((STEPS_PER_OCTAVE + step + 1) << octave) // STEPS_PER_OCTAVE


class ReplyClock:
    """What a desk knows of its venues' reply times. `facts` is the fold of what was recorded; the rest is volatile."""

    def __init__(self) -> None:
        self.facts: dict[str, e.ReplyTimesMeasured] = {}
        self._replies: dict[str, Histogram] = {}
        self._waiting: dict[str, tuple[str, Nanos]] = {}  # client order id -> venue, when it was let go

    def note_sent(self, order: e.OrderIntent, now: Nanos) -> None:
        if len(self._waiting) >= WAITING_MAX:
            del self._waiting[next(iter(self._waiting))]
        self._waiting[order.client_order_id] = order.venue, now

    def forget(self, venue: str) -> None:
        """The venue's line went down: how late its replies come from here on says nothing about the venue."""
        self._waiting = {name: sent for name, sent in self._waiting.items() if sent[0] != venue}

    def note_report(self, report: object, now: Nanos) -> str:
        """Count the first report of an order; return its venue when the wait should be looked at, else nothing.

        An answer to a question of ours is no sample, when it came was up to us; the report itself may still follow.
        """
        if not isinstance(report, FIRST_REPORTS) or report.client_order_id not in self._waiting:
            return ""
        venue, sent_at = self._waiting.pop(report.client_order_id)
        replies = self._replies.setdefault(venue, Histogram())
        replies.note(now - sent_at)
        return venue if replies.total >= SAMPLES_MIN and replies.total % SAMPLES_PER_LOOK == 0 else ""

    def judge(self, venue: str, programs: Iterable[Terms]) -> e.ReplyTimesMeasured | None:
        """Return the wait that the venue's replies ask for when it is to replace the one in use, else None."""
        known = [terms.reply_times[venue] for terms in programs if venue in terms.reply_times]
        if not known:
            return None
        shortest, longest = min(times.presumed_dead for times in known), max(times.clamp(1 << 62) for times in known)
        replies = self._replies[venue]
        wanted = min(max(MARGIN * replies.per_mille(999), shortest), longest)
        used = self.facts[venue].presumed_dead if venue in self.facts else shortest
        if 100 * abs(wanted - used) <= CHANGE_MIN_PCT * used:
            return None
        return e.ReplyTimesMeasured(venue, wanted, replies.total)

    def shown(self, venue: str) -> dict[str, int | None]:
        """Return the venue's figures for its row; None is "not measured"."""
        replies, fact = self._replies.get(venue), self.facts.get(venue)
        return {
            "reply_samples": replies.total if replies else 0,
            "reply_p999_ns": replies.per_mille(999) if replies and replies.total >= SAMPLES_MIN else None,
            "presumed_dead_ns": fact.presumed_dead if fact else None,
        }


def measure(desk: "Desk", report: object, now: Nanos) -> e.ReplyTimesMeasured | None:
    """Take the time of a report; return the fact to record when a wait in use no longer fits its venue."""
    venue = desk.reply_clock.note_report(report, now)
    return desk.reply_clock.judge(venue, (program.terms for program in desk.programs.values())) if venue else None
