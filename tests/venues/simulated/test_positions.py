"""Offsets, hedge flags and prompt dates as a venue keeps them: what it rejects and what it tells."""

import msgspec
import pytest

from tests.venues.simulated.market import COPPER, SHANGHAI, Trader, tick_of
from trading.core.events import Offset, TimeInForce
from trading.core.terms import HedgeFlag
from trading.core.units import Side
from trading.venues.simulated import messages as say
from trading.venues.simulated.exchange import Exchange

SPECULATION, HEDGE = HedgeFlag.SPECULATION, HedgeFlag.HEDGE


def venue(**changes) -> Trader:
    """A desk that has logged on to a venue with these rules, in front of a deep book."""
    trader = Trader(Exchange(msgspec.structs.replace(SHANGHAI, **changes)))
    trader.asks(say.Logon("demo", "A1", 1))
    trader.sees(tick_of(bids="7947x100", asks="7948x100"))
    return trader


def rolling():
    return msgspec.structs.replace(COPPER, prompt="3M")


def rejects(trader) -> list[str]:
    return [message.text for _, message in trader.sent if isinstance(message, say.Rejected)]


def told(trader) -> list[tuple[Side, int, int, int, HedgeFlag, str]]:
    """Return the lines of the venue's answer to a question about positions."""
    trader.sent.clear()
    trader.asks(say.QueryPositions("demo", "q1"))
    [answer] = [message for _, message in trader.sent if isinstance(message, say.PositionList)]
    return [
        (line.side, line.today_lots, line.yesterday_lots, line.frozen_lots, line.hedge_flag, line.prompt)
        for line in answer.lines
    ]


@pytest.fixture
def holding():
    """Three lots of yesterday and four of today, long."""
    trader = venue()
    trader.sends("1", lots=3)
    trader.exchange.roll_trading_day(trader.now)
    trader.sends("2", lots=4)
    return trader


def test_seven_lots_close_by_two_orders_and_by_no_single_one(holding):
    for number, offset in enumerate((Offset.CLOSE, Offset.CLOSE_TODAY, Offset.CLOSE_YESTERDAY)):
        holding.sends(f"R{number}", "sell", 7, 7947, offset=offset)
    refused = rejects(holding)
    holding.sends("4", "sell", 4, 7947, offset=Offset.CLOSE_TODAY)
    holding.sends("5", "sell", 3, 7947, offset=Offset.CLOSE_YESTERDAY)

    assert [text.split(":")[0] for text in refused] == ["CTP 30", "CTP 50", "CTP 51"]
    assert told(holding) == []


def test_the_answer_tells_days_apart_and_what_is_frozen(holding):
    holding.sends("3", "sell", 2, 7990, time_in_force=TimeInForce.DAY, offset=Offset.CLOSE_TODAY)

    assert told(holding) == [(Side.BUY, 4, 3, 2, SPECULATION, "")]


def test_a_position_is_closed_under_the_flag_it_was_opened_with(holding):
    holding.sends("3", lots=2, hedge_flag=HEDGE)
    holding.sends("4", "sell", 5, 7947, offset=Offset.CLOSE_TODAY)

    assert "hedge" not in rejects(holding)[0]
    assert (Side.BUY, 2, 0, 0, HEDGE, "") in told(holding)


def test_three_months_of_two_days_are_two_positions():
    trader = venue(instruments=(rolling(),), tracks_offsets=False)
    trader.sends("1", lots=4)
    trader.exchange.roll_trading_day(trader.now)
    trader.sends("2", "sell", 4, 7947)
    prompts = [(side, today + yesterday, prompt) for side, today, yesterday, _, _, prompt in told(trader)]

    assert [(side, lots) for side, lots, _ in prompts] == [(Side.BUY, 4), (Side.SELL, 4)]
    assert prompts[0][2] < prompts[1][2]


def test_what_names_its_prompt_nets_in_it_on_any_day():
    trader = venue(instruments=(rolling(),), tracks_offsets=False)
    trader.sends("1", lots=4)
    [(_, _, _, _, _, prompt)] = told(trader)
    trader.exchange.roll_trading_day(trader.now)
    trader.sends("2", "sell", 4, 7947, prompt=prompt)

    assert told(trader) == []
