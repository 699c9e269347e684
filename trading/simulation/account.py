"""The true position of our account at one venue, kept by the venue's own rules: what may be closed, what it tells.

It is written apart from `core.books`, so that a mistake there shows as a difference and not as agreement.
"""

from trading.core import events as e
from trading.core.terms import HedgeFlag
from trading.core.units import Lots, Nanos, Side

Slot = tuple[str, HedgeFlag, Side]


class Account:
    """`separates` where today's and yesterday's lots close by offsets of their own; elsewhere lots net."""

    def __init__(self, venue: str, *, separates: bool) -> None:
        self._venue = venue
        self._separates = separates
        self._held: dict[Slot, list[Lots]] = {}  # [today, yesterday]
        self._net: dict[str, Lots] = {}

    def trade(self, intent: e.OrderIntent, lots: Lots) -> None:
        """Book lots that traded."""
        self._net[intent.instrument] = self.net(intent.instrument) + intent.side.sign * lots
        if intent.offset is e.Offset.OPEN:
            self._lots(intent, intent.side)[0] += lots
        else:
            self._lots(intent, intent.side.opposite)[intent.offset is not e.Offset.CLOSE_TODAY] -= lots

    def take_back(self, intent: e.OrderIntent, lots: Lots, *, is_of_today: bool) -> None:
        """Undo lots of a trade; what an earlier day opened or closed is among yesterday's by now."""
        self._net[intent.instrument] = self.net(intent.instrument) - intent.side.sign * lots
        if intent.offset is e.Offset.OPEN:
            self._lots(intent, intent.side)[not is_of_today] -= lots
        else:
            closed_today = is_of_today and intent.offset is e.Offset.CLOSE_TODAY
            self._lots(intent, intent.side.opposite)[not closed_today] += lots

    def refuses(self, intent: e.OrderIntent, frozen: Lots) -> bool:
        """Whether the order would close more than is there; `frozen` lots are claimed by working closes of its kind."""
        if not self._separates or intent.offset is e.Offset.OPEN:
            return False
        there = self._lots(intent, intent.side.opposite)[intent.offset is not e.Offset.CLOSE_TODAY]
        return intent.lots > there - frozen

    def turn_day(self) -> None:
        """What is today's becomes yesterday's."""
        for lots in self._held.values():
            lots[:] = 0, sum(lots)

    def net(self, instrument: str) -> Lots:
        """Return signed lots."""
        return self._net.get(instrument, 0)

    def report(self, day: str, queried_at: Nanos) -> e.PositionsReported:
        """Return what the venue tells of the account."""
        if self._separates:
            lines = [
                e.VenuePosition(code, side, today, yesterday, hedge_flag=flag)
                for (code, flag, side), (today, yesterday) in self._held.items()
                if today or yesterday
            ]
        else:
            sides = {code: Side.BUY if lots > 0 else Side.SELL for code, lots in self._net.items() if lots}
            lines = [e.VenuePosition(code, side, abs(self._net[code]), 0) for code, side in sides.items()]
        return e.PositionsReported(self._venue, day, tuple(lines), queried_at)

    def _lots(self, intent: e.OrderIntent, side: Side) -> list[Lots]:
        return self._held.setdefault((intent.instrument, intent.hedge_flag, side), [0, 0])
