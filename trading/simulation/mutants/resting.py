"""Mistakes about orders that rest at a venue, and about what leaves for one."""

from collections.abc import Callable
from typing import Any

from trading.core import events as e
from trading.core.events import Level, TimeInForce
from trading.core.units import Lots, Side, Ticks
from trading.engine import egress
from trading.engine.egress import Egress
from trading.engine.journal import MemoryJournal
from trading.simulation.copper import CU
from trading.simulation.mutants import mutant
from trading.venues.simulated.book import Match, Order, ReplayBook
from trading.venues.simulated.exchange import Exchange
from trading.venues.simulated.messages import CancelOrder, Filled, NewOrder, Tick
from trading.venues.simulated.spec import VenueSpec

AT = 1_800_000_000 * 10**9
BID, ASK = 7947, 7948


class Market:
    """One instrument at a venue without delay: twenty lots on each side, and a desk that rests five."""

    def __init__(self) -> None:
        self.exchange = Exchange(VenueSpec("SHFE", (CU,), latency_in=0, latency_out=0, silence_max=None))
        self.show((Level(BID, 20),), (Level(ASK, 20),), 100)
        self.send("demo", "R1", Side.BUY, 5, BID, TimeInForce.DAY)

    def show(self, bids: tuple[Level, ...], asks: tuple[Level, ...], volume: int, last: Ticks = BID) -> None:
        self.exchange.feed(Tick(CU.symbol, AT, bids, asks, last, volume), AT)

    def send(self, desk: str, name: str, side: Side, lots: Lots, ticks: Ticks, until: TimeInForce) -> None:
        order = NewOrder(
            desk=desk, account=desk, client_order_id=name, symbol=CU.symbol, side=side, lots=lots,
            price=ticks * CU.tick, time_in_force=until,
        )  # fmt: skip
        self.exchange.handle(order, AT)

    def fills(self) -> list[Filled]:
        return [fill for fill in self.exchange.register.fills if fill.client_order_id == "R1"]


def who_came_first_is_served_first() -> None:
    market = Market()
    market.send("other", "S1", Side.SELL, 22, BID, TimeInForce.IOC)
    assert [fill.lots for fill in market.fills()] == [2]


def the_queue_gets_shorter_when_others_leave() -> None:
    market = Market()
    market.show((Level(BID, 3),), (Level(ASK, 20),), 100)
    market.show((Level(BID, 3),), (Level(ASK, 20),), 106)
    assert sum(fill.lots for fill in market.fills()) == 3


def a_resting_order_trades_at_its_own_price_and_no_more_than_it_asked() -> None:
    market = Market()
    market.show((), (Level(BID - 2, 40),), 100, BID - 2)
    assert [(fill.lots, fill.price_ticks) for fill in market.fills()] == [(5, BID)]


def a_cancelled_order_rests_no_more() -> None:
    market = Market()
    market.exchange.handle(CancelOrder("demo", "R1"), AT)
    market.show((), (Level(BID - 2, 40),), 100, BID - 2)
    assert market.fills() == []


def an_order_leaves_once() -> None:
    order = e.OrderIntent(
        "D1-1-00", CU.code, CU.venue, 0, Side.BUY, 5, BID, TimeInForce.IOC, e.Purpose.ENTRY, e.Offset.OPEN, 0
    )
    journal = MemoryJournal()
    last_look = Egress(journal)
    journal.append("P", e.OrdersDecided("X", e.Purpose.ENTRY, (order,), ()), AT)
    assert last_look.objection((order,)), "not durable"
    journal.sync()
    journal.settle()
    assert not last_look.objection((order,))
    assert last_look.objection((order,)), "sent before"


@mutant(specification=who_came_first_is_served_first)
def a_resting_order_jumps_the_queue(put: Any) -> None:
    put(ReplayBook, "_lots_at", lambda self, order: 0)


@mutant(specification=the_queue_gets_shorter_when_others_leave)
def the_queue_never_gets_shorter(put: Any) -> None:
    lots_at: Callable[..., Lots] = ReplayBook._lots_at
    put(ReplayBook, "_lots_at", lambda self, order: max(lots_at(self, order), order.lots_ahead))


@mutant(specification=a_resting_order_trades_at_its_own_price_and_no_more_than_it_asked)
def a_resting_order_gets_the_market_s_price(put: Any) -> None:
    def cross(self: ReplayBook, order: Order) -> list[Match]:
        level = next(iter(self.levels(order.side.opposite)), None)
        if level is None or level.price_ticks > order.price_ticks:
            return []
        order.filled_lots += (lots := order.leaves_lots)
        return [Match(order, lots, level.price_ticks)]

    put(ReplayBook, "_cross", cross)


@mutant(specification=a_cancelled_order_rests_no_more)
def a_cancel_leaves_the_order_in_the_book(put: Any) -> None:
    put(ReplayBook, "remove", lambda self, order: None)


@mutant(specification=an_order_leaves_once)
def sends_are_not_counted(put: Any) -> None:
    objection = Egress.objection

    def forgetful(self: Egress, orders: Any) -> str:
        self._sent.clear()
        return objection(self, orders)

    put(egress.Egress, "objection", forgetful)


@mutant(specification=an_order_leaves_once)
def sends_before_the_disk_has_it(put: Any) -> None:
    objection = Egress.objection

    def hasty(self: Egress, orders: Any) -> str:
        self._journal.durable_seq = self._journal.seq
        return objection(self, orders)

    put(egress.Egress, "objection", hasty)
