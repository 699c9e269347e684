"""The FIX adapter against a real session on a real socket."""

import time
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest

from tests.venues.fix_peer import FixPeer
from tests.venues.instruments import LME_CA, order, venue_config
from tests.venues.recorder import Recorder
from trading.core.events import (
    CancelRejected,
    Level,
    OrderAccepted,
    OrderClosed,
    OrderFilled,
    OrderRejected,
    OrderStatus,
    RejectClass,
    StatusEnded,
    VenueDown,
    VenueUp,
)
from trading.market.book import Quote
from trading.venues.fix import messages as m
from trading.venues.fix.broker import FixVenue
from trading.venues.fix.codes import EntryType, ExecType, Side, UpdateAction
from trading.venues.fix.codes import OrderStatus as Stands
from trading.venues.port import ClockSample

SELL_CA = order("D7-1-1-11", LME_CA, lots=1, ticks=19_000)


@pytest.fixture
async def peer() -> AsyncIterator[FixPeer]:
    async with FixPeer() as acceptor:
        yield acceptor


@pytest.fixture
def heard() -> Recorder:
    return Recorder()


def fix_venue(peer: FixPeer, heard: Recorder, folder: Path) -> FixVenue:
    adapter = FixVenue(
        venue_config(LME_CA, peer.port), [LME_CA], desk="D", epoch=7, clock=time.time_ns, on_event=heard,
        store_file=folder / "fix" / "LME.log",
    )  # fmt: skip
    adapter.subscribe([LME_CA])
    return adapter


@pytest.fixture
async def venue(peer: FixPeer, heard: Recorder, tmp_path: Path) -> AsyncIterator[FixVenue]:
    adapter = fix_venue(peer, heard, tmp_path)
    await adapter.connect()
    yield adapter
    await adapter.close()


def book(*entries: tuple[EntryType, str, int], seq: int | None = None) -> m.MarketDataSnapshot:
    return m.MarketDataSnapshot(
        symbol="CA-3M",
        report_seq_num=seq,
        entries=tuple(m.SnapshotEntry(entry_type=e, price=Decimal(p), lots=n) for e, p, n in entries),
    )


def change(seq: int, action: UpdateAction, side: EntryType, price: str, lots: int | None) -> m.MarketDataIncremental:
    entry = m.IncrementalEntry(
        action=action, entry_type=side, symbol="CA-3M", report_seq_num=seq, price=Decimal(price), lots=lots
    )
    return m.MarketDataIncremental(entries=(entry,))


BID, OFFER = EntryType.BID, EntryType.OFFER
FULL = book((BID, "9500", 4), (BID, "9499.5", 9), (OFFER, "9500.5", 6), seq=10)


async def test_is_up_only_after_the_venue_listed_our_orders(peer: FixPeer, heard: Recorder, venue: FixVenue) -> None:
    peer.answers_mass_status = False
    venue.adopt([SELL_CA])
    request = await peer.hears(b"AF")
    assert (request.text(585), venue.is_up) == ("7", False)

    peer.say(
        m.ExecutionReport(
            venue_order_id="V1",
            exec_id="E0",
            exec_type=ExecType.ORDER_STATUS,
            status=Stands.PARTIALLY_FILLED,
            symbol="CA-3M",
            side=Side.SELL,
            leaves_lots=0,
            filled_lots=1,
            average_price=Decimal(9500),
            client_order_id="D7-1-1-11",
            mass_status_id=request.text(584),
            reports_total=1,
            is_last_report=True,
        )
    )
    await heard.gets(VenueUp)

    [status], [ended] = heard.of(OrderStatus), heard.of(StatusEnded)
    assert (status.client_order_id, status.state, status.cumulative_lots) == ("D7-1-1-11", "working", 1)
    assert status.queried_at == ended.queried_at > 0


async def test_an_order_leaves_as_a_new_order_single(peer: FixPeer, heard: Recorder, venue: FixVenue) -> None:
    await heard.gets(VenueUp)

    assert venue.send([SELL_CA]) == []

    sent = m.NewOrderSingle.parse(await peer.hears(b"D"))
    assert (sent.client_order_id, sent.symbol, sent.side, sent.lots) == ("D7-1-1-11", "CA-3M", "2", 1)
    assert (sent.price, sent.order_type, sent.time_in_force, sent.account) == (Decimal("9500.0"), "2", "3", "demo")


