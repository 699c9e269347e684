"""Conformance of lost lines: what we believe of our orders after a drop, by what the venue promises to do with them.

Real adapter, real socket, simulated venue; the program's own fold hears what the adapter says. A venue that promises
to cancel, one that promises to hold and one that promises nothing are treated alike: until the venue has told what
became of it, every order of that session is UNKNOWN. The promise never stands in for the answer.
"""

import time
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from tests.venues.recorder import Recorder
from tests.venues.simulated.wire import config_in, running
from tests.venues.test_resting_orders import FACES, Card, adapter_of
from trading.core import events as e
from trading.core.order import Order, OrderState
from trading.core.state import ProgramState
from trading.core.units import SECOND, Side
from trading.simulation.copper import INSTRUMENTS, REPLY_TIMES, copper_terms

WAIT = 60 * SECOND  # after which a missing order is presumed dead
PROMISES = ("cancel", "hold", "none")
TOLD = (e.OrderAccepted, e.OrderFilled, e.OrderClosed, e.OrderStatus)


class Believer(Recorder):
    """Folds what the adapter says, asks for all orders whenever the line comes up, and notes each order's states."""

    def __init__(self) -> None:
        super().__init__()
        times = dict.fromkeys(FACES, msgspec.structs.replace(REPLY_TIMES, presumed_dead=WAIT))
        self.state = ProgramState(msgspec.structs.replace(copper_terms(), reply_times=times), INSTRUMENTS)
        self.believed: list[tuple[object, dict[str, OrderState]]] = []
        self.card: Card

    def __call__(self, event: object) -> None:
        now = time.time_ns()
        self.state.fold(event, now)
        if isinstance(event, e.VenueUp):
            self.card.adapter.query_all(now)
        self.believed.append((event, {name: order.state for name, order in self.state.orders.items()}))
        super().__call__(event)

    def sends(self, name: str, ticks: int) -> Order:
        """Decide a resting order of five lots and put it on the wire."""
        intent = msgspec.structs.replace(AN_ORDER, client_order_id=name, price_ticks=ticks)
        intent = msgspec.structs.replace(
            intent, instrument=self.card.instrument.code, venue=self.card.instrument.venue, leg=self.leg
        )
        self.state.fold(e.OrdersDecided(f"X-{name}", e.Purpose.ENTRY, (intent,), (), units=1), time.time_ns())
        assert self.card.adapter.send([intent]) == []
        return self.state.orders[name]

    @property
    def leg(self) -> int:
        return FACES.index(self.card.instrument.venue)

    def since_the_drop(self) -> list[tuple[object, dict[str, OrderState]]]:
        kinds = [type(event) for event, _ in self.believed]
        return self.believed[kinds.index(e.VenueDown) :]

    def is_unknown_until_told(self, order: Order) -> bool:
        """Whether the order was UNKNOWN from the drop on, until the first word about it on the new session."""
        name = order.intent.client_order_id
        for event, states in self.since_the_drop():
            if isinstance(event, TOLD) and event.client_order_id == name:
                return True
            if states[name] is not OrderState.UNKNOWN:
                return False
        return True


AN_ORDER = e.OrderIntent(
    "", "", "", 0, Side.BUY, 5, 0, e.TimeInForce.DAY, e.Purpose.ENTRY, e.Offset.OPEN, 0
)  # fmt: skip


@pytest.fixture(params=FACES)
async def heard(request: pytest.FixtureRequest, promise: str, tmp_path: Path) -> AsyncIterator[Believer]:
    config = config_in(tmp_path, **{request.param: {"cancel_on_disconnect": promise}})
    async with running(config) as venues:
        venue, heard = venues.by_name[request.param], Believer()
        heard.card = card = Card(venue, None, heard)
        card.adapter = adapter_of(venue, heard, tmp_path)
        card.adapter.subscribe(venue.entry.instruments)
        await card.adapter.connect()
        await heard.gets(e.StatusEnded)
        await heard.until(lambda: bool(venue.exchange.books[card.instrument.symbol].tick))
        yield heard
        await card.adapter.close()


async def partly_filled(heard: Believer) -> Order:
    """Two of five lots have traded; the rest works."""
    order = heard.sends("D1-1-1-00", heard.card.bid - 10)
    await heard.gets(e.OrderAccepted)
    heard.card.market((), (e.Level(order.intent.price_ticks, 2),))
    await heard.gets(e.OrderFilled)
    return order


