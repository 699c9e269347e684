"""Books that are late, false or missing, seen by a client on the wire."""

import itertools

import pytest

from tests.venues.simulated.fault_desk import Desk, shows
from trading.venues.simulated.face import LARGEST_DOUBLE


@shows("md_freeze")
async def test_a_frozen_feed_says_nothing_while_orders_still_trade(desk: Desk) -> None:
    desk.send(op="subscribe", symbols=["cu2701"])
    await desk.breaks("md_freeze")
    await desk.silence(0.1)
    assert await desk.silence(0.3) == []
    desk.order("1")
    assert (await desk.until("closed"))["filled"] == 5


@shows("md_delay", "md_yesterday")
@pytest.mark.parametrize(("fault", "params", "age_s"), [("md_delay", {"ms": 700}, 0.7), ("md_yesterday", {}, 86_400)])
async def test_books_are_older_than_they_should_be(desk: Desk, fault: str, params: dict, age_s: float) -> None:
    desk.send(op="subscribe", symbols=["cu2701"])
    await desk.depth()
    await desk.breaks(fault, params=params)
    await desk.silence(0.1)
    stamp = (await desk.until("depth"))["exchange_ns"]
    desk.send(op="heartbeat")
    assert (await desk.until("heartbeat"))["time_ns"] - stamp > age_s * 1e9


@shows("md_zero_price", "md_no_value", "md_cross", "md_empty_side", "md_spike")
@pytest.mark.parametrize(
    ("fault", "params", "bid", "ask"),
    [
        ("md_zero_price", {}, "0", "0"),
        ("md_no_value", {}, LARGEST_DOUBLE, LARGEST_DOUBLE),
        ("md_cross", {}, "79480", "79470"),
        ("md_empty_side", {"side": "sell"}, "79470", None),
        ("md_spike", {"ticks": 200}, "81470", "81480"),
    ],
)
async def test_a_book_that_no_market_could_have(
    desk: Desk, fault: str, params: dict, bid: str, ask: str | None
) -> None:
    desk.send(op="subscribe", symbols=["cu2701"])
    await desk.until("depth")
    await desk.breaks(fault, params=params, count=1)
    wanted = None
    for _ in range(20):
        depth = await desk.until("depth")
        if (depth["bids"][0][0], depth["asks"][0][0] if depth["asks"] else None) == (bid, ask):
            wanted = depth
            break
    assert wanted is not None
    assert (await desk.until("depth"))["bids"][0][0] == "79470"


@shows("md_burst")
async def test_twenty_times_as_many_books(desk: Desk) -> None:
    desk.send(op="subscribe", symbols=["cu2701"])
    await desk.breaks("md_burst", params={"times": 20}, count=1)
    books = [line for line in await desk.silence(0.3) if line["op"] == "depth"]
    assert len(books) > 20
    assert len({book["exchange_ns"] for book in books}) < len(books) - 18


@shows("md_gap")
async def test_one_publication_is_missing(desk: Desk) -> None:
    desk.send(op="subscribe", symbols=["cu2701"])
    await desk.until("depth")
    await desk.breaks("md_gap")
    await desk.silence(0.4)
    numbers = [line["seq"] for line in desk.lines if line["op"] == "depth"]
    steps = {after - before for before, after in itertools.pairwise(numbers)}
    assert steps == {1, 2}
