"""What must hold of every match, whatever the books and the orders: found by chance if it ever breaks."""

from collections import defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.venues.simulated.market import COPPER, MORNING, SECOND, SHANGHAI, Trader
from trading.core.events import Level, TimeInForce
from trading.core.units import Side
from trading.venues.simulated.book import ReplayBook
from trading.venues.simulated.exchange import Exchange
from trading.venues.simulated.messages import Closed, Filled, Tick

MID = 7948
lots = st.integers(1, 30)


@st.composite
def books(draw: st.DrawFn) -> tuple[tuple[Level, ...], tuple[Level, ...]]:
    best_bid = draw(st.integers(MID - 6, MID + 4))
    best_ask = best_bid + draw(st.integers(1, 3))
    bids = tuple(Level(best_bid - n, draw(lots)) for n in range(draw(st.integers(0, 5))))
    asks = tuple(Level(best_ask + n, draw(lots)) for n in range(draw(st.integers(0, 5))))
    return bids, asks


orders = st.tuples(st.sampled_from(list(Side)), lots, st.integers(MID - 8, MID + 8), st.sampled_from(list(TimeInForce)))
shows = st.tuples(books(), st.integers(0, 20), st.integers(MID - 8, MID + 8))
steps = st.lists(st.one_of(orders, shows, st.just("cancel")), max_size=40)


class Watch:
    """Plays steps against an exchange and remembers what each order wanted, and what each book offered."""

    def __init__(self) -> None:
        self.trader = Trader(Exchange(SHANGHAI))
        self.wanted: dict[str, tuple[Side, int, int, TimeInForce]] = {}
        self.volume = 0

    def play(self, step: object) -> None:
        if step == "cancel":
            for order in self.trader.exchange.register.working()[:1]:
                self.trader.cancels(order.client_order_id)
        elif len(step) == 4:
            side, size, ticks, time_in_force = step
            order_id = str(len(self.wanted))
            self.wanted[order_id] = step
            self.trader.sends(order_id, side.value, size, ticks, time_in_force=time_in_force)
        else:
            (bids, asks), traded, last = step
            self.volume += traded
            at = MORNING + len(self.trader.sent) * SECOND // 1000
            self.trader.sees(Tick(COPPER.symbol, at, bids, asks, last, self.volume))

    def fills(self) -> list[Filled]:
        return [message for _, message in self.trader.sent if isinstance(message, Filled)]


@settings(max_examples=150, deadline=None)
@given(steps)
def test_no_order_fills_beyond_its_lots_or_worse_than_its_price(plan: list) -> None:
    watch = Watch()
    for step in plan:
        watch.play(step)

    filled: dict[str, int] = defaultdict(int)
    for fill in watch.fills():
        side, _, limit, _ = watch.wanted[fill.client_order_id]
        filled[fill.client_order_id] += fill.lots
        assert fill.lots > 0
        assert (limit - fill.price_ticks) * side.sign >= 0
        assert fill.cumulative_lots == filled[fill.client_order_id]
    for order_id, (_, size, _, time_in_force) in watch.wanted.items():
        assert filled[order_id] <= size
        if time_in_force is TimeInForce.FOK:
            assert filled[order_id] in (0, size)
    for _, message in watch.trader.sent:
        if isinstance(message, Closed):
            assert message.cumulative_lots <= watch.wanted[message.client_order_id][1]


@settings(max_examples=150, deadline=None)
@given(steps)
def test_positions_are_the_sum_of_the_fills_and_nothing_else(plan: list) -> None:
    watch = Watch()
    for step in plan:
        watch.play(step)

    assert watch.trader.net_lots == sum(fill.side.sign * fill.lots for fill in watch.fills())
    keys = [(fill.fill_id, fill.side) for fill in watch.fills()]
    assert len(keys) == len(set(keys))


@settings(max_examples=150, deadline=None)
@given(books(), st.lists(orders.filter(lambda order: order[3] is not TimeInForce.DAY), max_size=10))
def test_one_snapshot_never_gives_more_than_it_showed(book: tuple, plan: list) -> None:
    watch = Watch()
    bids, asks = book
    watch.trader.sees(Tick(COPPER.symbol, MORNING, bids, asks))
    for step in plan:
        watch.play(step)

    shown = {(Side.SELL, level.price_ticks): level.lots for level in bids}
    shown |= {(Side.BUY, level.price_ticks): level.lots for level in asks}
    taken: dict[tuple[Side, int], int] = defaultdict(int)
    for fill in watch.fills():
        taken[fill.side, fill.price_ticks] += fill.lots
    assert all(count <= shown.get(key, 0) for key, count in taken.items())


@settings(max_examples=150, deadline=None)
@given(books(), st.lists(orders, min_size=1, max_size=12))
def test_the_better_price_and_then_the_earlier_order_goes_first(book: tuple, plan: list) -> None:
    watch = Watch()
    bids, asks = book
    watch.trader.sees(Tick(COPPER.symbol, MORNING, bids, asks))
    for step in plan:
        before = {side: watch.trader.exchange.books[COPPER.symbol].resting(side) for side in Side}
        filled_before = {order.client_order_id: order.filled_lots for queue in before.values() for order in queue}
        watch.play(step)
        for queue in before.values():
            _assert_in_turn(
                [(order.leaves_lots, order.filled_lots - filled_before[order.client_order_id]) for order in queue]
            )
    prices = [fill.price_ticks * fill.side.sign for fill in watch.fills() if fill.client_order_id == str(len(plan) - 1)]
    assert prices == sorted(prices)


def _assert_in_turn(queue: list[tuple[int, int]]) -> None:
    """An order may only have got something when everyone before it in the queue is done."""
    for position, (_, got) in enumerate(queue):
        if got:
            assert all(leaves == 0 for leaves, _ in queue[:position])


def test_the_checks_above_notice_a_book_that_forgets_what_was_taken(monkeypatch) -> None:
    monkeypatch.setattr(ReplayBook, "_consume", lambda *_: None)
    watch = Watch()
    watch.trader.sees(Tick(COPPER.symbol, MORNING, (), (Level(MID, 5),)))
    watch.play((Side.BUY, 5, MID, TimeInForce.IOC))
    watch.play((Side.BUY, 5, MID, TimeInForce.IOC))
    assert sum(fill.lots for fill in watch.fills()) > 5