async def drop(heard: Believer) -> None:
    heard.card.venue.face.act("drop_connection", {})
    await heard.gets(e.VenueDown)


async def listed_again(heard: Believer) -> None:
    """The venue has answered the query for all orders that was sent on the new session."""
    await heard.gets(e.VenueUp, times=2)
    asked = len(heard.of(e.StatusEnded))
    heard.card.adapter.query_all(time.time_ns())
    await heard.gets(e.StatusEnded, times=asked + 1)


async def asked(heard: Believer, order: Order, at: int) -> OrderState:
    """Ask about one order, as of `at`; return what it is after the answer."""
    name, before = order.intent.client_order_id, len(heard.of(e.OrderStatus))
    heard.card.adapter.query(name, at)
    await heard.until(lambda: any(s.client_order_id == name for s in heard.of(e.OrderStatus)[before:]))
    return order.state


@pytest.mark.parametrize("promise", PROMISES)
async def test_a_drop_makes_every_order_of_the_session_unknown(heard: Believer) -> None:
    order = await partly_filled(heard)
    other = heard.sends("D1-1-2-00", order.intent.price_ticks - 10)
    await heard.gets(e.OrderAccepted, times=2)
    await drop(heard)
    _, then = heard.since_the_drop()[0]
    await listed_again(heard)

    assert set(then.values()) == {OrderState.UNKNOWN}
    assert heard.is_unknown_until_told(order) and heard.is_unknown_until_told(other)
    assert OrderState.UNKNOWN not in (order.state, other.state), "the mass status tells of both"


@pytest.mark.parametrize("promise", ["cancel"])
async def test_where_the_venue_cancels_the_order_ends_with_what_had_filled(heard: Believer) -> None:
    order = await partly_filled(heard)
    await drop(heard)
    await listed_again(heard)

    assert heard.is_unknown_until_told(order)
    assert (order.state, order.filled_lots, order.reserved_lots) == (OrderState.SETTLED, 2, 0)


@pytest.mark.parametrize("promise", ["hold", "none"])
async def test_where_the_venue_holds_the_order_works_on_and_its_fills_are_not_lost(heard: Believer) -> None:
    order = await partly_filled(heard)
    await drop(heard)
    heard.card.market((), (e.Level(order.intent.price_ticks, 1),))
    await listed_again(heard)

    assert heard.is_unknown_until_told(order)
    assert (order.state, order.filled_lots, order.reserved_lots) == (OrderState.WORKING, 3, 2)
    heard.card.adapter.cancel(order.intent.client_order_id)
    await heard.until(lambda: order.state is OrderState.SETTLED)
    assert order.filled_lots == 3


@pytest.mark.parametrize("promise", ["hold", "none"])
async def test_an_order_that_filled_meanwhile_is_settled_by_its_fills(heard: Believer) -> None:
    order = await partly_filled(heard)
    await drop(heard)
    heard.card.market((), (e.Level(order.intent.price_ticks - 1, 9),))
    await listed_again(heard)

    assert heard.is_unknown_until_told(order)
    assert (order.state, order.filled_lots) == (OrderState.SETTLED, 5)


@pytest.mark.parametrize("promise", ["none"])
async def test_where_nothing_is_promised_the_order_may_as_well_be_gone(heard: Believer) -> None:
    order = await partly_filled(heard)
    await drop(heard)
    venue = heard.card.venue
    venue.dispatch(venue.exchange.cancel_working("", "venue_cancelled", venue.now()))
    await listed_again(heard)

    assert heard.is_unknown_until_told(order)
    assert (order.state, order.filled_lots, order.reserved_lots) == (OrderState.SETTLED, 2, 0)


@pytest.mark.parametrize("promise", PROMISES)
async def test_an_order_that_never_arrived_is_presumed_dead_only_after_its_wait(heard: Believer) -> None:
    heard.card.breaks("order_lost")
    order = heard.sends("D1-1-1-00", heard.card.bid - 10)
    heard.sends("D1-1-2-00", heard.card.bid - 10)
    await heard.gets(e.OrderAccepted)  # of the second one: the first is lost by now
    await drop(heard)
    await listed_again(heard)
    assert order.state is OrderState.UNKNOWN, "a list that does not name it is no answer about it"

    assert await asked(heard, order, order.sent_at + WAIT - 1) is OrderState.UNKNOWN, "asked too early"
    assert await asked(heard, order, order.sent_at + WAIT) is OrderState.PRESUMED_DEAD
    assert order.reserved_lots == 5
