"""Every fault switch, and what a client sees of it on the wire."""

import itertools
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tests.venues.simulated.wire import FixClient, LocalClient, ask_control, config_in, running
from trading.core.units import Side
from trading.venues.fix import codes, outputs
from trading.venues.simulated.face import LARGEST_DOUBLE
from trading.venues.simulated.fault_catalogue import CATALOGUE
from trading.venues.simulated.faults import Faults, UnknownFault

Test = TypeVar("Test", bound=Callable[..., Any])
SHOWN: set[str] = set()
REPORTS = {"accepted", "rejected", "fill", "closed", "cancel_rejected", "bust"}


def shows(*names: str) -> Callable[[Test], Test]:
    """Mark a test as the one that shows these faults on the wire."""
    SHOWN.update(names)
    return lambda test: test


class Desk(LocalClient):
    """A raw client with the control socket beside it."""

    config: Any

    async def breaks(self, name: str, **request: Any) -> dict[str, Any]:
        params = request.pop("params", {})
        answer = await ask_control(self.config, op="fault", venue="SHFE", name=name, params=params, **request)
        assert answer["ok"], answer
        return answer["result"]

    async def said(self, for_s: float = 0.25) -> list[str]:
        """Return the kinds of report that come within a short while."""
        return [line["op"] for line in await self.silence(for_s) if line["op"] in REPORTS]

    async def status(self, order_id: str = "1") -> tuple[str, int]:
        self.send(op="query", epoch=1, id=order_id, ref="q")
        found = await self.until("status", id=order_id)
        return found["state"], found.get("filled", 0)

    async def depth(self) -> dict[str, Any]:
        """Return the next book after what is already on its way."""
        await self.silence(0.02)
        return await self.until("depth")

    async def net_lots(self) -> int:
        answer = await ask_control(self.config, op="positions", venue="SHFE", account="A1")
        return sum(row["net_lots"] for row in answer["result"])

    def ops(self) -> list[str]:
        return [line["op"] for line in self.lines if line["op"] in REPORTS]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    config = config_in(tmp_path)
    async with running(config) as venues:
        desk = await Desk.connect(venues.by_name["SHFE"].face.port)
        desk.config = config
        yield desk
        desk.close()


@pytest.fixture
async def broker_client(tmp_path: Path) -> AsyncIterator[FixClient]:
    config = config_in(tmp_path)
    async with running(config) as venues:
        client = await (await FixClient().connect(venues.by_name["LME"].face.port)).logged_on()
        client.config = config
        client.port = venues.by_name["LME"].face.port
        yield client
        await client.close()


async def break_london(client: FixClient, name: str, **params: Any) -> None:
    answer = await ask_control(client.config, op="fault", venue="LME", name=name, params=params)
    assert answer["ok"], answer


# --- the order ---


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


# --- the venue ---


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


# --- the line ---


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


# --- market data ---


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


# --- the switchboard ---


def test_every_switch_is_shown_on_the_wire_and_described() -> None:
    assert set(CATALOGUE) == SHOWN


def test_the_readme_lists_every_switch_with_its_catalogue_ids() -> None:
    readme = Path(__file__).parents[3] / "trading/venues/simulated/README.md"
    rows = re.findall(r"^\| `(\w+)` \| (F-[^|]+) \|", readme.read_text(), re.MULTILINE)
    assert {name: ids.strip() for name, ids in rows} == {name: kind.catalogue_ids for name, kind in CATALOGUE.items()}


def test_a_fault_can_be_counted_filtered_and_a_matter_of_chance() -> None:
    faults = Faults(seed=1)
    faults.switch_on("ack_lost", count=2, symbol="cu2701", side="buy", now=0)
    assert faults.take("ack_lost", 0, "au2701", Side.BUY) is None
    assert faults.take("ack_lost", 0, "cu2701", Side.SELL) is None
    assert faults.take("ack_lost", 0, "cu2701", Side.BUY) is not None
    assert faults.take("ack_lost", 0, "cu2701", Side.BUY) is not None
    assert faults.take("ack_lost", 0, "cu2701", Side.BUY) is None

    faults.switch_on("fill_lost", count=0, probability=0.25, now=0)
    hits = sum(faults.take("fill_lost", 0) is not None for _ in range(1000))
    assert 180 < hits < 320
    assert faults.clear() == 1


def test_a_fault_ends_by_itself_after_its_seconds() -> None:
    faults = Faults()
    faults.switch_on("halt", {"seconds": 2}, now=0)
    assert faults.is_on("halt", 1_999_999_999)
    assert not faults.is_on("halt", 2_000_000_000)


@pytest.mark.parametrize("name", ["nope", ""])
def test_an_unknown_fault_is_refused_with_the_names_there_are(name: str) -> None:
    with pytest.raises(UnknownFault, match="zombie"):
        Faults().switch_on(name, now=0)


def test_an_unknown_parameter_is_refused_with_those_there_are() -> None:
    with pytest.raises(UnknownFault, match="delay_ms"):
        Faults().switch_on("zombie", {"delay": 3}, now=0)
