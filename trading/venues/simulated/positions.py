"""Positions as the venue books them: by account, instrument, hedge flag and prompt date.

Today's and yesterday's lots are apart where the venue separates them.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from trading.core.events import Offset
from trading.core.terms import HedgeFlag
from trading.core.units import Lots, Side


class Book(NamedTuple):
    """What closes against each other and against nothing else."""

    account: str
    symbol: str
    hedge_flag: HedgeFlag = HedgeFlag.SPECULATION
    prompt: str = ""


@dataclass(slots=True)
class Holding:
    """Gross lots of one instrument in one account; net is long minus short."""

    long_today: Lots = 0
    long_yesterday: Lots = 0
    short_today: Lots = 0
    short_yesterday: Lots = 0

    @property
    def net_lots(self) -> Lots:
        return self.long_today + self.long_yesterday - self.short_today - self.short_yesterday

    @property
    def gross_lots(self) -> Lots:
        return self.long_today + self.long_yesterday + self.short_today + self.short_yesterday

    def sides(self) -> tuple[tuple[Side, Lots, Lots], ...]:
        """Return (side, today, yesterday) of the long and the short position."""
        return (Side.BUY, self.long_today, self.long_yesterday), (Side.SELL, self.short_today, self.short_yesterday)

    def closable_lots(self, side: Side, offset: Offset, separates_today: bool) -> Lots:
        """Return the lots a closing order of `side` may close: a sell closes longs, a buy closes shorts."""
        today, yesterday = (
            (self.long_today, self.long_yesterday) if side is Side.SELL else (self.short_today, self.short_yesterday)
        )
        if not separates_today:
            return today + yesterday
        return today if offset is Offset.CLOSE_TODAY else yesterday


@dataclass(slots=True)
class Positions:
    """All holdings of a venue. Offsets are honoured only where the venue tracks them; elsewhere lots net."""

    tracks_offsets: bool
    separates_today: bool
    _holdings: dict[Book, Holding] = field(default_factory=dict)

    def of(self, account: str, symbol: str, hedge_flag: HedgeFlag = HedgeFlag.SPECULATION, prompt: str = "") -> Holding:
        return self._holdings.setdefault(Book(account, symbol, hedge_flag, prompt), Holding())

    def of_account(self, account: str) -> dict[Book, Holding]:
        return {book: holding for book, holding in self._holdings.items() if book.account == account}

    def accounts(self) -> tuple[str, ...]:
        return tuple(sorted({book.account for book in self._holdings}))

    def book(self, book: Book, side: Side, lots: Lots, offset: Offset | None) -> None:
        """Book one execution; negative lots take it back."""
        holding = self.of(*book)
        if not self.tracks_offsets or offset is None:
            _net(holding, side, lots)
        elif offset is Offset.OPEN:
            if side is Side.BUY:
                holding.long_today += lots
            else:
                holding.short_today += lots
        else:
            _close(holding, side, lots, offset, self.separates_today)

    def roll(self) -> None:
        """Turn today's lots into yesterday's, as at the start of a trading day."""
        for holding in self._holdings.values():
            holding.long_yesterday += holding.long_today
            holding.short_yesterday += holding.short_today
            holding.long_today = holding.short_today = 0


def _net(holding: Holding, side: Side, lots: Lots) -> None:
    net = holding.net_lots + side.sign * lots
    holding.long_yesterday = holding.short_yesterday = 0
    holding.long_today, holding.short_today = max(net, 0), max(-net, 0)


def _close(holding: Holding, side: Side, lots: Lots, offset: Offset, separates_today: bool) -> None:
    kind = "long" if side is Side.SELL else "short"
    today, yesterday = f"{kind}_today", f"{kind}_yesterday"
    if separates_today:
        name = today if offset is Offset.CLOSE_TODAY else yesterday
        setattr(holding, name, getattr(holding, name) - lots)
        return
    from_today = min(lots, getattr(holding, today))
    setattr(holding, today, getattr(holding, today) - from_today)
    setattr(holding, yesterday, getattr(holding, yesterday) - (lots - from_today))
