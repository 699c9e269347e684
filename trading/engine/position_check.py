"""Our books beside the venue's own figures: equal, or a break that blocks entries until a person has settled it.

A report is a picture of some moment, so it is only held against the books when none of our orders in the instrument is
unsettled and nothing was heard of one since we asked. A difference must stand in two reports before it is called a
break; one equal report clears it. Reports are never folded into the books: nothing is invented to make them agree.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from trading.core.books import Books, OffsetRule
from trading.core.events import PositionsReported, VenuePosition
from trading.core.units import SECOND, Lots, Nanos

ASK_EVERY = 60 * SECOND
ASK_AGAIN = SECOND  # after a report that differed or could not be compared
ASK_BROKEN = 5 * SECOND  # while a break stands
ANSWER_MAX = 5 * SECOND  # an answer that is not there by then was lost


class Slot(NamedTuple):
    """What is compared as one figure: as fine as the venue tells it."""

    instrument: str
    hedge_flag: str
    prompt: str
    side: str
    day: str  # today | yesterday; "" where the venue does not tell


class Break(msgspec.Struct, frozen=True):
    """One figure on which the books and the venue differ."""

    slot: Slot
    our_lots: Lots
    venue_lots: Lots


class Verdict(NamedTuple):
    """What a report changed: instruments that broke and those that agree again."""

    broken: tuple[str, ...] = ()
    mended: tuple[str, ...] = ()


class PositionCheck:
    """When to ask which venue, and what stands between its figures and ours. Kept in memory: a start asks anew."""

    def __init__(self, venues: Iterable[str]) -> None:
        self.venues = frozenset(venues)  # those that answer
        self.breaks: dict[str, tuple[Break, ...]] = {}  # by instrument
        self.reports: dict[str, PositionsReported] = {}  # the last of each venue
        self._ask_at: dict[str, Nanos] = {}  # venues that are up
        self._compared: set[str] = set()
        self._suspected: dict[str, tuple[Break, ...]] = {}

    def note_up(self, venue: str, now: Nanos) -> None:
        """The venue has listed its orders: its positions come next."""
        if venue in self.venues:
            self._compared.discard(venue)
            self._ask_at[venue] = now

    def note_down(self, venue: str) -> None:
        self._ask_at.pop(venue, None)
        self._compared.discard(venue)

    def ask_soon(self, venue: str, now: Nanos) -> None:
        """Something makes a look worth while before its time: a new day, an offset that was refused."""
        if venue in self._ask_at:
            self._ask_at[venue] = min(now, self._ask_at[venue])

    def is_compared(self, venue: str) -> bool:
        """Whether the venue's figures were held against ours since it last came up, or it tells none."""
        return venue not in self.venues or venue in self._compared

    @property
    def doubtful(self) -> frozenset[str]:
        """Instruments with a break, or with a difference that a second report must confirm; no entry in them.

        The second look needs quiet, so a busy program must not trade over it.
        """
        return frozenset((*self.breaks, *self._suspected))

    def to_ask(self, now: Nanos) -> list[str]:
        """Return the venues whose turn it is; each counts as asked now."""
        due = sorted(venue for venue, at in self._ask_at.items() if at <= now)
        for venue in due:
            self._ask_at[venue] = now + ANSWER_MAX
        return due

    def deadline(self) -> Nanos | None:
        return min(self._ask_at.values(), default=None)

    def judge(
        self, report: PositionsReported, books: Books, unsettled: frozenset[str], changed_at: Mapping[str, Nanos],
        now: Nanos,
    ) -> Verdict:  # fmt: skip
        """Hold a report against the books; `unsettled` are instruments with an order whose fate is open."""
        venue = report.venue
        rule = books.rule(venue)
        ours = _figures((line for _, line in books.lines(venue)), rule)
        theirs = _figures(report.positions, rule)
        instruments = sorted({slot.instrument for slot in (*ours, *theirs)} | self._known(venue, books))
        broken, mended, is_clear = [], [], True
        for instrument in instruments:
            if instrument in unsettled or changed_at.get(instrument, -1) >= report.queried_at:
                is_clear = False
                continue
            found = _differences(instrument, ours, theirs)
            known = self.breaks.get(instrument, ())
            if not found:
                self._suspected.pop(instrument, None)
                if self.breaks.pop(instrument, None):
                    mended.append(instrument)
            elif found != known:
                if self._suspected.get(instrument) == found:
                    self.breaks[instrument] = found
                    broken.append(instrument)
                else:
                    self._suspected[instrument] = found
                    is_clear = False
        if venue in self._ask_at:
            self.reports[venue] = report
            is_broken = any(books.venue_of(code) == venue for code in self.breaks)
            self._ask_at[venue] = now + (ASK_AGAIN if not is_clear else ASK_BROKEN if is_broken else ASK_EVERY)
            if is_clear:
                self._compared.add(venue)
        return Verdict(tuple(broken), tuple(mended))

    def _known(self, venue: str, books: Books) -> set[str]:
        return {code for code in (*self.breaks, *self._suspected) if books.venue_of(code) == venue}


def shown(breaks: Iterable[Break]) -> tuple[str, str]:
    """Return our figures and the venue's in words of the field: "long 5 today speculation"."""
    lines = [(" ".join(filter(None, found.slot[1:])), found) for found in breaks]
    ours = "; ".join(f"{found.our_lots} {words}" for words, found in lines)
    return ours, "; ".join(f"{found.venue_lots} {words}" for words, found in lines)


def _figures(lines: Iterable[VenuePosition], rule: OffsetRule) -> dict[Slot, Lots]:
    figures: dict[Slot, Lots] = {}
    for line in lines:
        for slot, lots in _slots(line, rule):
            figures[slot] = figures.get(slot, 0) + lots
    return {slot: lots for slot, lots in figures.items() if lots}


def _slots(line: VenuePosition, rule: OffsetRule) -> list[tuple[Slot, Lots]]:
    total = line.today_lots + line.yesterday_lots
    if rule is OffsetRule.NET:  # neither sides nor flags nor days
        return [(Slot(line.instrument, "", line.prompt, "", ""), line.side.sign * total)]
    side, flag = "long" if line.side.sign > 0 else "short", line.hedge_flag.value
    if rule is OffsetRule.CLOSE_TODAY_FIRST:  # which days a close took is the venue's affair
        return [(Slot(line.instrument, flag, line.prompt, side, ""), total)]
    return [
        (Slot(line.instrument, flag, line.prompt, side, "today"), line.today_lots),
        (Slot(line.instrument, flag, line.prompt, side, "yesterday"), line.yesterday_lots),
    ]


def _differences(instrument: str, ours: dict[Slot, Lots], theirs: dict[Slot, Lots]) -> tuple[Break, ...]:
    slots = sorted(slot for slot in {**ours, **theirs} if slot.instrument == instrument)
    found = (Break(slot, ours.get(slot, 0), theirs.get(slot, 0)) for slot in slots)
    return tuple(line for line in found if line.our_lots != line.venue_lots)
