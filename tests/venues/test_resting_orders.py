"""Conformance of resting (DAY) orders: the same card for every protocol, real adapter, real socket, real matching.

A working leg rests a limit order and lives from what the market does to it: nothing, a part, the rest, a cancel that
comes too late. Each card is played over the local protocol (domestic venues) and over FIX (foreign ones).
"""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest

from tests.venues.recorder import Recorder
from tests.venues.simulated.wire import config_in, running
from trading.core.events import (
    CancelRejected,
    Level,
    Offset,
    OrderAccepted,
    OrderClosed,
    OrderFilled,
    OrderIntent,
    OrderRejected,
    OrderStatus,
    Purpose,
    TimeInForce,
    VenueDown,
    VenueUp,
)
from trading.core.terms import Instrument
from trading.core.units import Lots, Side, Ticks
from trading.market.book import Quote
from trading.venues.fix.broker import FixVenue
from trading.venues.local.client import LocalVenue
from trading.venues.port import Capabilities, VenueConfig
from trading.venues.simulated.messages import NewOrder, Tick
from trading.venues.simulated.server import SimulatedVenue

FACES = ("SHFE", "LME")


@dataclass
class Card:
    """Our adapter, what it heard, and the venue behind the socket. The quiet book is 20 lots wide on each side."""

    venue: SimulatedVenue
    adapter: LocalVenue | FixVenue
    heard: Recorder = field(default_factory=Recorder)

    @property
    def instrument(self) -> Instrument:
        return self.venue.entry.instruments[0]

    @property
    def bid(self) -> Ticks:
        tick = self.venue.exchange.books[self.instrument.symbol].tick
        assert tick is not None
        return tick.bids[0].price_ticks

    def rests(self, order_id: str, lots: Lots = 5, ticks: Ticks = 0, side: Side = Side.BUY) -> OrderIntent:
        """Send a day order at the quiet book's best bid unless told otherwise."""
        intent = OrderIntent(
            order_id, self.instrument.code, self.instrument.venue, 0, side, lots, ticks or self.bid, TimeInForce.DAY,
            Purpose.ENTRY, Offset.OPEN, 0,
        )  # fmt: skip
        assert self.adapter.send([intent]) == []
        return intent

    async def rested(self, order_id: str, lots: Lots = 5, ticks: Ticks = 0) -> OrderIntent:
        intent = self.rests(order_id, lots, ticks)
        await self.heard.gets(OrderAccepted, times=len(self.heard.of(OrderAccepted)) + 1)
        return intent

    def market(self, bids: tuple[Level, ...], asks: tuple[Level, ...], **more: int) -> None:
        """Show one book; the quiet recording comes back 50 ms later."""
        now = self.venue.now()
        tick = Tick(self.instrument.symbol, now, bids, asks, **more)
        self.venue.dispatch(self.venue.exchange.feed(tick, now))

    def somebody_sells(self, lots: Lots, ticks: Ticks) -> None:
        """Let another desk's order arrive at the venue."""
        order = NewOrder(
            desk="OTHER", account="C9", client_order_id=f"C{lots}-{ticks}", symbol=self.instrument.symbol,
            side=Side.SELL, lots=lots, price=ticks * self.instrument.tick, time_in_force=TimeInForce.IOC,
        )  # fmt: skip
        self.venue.submit(order)

    def breaks(self, name: str, **params: object) -> None:
        self.venue.exchange.faults.switch_on(name, params, now=self.venue.now())

    def fills(self) -> list[tuple[str, Lots]]:
        """Return each fill once, by its id."""
        return list({fill.fill_id: (fill.client_order_id, fill.lots) for fill in self.heard.of(OrderFilled)}.values())


@pytest.fixture(params=FACES)
async def card(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Card]:
    async with running(config_in(tmp_path)) as venues:
        venue = venues.by_name[request.param]
        card = Card(venue, None)
        card.adapter = adapter_of(venue, card.heard, tmp_path)
        card.adapter.subscribe(venue.entry.instruments)
        await card.adapter.connect()
        await card.heard.gets(VenueUp)
        await card.heard.gets(Quote)
        yield card
        await card.adapter.close()


