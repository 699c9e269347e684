"""The simulated exchange, seen by a trader who sends orders and hears reports."""

from decimal import Decimal

import msgspec
import pytest

from tests.venues.simulated.market import COPPER, MORNING, SECOND, SHANGHAI, Trader, said, tick_of
from trading.core.events import Offset, TimeInForce
from trading.core.units import MILLI
from trading.venues.simulated.exchange import Exchange
from trading.venues.simulated.messages import Disconnected, Heartbeat, Logon, QueryOrder, QueryOrders
from trading.venues.simulated.spec import VenueSpec


def venue(**changes: object) -> Trader:
    trader = Trader(Exchange(msgspec.structs.replace(SHANGHAI, **changes)))
    trader.sees(tick_of())
    return trader


def test_an_ioc_order_takes_the_best_prices_first_and_the_rest_is_dropped(trader: Trader) -> None:
    assert said(trader.sends("1", lots=30, ticks=7949)) == [
        "Accepted", "Filled 10 @ 7948", "Filled 15 @ 7949", "Closed 25 expired",
    ]  # fmt: skip


def test_liquidity_that_was_taken_is_gone_until_the_next_snapshot(trader: Trader) -> None:
    trader.sends("1", lots=10)

    assert said(trader.sends("2", lots=10)) == ["Accepted", "Closed 0 expired"]
    trader.sees(tick_of(at=MORNING + SECOND // 2))
    assert said(trader.sends("3", lots=10)) == ["Accepted", "Filled 10 @ 7948", "Closed 10 filled"]


def test_a_fok_order_fills_whole_or_not_at_all(trader: Trader) -> None:
    assert said(trader.sends("1", lots=26, ticks=7949, time_in_force=TimeInForce.FOK)) == [
        "Accepted", "Closed 0 expired",
    ]  # fmt: skip
    assert said(trader.sends("2", lots=25, ticks=7949, time_in_force=TimeInForce.FOK))[-1] == "Closed 25 filled"


def test_a_day_order_rests_and_is_filled_when_the_book_crosses_it(trader: Trader) -> None:
    assert said(trader.rests("1", lots=5, ticks=7947)) == ["Accepted"]

    crossed = trader.sees(tick_of(bids="7944x5", asks="7945x3 7946x9"))

    assert said(crossed) == ["Filled 3 @ 7947", "Filled 2 @ 7947", "Closed 5 filled", "Depth"]


def test_a_day_order_waits_behind_the_lots_that_were_there_before_it(trader: Trader) -> None:
    trader.sees(tick_of(volume=100, last=7948))
    trader.rests("1", lots=5, ticks=7947)  # twenty lots stand at 7947 already

    assert said(trader.sees(tick_of(volume=120, last=7947))) == ["Depth"]
    assert said(trader.sees(tick_of(volume=123, last=7947)))[0] == "Filled 3 @ 7947"


def test_a_day_order_is_filled_when_trades_go_through_its_price(trader: Trader) -> None:
    trader.sees(tick_of(volume=100, last=7948))
    trader.rests("1", lots=5, ticks=7947)

    assert said(trader.sees(tick_of(volume=104, last=7946)))[0] == "Filled 4 @ 7947"


def test_a_cancel_ends_a_working_order_and_a_second_cancel_is_too_late(trader: Trader) -> None:
    trader.rests("1")

    assert said(trader.cancels("1")) == ["Closed 0 cancelled"]
    assert said(trader.cancels("1")) == ["CancelRejected TOO_LATE"]
    assert said(trader.cancels("never sent")) == ["CancelRejected UNKNOWN_ORDER"]


@pytest.mark.parametrize(
    ("why", "order"),
    [
        ("UNKNOWN_INSTRUMENT", {"symbol": "cu9999"}),
        ("OFF_TICK", {"price": Decimal("79485")}),
        ("QUANTITY", {"lots": 0}),
        ("QUANTITY", {"lots": 501}),
        ("PRICE_LIMIT", {"ticks": 8600}),
        ("PRICE_LIMIT", {"ticks": 7000}),
        ("OFFSET", {"offset": Offset.CLOSE_TODAY}),
        ("STALE_EPOCH", {"epoch": 0}),
    ],
)
def test_the_venue_rejects_what_breaks_its_rules_and_says_which(trader: Trader, why: str, order: dict) -> None:
    trader.sees(tick_of(upper=8503, lower=7391))
    trader.asks(Logon("demo", "A1", epoch=1))

    assert said(trader.sends("1", **order)) == [f"Rejected {why}"]


def test_an_order_id_is_never_used_twice(trader: Trader) -> None:
    trader.sends("1", lots=1)
    trader.sends("2", symbol="cu9999")

    assert said(trader.sends("1", lots=1)) == ["Rejected DUPLICATE"]
    assert said(trader.sends("2", lots=1)) == ["Rejected DUPLICATE"]


def test_the_fifth_message_within_a_second_is_throttled() -> None:
    trader = venue(message_rate_per_s=4)
    for number in range(4):
        assert said(trader.sends(str(number), lots=1))[0] == "Accepted"

    assert said(trader.sends("5", lots=1)) == ["Rejected THROTTLE"]
    trader.waits(1001)
    assert said(trader.sends("6", lots=1))[0] == "Accepted"


def test_an_account_cannot_hold_more_than_its_margin_allows() -> None:
    trader = venue(account_lots_max=6)
    trader.sends("1", lots=5)

    assert said(trader.sends("2", lots=2)) == ["Rejected MARGIN"]
    assert said(trader.sends("3", "sell", 5, 7947, offset=Offset.CLOSE_TODAY))[0] == "Accepted"


def test_today_and_yesterday_are_closed_by_different_offsets(trader: Trader) -> None:
    trader.sends("1", lots=4)
    trader.exchange.roll_trading_day(trader.now)
    trader.sends("2", lots=3)

    assert said(trader.sends("3", "sell", 4, 7947, offset=Offset.CLOSE_TODAY)) == ["Rejected OFFSET"]
    assert said(trader.sends("4", "sell", 3, 7947, offset=Offset.CLOSE_TODAY))[-1] == "Closed 3 filled"
    assert said(trader.sends("5", "sell", 4, 7947, offset=Offset.CLOSE))[-1] == "Closed 4 filled"
    assert trader.net_lots == 0


def test_lots_claimed_by_a_working_closing_order_cannot_be_closed_again(trader: Trader) -> None:
    trader.sends("1", lots=5)
    trader.sends("2", "sell", 4, 7960, offset=Offset.CLOSE_TODAY, time_in_force=TimeInForce.DAY)

    assert said(trader.sends("3", "sell", 2, 7947, offset=Offset.CLOSE_TODAY)) == ["Rejected OFFSET"]


def test_orders_wait_for_the_session_when_the_venue_keeps_hours() -> None:
    trader = venue(enforces_sessions=True)
    assert said(trader.sends("1", lots=1))[0] == "Accepted"

    trader.now = MORNING + 80 * 60 * SECOND  # 10:20, the morning break
    assert trader.exchange.phase(COPPER.symbol, trader.now) == "break"
    assert said(trader.sends("2", lots=1)) == ["Rejected CLOSED"]

    trader.now = MORNING + 15 * 3600 * SECOND + 1800 * SECOND  # 00:30, the night session
    assert trader.exchange.phase(COPPER.symbol, trader.now) == "open"
    trader.now = MORNING + 17 * 3600 * SECOND  # 02:00
    assert trader.exchange.phase(COPPER.symbol, trader.now) == "closed"


def test_the_night_belongs_to_the_next_trading_day_and_friday_night_to_monday(trader: Trader) -> None:
    day = trader.exchange.trading_day
    assert day(MORNING) == "20260921"
    assert day(MORNING + 13 * 3600 * SECOND) == "20260922"
    assert day(MORNING + (4 * 24 + 13) * 3600 * SECOND) == "20260928"


def test_delay_is_spent_half_on_the_way_in_and_half_on_the_way_out() -> None:
    trader = venue(latency_in=10 * MILLI, latency_out=10 * MILLI)

    assert trader.sends("1", lots=10) == []
    trader.sees(tick_of(asks="7948x3"))  # the book it meets is the one that stands when it arrives
    assert said(trader.waits(10)) == ["Accepted", "Filled 3 @ 7948", "Closed 3 expired"]
    assert {at for at, message in trader.sent if type(message).__name__ != "Depth"} == {MORNING + 20 * MILLI}


def test_the_venue_answers_what_it_knows_and_says_when_it_knows_nothing(trader: Trader) -> None:
    trader.rests("1")
    trader.sends("2", lots=3)

    assert said(trader.asks(QueryOrder("demo", "1"))) == ["Status working 0"]
    assert said(trader.asks(QueryOrder("demo", "2"))) == ["Filled 3 @ 7948", "Status closed 3"]
    assert said(trader.asks(QueryOrder("demo", "3"))) == ["Status not_found 0"]
    assert said(trader.asks(QueryOrders("demo", "q"))) == [
        "Status working 0", "Filled 3 @ 7948", "Status closed 3", "StatusEnd",
    ]  # fmt: skip
    assert said(trader.asks(QueryOrders("another desk", "q"))) == ["StatusEnd"]


def test_a_desk_that_falls_silent_for_two_seconds_has_its_orders_cancelled(trader: Trader) -> None:
    trader.rests("1")
    trader.waits(1500)
    trader.asks(Heartbeat("demo"))

    assert trader.waits(1500) == []
    assert trader.exchange.deadline() == trader.now + SECOND // 2
    assert said(trader.waits(500)) == ["Closed 0 venue_cancelled"]


def test_a_disconnect_cancels_only_where_the_venue_does_so() -> None:
    for cancels in (True, False):
        trader = venue(cancels_on_disconnect=cancels, silence_max=None)
        trader.rests("1")
        assert bool(trader.asks(Disconnected("demo"))) is cancels


def test_a_self_trade_carries_one_trade_id_on_both_sides(trader: Trader) -> None:
    trader.rests("1", "sell", 2, 7947 + 1)
    trader.sees(tick_of(asks="7950x40"))
    messages = trader.sends("2", lots=2)

    fills = [message for message in messages if type(message).__name__ == "Filled"]
    assert [fill.client_order_id for fill in fills] == ["2", "1"]
    assert len({fill.fill_id for fill in fills}) == 1
    assert trader.net_lots == 0


def test_the_same_seed_and_the_same_requests_give_the_same_deliveries() -> None:
    def play() -> list:
        trader = venue(latency_jitter=5 * MILLI)
        trader.breaks("reorder", delay_ms=50)
        for number in range(20):
            trader.sends(str(number), lots=number + 1)
            trader.sees(tick_of(at=MORNING + number * SECOND))
        return trader.sent

    assert play() == play()


def test_a_venue_without_sessions_is_open_around_the_clock() -> None:
    always = VenueSpec(name="X", instruments=(COPPER,))
    assert Exchange(always).phase(COPPER.symbol, MORNING + 17 * 3600 * SECOND) == "open"