async def test_reports_become_facts(peer: FixPeer, heard: Recorder, venue: FixVenue) -> None:
    await heard.gets(VenueUp)
    venue.send([SELL_CA])
    sent = await peer.hears(b"D")
    peer.report(sent, ExecType.PENDING_NEW, Stands.PENDING_NEW)
    peer.report(sent, ExecType.NEW, Stands.NEW)
    fill = {"last_lots": 1, "last_price": Decimal("9500.5"), "filled_lots": 1}
    peer.report(sent, ExecType.TRADE, Stands.FILLED, exec_id="F1", **fill)
    closed = await heard.gets(OrderClosed)

    [accepted], [fill] = heard.of(OrderAccepted), heard.of(OrderFilled)
    assert (accepted.client_order_id, accepted.venue_order_id) == ("D7-1-1-11", "V1")
    assert (fill.fill_id, fill.lots, fill.price_ticks) == ("F1", 1, 19_001)
    assert (closed.cumulative_lots, closed.reason) == (1, "filled")


@pytest.mark.parametrize(
    ("reason", "text", "reject_class"),
    [(2, "closed", RejectClass.CLOSED), (99, "MARGIN: not enough", RejectClass.MARGIN), (6, "", RejectClass.DUPLICATE),
     (99, "", RejectClass.OTHER)],
)  # fmt: skip
async def test_a_reject_says_what_it_asks_for(
    peer: FixPeer, heard: Recorder, venue: FixVenue, reason: int, text: str, reject_class: RejectClass
) -> None:
    await heard.gets(VenueUp)
    venue.send([SELL_CA])
    sent = await peer.hears(b"D")
    peer.report(sent, ExecType.REJECTED, Stands.REJECTED, reject_reason=reason, text=text or None)

    assert (await heard.gets(OrderRejected)).reject_class is reject_class


async def test_a_cancel_names_the_order_and_its_answer_finds_it(
    peer: FixPeer, heard: Recorder, venue: FixVenue
) -> None:
    await heard.gets(VenueUp)
    venue.send([SELL_CA])
    assert venue.cancel("D7-1-1-11")
    asked = await peer.hears(b"F")
    assert asked.text(41) == "D7-1-1-11" != asked.text(11)

    peer.say(
        m.OrderCancelReject(
            venue_order_id="V1",
            client_order_id=asked.text(11),
            orig_client_order_id=asked.text(41),
            status=Stands.FILLED,
            response_to=1,
            reason=0,
            text="too late",
        )
    )
    peer.report(
        asked, ExecType.CANCELED, Stands.CANCELED, client_order_id=asked.text(11), orig_client_order_id=asked.text(41)
    )
    assert (await heard.gets(CancelRejected)) == CancelRejected("D7-1-1-11", "too late")
    assert (await heard.gets(OrderClosed)).client_order_id == "D7-1-1-11"


async def test_a_query_repeats_when_it_was_asked(peer: FixPeer, heard: Recorder, venue: FixVenue) -> None:
    await heard.gets(VenueUp)
    venue.adopt([SELL_CA])
    assert venue.query("D7-1-1-11", at=1234)
    asked = await peer.hears(b"H")
    peer.report(asked, ExecType.ORDER_STATUS, Stands.REJECTED, reject_reason=5, text="unknown order")

    assert await heard.gets(OrderStatus) == OrderStatus("D7-1-1-11", "not_found", 0, "V1", 1234)
    assert not venue.query("D7-9-9-99", at=1), "an order nobody knows cannot be asked for over FIX"


async def test_fills_of_a_lost_line_come_afterwards_and_orders_do_not_go_again(
    peer: FixPeer, heard: Recorder, venue: FixVenue
) -> None:
    await heard.gets(VenueUp)
    venue.send([SELL_CA])
    sent = await peer.hears(b"D")
    peer.drop()
    await heard.gets(VenueDown)
    assert venue.send([order("D7-1-2-11", LME_CA)])[0].client_order_id == "D7-1-2-11"
    # The venue numbers and stores the fill although nobody is there to read it.
    peer.session._send(  # the owner of the store is this test
        b"8",
        m.ExecutionReport(
            venue_order_id="V1",
            exec_id="E-late",
            exec_type=ExecType.TRADE,
            status=Stands.FILLED,
            symbol="CA-3M",
            side=Side.SELL,
            leaves_lots=0,
            filled_lots=1,
            average_price=Decimal(9500),
            client_order_id=sent.text(11),
            last_lots=1,
            last_price=Decimal(9500),
        ).fields(),
        time.time_ns(),
    )
    peer.session._drain()

    fill = await heard.gets(OrderFilled)
    await heard.gets(VenueUp, times=2)
    assert fill.fill_id == "E-late"
    assert len(peer.said(b"D")) == 1