def adapter_of(venue: SimulatedVenue, heard: Recorder, folder: Path, *more: Instrument) -> LocalVenue | FixVenue:
    entry = venue.entry
    instruments = (*entry.instruments, *more)
    config = VenueConfig(
        name=entry.name, kind="local" if entry.face == "local" else "fix", host="127.0.0.1", port=venue.face.port,
        account=entry.account, capabilities=Capabilities(), currency="CNY", is_simulated=True, side="domestic",
        input_kind="recorded", sender_comp_id=entry.target_comp_id, target_comp_id=entry.sender_comp_id, heartbeat_s=1,
    )  # fmt: skip
    given = {"desk": "DEMO", "epoch": 1, "clock": time.time_ns, "on_event": heard}
    if entry.face == "local":
        return LocalVenue(config, instruments, **given)
    return FixVenue(config, instruments, store_file=folder / "fix.log", **given)


async def test_a_day_order_rests_until_the_market_comes_to_it(card: Card) -> None:
    order = await card.rested("D1-1-1-00", ticks=card.bid - 10)
    assert card.venue.exchange.register.working("") and not card.heard.of(OrderFilled)

    card.market((Level(order.price_ticks - 2, 9),), (Level(order.price_ticks - 1, 9),))
    closed = await card.heard.gets(OrderClosed)

    [fill] = card.heard.of(OrderFilled)
    assert (fill.lots, fill.price_ticks) == (5, order.price_ticks), "its own price, not the market's"
    assert (closed.cumulative_lots, closed.reason) == (5, "filled")


async def test_it_fills_in_parts_and_goes_on_resting(card: Card) -> None:
    order = await card.rested("D1-1-1-00", ticks=card.bid - 10)
    through = Level(order.price_ticks - 1, 2)
    card.market((), (through,))
    await card.heard.gets(OrderFilled)
    assert not card.heard.of(OrderClosed)

    card.market((), (through,))
    await card.heard.gets(OrderFilled, times=2)
    card.market((), (through,))
    closed = await card.heard.gets(OrderClosed)

    assert [lots for _, lots in card.fills()] == [2, 2, 1]
    assert closed.cumulative_lots == 5


async def test_another_desks_order_meets_the_better_price_and_then_the_earlier_one(card: Card) -> None:
    inside = card.bid
    await card.rested("D1-1-1-00", lots=3, ticks=inside - 20)
    card.market((Level(inside - 25, 4),), (Level(inside + 1, 4),))
    await card.rested("D1-1-2-00", lots=3, ticks=inside - 20)
    await card.rested("D1-1-3-00", lots=2, ticks=inside - 19)
    card.market((Level(inside - 25, 4),), (Level(inside + 1, 4),))

    card.somebody_sells(lots=6, ticks=inside - 20)
    await card.heard.gets(OrderFilled, times=3)

    assert card.fills() == [("D1-1-3-00", 2), ("D1-1-1-00", 3), ("D1-1-2-00", 1)]
    assert {closed.client_order_id for closed in card.heard.of(OrderClosed)} == {"D1-1-3-00", "D1-1-1-00"}


async def test_it_stands_behind_the_lots_that_were_there_first(card: Card) -> None:
    order = await card.rested("D1-1-1-00")  # 20 lots are displayed at its price
    card.somebody_sells(lots=21, ticks=order.price_ticks)
    await card.heard.gets(OrderFilled)

    assert card.fills() == [("D1-1-1-00", 1)]


async def test_a_cancel_ends_it_with_what_had_filled(card: Card) -> None:
    order = await card.rested("D1-1-1-00", ticks=card.bid - 10)
    card.market((), (Level(order.price_ticks, 2),))
    await card.heard.gets(OrderFilled)

    assert card.adapter.cancel(order.client_order_id)
    closed = await card.heard.gets(OrderClosed)

    assert (closed.client_order_id, closed.cumulative_lots, closed.reason) == (order.client_order_id, 2, "cancelled")
    card.market((), (Level(order.price_ticks - 1, 9),))
    assert card.adapter.query(order.client_order_id, at=7)
    assert (await card.heard.gets(OrderStatus)).state == "closed"
    assert card.fills() == [(order.client_order_id, 2)]


