"""A venue that is stopped, or dies, comes back knowing what it did."""

from pathlib import Path

import msgspec
import pytest

from tests.venues.simulated.market import COPPER, SHANGHAI, Trader, said, tick_of
from tests.venues.simulated.wire import LocalClient, ask_control, config_in, running
from trading.core.events import Offset
from trading.venues.simulated.actions import perform
from trading.venues.simulated.exchange import Exchange
from trading.venues.simulated.messages import QueryOrder
from trading.venues.simulated.record import Entry, RecordDamaged, RecordFile


def test_what_was_recorded_gives_the_same_register_again() -> None:
    entries: list[Entry] = []
    trader = Trader(Exchange(SHANGHAI))
    trader.exchange.register.on_entry = entries.append
    trader.sees(tick_of())
    trader.sends("1", lots=7)
    trader.sends("2", "sell", 3, 7947, offset=Offset.CLOSE_TODAY)
    trader.sends("3", symbol="cu9999")
    trader.rests("4")
    trader.exchange.roll_trading_day(trader.now)
    trader.rests("5")
    switch = trader.exchange.faults.switch_on("trade_bust", now=trader.now)
    perform(trader.exchange, switch, trader.now)

    again = Exchange(SHANGHAI).register
    again.restore(entries)

    register = trader.exchange.register
    assert again.positions == register.positions
    assert again.fills == register.fills
    assert {key: order.reported_lots for key, order in again.orders.items()} == {
        key: order.reported_lots for key, order in register.orders.items()
    }
    assert all(again.is_used("demo", order_id) for order_id in "12345")
    assert again.working() == []
    assert again.orders["demo", "5"].reason == "venue_cancelled"


def test_a_restarted_venue_refuses_old_ids_and_answers_about_old_orders() -> None:
    entries: list[Entry] = []
    before = Trader(Exchange(SHANGHAI))
    before.exchange.register.on_entry = entries.append
    before.sees(tick_of())
    before.sends("1", lots=4)

    after = Trader(Exchange(msgspec.structs.replace(SHANGHAI, run=2)))
    after.exchange.register.restore(entries)
    after.sees(tick_of())

    assert said(after.asks(QueryOrder("demo", "1"))) == ["Filled 4 @ 7948", "Status closed 4"]
    assert said(after.sends("1", lots=4)) == ["Rejected DUPLICATE"]
    after.sends("2", lots=4)
    assert len({fill.fill_id for fill in after.exchange.register.fills}) == 2
    assert after.net_lots == 8


async def test_positions_outlive_the_process(tmp_path: Path) -> None:
    config = config_in(tmp_path)
    for run, held in (("1", 5), ("2", 10)):
        async with running(config) as venues:
            client = await LocalClient.connect(venues.by_name["SHFE"].face.port)
            client.order(run)
            await client.until("closed")
            positions = await ask_control(config, op="positions", venue="SHFE")
            assert positions["result"][0]["net_lots"] == held
            orders = await ask_control(config, op="orders", venue="SHFE")
            assert len(orders["result"]) == int(run)


def test_a_torn_end_is_cut_and_damage_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "record.jsonl"
    file = RecordFile(path)
    trader = Trader(Exchange(SHANGHAI))
    trader.exchange.register.on_entry = file.note
    trader.sees(tick_of())
    trader.sends("1", lots=4)
    file.close()
    whole = path.read_bytes()

    path.write_bytes(whole + b'{"type":"Exec')
    assert len(list(RecordFile(path).entries())) == len(whole.splitlines())
    assert path.read_bytes() == whole

    path.write_bytes(b"garbage\n" + whole)
    with pytest.raises(RecordDamaged, match=r"record.jsonl, line 1: .*move the file away"):
        list(RecordFile(path).entries())


def test_symbol_and_day_are_kept() -> None:
    entries: list[Entry] = []
    trader = Trader(Exchange(SHANGHAI))
    trader.exchange.register.on_entry = entries.append
    trader.sees(tick_of())
    trader.sends("1", lots=1)
    again = Exchange(SHANGHAI).register
    again.restore(entries)
    assert again.day == "20260921"
    assert again.fills[0].symbol == COPPER.symbol
