"""The programs of a desk and the books they share: who looks at a quote, and under which identity each one orders."""

from collections import defaultdict
from collections.abc import Iterable

from trading.core.books import Books
from trading.core.events import OrdersDecided, TimeInForce
from trading.core.program import HedgeProgram
from trading.core.state import usable_proxies
from trading.core.terms import Terms
from trading.core.units import Nanos
from trading.core.view import Cell
from trading.engine.config import DeskConfig
from trading.engine.hub import Hub, hubs
from trading.market.book import Quote


class Roster:
    """`index` must follow every change of programs or terms; the cost of a quote then depends on its holders only."""

    def __init__(self, config: DeskConfig, epoch: int) -> None:
        self.programs: dict[str, HedgeProgram] = {}
        self.instruments = {instrument.code: instrument for instrument in config.instruments}
        self.cells: dict[str, Cell] = {}
        self.hubs: dict[str, Hub] = {}  # by crowded instrument
        self._hub_of: dict[HedgeProgram, Hub] = {}
        self._by_instrument: dict[str, tuple[HedgeProgram, ...]] = {}
        self._by_pair: dict[str, tuple[HedgeProgram, ...]] = {}
        self._closes_today = frozenset(v.name for v in config.venues if v.capabilities.closes_today_separately)
        self.books = Books(self.instruments, {v.name: v.capabilities.closing for v in config.venues})
        self._id_prefix = f"{config.desk.upper()}{epoch}"
        for terms in config.programs:
            self.add(terms)
        self.index()

    def compile(self, terms: Terms) -> HedgeProgram:
        """Return a program on these terms; raises BadTerms or KeyError when they make none."""
        return HedgeProgram(terms, self.instruments, self._closes_today, self.cells)

    def add(self, terms: Terms) -> HedgeProgram:
        program = self.compile(terms)
        program.books = self.books
        program.id_prefix = f"{self._id_prefix}-{len(self.programs) + 1}"
        self.programs[terms.program] = program
        return program

    def index(self) -> None:
        by_instrument: defaultdict[str, list[HedgeProgram]] = defaultdict(list)
        by_pair: defaultdict[str, list[HedgeProgram]] = defaultdict(list)
        for program in self.programs.values():
            for pair in dict.fromkeys(view.pair.code for view in program.views):
                by_pair[pair].append(program)
            for code in program.watched:
                by_instrument[code].append(program)
        self._by_instrument = {code: tuple(held) for code, held in by_instrument.items()}
        self._by_pair = {code: tuple(held) for code, held in by_pair.items()}
        self.hubs = hubs(self._by_instrument)
        self._hub_of = {program: hub for hub in self.hubs.values() for program in hub.programs}

    def holders(self, instrument: str) -> tuple[HedgeProgram, ...]:
        """Return the programs that look at the instrument."""
        return self._by_instrument.get(instrument, ())

    def of_pair(self, pair: str) -> tuple[HedgeProgram, ...]:
        return self._by_pair.get(pair, ())

    def show(self, quote: Quote) -> Iterable[HedgeProgram]:
        """Put the quote into its book; return the programs that must look at it."""
        cell = self.cells.get(quote.instrument)
        if cell is None:
            return ()
        cell.show(quote)
        hub = self.hubs.get(quote.instrument)
        return self._by_instrument.get(quote.instrument, ()) if hub is None else hub.concerned(cell)

    def concerned(self, quote: Quote, now: Nanos) -> list[HedgeProgram]:
        """Put the quote into its book; return the programs that could now have something to say."""
        found = []
        for program in self.show(quote):
            if program.look(now):
                found.append(program)
            else:
                self.settle(program)
        return found

    def take(self, program: HedgeProgram, decided: OrdersDecided) -> None:
        """Note the depth that a decision takes, so that it is not offered to other programs again on this quote."""
        for order in decided.orders:
            shared = len(self._by_instrument.get(order.instrument, ())) > 1
            if shared and order.time_in_force is not TimeInForce.DAY:
                self.cells[order.instrument].take(program.terms.program, order.side, order.lots)

    def settle(self, program: HedgeProgram) -> None:
        """Note that the program's state or books changed."""
        hub = self._hub_of.get(program)
        if hub is not None:
            hub.place(program)

    def venues(self, all_terms: Iterable[Terms]) -> tuple[str, ...]:
        """Return the venues on which these terms trade, or may trade a stand-in."""
        codes: list[str] = []
        for terms in all_terms:
            codes += (leg.instrument for pair in (terms.pair, *terms.routes) for leg in pair.legs)
            codes += usable_proxies(terms, self.instruments)
        return tuple(dict.fromkeys(self.instruments[code].venue for code in codes))
