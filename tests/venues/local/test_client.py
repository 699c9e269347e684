"""The desk's side of the local protocol: it says what it knows, and no more."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from tests.venues.instruments import SHFE_CU, order, venue_config
from tests.venues.local.venue import ScriptedVenue
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
    VenueDown,
    VenueUp,
)
from trading.market.book import Quote
from trading.venues.local.client import LocalVenue
from trading.venues.port import ClockSample

DEPTH = {
    "op": "depth", "symbol": "cu2703", "bids": [["79470", 42], ["79460", 7]], "asks": [["79480", 3]],
    "last": "79470", "volume": 100, "upper": "85000", "lower": "70000", "phase": "open", "exchange_ns": 17, "seq": 1,
}  # fmt: skip


@pytest.fixture
async def venue() -> AsyncIterator[ScriptedVenue]:
    async with ScriptedVenue() as peer:
        yield peer


@pytest.fixture
def heard() -> Recorder:
    return Recorder()


@pytest.fixture
async def client(venue: ScriptedVenue, heard: Recorder) -> AsyncIterator[LocalVenue]:
    adapter = LocalVenue(
        venue_config(SHFE_CU, venue.port), [SHFE_CU], desk="demo", epoch=7, clock=time.time_ns, on_event=heard
    )
    adapter.subscribe([SHFE_CU])
    await adapter.connect()
    yield adapter
    await adapter.close()


async def test_is_up_only_after_the_venue_listed_our_orders(
    venue: ScriptedVenue, heard: Recorder, client: LocalVenue
) -> None:
    venue.answers_queries = False
    query = await venue.hears("query_all")

    assert not client.is_up and not heard.of(VenueUp)
    status = {"id": "D6-1-1-01", "state": "working", "filled": 2, "venue_id": "V9"}
    venue.say({"op": "status", "ref": query["ref"]} | status)
    venue.say({"op": "status_end", "ref": query["ref"]})
    await heard.gets(VenueUp)

    [status] = heard.of(OrderStatus)
    assert (status.client_order_id, status.state, status.cumulative_lots) == ("D6-1-1-01", "working", 2)
    assert 0 < status.queried_at <= time.time_ns()
    assert heard.events.index(status) < len(heard.events) - 1, "states come before VenueUp"
    assert venue.heard[0] == {"op": "logon", "desk": "demo", "epoch": 7, "account": "demo"}


async def test_an_order_leaves_as_one_line(venue: ScriptedVenue, heard: Recorder, client: LocalVenue) -> None:
    await heard.gets(VenueUp)

    assert client.send([order("D7-1-1-01")]) == []

    assert await venue.hears("order") == {
        "op": "order", "epoch": 7, "id": "D7-1-1-01", "symbol": "cu2703", "side": "sell", "lots": 5, "price": "79470",
        "tif": "ioc", "offset": "open", "hedge": "speculation",
    }  # fmt: skip


async def test_a_held_leg_leaves_only_when_it_is_released(
    venue: ScriptedVenue, heard: Recorder, client: LocalVenue
) -> None:
    await heard.gets(VenueUp)

    client.hold()
    assert client.send([order("D7-1-1-01")]) == []
    venue.say({"op": "accepted", "id": "D7-1-1-00", "venue_id": "V0", "exchange_ns": 5})
    await heard.gets(OrderAccepted)
    assert not venue.said("order")
    client.release()
    client.cancel("D7-1-1-01")

    await venue.hears("cancel")
    assert [m["op"] for m in venue.heard if m["op"] in ("order", "cancel")] == ["order", "cancel"]


async def test_without_a_line_nothing_is_sent_and_that_is_said(client: LocalVenue, heard: Recorder) -> None:
    [not_sent] = client.send([order("D7-1-1-01")])  # not yet connected

    assert not_sent.client_order_id == "D7-1-1-01"
    assert not client.cancel("D7-1-1-01") and not client.query("D7-1-1-01", 1)


async def test_reports_become_facts(venue: ScriptedVenue, heard: Recorder, client: LocalVenue) -> None:
    await heard.gets(VenueUp)
    client.send([order("D7-1-1-01")])
    await venue.hears("order")
    venue.say(
        {"op": "accepted", "id": "D7-1-1-01", "venue_id": "V1", "exchange_ns": 5},
        {"op": "fill", "id": "D7-1-1-01", "fill_id": "F1", "lots": 3, "price": "79470", "trading_day": "20260306",
         "exchange_ns": 6},
        {"op": "closed", "id": "D7-1-1-01", "filled": 3, "reason": "cancelled", "exchange_ns": 7},
        {"op": "rejected", "id": "D7-1-1-11", "code": "MARGIN", "text": "no money", "exchange_ns": 8},
        {"op": "cancel_rejected", "id": "D7-1-1-01", "text": "too late"},
    )  # fmt: skip
    await heard.gets(CancelRejected)

    reports = [e for e in heard.events if isinstance(e, OrderAccepted | OrderFilled | OrderClosed | OrderRejected)]
    assert reports == [
        OrderAccepted("D7-1-1-01", "V1", 5),
        OrderFilled("D7-1-1-01", "F1", 3, 7947, "20260306", 6),
        OrderClosed("D7-1-1-01", 3, "cancelled", 7),
        OrderRejected("D7-1-1-11", RejectClass.MARGIN, "MARGIN", "no money", 8),
    ]


async def test_depth_becomes_a_quote_in_ticks(venue: ScriptedVenue, heard: Recorder, client: LocalVenue) -> None:
    await venue.hears("subscribe")
    venue.say(DEPTH)
    quote = await heard.gets(Quote)

    assert (quote.instrument, quote.exchange_at, quote.is_trading) == ("SHFE.cu2703", 17, True)
    assert quote.bids == (Level(7947, 42), Level(7946, 7))
    assert quote.asks == (Level(7948, 3),)
    assert (quote.lower_limit_ticks, quote.upper_limit_ticks) == (7000, 8500)


@pytest.mark.parametrize("price", ["0", "1.7976931348623157E+308", "-10"])
async def test_a_price_no_market_has_is_an_empty_side(
    venue: ScriptedVenue, heard: Recorder, client: LocalVenue, price: str
) -> None:
    await venue.hears("subscribe")
    venue.say(DEPTH | {"bids": [[price, 5]]})
    quote = await heard.gets(Quote)
    assert quote.bids == () and quote.asks

    venue.say(DEPTH)
    assert (await heard.gets(Quote, times=2)).bids, "the next quote is handled"


@pytest.mark.parametrize(
    "line",
    [b"not json\n", b'{"op":"nonsense"}\n', b'{"op":"depth","symbol":"zz","bids":[],"asks":[],"exchange_ns":1}\n',
     b"\xff\xfe\n", b'{"op":"depth","symbol":"cu2703","bids":[["79471",1]],"asks":[],"exchange_ns":1}\n',
     b'{"op":"depth","symbol":"cu2703","bids":[["NaN",1],["x",2]],"asks":[],"exchange_ns":1}\n'],
)  # fmt: skip
async def test_a_bad_line_loses_nothing_but_itself(
    venue: ScriptedVenue, heard: Recorder, client: LocalVenue, line: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    await heard.gets(VenueUp)
    venue.say(line, DEPTH)

    await heard.gets(Quote)
    assert client.is_up
    assert len([r for r in caplog.records if "ignored" in r.message]) <= 1


async def test_a_fill_that_cannot_be_read_asks_for_the_orders_state(
    venue: ScriptedVenue, heard: Recorder, client: LocalVenue
) -> None:
    await heard.gets(VenueUp)
    client.send([order("D7-1-1-01")])
    venue_fill = {"op": "fill", "id": "D7-1-1-01", "fill_id": "F1", "lots": 3, "price": "79471", "trading_day": "x"}
    await venue.hears("order")
    venue.say(venue_fill)

    assert (await venue.hears("query"))["id"] == "D7-1-1-01"


async def test_a_lost_line_comes_back_and_asks_again(venue: ScriptedVenue, heard: Recorder, client: LocalVenue) -> None:
    await heard.gets(VenueUp)
    venue.drop()
    down = await heard.gets(VenueDown)
    assert down.venue == "SHFE"
    assert client.send([order("D7-1-1-01")]), "nothing is sent while the line is down"

    await heard.gets(VenueUp, times=2)
    assert len(venue.said("logon")) == 2 and len(venue.said("subscribe")) >= 2
    assert venue.said("order") == [], "an order is never sent again by itself"


async def test_beats_every_half_second_and_reads_the_venues_clock(
    venue: ScriptedVenue, heard: Recorder, client: LocalVenue
) -> None:
    await venue.hears("heartbeat", times=2)
    venue.say({"op": "heartbeat", "time_ns": time.time_ns() + 40_000_000})
    sample = await heard.gets(ClockSample, times=2)

    assert abs(sample.offset_ns - 40_000_000) <= sample.error_ns


async def test_gives_a_silent_line_up(venue: ScriptedVenue, heard: Recorder, client: LocalVenue) -> None:
    await heard.gets(VenueUp)
    down = await asyncio.wait_for(heard.gets(VenueDown), 5)

    assert "silent" in down.reason


async def test_orders_of_an_earlier_run_can_be_read(venue: ScriptedVenue, heard: Recorder, client: LocalVenue) -> None:
    await heard.gets(VenueUp)
    client.adopt([order("D6-1-1-01")])
    fill = {"id": "D6-1-1-01", "fill_id": "F1", "lots": 3, "price": "79470", "trading_day": "20260306"}
    venue.say({"op": "fill"} | fill)

    assert (await heard.gets(OrderFilled)).price_ticks == 7947
