"""The foreign venue on a real socket: a FIX 4.4 acceptor, spoken to by an initiator session."""

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest

from tests.venues.simulated.wire import FixClient, ask_control, config_in, running
from trading.venues.fix import codes, messages, outputs
from trading.venues.fix.codec import Message
from trading.venues.fix.store import MemoryStore
from trading.venues.simulated.config import VenuesFile
from trading.venues.simulated.server import Venues


@pytest.fixture
def config(tmp_path: Path) -> VenuesFile:
    return config_in(tmp_path)


@pytest.fixture
async def venues(config: VenuesFile) -> AsyncIterator[Venues]:
    async with running(config) as venues:
        yield venues


def port_of(venues: Venues) -> int:
    return venues.by_name["LME"].face.port


@pytest.fixture
async def client(venues: Venues) -> AsyncIterator[FixClient]:
    client = await (await FixClient().connect(port_of(venues))).logged_on()
    yield client
    await client.close()


async def report(client: FixClient, order_id: str, exec_type: codes.ExecType) -> messages.ExecutionReport:
    def find(client: FixClient) -> messages.ExecutionReport | None:
        return next((r for r in client.reports(order_id) if r.exec_type is exec_type), None)

    return await client.until(find)


async def test_an_order_is_acknowledged_and_filled(client: FixClient, config: VenuesFile) -> None:
    client.order("1", lots=30, price="9801")
    await client.until(lambda c: any(r.status is codes.OrderStatus.FILLED for r in c.reports("1")))

    new, first, second = client.reports("1")
    assert (new.exec_type, new.status, new.leaves_lots) == (codes.ExecType.NEW, codes.OrderStatus.NEW, 30)
    assert (first.last_lots, first.last_price, first.filled_lots) == (20, Decimal("9800.5"), 20)
    assert (first.status, first.leaves_lots) == (codes.OrderStatus.PARTIALLY_FILLED, 10)
    assert (second.last_lots, second.last_price, second.filled_lots) == (10, Decimal("9801.0"), 30)
    assert second.average_price == Decimal("9800.666667")
    assert len({r.exec_id for r in client.reports("1")}) == 3
    positions = await ask_control(config, op="positions", venue="LME")
    assert positions["result"][0]["net_lots"] == 30


async def test_the_rest_of_an_ioc_order_expires(client: FixClient) -> None:
    client.order("1", lots=30, price="9800.5")
    ended = await report(client, "1", codes.ExecType.EXPIRED)
    assert (ended.status, ended.filled_lots, ended.leaves_lots) == (codes.OrderStatus.EXPIRED, 20, 0)


async def test_a_reject_says_why(client: FixClient) -> None:
    for order_id, change, reason, word in (
        ("1", {"symbol": "NI-3M"}, 1, "UNKNOWN_INSTRUMENT"),
        ("2", {"price": "9800.3"}, 99, "OFF_TICK"),
        ("3", {"price": "20000"}, 99, "PRICE_LIMIT"),
        ("4", {"order_type": codes.OrderType.MARKET, "price": "1"}, 11, "UNSUPPORTED"),
        ("5", {"time_in_force": codes.TimeInForce.GTC}, 11, "UNSUPPORTED"),
    ):
        client.order(order_id, **change)
        refused = await report(client, order_id, codes.ExecType.REJECTED)
        assert refused.reject_reason == reason
        assert (refused.text or "").startswith(word)


async def test_a_duplicate_order_id_is_rejected_and_the_first_order_stays_known(client: FixClient) -> None:
    client.order("1", lots=2)
    await report(client, "1", codes.ExecType.TRADE)
    client.order("1", lots=3)
    assert (await report(client, "1", codes.ExecType.REJECTED)).reject_reason == 6

    client.send(messages.OrderStatusRequest(client_order_id="1", symbol="CA-3M", side=codes.Side.BUY))
    status = await report(client, "1", codes.ExecType.ORDER_STATUS)
    assert (status.status, status.filled_lots) == (codes.OrderStatus.FILLED, 2)


async def test_a_cancel_is_confirmed_under_its_own_id_or_refused(client: FixClient) -> None:
    client.order("1", price="9790", time_in_force=codes.TimeInForce.DAY)
    await report(client, "1", codes.ExecType.NEW)
    client.cancel("1", "C1")
    cancelled = await report(client, "1", codes.ExecType.CANCELED)
    assert (cancelled.client_order_id, cancelled.orig_client_order_id) == ("C1", "1")

    client.cancel("1", "C2")
    raw = await client.until(lambda c: c.of_type(b"9"))
    refused = messages.OrderCancelReject.parse(raw[0])
    assert (refused.orig_client_order_id, refused.reason, refused.response_to) == ("1", 0, 1)


