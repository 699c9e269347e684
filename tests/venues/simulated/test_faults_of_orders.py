"""Faults of orders and of their reports, seen by a client on the wire."""

import pytest

from tests.venues.simulated.fault_desk import Desk, shows


@shows("reject_next", "throttle_reject")
@pytest.mark.parametrize(
    ("fault", "params", "code"),
    [("reject_next", {"code": "OFFSET", "text": "no"}, "OFFSET"), ("throttle_reject", {}, "THROTTLE")],
)
async def test_the_next_order_is_rejected_and_the_one_after_is_not(
    desk: Desk, fault: str, params: dict, code: str
) -> None:
    await desk.breaks(fault, params=params)
    desk.order("1")
    assert (await desk.until("rejected"))["code"] == code
    desk.order("2")
    assert (await desk.until("closed"))["filled"] == 5


@shows("partial_next", "no_fill")
@pytest.mark.parametrize(("fault", "filled"), [("partial_next", 2), ("no_fill", 0)])
async def test_the_order_fills_in_part_or_not_at_all(desk: Desk, fault: str, filled: int) -> None:
    await desk.breaks(fault)
    desk.order("1", lots=5)
    assert (await desk.until("closed"))["filled"] == filled


@shows("order_lost")
async def test_a_lost_order_leaves_no_trace(desk: Desk) -> None:
    await desk.breaks("order_lost")
    desk.order("1")
    assert await desk.said() == []
    assert await desk.status() == ("not_found", 0)


@shows("zombie")
async def test_a_zombie_is_unknown_until_it_trades(desk: Desk) -> None:
    await desk.breaks("zombie", params={"delay_ms": 300})
    desk.order("1")
    assert await desk.status() == ("not_found", 0)
    assert (await desk.until("fill"))["lots"] == 5


@shows("trade_through")
async def test_a_fill_beyond_the_limit_price(desk: Desk) -> None:
    await desk.breaks("trade_through", params={"ticks": 3})
    desk.order("1", price="79480")
    assert (await desk.until("fill"))["price"] == "79510"


@shows("cancel_reject", "no_cancel_period")
@pytest.mark.parametrize("fault", ["cancel_reject", "no_cancel_period"])
async def test_a_cancel_is_refused_and_the_order_goes_on_working(desk: Desk, fault: str) -> None:
    desk.order("1", price="79470", tif="day")
    await desk.until("accepted")
    await desk.breaks(fault)
    desk.send(op="cancel", epoch=1, id="1")
    await desk.until("cancel_rejected")
    assert await desk.status() == ("working", 0)


@shows("cancel_ignored", "cancel_ack_lost")
@pytest.mark.parametrize(("fault", "state"), [("cancel_ignored", "working"), ("cancel_ack_lost", "closed")])
async def test_a_cancel_without_an_answer_means_either(desk: Desk, fault: str, state: str) -> None:
    desk.order("1", price="79470", tif="day")
    await desk.until("accepted")
    await desk.breaks(fault)
    desk.send(op="cancel", epoch=1, id="1")
    assert await desk.said() == []
    assert await desk.status() == (state, 0)


# --- the reports ---


@shows("ack_lost", "fill_lost", "reports_lost")
@pytest.mark.parametrize(
    ("fault", "heard"),
    [("ack_lost", ["fill", "closed"]), ("fill_lost", ["accepted", "closed"]), ("reports_lost", [])],
)
async def test_a_report_is_lost_and_a_query_still_knows(desk: Desk, fault: str, heard: list[str]) -> None:
    await desk.breaks(fault)
    desk.order("1")
    assert await desk.said() == heard
    assert await desk.status() == ("closed", 5)
    assert await desk.net_lots() == 5


@shows("reject_lost")
async def test_a_lost_reject_looks_like_an_order_that_never_came(desk: Desk) -> None:
    await desk.breaks("reject_next")
    await desk.breaks("reject_lost")
    desk.order("1")
    assert await desk.said() == []
    assert await desk.status() == ("not_found", 0)


@shows("fill_before_ack", "status_before_fills")
@pytest.mark.parametrize(
    ("fault", "order_of_reports"),
    [
        ("fill_before_ack", ["fill", "closed", "accepted"]),
        ("status_before_fills", ["accepted", "closed", "fill"]),
    ],
)
async def test_reports_come_in_another_order(desk: Desk, fault: str, order_of_reports: list[str]) -> None:
    await desk.breaks(fault)
    desk.order("1")
    assert await desk.said() == order_of_reports


@shows("duplicate_fill")
async def test_a_fill_is_sent_three_times_and_counts_once_at_the_venue(desk: Desk) -> None:
    await desk.breaks("duplicate_fill", params={"times": 2})
    desk.order("1")
    assert await desk.said() == ["accepted", "fill", "fill", "fill", "closed"]
    assert len({line["fill_id"] for line in desk.lines if line["op"] == "fill"}) == 1
    assert await desk.net_lots() == 5


@shows("late_fill_after_cancel")
async def test_a_fill_comes_after_the_cancel(desk: Desk) -> None:
    desk.order("1", price="79470", tif="day")
    await desk.until("accepted")
    await desk.breaks("late_fill_after_cancel", params={"lots": 2, "delay_ms": 100})
    desk.send(op="cancel", epoch=1, id="1")
    assert (await desk.until("closed"))["filled"] == 0
    assert (await desk.until("fill"))["lots"] == 2
    assert await desk.status() == ("closed", 2)


@shows("reorder")
async def test_reports_overtake_each_other(desk: Desk) -> None:
    await desk.breaks("reorder", params={"delay_ms": 300})
    for number in range(4):
        desk.order(str(number), lots=1)
    heard = await desk.said(0.8)
    assert sorted(heard) == ["accepted"] * 4 + ["closed"] * 4 + ["fill"] * 4
    assert heard != ["accepted", "fill", "closed"] * 4


@shows("latency_ms")
async def test_everything_takes_longer_each_way(desk: Desk) -> None:
    await desk.breaks("latency_ms", params={"ms": 150})
    desk.order("1")
    assert await desk.said(0.2) == []
    assert (await desk.until("fill"))["lots"] == 5
