"""What one venue's feed tells about itself: numbers that must not skip, and a clock that may differ from ours."""

from trading.core.units import SECOND, Nanos

SAMPLES_MAX = 16
DRIFT_NS_PER_S = 100_000  # a crystal may drift 100 ppm; an old sample is worth less by that much


class GapDetector:
    """Follows sequence numbers per subject: a skipped number means the book is not known until a new snapshot."""

    def __init__(self) -> None:
        self._last: dict[str, int] = {}
        self._gapped: set[str] = set()

    def note_snapshot(self, subject: str, seq: int) -> None:
        """A full book arrived: whatever was missed before no longer matters."""
        self._last[subject] = seq
        self._gapped.discard(subject)

    def note_update(self, subject: str, seq: int) -> bool:
        """Return whether the update may be applied: False for an old one, and after a gap until a snapshot."""
        last = self._last.get(subject)
        if last is not None and seq <= last:
            return False
        if last is None or seq != last + 1:
            self._gapped.add(subject)
        self._last[subject] = seq
        return subject not in self._gapped

    def is_gapped(self, subject: str) -> bool:
        return subject in self._gapped


class VenueClock:
    """Estimates venue time minus ours from request and reply, trusting the sample with the smallest error."""

    def __init__(self) -> None:
        self._samples: list[tuple[int, int, Nanos]] = []

    def note(self, offset_ns: int, error_ns: int, at: Nanos) -> None:
        self._samples = [*self._samples[1 - SAMPLES_MAX :], (offset_ns, error_ns, at)]

    def offset(self, now: Nanos) -> tuple[int, int] | None:
        """Return (offset, error) in ns of the best sample, its error grown by its age; None before the first."""
        aged = [(error + (now - at) * DRIFT_NS_PER_S // SECOND, offset) for offset, error, at in self._samples]
        if not aged:
            return None
        error, offset = min(aged)
        return offset, error

    def to_ours(self, venue_at: Nanos, now: Nanos) -> Nanos:
        """Return a venue's time in our time; as it is while the clock is not measured."""
        measured = self.offset(now)
        return venue_at if measured is None else venue_at - measured[0]
