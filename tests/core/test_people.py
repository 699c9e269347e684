"""What a person can do to a program: kill it, unwind it, lift a kill; and what a restart does."""

import msgspec
import pytest

from tests.core.rig import SECOND, Rig, entered
from trading.core import events as e
from trading.core.events import Purpose, RejectClass
from trading.core.program import HedgeProgram
from trading.core.units import Side
from trading.simulation.copper import INSTRUMENTS, REPAIR


def kill(level: str) -> e.Kill:
    return e.Kill("K1", "risk1", level, "drill")


def halted() -> Rig:
    """Ten lots are naked and the program gave up."""
    rig, domestic, foreign = entered()
    rig.fill(domestic)
    rig.reject(foreign, RejectClass.MARGIN)
    rig.reject(rig.orders[-1], RejectClass.MARGIN)
    rig.wait(REPAIR.naked_age_max)
    rig.market()
    return rig


@pytest.mark.parametrize("level", ["stop", "cancel", "neutralize"])
def test_no_kill_lets_an_entry_through(level):
    rig = Rig()
    rig.arm()
    rig.tell(kill(level))
    rig.arm()
    rig.market()

    assert (rig.orders, rig.state) == ([], "HALTED")


def test_stop_still_hedges_what_is_under_way():
    rig, domestic, foreign = entered()
    rig.tell(kill("stop"))
    rig.fill(domestic)
    rig.reject(foreign)

    assert rig.orders[-1].purpose is Purpose.TOP_UP


def test_cancel_calls_everything_back_and_repairs_nothing():
    rig, domestic, foreign = entered()
    rig.tell(kill("cancel"))
    rig.fill(domestic)
    rig.close(foreign)

    assert set(rig.cancelled) == {domestic.client_order_id, foreign.client_order_id}
    assert (len(rig.orders), rig.naked) == (2, (-10, 0))


def test_neutralize_calls_entries_back_and_repairs():
    rig, domestic, foreign = entered()
    rig.tell(kill("neutralize"))
    rig.fill(domestic)
    rig.close(foreign)

    assert len(rig.cancelled) == 2
    assert rig.orders[-1].purpose in (Purpose.TOP_UP, Purpose.UNWIND)


def test_neutralize_also_moves_a_halted_program():
    rig = halted()
    before = len(rig.orders)
    rig.tell(kill("neutralize"))

    assert len(rig.orders) == before + 1


def test_a_halted_program_does_nothing_by_itself():
    rig = halted()
    before = len(rig.orders)
    rig.wait(60 * SECOND)
    rig.market()

    assert len(rig.orders) == before


def test_an_unwind_only_reduces():
    rig = halted()
    rig.tell(e.UnwindRequested("U1", "trader1", "flatten"))
    unwind = rig.orders[-1]
    rig.fill(unwind)

    assert (unwind.side, unwind.lots, unwind.purpose) == (Side.BUY, 10, Purpose.UNWIND)
    assert (rig.outcome, rig.state) == ("rolled_back", "HALTED")


def test_lifting_needs_arming_again():
    rig = Rig()
    rig.arm()
    rig.tell(kill("stop"))
    rig.tell(e.KillLifted("K2", "risk1", "risk2", "checked"))
    lifted = rig.state
    rig.arm()

    assert (lifted, rig.state) == ("DISARMED", "ARMED")


def test_disarm_stops_entries_and_not_repairs():
    rig, domestic, foreign = entered()
    rig.tell(e.Disarm("C2", "trader1", "enough"))
    rig.fill(domestic)
    rig.reject(foreign)
    rig.fill(rig.orders[-1])
    rig.wait(5 * SECOND)
    rig.market()

    assert (rig.outcome, len(rig.orders)) == ("topped_up", 3)


def test_replaying_the_facts_gives_the_same_program():
    facts: list[tuple[e.Event, int]] = []
    rig, domestic, foreign = entered()
    live = rig.program.handle

    again = HedgeProgram(rig.program.terms, INSTRUMENTS, frozenset({"SHFE"}))
    for venue in rig.program.state.venues:
        facts.append((e.VenueUp(venue), rig.now))
    facts.append((e.Arm("C1", "trader1", 1, rig.now + SECOND), rig.now))
    facts += [(decision, rig.now) for decision in rig.decisions]

    def recording(event, now):
        facts.append((event, now))
        return live(event, now)

    rig.program.handle = recording
    rig.fill(domestic, 7)
    rig.reject(foreign)
    rig.wait(3 * SECOND)
    for event, at in facts:
        again.handle(msgspec.json.decode(msgspec.json.encode(event), type=type(event)), at)

    assert again.snapshot() == rig.program.snapshot()
    assert len(facts) > 6
