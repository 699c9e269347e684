"""Mistakes about what is counted: messages, executions of the day, lots that may still trade."""

from typing import Any

from risk.gate import PositionRange
from trading.core import events as e
from trading.core import order, state
from trading.core.order import LIVE_STATES, Order
from trading.core.units import SECOND, Side
from trading.engine import counters, desk, positions
from trading.simulation.mutants import mutant


@mutant
def forgets_cancels_in_the_message_count(put: Any) -> None:
    perform = desk.Desk.perform

    def silent(self: Any, effect: Any, now: int, out: list[Any]) -> None:
        kept = self._messages
        if isinstance(effect, desk.CancelOrder):
            self._messages = counters.MessageCount()
        perform(self, effect, now, out)
        self._messages = kept

    put(desk.Desk, "perform", silent)


@mutant
def counts_executions_since_the_restart(put: Any) -> None:
    down = state.ProgramState._venue_down

    def forget(self: Any, event: e.VenueDown, now: int) -> Any:
        if event.reason == "restart":
            self.executions_today = 0
        return down(self, event, now)

    put(state.ProgramState, "_venue_down", forget)


def _an_order() -> Order:
    intent = e.OrderIntent(
        "D1-1-10", "LME.CA-3M", "LME", 1, Side.BUY, 3, 19_600, e.TimeInForce.IOC, e.Purpose.ENTRY, e.Offset.OPEN, 0
    )
    return Order(intent, "X-1", 0)


def what_is_presumed_dead_stays_reserved() -> None:
    """Nobody knows that it will not trade, so its lots stay in exposure."""
    presumed = _an_order()
    presumed.apply(order.Evidence.MISSING, SECOND)
    assert presumed.reserved_lots == 3


def a_trade_number_is_one_of_its_day() -> None:
    """A venue numbers its trades anew each day; the same number tomorrow is another trade."""
    resting = _an_order()
    for day in ("D1", "D2"):
        assert resting.book(e.OrderFilled("D1-1-10", "F1", 1, 19_600, day))
    assert resting.filled_lots == 2


@mutant(specification=what_is_presumed_dead_stays_reserved)
def frees_what_is_presumed_dead(put: Any) -> None:
    put(order, "RESERVED_STATES", LIVE_STATES)


@mutant
def leaves_unknown_orders_out_of_the_position(put: Any) -> None:
    def settled_only(self: Any, instrument: str, programs: Any) -> PositionRange:
        held = self.confirmed.get(instrument, 0)
        return PositionRange(held, held)

    put(positions.Positions, "range_of", settled_only)


@mutant(specification=a_trade_number_is_one_of_its_day)
def keys_fills_by_number_alone(put: Any) -> None:
    book = Order.book

    def confused(self: Order, fill: e.OrderFilled) -> bool:
        if any(name == fill.fill_id for _, name in self.fills):
            return False
        return book(self, fill)

    put(Order, "book", confused)


@mutant
def keys_fills_over_all_orders(put: Any) -> None:
    book = Order.book
    seen: dict[tuple[str, str], str] = {}

    def jealous(self: Order, fill: e.OrderFilled) -> bool:
        owner = seen.setdefault((fill.trading_day, fill.fill_id), self.intent.client_order_id)
        return owner == self.intent.client_order_id and book(self, fill)

    put(Order, "book", jealous)
