"""Many programs on one instrument: a tick finds those it concerns without asking the others.

For each program the price of the crowded leg at which its trigger would turn is kept in order, as long as its other
books stay. A tick is then one search. What needs every tick anyway - an open execution, a trigger that holds - is kept
apart. The programs of an instrument with few of them are simply asked.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator

from trading.core.program import HedgeProgram
from trading.core.units import Ticks
from trading.core.view import DOMESTIC, FOREIGN, Cell

CROWD = 24  # programs on one instrument from which on the order pays for itself

Entry = tuple[Ticks, int]  # turning point, number of the program


class Hub:
    """The programs that trade one crowded instrument as their leg `slot`."""

    def __init__(self, code: str, slot: int, programs: Iterable[HedgeProgram]) -> None:
        self.code = code
        self.slot = slot
        self.programs = list(programs)
        self._number = {program: number for number, program in enumerate(self.programs)}
        self._entries: dict[tuple[int, bool], list[Entry]] = {}
        self._placed: dict[int, tuple[tuple[int, bool], Entry]] = {}
        self._awake: dict[int, None] = {}
        for program in self.programs:
            self.place(program)

    def place(self, program: HedgeProgram) -> None:
        """Put the program where its turning point is now; due whenever another of its books or its state changed."""
        number = self._number[program]
        placed = self._placed.pop(number, None)
        if placed is not None:
            entries = self._entries[placed[0]]
            del entries[bisect_left(entries, placed[1])]
        is_busy = program.state.open or program.state.flatten is not None
        if is_busy or program.is_held or program.quoting or program.others:
            self._awake[number] = None
            return
        self._awake.pop(number, None)
        turns = program.turning_point(self.slot)
        if turns is None:
            return
        price, holds_above = turns
        where = (program.counter_sides[self.slot], holds_above)
        insort(self._entries.setdefault(where, []), (price, number))
        self._placed[number] = where, (price, number)

    def concerned(self, cell: Cell) -> Iterator[HedgeProgram]:
        """Yield the programs that the new best prices concern."""
        numbers = list(self._awake)
        for (side, holds_above), entries in self._entries.items():
            best = cell.best[side]
            if best is None:
                continue
            if holds_above:
                found = entries[: bisect_right(entries, (best, len(self.programs)))]
            else:
                found = entries[bisect_left(entries, (best, -1)) :]
            numbers += [number for _, number in found]
        for number in sorted(numbers):  # in the order of configuration, as if everyone were asked
            yield self.programs[number]


def hubs(by_instrument: dict[str, tuple[HedgeProgram, ...]]) -> dict[str, Hub]:
    """Return a hub for every crowded traded instrument; a program belongs to the most crowded of its two at most."""
    crowd = {code: len(held) for code, held in by_instrument.items()}
    members: dict[tuple[str, int], list[HedgeProgram]] = {}
    for program in dict.fromkeys(program for held in by_instrument.values() for program in held):
        slot = max((DOMESTIC, FOREIGN), key=lambda leg: crowd[program.codes[leg]])
        members.setdefault((program.codes[slot], slot), []).append(program)
    return {
        code: Hub(code, slot, held)
        for (code, slot), held in members.items()
        if len(held) >= CROWD and len(held) == crowd[code]
    }
