"""Positions over real sockets, local protocol and FIX: a restart, the next day, a trade that was not ours."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.desk_config import CA, CU
from tests.engine.rig import Rig, until
from trading.core.events import ExecutionEnded, ForeignFilled, PositionsReported, TradingDayChanged
from trading.core.units import Side
from trading.engine.records import AlertRaised

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    built = Rig(tmp_path)
    built.start_venues()
    built.start_engine()
    assert built.arm()["ok"]
    until(lambda: built.facts(ExecutionEnded), "the execution to end")
    yield built
    built.close()


def breaks(rig: Rig) -> list[AlertRaised]:
    return [alert for alert in rig.facts(AlertRaised) if alert.rule == "position_break"]


def days(rig: Rig, venue: str) -> list[str]:
    return [event.trading_day for event in rig.facts(TradingDayChanged) if event.venue == venue]


def held(rig: Rig, venue: str) -> list[tuple[str, Side, int, int]]:
    """Return the lines of the venue's last report on record."""
    last = [event for event in rig.facts(PositionsReported) if event.venue == venue][-1]
    return [(line.instrument, line.side, line.today_lots, line.yesterday_lots) for line in last.positions]


def test_both_venues_are_compared_before_the_desk_is_reconciled_and_again_after_a_restart(rig: Rig) -> None:
    assert {event.venue for event in rig.facts(PositionsReported)} == {"SHFE", "LME"}

    rig.kill_engine()
    rig.start_engine()

    until(lambda: held(rig, "SHFE") == [(CU.code, Side.SELL, 5, 0)], "the figures of Shanghai")
    until(lambda: held(rig, "LME") == [(CA.code, Side.BUY, 1, 0)], "the figures of London")
    assert breaks(rig) == []


def test_the_next_day_todays_lots_are_yesterdays_on_both_sides_and_nothing_breaks(rig: Rig) -> None:
    before = len(days(rig, "SHFE"))
    for venue in ("SHFE", "LME"):
        rig.ask_venues(op="roll_day", venue=venue)
    until(lambda: len(days(rig, "SHFE")) > before, "the new day in Shanghai")
    rig.kill_engine()
    rig.start_engine()

    until(lambda: held(rig, "SHFE") == [(CU.code, Side.SELL, 0, 5)], "the figures of Shanghai")
    assert breaks(rig) == []
    assert len(set(days(rig, "SHFE"))) == len(days(rig, "SHFE")), "once per day"


def test_a_trade_of_another_terminal_is_in_our_books_and_breaks_nothing(rig: Rig) -> None:
    rig.fault("SHFE", "foreign_order", lots=3)
    [trade] = until(lambda: rig.facts(ForeignFilled), "the trade that was not ours")
    before = len(days(rig, "SHFE"))
    rig.ask_venues(op="roll_day", venue="SHFE")  # a new day makes the desk look
    until(lambda: len(days(rig, "SHFE")) > before, "the new day")

    assert (trade.instrument, trade.lots) == (CU.code, 3)
    assert breaks(rig) == []
