"""The domestic venue on a real socket, spoken to by a raw client."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.venues.simulated.wire import LocalClient, ask_control, config_in, running
from trading.venues.simulated.config import VenuesFile
from trading.venues.simulated.server import Venues


@pytest.fixture
def config(tmp_path: Path) -> VenuesFile:
    return config_in(tmp_path)


@pytest.fixture
async def venues(config: VenuesFile) -> AsyncIterator[Venues]:
    async with running(config) as venues:
        yield venues


@pytest.fixture
async def client(venues: Venues) -> AsyncIterator[LocalClient]:
    client = await LocalClient.connect(venues.by_name["SHFE"].face.port)
    yield client
    client.close()


async def test_a_desk_logs_on_sees_the_book_and_trades(client: LocalClient, config: VenuesFile) -> None:
    client.send(op="subscribe", symbols=["cu2701"])
    depth = await client.until("depth")
    assert depth["bids"] == [["79470", 20], ["79460", 50]]
    assert depth["asks"] == [["79480", 20], ["79490", 50]]
    assert (depth["upper"], depth["lower"], depth["phase"]) == ("85030", "73910", "open")

    client.order("1", lots=30, price="79490")
    assert await client.reports("closed") == ["accepted", "fill", "fill", "closed"]
    fills = [line for line in client.lines if line["op"] == "fill"]
    assert [(fill["lots"], fill["price"]) for fill in fills] == [(20, "79480"), (10, "79490")]

    answer = await ask_control(config, op="positions", venue="SHFE", account="A1")
    assert answer["result"][0]["net_lots"] == 30


async def test_depth_is_numbered_without_holes(client: LocalClient) -> None:
    client.send(op="subscribe", symbols=["cu2701"])
    numbers = [(await client.until("depth"))["seq"] for _ in range(5)]
    assert numbers[1:] == list(range(numbers[1], numbers[1] + 4))


async def test_an_older_epoch_can_neither_log_on_nor_trade(venues: Venues) -> None:
    port = venues.by_name["SHFE"].face.port
    new = await LocalClient.connect(port, epoch=7)
    new.order("1", epoch=6)
    assert (await new.until("rejected"))["code"] == "STALE_EPOCH"

    old = LocalClient(*await asyncio.open_connection("127.0.0.1", port))
    old.send(op="logon", desk="demo", epoch=6, account="A1")
    assert "older than 7" in (await old.until("error"))["text"]
    assert await old.is_closed()


async def test_a_newer_logon_of_the_desk_takes_over(venues: Venues, client: LocalClient) -> None:
    newer = await LocalClient.connect(venues.by_name["SHFE"].face.port, epoch=2)
    assert await client.is_closed()
    newer.order("1", epoch=2)
    assert (await newer.until("closed"))["filled"] == 5


async def test_orders_of_a_silent_desk_are_cancelled_after_two_seconds(client: LocalClient) -> None:
    client.order("1", price="79470", tif="day")
    await client.until("accepted")
    closed = await client.until("closed", within_s=3.5)
    assert (closed["filled"], closed["reason"]) == (0, "venue_cancelled")


async def test_heartbeats_keep_orders_working_and_carry_the_venues_clock(client: LocalClient) -> None:
    client.order("1", price="79470", tif="day")
    for _ in range(5):
        client.send(op="heartbeat")
        assert (await client.until("heartbeat"))["time_ns"] > 0
        assert not [line for line in await client.silence(0.5) if line["op"] == "closed"]


async def test_a_bad_line_costs_an_error_and_nothing_else(client: LocalClient) -> None:
    for bad in ({"op": "nonsense"}, {"op": "order", "id": 7}, {"op": "subscribe", "symbols": ["cu9999"]}):
        client.send(**bad)
        assert (await client.until("error"))["text"]
    client.order("1", tif="gtc")
    assert (await client.until("rejected"))["code"] == "UNSUPPORTED"

    client.order("2")
    assert (await client.until("closed", id="2"))["filled"] == 5


async def test_cancel_query_and_query_all_answer_over_the_wire(client: LocalClient) -> None:
    client.order("1", price="79470", tif="day")
    client.send(op="query", epoch=1, id="1", ref="q1")
    status = await client.until("status")
    assert (status["state"], status.get("filled", 0), status["ref"]) == ("working", 0, "q1")
    client.send(op="cancel", epoch=1, id="1")
    assert (await client.until("closed"))["reason"] == "cancelled"
    client.send(op="query", epoch=1, id="ghost", ref="q2")
    assert (await client.until("status"))["state"] == "not_found"
    client.send(op="query_all", ref="q3")
    assert (await client.until("status_end"))["ref"] == "q3"


async def test_the_tap_proves_that_an_order_was_durable_before_it_came(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    journal.mkdir()
    config = config_in(tmp_path, journal_dirs={"demo": str(journal)})
    body = {"seq": 41, "event": {"type": "OrdersDecided", "orders": [{"client_order_id": "durable"}]}}
    durable = "0" * 64 + " " + json.dumps(body, separators=(",", ":")) + "\n"
    later = durable.replace("durable", "too-soon").replace("41", "42")
    (journal / "20260921.journal").write_text(durable + later)
    (journal / "20260921.journal.synced").write_text(str(len(durable)))

    async with running(config) as venues:
        client = await LocalClient.connect(venues.by_name["SHFE"].face.port)
        for order_id in ("durable", "too-soon"):
            client.order(order_id)
            await client.until("closed", id=order_id)
        tap = (await ask_control(config, op="tap", venue="SHFE"))["result"]

    proofs = {
        line["id"]: (line["journal_seq"], line["journal_synced_offset_ok"]) for line in tap["lines"] if line.get("desk")
    }
    assert proofs == {"durable": (41, True), "too-soon": (None, False)}
    assert (tap["inbound_orders"], tap["durable_before_wire"]) == (2, 1)


async def test_ids_never_repeat_when_the_venue_restarts(config: VenuesFile) -> None:
    fill_ids = []
    for run in ("1", "2"):
        async with running(config) as venues:
            client = await LocalClient.connect(venues.by_name["SHFE"].face.port)
            client.order(run)
            fill_ids.append((await client.until("fill"))["fill_id"])
    assert len(set(fill_ids)) == 2
