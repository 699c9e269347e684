"""Position books: what we hold at each venue, in the shape in which the venue lets us close it.

A Chinese exchange keeps long and short apart, by hedge flag, and some tell today's lots from yesterday's; the LME
keeps a position per prompt date; others net. The books are a fold of facts. Fills of one trading day may arrive in any
order and give the same books, because what is held is derived from tallies and not from the way there.

Rules: a fill counts once; a busted fill never counts, whenever it comes; a corrected one counts as corrected. Lots that
a venue announced before their fills arrived are held as if filled now, so nothing that may be closed is missing.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum

import msgspec

from trading.core.events import (
    FillBusted,
    FillCorrected,
    ForeignFilled,
    Offset,
    OrderFilled,
    OrderIntent,
    PositionAdjusted,
    TradingDayChanged,
    VenuePosition,
)
from trading.core.prompts import prompt_of
from trading.core.terms import HedgeFlag, Instrument
from trading.core.units import Lots, Side


class OffsetRule(Enum):
    """How a venue wants a position closed."""

    NET = "net"  # LME, CME: a sale reduces what was bought; no offsets
    CLOSE_TODAY_SEPARATE = "close_today_separate"  # SHFE, INE: close means yesterday's lots, close_today today's
    CLOSE_TODAY_FIRST = "close_today_first"  # CFFEX, DCE: one close, which takes today's lots first


class BookKey(msgspec.Struct, frozen=True, order=True):
    """One book: long and short of it can be closed against nothing else."""

    venue: str
    instrument: str
    hedge_flag: str  # HedgeFlag.value, so that keys have an order
    prompt: str


class Holding(msgspec.Struct, frozen=True):
    """The lots of one side of a book. `frozen` lots are inside `today` and `yesterday`, tied up in closing orders."""

    today_lots: Lots = 0
    yesterday_lots: Lots = 0
    frozen_today_lots: Lots = 0
    frozen_yesterday_lots: Lots = 0
    frozen_any_lots: Lots = 0  # by closes that do not say which lots they take

    @property
    def lots(self) -> Lots:
        return self.today_lots + self.yesterday_lots

    @property
    def frozen_lots(self) -> Lots:
        return self.frozen_today_lots + self.frozen_yesterday_lots + self.frozen_any_lots


class _Tally:
    """One side of a book: what earlier days left, and what this trading day did to it."""

    __slots__ = ("before", "closed", "closed_today", "closed_yesterday", "opened")

    def __init__(self) -> None:
        self.before: Lots = 0
        self.opened: Lots = 0
        self.closed_today: Lots = 0
        self.closed_yesterday: Lots = 0
        self.closed: Lots = 0  # by closes that do not say which lots they take: today's first

    def held(self) -> tuple[Lots, Lots]:
        """Return (today, yesterday); below zero when more was closed than we know to have been opened."""
        today = self.opened - self.closed_today - self.closed
        yesterday = self.before - self.closed_yesterday
        if self.closed and today < 0:
            taken = min(-today, self.closed, max(yesterday, 0))
            today, yesterday = today + taken, yesterday - taken
        return today, yesterday

    def roll(self) -> None:
        self.before, rest = sum(self.held()), _Tally()
        self.opened, self.closed = rest.opened, rest.closed
        self.closed_today, self.closed_yesterday = rest.closed_today, rest.closed_yesterday


_TradeId = tuple[str, str]  # trading day, fill id


class _Booked(msgspec.Struct):
    """One trade as it stands in the books, kept so that it can be taken back."""

    key: BookKey
    side: Side
    offset: Offset
    lots: Lots
    trading_day: str


class _Net(msgspec.Struct):
    """A netting book: signed lots of earlier days and of this one."""

    before: Lots = 0
    today: Lots = 0

    def held(self) -> tuple[Side, Lots, Lots]:
        """Return (side, today, yesterday): what reduces takes earlier lots first, what is left over is today's."""
        net = self.before + self.today
        side = Side.BUY if net > 0 else Side.SELL
        yesterday = min(abs(net), max(0, side.sign * self.before))
        return side, abs(net) - yesterday, yesterday


class _Frozen(msgspec.Struct):
    key: BookKey
    side: Side  # of the position that is being closed
    offset: Offset
    lots: Lots