async def test_an_order_the_venue_asks_for_again_is_queried_not_resent(
    peer: FixPeer, heard: Recorder, venue: FixVenue
) -> None:
    await heard.gets(VenueUp)
    venue.send([SELL_CA])
    await peer.hears(b"D")
    first = peer.said(b"D")[0].integer(34)
    assert first is not None
    peer._perform(peer.session._drain())
    peer.session._send(b"2", [(7, first), (16, 0)], time.time_ns())
    peer._perform(peer.session._drain())
    peer.drop()

    asked = await peer.hears(b"H")
    assert asked.text(11) == "D7-1-1-11"
    assert len(peer.said(b"D")) == 1


async def test_numbers_go_on_after_a_restart(peer: FixPeer, heard: Recorder, tmp_path: Path) -> None:
    first = fix_venue(peer, heard, tmp_path)
    await first.connect()
    await heard.gets(VenueUp)
    await first.close()

    again = Recorder()
    second = fix_venue(peer, again, tmp_path)
    await second.connect()
    await again.gets(VenueUp)
    numbers = [message.integer(34) for message in peer.heard]
    await second.close()

    assert numbers == sorted(numbers) and len(set(numbers)) == len(numbers)


async def test_a_snapshot_and_its_changes_make_the_quote(peer: FixPeer, heard: Recorder, venue: FixVenue) -> None:
    await peer.hears(b"V")
    peer.say(FULL)
    peer.say(change(11, UpdateAction.NEW, BID, "9500.0", 5))
    peer.say(change(12, UpdateAction.DELETE, OFFER, "9500.5", None))
    quote = await heard.gets(Quote, times=3)

    assert quote.instrument == "LME.CA-3M"
    assert quote.bids == (Level(19_000, 5), Level(18_999, 9))
    assert quote.asks == ()
    assert abs(quote.exchange_at - time.time_ns()) < 5 * 10**9


async def test_a_missing_change_hides_the_book_until_a_snapshot(
    peer: FixPeer, heard: Recorder, venue: FixVenue
) -> None:
    await peer.hears(b"V")
    peer.say(FULL)
    peer.say(change(12, UpdateAction.CHANGE, BID, "9500", 1))  # 11 never came
    hidden = await heard.gets(Quote, times=2)
    assert hidden.bids == () and hidden.asks == ()

    wanted = m.MarketDataRequest.parse(await peer.hears(b"V", times=2))
    assert [s.symbol for s in wanted.symbols] == ["CA-3M"]
    peer.say(change(13, UpdateAction.CHANGE, BID, "9500", 2))
    peer.say(book((BID, "9500", 1), (OFFER, "9501", 7), seq=12))
    quote = await heard.gets(Quote, times=4)

    assert quote.bids == (Level(19_000, 2),), "the change after the snapshot is replayed"
    assert quote.asks == (Level(19_002, 7),)


async def test_a_halted_instrument_says_so(peer: FixPeer, heard: Recorder, venue: FixVenue) -> None:
    await peer.hears(b"V")
    peer.say(FULL)
    peer.say(m.SecurityStatus(symbol="CA-3M", trading_status=2))
    assert not (await heard.gets(Quote, times=2)).is_trading

    peer.say(m.SecurityStatus(symbol="CA-3M", trading_status=17))
    assert (await heard.gets(Quote, times=3)).is_trading


@pytest.mark.parametrize("price", ["0", "-3"])
async def test_a_price_no_market_has_is_an_empty_side(
    peer: FixPeer, heard: Recorder, venue: FixVenue, price: str
) -> None:
    await peer.hears(b"V")
    peer.say(book((BID, price, 5), (OFFER, "9501", 1)))
    quote = await heard.gets(Quote)
    assert quote.bids == () and quote.asks == (Level(19_002, 1),)

    peer.say(FULL)
    assert (await heard.gets(Quote, times=2)).bids, "the next book is handled"


async def test_reads_the_venues_clock(peer: FixPeer, heard: Recorder, venue: FixVenue) -> None:
    sample = await heard.gets(ClockSample)

    assert abs(sample.offset_ns) <= sample.error_ns
