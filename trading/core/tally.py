"""What a program has used of the day and of the minute: matched units, and the messages of its resting quotes."""

from collections import deque

from trading.core.units import SECOND, Nanos, trading_day_number

MINUTE: Nanos = 60 * SECOND


class Tally:
    """Part of a program's durable state; changed only by its fold."""

    __slots__ = ("_day", "_sent_at", "_units")

    def __init__(self) -> None:
        self._day = 0
        self._units = 0
        self._sent_at: deque[Nanos] = deque()

    def count_units(self, units: int, now: Nanos) -> None:
        """Add units that became matched now; what is traded back later stays counted."""
        self._units = self.units_on(now) + units
        self._day = trading_day_number(now)

    def units_on(self, now: Nanos) -> int:
        """Return the units matched so far on the trading day of `now`."""
        return self._units if trading_day_number(now) == self._day else 0

    def count_quote_message(self, now: Nanos) -> None:
        """Count an order or a cancel of a quote; only the last minute is kept."""
        self._sent_at.append(now)
        while self._sent_at[0] <= now - MINUTE:
            self._sent_at.popleft()

    def quote_messages(self, now: Nanos) -> int:
        """Return how many messages quotes took in the minute before `now`."""
        return sum(sent_at > now - MINUTE for sent_at in self._sent_at)

    def facts(self) -> list[int]:
        """Return the tally as plain values, for the snapshot."""
        return [self._day, self._units, *self._sent_at]