class Books:
    """See the module. `rules` is by venue; a venue that is not named nets."""

    def __init__(self, instruments: Mapping[str, Instrument], rules: Mapping[str, OffsetRule]) -> None:
        self.net: defaultdict[str, Lots] = defaultdict(int)  # signed lots by instrument
        self.days: dict[str, str] = {}  # by venue: its trading day as far as we know
        self._instruments = instruments
        self._rules = rules
        self._tallies: dict[tuple[BookKey, Side], _Tally] = {}
        self._nets: dict[BookKey, _Net] = {}
        self._trades: defaultdict[str, dict[_TradeId, _Booked | None]] = defaultdict(dict)  # by order; None: busted
        self._announced: dict[str, _Booked] = {}  # by order: lots announced whose fills have not come
        self._frozen: dict[str, _Frozen] = {}

    def rule(self, venue: str) -> OffsetRule:
        return self._rules.get(venue, OffsetRule.NET)

    def venue_of(self, instrument: str) -> str:
        known = self._instruments.get(instrument)
        return known.venue if known is not None else ""

    # --- facts ---

    def filled(self, intent: OrderIntent, fill: OrderFilled) -> None:
        """Book a fill of one of our orders."""
        booked = self._trade(intent, fill.lots, fill.trading_day, fill.prompt)
        self._book(intent.client_order_id, (fill.trading_day, fill.fill_id), booked)

    def busted(self, intent: OrderIntent, bust: FillBusted) -> None:
        """Take a fill back; one that has not come yet will not count when it does."""
        trades, name = self._trades[intent.client_order_id], (bust.trading_day, bust.fill_id)
        booked, trades[name] = trades.get(name), None
        if booked is not None:
            self._add(booked, -1)

    def corrected(self, intent: OrderIntent, correction: FillCorrected) -> None:
        """Replace a fill's lots; the figures stand even when the fill itself comes later."""
        trades, name = self._trades[intent.client_order_id], (correction.trading_day, correction.fill_id)
        booked = self._trade(intent, correction.lots, correction.trading_day, "")
        if name in trades:
            known = trades[name]
            if known is None:
                return
            self._add(known, -1)
            booked = msgspec.structs.replace(known, lots=correction.lots)
        trades[name] = booked
        self._add(booked, 1)

    def announced(self, intent: OrderIntent, done_lots: Lots) -> None:
        """Note how many lots of an order are known to be traded; those without a fill so far are held as of now."""
        name = intent.client_order_id
        before = self._announced.pop(name, None)
        if before is not None:
            self._add(before, -1)
        missing = done_lots - sum(trade.lots for trade in self._trades[name].values() if trade is not None)
        if missing > 0:
            day = before.trading_day if before is not None else ""
            self._announced[name] = booked = self._trade(intent, missing, day, "")
            self._add(booked, 1)

    def reserved(self, intent: OrderIntent, lots: Lots) -> None:
        """Note how many lots a closing order of ours may still close; 0 lets them go."""
        if intent.offset is Offset.OPEN or lots <= 0:
            self._frozen.pop(intent.client_order_id, None)
            return
        key = self._key(intent, self.days.get(intent.venue, ""), "")
        self._frozen[intent.client_order_id] = _Frozen(key, intent.side.opposite, intent.offset, lots)

    def foreign(self, event: ForeignFilled) -> None:
        """Book a trade on our account that no order of ours made."""
        prompt = event.prompt or self._prompt(event.instrument, event.trading_day)
        key = BookKey(event.venue, event.instrument, event.hedge_flag.value, prompt)
        name = (event.trading_day, f"{event.venue}:{event.side.value}:{event.fill_id}")
        self._book("", name, _Booked(key, event.side, event.offset, event.lots, event.trading_day))

    def day_changed(self, event: TradingDayChanged) -> None:
        """What was today's is yesterday's from here on; a day that was seen before changes nothing."""
        self._roll(event.venue, event.trading_day)

    def adjusted(self, event: PositionAdjusted) -> None:
        """Set one line to what two people agreed that we hold."""
        line = event.position
        key = BookKey(event.venue, line.instrument, line.hedge_flag.value, line.prompt)
        before = self._signed(key)
        if self.rule(event.venue) is OffsetRule.NET:
            self._nets[key] = _Net(line.side.sign * line.yesterday_lots, line.side.sign * line.today_lots)
        else:
            self._tallies[key, line.side] = tally = _Tally()
            tally.before, tally.opened = line.yesterday_lots, line.today_lots
        self.net[line.instrument] += self._signed(key) - before

    # --- what is held ---

    def keys(self, instrument: str) -> list[BookKey]:
        """Return the books of one instrument, the earliest prompt first."""
        found = {key for key, _ in self._tallies if key.instrument == instrument}
        return sorted(found | {key for key in self._nets if key.instrument == instrument})

    def holding(self, key: BookKey, side: Side) -> Holding:
        """Return the lots held long (BUY) or short (SELL) in one book; an overclosed one shows below zero."""
        if self.rule(key.venue) is OffsetRule.NET:
            net = self._nets.get(key)
            held_side, today, yesterday = net.held() if net else (side, 0, 0)
            today, yesterday = (today, yesterday) if held_side is side else (0, 0)
        else:
            tally = self._tallies.get((key, side))
            today, yesterday = tally.held() if tally else (0, 0)
        frozen: defaultdict[Offset, Lots] = defaultdict(int)
        for held in self._frozen.values():
            if held.key == key and held.side is side:
                frozen[self._meant(key.venue, held.offset)] += held.lots
        return Holding(
            today, yesterday, frozen[Offset.CLOSE_TODAY], frozen[Offset.CLOSE_YESTERDAY], frozen[Offset.CLOSE]
        )

    def prompts_of(self, client_order_ids: Iterable[str]) -> tuple[str, ...]:
        """Return the prompt dates in which these orders traded, the earliest first; () where there are none."""
        wanted = frozenset(client_order_ids)
        trades = [trade for name in wanted for trade in self._trades.get(name, {}).values() if trade is not None]
        trades += [self._announced[name] for name in wanted if name in self._announced]
        return tuple(sorted({trade.key.prompt for trade in trades} - {""}))

    def lines(self, venue: str = "") -> Iterator[tuple[str, VenuePosition]]:
        """Yield (venue, line) for every side of every book that holds something or has lots frozen."""
        keys = {key for key, _ in self._tallies} | set(self._nets)
        for key in sorted(keys):
            if venue and key.venue != venue:
                continue
            for side in (Side.BUY, Side.SELL):
                held = self.holding(key, side)
                if held.today_lots or held.yesterday_lots or held.frozen_lots:
                    yield key.venue, VenuePosition(
                        key.instrument, side, held.today_lots, held.yesterday_lots, held.frozen_lots,
                        HedgeFlag(key.hedge_flag), key.prompt,
                    )  # fmt: skip

    # --- inside ---

    def _book(self, order: str, name: _TradeId, booked: _Booked) -> None:
        trades = self._trades[order]
        if name not in trades:
            trades[name] = booked
            self._add(booked, 1)

    def _trade(self, intent: OrderIntent, lots: Lots, day: str, prompt: str) -> _Booked:
        day = day or self.days.get(intent.venue, "")
        return _Booked(self._key(intent, day, prompt), intent.side, intent.offset, lots, day)

    def _key(self, intent: OrderIntent, day: str, prompt: str) -> BookKey:
        prompt = prompt or intent.prompt or self._prompt(intent.instrument, day)
        return BookKey(intent.venue, intent.instrument, intent.hedge_flag.value, prompt)

    def _prompt(self, instrument: str, day: str) -> str:
        known = self._instruments.get(instrument)
        return prompt_of(known, day) if known is not None else ""

    def _meant(self, venue: str, offset: Offset) -> Offset:
        """Return the offset as the venue takes it: only SHFE and INE tell today's lots from yesterday's."""
        if offset is Offset.OPEN or self.rule(venue) is not OffsetRule.CLOSE_TODAY_SEPARATE:
            return offset if offset is Offset.OPEN else Offset.CLOSE
        return Offset.CLOSE_YESTERDAY if offset is Offset.CLOSE else offset

    def _roll(self, venue: str, day: str) -> None:
        if day <= self.days.get(venue, ""):
            return
        was_known = venue in self.days
        self.days[venue] = day
        if not was_known:
            return  # the first day we hear of: what was booked without a day was traded on it
        for (key, _), tally in self._tallies.items():
            if key.venue == venue:
                tally.roll()
        for key, net in self._nets.items():
            if key.venue == venue:
                net.before, net.today = net.before + net.today, 0

    def _add(self, trade: _Booked, sign: int) -> None:
        venue, lots = trade.key.venue, sign * trade.lots
        if trade.trading_day:
            self._roll(venue, trade.trading_day)
        is_earlier = bool(trade.trading_day) and trade.trading_day < self.days.get(venue, "")
        self.net[trade.key.instrument] += trade.side.sign * lots
        if self.rule(venue) is OffsetRule.NET:
            net = self._nets.setdefault(trade.key, _Net())
            signed = trade.side.sign * lots
            net.before, net.today = (net.before + signed, net.today) if is_earlier else (net.before, net.today + signed)
            return
        offset = self._meant(venue, trade.offset)
        side = trade.side if offset is Offset.OPEN else trade.side.opposite
        tally = self._tallies.setdefault((trade.key, side), _Tally())
        if is_earlier:
            tally.before += lots if offset is Offset.OPEN else -lots
        elif offset is Offset.OPEN:
            tally.opened += lots
        elif offset is Offset.CLOSE_TODAY:
            tally.closed_today += lots
        elif offset is Offset.CLOSE_YESTERDAY:
            tally.closed_yesterday += lots
        else:
            tally.closed += lots

    def _signed(self, key: BookKey) -> Lots:
        if self.rule(key.venue) is OffsetRule.NET:
            net = self._nets.get(key)
            return net.before + net.today if net else 0
        sums = [sum(t.held()) if (t := self._tallies.get((key, s))) else 0 for s in (Side.BUY, Side.SELL)]
        return sums[0] - sums[1]
