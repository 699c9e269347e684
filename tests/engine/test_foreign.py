"""Trades on our account that no order of ours made: counted, told, and a forced one stops the programs it concerns."""

import pytest

from tests.engine.desk_rig import DeskRig, ready
from trading.core import events as e
from trading.core.terms import HedgeFlag
from trading.core.units import Side
from trading.engine import commands as c
from trading.engine import records as r
from trading.engine.desk import Desk
from trading.simulation.copper import CU


def foreign(fill: str = "T1", lots: int = 3, *, is_forced: bool = False) -> e.ForeignFilled:
    offset = e.Offset.CLOSE if is_forced else e.Offset.OPEN
    return e.ForeignFilled(
        "SHFE", CU.code, Side.BUY, lots, 7949, fill, "20270115", offset, HedgeFlag.SPECULATION, is_forced
    )


def rules(rig: DeskRig) -> list[tuple[str, str]]:
    return [(alert.rule, alert.severity) for alert in rig.events(r.AlertRaised)]


def test_another_terminals_trade_moves_the_position_and_nothing_else() -> None:
    rig = ready()

    rig.tell(foreign())
    rig.market()
    rig.synced()

    assert rig.desk.positions.confirmed[CU.code] == 3
    assert rules(rig) == [("foreign_fill", "P3")]
    assert len(rig.sent) == 2, "the program trades on"


def test_a_foreign_trade_that_is_listed_again_counts_once() -> None:
    rig = ready()
    for _ in range(3):
        rig.tell(foreign())

    assert rig.desk.positions.confirmed[CU.code] == 3
    assert len(rig.events(e.ForeignFilled)) == 1


def test_the_journal_alone_knows_it_after_a_restart() -> None:
    rig = ready()
    rig.tell(foreign())
    again = DeskRig(history=rig.journal.records, epoch=2)

    again.tell(foreign())

    assert again.desk.positions.confirmed[CU.code] == 3
    assert again.events(e.ForeignFilled) == []


def test_a_forced_liquidation_halts_the_programs_of_its_venue_until_two_people_lift_it() -> None:
    rig = ready()

    rig.tell(foreign(is_forced=True))
    rig.market()
    rig.synced()

    assert rig.program.state.halt_reason == "forced_liquidation"
    assert ("forced_liquidation", "P1") in rules(rig) and ("halted", "P1") in rules(rig)
    assert rig.sent == []
    rig.command(c.LiftKill("risk1", "risk2", "broker has explained", "K1"))
    assert rig.program.state.halt_reason == ""


def test_a_forced_liquidation_while_a_leg_is_naked_names_the_residual() -> None:
    rig = ready()
    rig.market()
    rig.synced()
    domestic, _ = rig.sent
    rig.tell(e.OrderFilled(domestic.client_order_id, "F1", 10, domestic.price_ticks, "20270115"))

    rig.tell(foreign(is_forced=True))

    [halted] = [alert for alert in rig.events(r.AlertRaised) if alert.rule == "halted"]
    assert "-10" in halted.values["naked"]
    assert isinstance(rig.desk, Desk)


@pytest.mark.parametrize(("name", "severity"), [("TERMINAL-1", "P3"), ("DEMO1-9-9-00", "P1")])
def test_an_order_of_our_making_that_nobody_decided_is_worse_than_a_strangers(name: str, severity: str) -> None:
    rig = ready()
    rig.tell(e.OrderAccepted(name, "V1"))
    rig.market()
    rig.synced()

    assert rules(rig)[0] == ("foreign_order", severity)
    assert bool(rig.sent) is (severity == "P3")