async def test_a_cancel_that_the_fill_overtakes_is_refused_and_the_fill_counts(card: Card) -> None:
    order = await card.rested("D1-1-1-00", ticks=card.bid - 10)
    assert card.adapter.cancel(order.client_order_id)
    card.market((), (Level(order.price_ticks - 1, 9),))  # before the loop carries the cancel's bytes

    refused = await card.heard.gets(CancelRejected)
    closed = await card.heard.gets(OrderClosed)

    assert refused.client_order_id == order.client_order_id
    assert (closed.cumulative_lots, closed.reason) == (5, "filled")
    assert card.fills() == [(order.client_order_id, 5)]


async def test_a_fill_told_after_the_cancel_still_comes_through(card: Card) -> None:
    order = await card.rested("D1-1-1-00", ticks=card.bid - 10)
    card.breaks("late_fill_after_cancel", lots=2, delay_ms=20)
    card.adapter.cancel(order.client_order_id)

    closed = await card.heard.gets(OrderClosed)
    fill = await card.heard.gets(OrderFilled)

    assert (closed.cumulative_lots, fill.lots) == (0, 2)
    assert card.heard.events.index(closed) < card.heard.events.index(fill)


async def test_a_question_says_how_much_of_a_resting_order_is_done(card: Card) -> None:
    order = await card.rested("D1-1-1-00", ticks=card.bid - 10)
    card.market((), (Level(order.price_ticks, 2),))
    await card.heard.gets(OrderFilled)

    assert card.adapter.query(order.client_order_id, at=42)
    status = await card.heard.gets(OrderStatus)

    assert (status.state, status.cumulative_lots, status.queried_at) == ("working", 2, 42)
    assert card.fills() == [(order.client_order_id, 2)], "a fill that is told again carries its own id"


async def test_it_outlives_a_lost_line_where_the_venue_holds_orders(card: Card) -> None:
    order = await card.rested("D1-1-1-00", ticks=card.bid - 10)
    card.venue.face.act("drop_connection", {})
    await card.heard.gets(VenueDown)
    card.market((), (Level(order.price_ticks, 2),))  # trades while nobody is there to hear it
    await card.heard.gets(VenueUp, times=2)

    status = card.heard.of(OrderStatus)[-1]
    assert (status.client_order_id, status.state, status.cumulative_lots) == (order.client_order_id, "working", 2)
    assert card.fills() == [(order.client_order_id, 2)]


async def test_it_is_gone_after_a_lost_line_where_the_venue_cancels(card: Card) -> None:
    card.venue.exchange.spec = msgspec.structs.replace(card.venue.exchange.spec, cancels_on_disconnect=True)
    order = await card.rested("D1-1-1-00", ticks=card.bid - 10)
    card.venue.face.act("drop_connection", {})
    await card.heard.gets(VenueUp, times=2)

    status = card.heard.of(OrderStatus)[-1]
    assert (status.client_order_id, status.state, status.cumulative_lots) == (order.client_order_id, "closed", 0)


async def test_it_ends_with_the_trading_day(card: Card) -> None:
    await card.rested("D1-1-1-00", ticks=card.bid - 10)
    card.venue.dispatch(card.venue.exchange.roll_trading_day(card.venue.now()))

    assert (await card.heard.gets(OrderClosed)).reason == "expired"


async def test_a_break_neither_fills_nor_ends_it(card: Card) -> None:
    order = await card.rested("D1-1-1-00", ticks=card.bid - 10)
    card.breaks("session_break")
    card.market((), (Level(order.price_ticks - 1, 9),))
    card.rests("D1-1-2-00", ticks=order.price_ticks)
    await card.heard.gets(OrderRejected)
    assert not card.heard.of(OrderFilled)

    card.venue.exchange.faults.clear("session_break")
    card.market((), (Level(order.price_ticks - 1, 9),))
    assert (await card.heard.gets(OrderClosed)).cumulative_lots == 5


async def test_everybody_sees_it_in_the_book(card: Card) -> None:
    best = card.bid
    await card.rested("D1-1-1-00", lots=7, ticks=best)

    await card.heard.until(lambda: card.heard.of(Quote)[-1].bids[0] == Level(best, 27))
