"""What a person can do to a program: kill, unwind, flatten, accept what is left, lift a kill; what a restart does."""

import msgspec
import pytest

from tests.core.rig import SECOND, Rig, entered
from trading.core import events as e
from trading.core.events import Purpose, RejectClass
from trading.core.flatten import FLATTEN_FAILURES_MAX
from trading.core.people import FLATTEN_WITHIN
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


# --- disarm and unwind ---------------------------------------------------------------------------------------------


def test_disarm_and_unwind_trades_the_naked_leg_away_and_completes_nothing():
    rig, domestic, foreign = entered()
    rig.tell(e.Disarm("C2", "trader1", "enough", "unwind"))
    rig.fill(domestic)
    rig.reject(foreign)
    unwind = rig.orders[-1]
    rig.fill(unwind)

    assert (unwind.side, unwind.lots, unwind.purpose) == (Side.BUY, 10, Purpose.UNWIND)
    assert (rig.outcome, rig.state) == ("rolled_back", "DISARMED")


# --- flatten -------------------------------------------------------------------------------------------------------


def hedged() -> Rig:
    """Two units are held: ten lots sold in Shanghai against two bought in London."""
    rig, domestic, foreign = entered()
    rig.fill(domestic)
    rig.fill(foreign)
    assert rig.outcome == "hedged"
    return rig


def flatten(rig: Rig, units: int) -> list[e.OrderIntent]:
    """Ask to trade units back and return the orders that follow at once."""
    before = len(rig.orders)
    rig.tell(e.FlattenRequested("F1", "trader1", units, "end of the month"))
    return rig.orders[before:]


def test_a_flatten_closes_both_legs_together_and_disarms():
    rig = hedged()
    domestic, foreign = flatten(rig, 2)
    rig.fill(domestic)
    rig.fill(foreign)

    assert [(order.side, order.lots) for order in (domestic, foreign)] == [(Side.BUY, 10), (Side.SELL, 2)]
    assert [order.offset.value for order in (domestic, foreign)] == ["close_today", "close"]
    assert {order.purpose for order in (domestic, foreign)} == {Purpose.FLATTEN}
    assert (rig.outcome, rig.state, rig.program.flattens.held()) == ("flattened", "DISARMED", 0)
    assert rig.program.state.flatten is None


def test_a_flatten_never_trades_more_than_is_held():
    rig = hedged()
    orders = flatten(rig, 50)
    for order in orders:
        rig.fill(order)
    rig.market()
    rig.wait(5 * SECOND)

    assert [order.lots for order in orders] == [10, 2]
    assert (len(rig.orders), rig.program.state.flatten) == (4, None)


def test_nothing_held_is_nothing_to_flatten():
    rig = Rig()
    rig.market()

    assert flatten(rig, 1) == []
    assert rig.program.state.flatten is None


def test_a_clip_of_a_flatten_that_lost_a_leg_is_completed_and_never_opened_again():
    rig = hedged()
    domestic, foreign = flatten(rig, 2)
    rig.fill(domestic)
    rig.reject(foreign)
    completed = rig.orders[-1]
    rig.reject(completed)
    again = rig.orders[-1]

    assert (completed.side, completed.lots, completed.purpose) == (Side.SELL, 2, Purpose.TOP_UP)
    assert completed.offset is e.Offset.CLOSE
    unwinding = [option for option in rig.last_options().values() if option.name == "unwind"]
    assert {option.reason for option in unwinding} == {"SHFE.cu2703: would open again what a flatten closed"}
    assert again.side is Side.SELL


def test_a_flatten_moves_a_halted_program():
    rig = hedged()
    rig.tell(e.Kill("K1", "risk1", "cancel", "drill"))

    assert len(flatten(rig, 1)) == 2


def test_a_kill_ends_a_flatten_that_is_waiting():
    rig = hedged()
    rig.tell(e.VenueDown("LME", "line lost"))
    assert flatten(rig, 2) == []
    rig.tell(kill("stop"))
    rig.tell(e.VenueUp("LME"))
    rig.market()

    assert len(rig.orders) == 2
    assert rig.alerts[-2].rule == "flatten_stopped"


def test_a_flatten_without_progress_ends_and_says_what_is_left():
    rig = hedged()
    rig.tell(e.VenueDown("LME", "line lost"))
    flatten(rig, 2)
    rig.wait(FLATTEN_WITHIN)

    assert (rig.program.state.flatten, rig.alerts[-1].rule) == (None, "flatten_stopped")
    assert rig.alerts[-1].values["units"] == "2"


def test_clips_that_trade_nothing_end_a_flatten():
    rig = hedged()
    flatten(rig, 2)
    for _ in range(20):
        for order in rig.orders[2:]:
            if rig.program.state.orders[order.client_order_id].is_live:
                rig.close(order)
        rig.wait(SECOND)
        rig.market()

    assert len(rig.orders) == 2 + 2 * FLATTEN_FAILURES_MAX
    assert rig.alerts[-1].rule == "flatten_stopped"


def test_a_restart_ends_a_flatten():
    rig = hedged()
    rig.tell(e.VenueDown("LME", "line lost"))
    flatten(rig, 2)
    rig.tell(e.Disarmed("restart"))

    assert rig.program.state.flatten is None


def test_nobody_arms_while_units_are_flattened():
    rig = hedged()
    rig.tell(e.VenueDown("LME", "line lost"))
    flatten(rig, 2)
    rig.arm()

    assert rig.state == "DISARMED"


# --- accepting a residual ------------------------------------------------------------------------------------------


def accept(rig: Rig) -> None:
    [case] = rig.program.state.open
    rig.tell(e.ResidualAccepted("A1", "risk1", case.id, case.naked, "hedged by phone"))


def test_an_accepted_residual_ends_the_case_with_the_lots_named():
    rig = halted()
    accept(rig)
    ended = rig.decisions[-1]

    assert isinstance(ended, e.ExecutionEnded)
    assert (ended.outcome, ended.naked, rig.program.state.open) == ("accepted", (-10, 0), [])
    assert rig.alerts[-1].values["naked"] == "SHFE.cu2703 -10"
    assert rig.program.snapshot()["accepted"][0]["residual"] == [-10, 0]


def test_nothing_repairs_an_accepted_residual():
    rig = halted()
    accept(rig)
    before = len(rig.orders)
    rig.tell(e.KillLifted("K2", "risk1", "risk2", "checked"))
    rig.market()
    rig.wait(60 * SECOND)

    assert len(rig.orders) == before


def test_a_fill_after_the_acceptance_opens_the_case_for_that_fill_alone():
    rig = halted()
    accept(rig)
    rig.tell(e.KillLifted("K2", "risk1", "risk2", "checked"))
    rig.market()
    rig.tell(e.OrderFilled(rig.orders[1].client_order_id, "late", 1, rig.orders[1].price_ticks, "D1"))

    assert rig.naked == (0, 1)
    assert rig.alerts[-1].rule == "execution_reopened"


def test_an_accepted_residual_is_no_unit_to_flatten():
    rig = halted()
    accept(rig)

    assert rig.program.flattens.held() == 0
