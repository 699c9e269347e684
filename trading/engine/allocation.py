"""One round of a desk's programs that go on at once: where several want to enter on the same, it is allocated.

The round is planned before anything is decided: in the order of rank each program is asked what it would enter behind
those before it, inside the headroom they leave. Then each decision is taken for real, and carries the whole round as
its shares. A program that gets nothing is asked again with the next quote; nothing is recorded of it alone.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from typing import TYPE_CHECKING

import msgspec

from risk.limits import LimitKind
from trading.core import events as e
from trading.core.allocation import Grant, Wish, largest_shares, ranked, shares_of
from trading.core.program import HedgeProgram
from trading.core.routing import edge
from trading.core.units import Lots, Nanos, Side
from trading.core.view import DOMESTIC, MarketView
from trading.engine.actions import Action
from trading.engine.proposal import route_of

if TYPE_CHECKING:
    from trading.engine.desk import Desk

Wanted = tuple[HedgeProgram, e.OrdersDecided]


def advance_each(desk: "Desk", programs: Sequence[HedgeProgram], now: Nanos, out: list[Action]) -> None:
    """Let programs go on in one turn, those that want to enter on the same thing by their rank."""
    if len(programs) < 2:
        for program in programs:
            desk.advance(program, now, out)
        return
    decided = [(program, program.decide(now)) for program in programs]
    entering = [
        (program, event) for program, event in decided if isinstance(event, e.OrdersDecided) and _opens(program, event)
    ]
    rivals = _rivals(entering)
    served: set[str] = set()
    if rivals:
        served = {program.terms.program for program, _ in rivals}
        _serve(desk, rivals, now, out)
    has_moved = bool(rivals)
    for program, event in decided:
        if program.terms.program in served:
            continue
        if has_moved:  # what others did since may have changed what it wants
            desk.advance(program, now, out)
        elif event is not None:
            desk.advance(program, now, out, event)
            has_moved = True
        else:
            desk.end_turn(program, now)


def _opens(program: HedgeProgram, event: e.OrdersDecided) -> bool:
    return event.purpose is e.Purpose.ENTRY and event.execution not in program.state.executions


def _rivals(entering: list[Wanted]) -> list[Wanted]:
    """Return the entries that want something another one wants too: a side of a book, or room in a position."""
    if len(entering) < 2:
        return []
    keys = [
        set(zip(view.codes, view.sides, strict=False))
        for view in (route_of(program, event) for program, event in entering)
    ]
    count = Counter(key for held in keys for key in held)
    return [wanted for wanted, held in zip(entering, keys, strict=True) if any(count[key] > 1 for key in held)]


def _serve(desk: "Desk", rivals: list[Wanted], now: Nanos, out: list[Action]) -> None:
    grants = Round(desk, rivals, now).plan()
    shares = shares_of(grants)
    programs = {program.terms.program: (program, event) for program, event in rivals}
    for grant in grants:
        program, wanted = programs[grant.wish.program]
        event = program.decide(now, _bound(program, wanted, grant)) if grant.units else None
        if isinstance(event, e.OrdersDecided) and _opens(program, event):
            event = msgspec.structs.replace(event, shares=(*shares, *event.shares))
            desk.advance(program, now, out, event)
        else:
            desk.end_turn(program, now)


def _bound(program: HedgeProgram, wanted: e.OrdersDecided, grant: Grant) -> int | None:
    """Return a grant in units of the program's own pair, as `decide` takes it; None when it got all it wanted."""
    if grant.units == grant.wish.units:
        return None
    return -(-grant.units * route_of(program, wanted).ratio_lots[DOMESTIC] // program.ratio_lots[DOMESTIC])


class Round:
    """The plan of one round: what each gets behind those before it."""

    def __init__(self, desk: "Desk", rivals: list[Wanted], now: Nanos) -> None:
        self._desk, self._now = desk, now
        self._rivals = {program.terms.program: (program, event) for program, event in rivals}
        self._planned: Counter[tuple[str, Side]] = Counter()  # lots of this round by (instrument, side)
        self._naked: Counter[tuple[str, str]] = Counter()  # and by (pair, instrument)

    def plan(self) -> list[Grant]:
        """Return the grants in the order in which they are served; books and counters stay as they are."""
        wishes = [self._wish(program, event) for program, event in self._rivals.values()]
        grants: list[Grant] = []
        with self._untouched():
            for equals in ranked(wishes):
                wanted = {wish.program: wish.units for wish in equals}
                found = wanted if len(equals) == 1 else largest_shares(wanted, self._fits)
                grants += [self._grant(wish, found[wish.program]) for wish in equals]
        return grants

    def _wish(self, program: HedgeProgram, event: e.OrdersDecided) -> Wish:
        view = route_of(program, event)
        gain = edge(view, 1, self._now) if view.walked(1)[0] is not None else Fraction(0)
        return Wish(program.terms.program, program.terms.priority, gain, event.units)

    def _grant(self, wish: Wish, share: int) -> Grant:
        """Grant at most `share` units, as many as depth and headroom leave, and take them from the plan."""
        program, wanted = self._rivals[wish.program]
        room = self._room(route_of(program, wanted), program)
        units = self._take(program, wanted, wish, min(share, room))
        short = "" if units == wish.units else "headroom" if room < wish.units and units == room else "depth"
        return Grant(wish, units, short)

    def _fits(self, shares: Mapping[str, int]) -> bool:
        """Whether everyone could enter its share, or the largest size its venues take of it, behind the one before."""
        alone = {name: self._size(name, share) for name, share in shares.items()}
        with self._untouched():
            for name, size in alone.items():
                program, wanted = self._rivals[name]
                wish = Wish(name, 0, Fraction(0), wanted.units)
                room = self._room(route_of(program, wanted), program)
                if size > room or self._take(program, wanted, wish, size) < size:
                    return False
        return True

    def _size(self, name: str, share: int) -> int:
        """Return the largest size of a share that the venues take, were the book the program's alone."""
        program, wanted = self._rivals[name]
        return next(iter(route_of(program, wanted).sizes(self._now, share)), 0)

    def _take(self, program: HedgeProgram, wanted: e.OrdersDecided, wish: Wish, units: int) -> int:
        """Return how many of `units` the program would enter now, and plan for them."""
        if units < 1:
            return 0
        event = program.decide(self._now, _bound(program, wanted, Grant(wish, units)))
        if not isinstance(event, e.OrdersDecided) or not _opens(program, event):
            return 0
        view = route_of(program, event)
        for instrument, side, ratio in zip(view.instruments, view.sides, view.ratio_lots, strict=True):
            lots = event.units * ratio
            self._planned[instrument.code, side] += lots
            self._naked[view.pair.code, instrument.code] += lots
            self._desk.roster.cells[instrument.code].take(program.terms.program, side, lots)
        return event.units

    def _room(self, view: MarketView, program: HedgeProgram) -> int:
        """Return the units that position and naked limits leave on a route after what this round has planned."""
        figures, limits = self._desk.figures(program, view, self._now), self._desk.limits
        room = view.clip_units * view.ratio_lots[DOMESTIC]
        for instrument, side, ratio in zip(view.instruments, view.sides, view.ratio_lots, strict=True):
            code, pair = instrument.code, view.pair.code
            held = limits.at(instrument.venue, code, pair)
            position, naked = held.get(LimitKind.POSITION_LOTS_MAX), held.get(LimitKind.NAKED_LOTS_MAX)
            if position is not None and code in figures.position_lots:
                span = figures.position_lots[code]
                used: Lots = span.high_lots if side is Side.BUY else -span.low_lots
                room = min(room, int(position.hard - used - self._planned[code, side]) // ratio)
            if naked is not None:
                used = figures.naked_lots.get((pair, code), 0) + self._naked[pair, code]
                room = min(room, int(naked.hard - used) // ratio)
        return max(0, room)

    @contextmanager
    def _untouched(self) -> Iterator[None]:
        """Undo what is planned inside: the books are offered whole again."""
        cells = self._desk.roster.cells
        codes = {code for program, _ in self._rivals.values() for code in program.watched}
        taken = {code: dict(cells[code].taken or {}) for code in codes}
        planned, naked = self._planned.copy(), self._naked.copy()
        try:
            yield
        finally:
            for code, lots in taken.items():
                cells[code].taken = lots or None
            self._planned, self._naked = planned, naked
