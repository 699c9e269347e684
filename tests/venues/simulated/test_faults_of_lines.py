"""Faults of the connection, over the local protocol and over FIX."""

import pytest

from tests.venues.simulated.fault_desk import Desk, break_london, shows
from tests.venues.simulated.wire import FixClient, LocalClient, ask_control
from trading.venues.fix import codes, outputs


@shows("drop_connection", "kick")
@pytest.mark.parametrize("fault", ["drop_connection", "kick"])
async def test_the_connection_is_closed(desk: Desk, fault: str) -> None:
    await desk.breaks(fault)
    assert await desk.is_closed()


@shows("drop_before_order", "drop_after_order")
@pytest.mark.parametrize(("fault", "state"), [("drop_before_order", "not_found"), ("drop_after_order", "closed")])
async def test_the_connection_breaks_while_an_order_is_on_its_way(desk: Desk, fault: str, state: str) -> None:
    port = (await ask_control(desk.config, op="state"))["result"]["SHFE"]["port"]
    await desk.breaks(fault)
    desk.order("1")
    assert await desk.is_closed()
    again = await Desk.connect(port)
    again.config = desk.config
    assert (await again.status())[0] == state


@shows("half_open", "one_way")
@pytest.mark.parametrize(("fault", "arrives"), [("half_open", False), ("one_way", True)])
async def test_a_silent_line_may_or_may_not_carry_orders(desk: Desk, fault: str, arrives: bool) -> None:
    await desk.breaks(fault)
    desk.order("1")
    assert await desk.silence(0.3) == []
    orders = (await ask_control(desk.config, op="orders", venue="SHFE"))["result"]
    assert [order["id"] for order in orders] == (["1"] if arrives else [])


@shows("poss_dup", "replay_day")
@pytest.mark.parametrize(("fault", "params"), [("poss_dup", {"messages": 3}), ("replay_day", {})])
async def test_what_was_said_is_said_again(desk: Desk, fault: str, params: dict) -> None:
    desk.order("1")
    await desk.until("closed")
    first = [line for line in desk.raw if b'"id":"1"' in line]
    await desk.breaks(fault, params=params)
    await desk.silence(0.2)
    assert [line for line in desk.raw if b'"id":"1"' in line] == first + first


@shows("refuse_logon")
async def test_the_password_has_expired(desk: Desk) -> None:
    port = (await ask_control(desk.config, op="state"))["result"]["SHFE"]["port"]
    await desk.breaks("refuse_logon")
    with pytest.raises(AssertionError, match="closed before it said logon_ok"):
        await LocalClient.connect(port)


@shows("malformed")
async def test_a_malformed_line_comes_and_the_next_is_good(desk: Desk) -> None:
    await desk.breaks("malformed")
    await desk.until("unreadable")
    desk.order("1")
    assert (await desk.until("closed"))["filled"] == 5


# --- the line, over FIX ---


async def test_fix_possible_duplicates_keep_their_exec_id(broker_client: FixClient) -> None:
    broker_client.order("1")
    await broker_client.until(lambda c: len(c.reports("1")) == 2)
    await break_london(broker_client, "poss_dup", messages=2)
    # The session itself drops a possible duplicate of a number it has had: nothing may be delivered twice.
    await break_london(broker_client, "replay_day")
    await broker_client.until(lambda c: len(c.reports("1")) == 4)
    ids = [r.exec_id for r in broker_client.reports("1") if r.exec_type is codes.ExecType.TRADE]
    assert len(ids) == 2
    assert len(set(ids)) == 1


@shows("seq_gap")
async def test_skipped_fix_numbers_are_asked_for_and_filled(broker_client: FixClient) -> None:
    await break_london(broker_client, "seq_gap", numbers=3)
    broker_client.order("1")
    await broker_client.until(lambda c: [n for n in c.news if isinstance(n, outputs.GapDetected)])
    await broker_client.until(lambda c: [n for n in c.news if isinstance(n, outputs.GapClosed)])
    await broker_client.until(lambda c: len(c.reports("1")) == 2)


async def test_garbled_fix_bytes_use_up_no_number(broker_client: FixClient) -> None:
    await break_london(broker_client, "malformed")
    await broker_client.until(lambda c: [n for n in c.news if isinstance(n, outputs.Garbled)])
    broker_client.order("1")
    await broker_client.until(lambda c: len(c.reports("1")) == 2)


async def test_fix_fills_after_the_end_was_told(broker_client: FixClient) -> None:
    await break_london(broker_client, "status_before_fills", delay_ms=100)
    broker_client.order("1")
    await broker_client.until(lambda c: len(c.reports("1")) == 3)
    kinds = [(r.exec_type, r.status) for r in broker_client.reports("1")]
    assert kinds[1:] == [
        (codes.ExecType.ORDER_STATUS, codes.OrderStatus.FILLED),
        (codes.ExecType.TRADE, codes.OrderStatus.FILLED),
    ]


async def test_a_fix_logon_is_refused_with_a_reason(broker_client: FixClient) -> None:
    await break_london(broker_client, "refuse_logon", text="password expired")
    await break_london(broker_client, "drop_connection")
    await broker_client.until(lambda c: c.is_closed)
    again = await FixClient(broker_client.session._store).connect(broker_client.port)
    await again.until(lambda c: c.is_closed)
    assert not again.reports()


async def test_a_lost_publication_is_a_hole_in_rptseq(broker_client: FixClient) -> None:
    broker_client.subscribe()
    [book] = await broker_client.until(lambda c: c.of_type(b"W"))
    await break_london(broker_client, "md_gap")
    while "md_gap" not in (await ask_control(broker_client.config, op="faults"))["result"]["occurred"]["LME"]:
        await broker_client.until(lambda c: c.session.is_logged_on)
    broker_client.order("1", lots=20)
    changes = await broker_client.until(lambda c: c.of_type(b"X"))
    assert changes[0].integer(83) > book.integer(83) + 1


async def test_a_halt_is_told_by_security_status(broker_client: FixClient) -> None:
    broker_client.subscribe()
    await broker_client.until(lambda c: c.of_type(b"W"))
    await break_london(broker_client, "halt")
    [status] = await broker_client.until(lambda c: c.of_type(b"f"))
    assert status.integer(326) == 2