async def test_status_of_an_unknown_order_says_so(client: FixClient) -> None:
    client.send(messages.OrderStatusRequest(client_order_id="ghost", symbol="CA-3M", side=codes.Side.BUY))
    status = await report(client, "ghost", codes.ExecType.ORDER_STATUS)
    assert (status.status, status.reject_reason) == (codes.OrderStatus.REJECTED, 5)


async def test_mass_status_lists_every_order_and_marks_the_last(client: FixClient) -> None:
    client.send(messages.OrderMassStatusRequest(request_id="Q0"))
    nothing = (await client.until(lambda c: c.reports()))[0]
    assert (nothing.mass_status_id, nothing.reports_total, nothing.is_last_report) == ("Q0", 0, True)

    client.order("1")
    client.order("2", price="9790", time_in_force=codes.TimeInForce.DAY)
    await report(client, "2", codes.ExecType.NEW)
    client.send(messages.OrderMassStatusRequest(request_id="Q1"))
    answers = await client.until(lambda c: [r for r in c.reports() if r.mass_status_id == "Q1"][1:] and c.reports())
    listed = [(r.client_order_id, r.status, r.is_last_report) for r in answers if r.mass_status_id == "Q1"]
    assert listed == [
        ("1", codes.OrderStatus.FILLED, False),
        ("2", codes.OrderStatus.NEW, True),
    ]


def entries(message: Message) -> list[tuple[str, str, str]]:
    found: list[dict[int, str]] = []
    for tag, value in message.fields:
        if tag == (279 if message.msg_type == b"X" else 269):
            found.append({})
        if found:
            found[-1].setdefault(tag, value.decode())
    return [(entry.get(279, ""), entry[269], entry[270]) for entry in found]


async def test_a_subscriber_gets_the_book_and_then_only_its_counted_changes(client: FixClient) -> None:
    client.subscribe()
    [book] = await client.until(lambda c: c.of_type(b"W"))
    assert entries(book) == [
        ("", "0", "9800.0"),
        ("", "0", "9799.5"),
        ("", "1", "9800.5"),
        ("", "1", "9801.0"),
    ]

    client.order("1", lots=20)  # takes the whole best offer: the change is published at once
    [gone, back] = await client.until(lambda c: c.of_type(b"X")[1:] and c.of_type(b"X")[:2])
    assert entries(gone) == [("2", "1", "9800.5")]
    assert entries(back) == [("0", "1", "9800.5")]
    assert back.integer(83) == gone.integer(83) + 1 == book.integer(83) + 2


async def test_an_unknown_symbol_is_refused_for_market_data(client: FixClient) -> None:
    client.subscribe("NI-3M")
    [refusal] = await client.until(lambda c: c.of_type(b"Y"))
    assert "does not list NI-3M" in refusal.text(58)


async def test_an_order_without_a_quantity_is_answered_and_the_session_goes_on(client: FixClient) -> None:
    client.send_raw(b"D", [(11, "1"), (55, "CA-3M"), (54, "1"), (60, "20260921-01:00:00")])
    await client.until(lambda c: c.of_type(b"j") or [n for n in c.news if isinstance(n, outputs.RejectReceived)])
    client.order("2")
    assert (await report(client, "2", codes.ExecType.TRADE)).last_lots == 2


async def test_a_stranger_is_shown_the_door_without_a_word(venues: Venues) -> None:
    stranger = await FixClient(comp_id="NOBODY").connect(port_of(venues))
    await stranger.until(lambda c: c.is_closed)
    assert not stranger.got


async def test_reports_missed_while_away_are_sent_again_as_possible_duplicates(venues: Venues) -> None:
    store = MemoryStore()
    first = await (await FixClient(store).connect(port_of(venues))).logged_on()
    first.order("1", price="9790", time_in_force=codes.TimeInForce.DAY)
    await report(first, "1", codes.ExecType.NEW)
    numbers = store.next_in
    await first.close()
    store.next_in = numbers - 1  # as if the acknowledgement had never been read

    again = await (await FixClient(store).connect(port_of(venues))).logged_on()
    found = await report(again, "1", codes.ExecType.NEW)
    assert found.client_order_id == "1"
    assert [is_dup for message, is_dup in again.got if message.msg_type == b"8"] == [True]
    await again.close()


async def test_a_session_goes_on_where_it_was_when_the_venue_restarts(config: VenuesFile) -> None:
    store, sent = MemoryStore(), []
    for run in ("1", "2"):
        async with running(config) as venues:
            client = await (await FixClient(store).connect(port_of(venues))).logged_on()
            client.order(run)
            await report(client, run, codes.ExecType.TRADE)
            sent.append(client.session.next_out)
            await client.close()
    # A venue that had forgotten its numbers would have refused the second Logon.
    assert sent[1] >= sent[0] + 2 >= 5
    assert not [n for n in client.news if isinstance(n, outputs.LoggedOut)]
