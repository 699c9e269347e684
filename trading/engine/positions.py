"""Positions as the journal knows them, and how far working and unknown orders could still move them."""

from collections.abc import Iterable, Mapping
from typing import Any

from risk.gate import PositionRange
from trading.core import events as e
from trading.core.books import Books
from trading.core.events import OrderIntent
from trading.core.execution import Execution
from trading.core.order import Order
from trading.core.program import HedgeProgram
from trading.core.units import Lots, Nanos, Side


class Positions:
    """The books of a desk over all its programs, folded from the facts it records; `confirmed` is net lots."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self.changed_at: dict[str, Nanos] = {}  # by instrument: the last fact about one of its orders

    @property
    def confirmed(self) -> Mapping[str, Lots]:
        return self.books.net

    def decided(self, orders: Iterable[OrderIntent], now: Nanos) -> None:
        """Closing orders tie up what they may close from the moment they are decided."""
        for intent in orders:
            self.books.reserved(intent, intent.lots)
            self.changed_at[intent.instrument] = now

    def note(self, event: Any, order: Order, now: Nanos) -> None:
        """Fold what a venue said of one of our orders; the program has folded it before."""
        books, intent = self.books, order.intent
        match event:
            case e.OrderFilled():
                books.filled(intent, event)
            case e.FillBusted():
                books.busted(intent, event)
            case e.FillCorrected():
                books.corrected(intent, event)
        books.announced(intent, order.done_lots)
        books.reserved(intent, order.reserved_lots if order.is_live else 0)
        self.changed_at[intent.instrument] = now

    def fold(self, event: Any, now: Nanos) -> None:
        """Fold a fact that is no order of ours; others change nothing."""
        match event:
            case e.OrdersDecided():
                self.decided(event.orders, now)
            case e.TradingDayChanged():
                self.books.day_changed(event)
            case e.ForeignFilled():
                self.books.foreign(event)
                self.changed_at[event.instrument] = now
            case e.PositionAdjusted():
                self.books.adjusted(event)
                self.changed_at[event.position.instrument] = now

    def range_of(self, instrument: str, programs: Iterable[HedgeProgram]) -> PositionRange:
        """Return where the position may end up when every reserved order of one side fills and none of the other."""
        sold = bought = 0
        for program in reserving(programs):
            for case in reserving_cases(program):
                sells, buys = case.reserved_in(instrument)
                leg, lots = case.hedge_to_come()
                if lots and program.view_of(case).instruments[leg].code == instrument:
                    sells += lots * (case.entered_sides[leg] is Side.SELL)
                    buys += lots * (case.entered_sides[leg] is Side.BUY)
                sold += sells
                bought += buys
        confirmed = self.confirmed.get(instrument, 0)
        return PositionRange(confirmed - sold, confirmed + bought)


def reserving(programs: Iterable[HedgeProgram]) -> list[HedgeProgram]:
    """Return the programs whose orders may still trade; of a crowd of armed programs these are few."""
    return [program for program in programs if program.state.open or program.state.presumed_dead]


def reserving_cases(program: HedgeProgram) -> list[Execution]:
    """Return the executions whose orders may still trade: the open ones and those with an order presumed dead."""
    state = program.state
    if not state.presumed_dead:
        return state.open
    closed = dict.fromkeys(state.orders[name].execution for name in state.presumed_dead)
    return [*state.open, *(state.executions[name] for name in closed if state.executions[name].is_ended)]


def worst_naked_lots(instrument: str, programs: Iterable[HedgeProgram]) -> Lots:
    """Return the lots of one instrument that may stand without their other leg, over programs of one pair."""
    worst = 0
    for program in reserving(programs):
        for case in reserving_cases(program):
            naked, reserved = case.naked, case.reserved()
            for leg, traded in enumerate(program.view_of(case).instruments):
                if traded.code == instrument:
                    worst += abs(naked[leg]) + max(reserved[leg])
    return worst
