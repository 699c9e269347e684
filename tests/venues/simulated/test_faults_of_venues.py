"""States and acts of a failing venue, seen by a client on the wire."""

from pathlib import Path

from tests.venues.simulated.fault_desk import Desk, shows


@shows("halt")
async def test_a_halt_shows_in_the_book_and_rejects_orders(desk: Desk) -> None:
    desk.send(op="subscribe", symbols=["cu2701"])
    await desk.breaks("halt")
    assert (await desk.until("depth", phase="break"))["bids"]
    desk.order("1")
    assert (await desk.until("rejected"))["code"] == "HALTED"


@shows("session_break")
async def test_a_break_between_the_legs(desk: Desk) -> None:
    await desk.breaks("session_break", params={"seconds": 1})
    desk.order("1")
    assert (await desk.until("rejected"))["code"] == "CLOSED"
    await desk.silence(1.0)
    desk.order("2")
    assert (await desk.until("closed"))["filled"] == 5


@shows("limit_lock")
async def test_limit_up_leaves_nobody_to_buy_from(desk: Desk) -> None:
    desk.send(op="subscribe", symbols=["cu2701"])
    await desk.breaks("limit_lock", params={"side": "buy"})
    assert (await desk.until("depth", asks=[]))["bids"] == [["85030", 5000]]
    desk.order("1", price="85030")
    assert (await desk.until("closed"))["filled"] == 0


@shows("clock_offset")
async def test_the_venues_clock_is_two_seconds_ahead(desk: Desk) -> None:
    desk.send(op="subscribe", symbols=["cu2701"])
    before = (await desk.depth())["exchange_ns"]
    await desk.breaks("clock_offset", params={"ms": 2000})
    assert (await desk.depth())["exchange_ns"] - before > 2_000_000_000


@shows("static_data_change")
async def test_another_multiplier_is_announced_at_logon(desk: Desk, tmp_path: Path) -> None:
    await desk.breaks("static_data_change", params={"field": "multiplier", "value": "10"})
    desk.send(op="logon", desk="demo", epoch=1, account="A1")
    assert (await desk.until("logon_ok"))["instruments"][0]["multiplier"] == "10"


@shows("roll_trading_day")
async def test_fill_ids_start_again_on_the_next_trading_day(desk: Desk) -> None:
    desk.order("1")
    first = await desk.until("fill")
    await desk.breaks("roll_trading_day")
    desk.order("2")
    second = await desk.until("fill")
    assert first["fill_id"] == second["fill_id"]
    assert first["trading_day"] < second["trading_day"]


@shows("unsolicited_cancel")
async def test_the_venue_cancels_unasked(desk: Desk) -> None:
    desk.order("1", price="79470", tif="day")
    await desk.until("accepted")
    await desk.breaks("unsolicited_cancel")
    assert (await desk.until("closed"))["reason"] == "venue_cancelled"


@shows("forced_liquidation", "foreign_order")
async def test_somebody_else_trades_in_our_account(desk: Desk) -> None:
    await desk.breaks("foreign_order", params={"lots": 4})
    assert (await desk.until("fill"))["id"].startswith("TERMINAL-")
    assert await desk.net_lots() == 4
    await desk.breaks("forced_liquidation", params={"lots": 3})
    assert (await desk.until("fill"))["id"].startswith("BROKER-")
    assert await desk.net_lots() == 1


@shows("trade_bust")
async def test_the_venue_takes_a_fill_back(desk: Desk) -> None:
    desk.order("1")
    fill = await desk.until("fill")
    await desk.breaks("trade_bust")
    assert (await desk.until("bust"))["fill_id"] == fill["fill_id"]
    assert await desk.net_lots() == 0


@shows("trade_correct")
async def test_the_venue_corrects_a_fill_and_says_so_again_when_asked(desk: Desk) -> None:
    desk.order("1")
    fill = await desk.until("fill")
    await desk.breaks("trade_correct", params={"lots": 3, "ticks": 2})
    correction = await desk.until("correct")
    assert (correction["fill_id"], correction["lots"]) == (fill["fill_id"], 3)
    assert float(correction["price"]) == float(fill["price"]) + 20
    assert await desk.net_lots() == 3
    assert (await desk.status("1"))[1] == 3
    assert desk.ops().count("fill") == 2
