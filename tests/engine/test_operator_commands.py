"""Operators at the desk: flatten, take over a residual, correct a position, release foreign orders; each done once."""

from decimal import Decimal

import msgspec
import pytest

from risk.limits import Limit, LimitKind, LimitSet
from tests.engine.desk_rig import DeskRig, ready
from trading.core import events as e
from trading.core.events import Purpose, RejectClass
from trading.core.units import SECOND, Side
from trading.engine import commands as c
from trading.engine import records as r
from trading.simulation.copper import COPPER_LIMITS, copper_terms

ALONE = Limit(LimitKind.FLATTEN_UNITS_TWO_PEOPLE, Decimal(1))
LIMITS = LimitSet.of(1, (*COPPER_LIMITS.limits, ALONE))


def answer(rig: DeskRig, order: e.OrderIntent, lots: int | None = None) -> None:
    """A venue trades an order whole, or as many lots as told, and closes it."""
    done = order.lots if lots is None else lots
    if done:
        fill_id = f"F-{order.client_order_id}"
        rig.tell(e.OrderFilled(order.client_order_id, fill_id, done, order.price_ticks, "D1"))
    rig.tell(e.OrderClosed(order.client_order_id, done, "filled" if done == order.lots else "cancelled"))
    rig.synced()


def holding(limits: LimitSet = LIMITS) -> DeskRig:
    """The desk holds two units, entered by one execution, and is disarmed."""
    rig = ready(limits=limits)
    rig.market()
    rig.synced()
    for order in list(rig.sent):
        answer(rig, order)
    rig.command(c.DisarmProgram("CU-SELL", "D1", "trader1", "enough"))
    rig.synced()
    return rig


def halted() -> DeskRig:
    """Ten lots are naked, no repair is possible and the program halted."""
    rig = ready(limits=LIMITS)
    rig.market()
    rig.synced()
    domestic, foreign = rig.sent
    answer(rig, domestic)
    rig.tell(e.OrderRejected(foreign.client_order_id, RejectClass.MARGIN, "M", "no margin"))
    rig.synced()
    rig.tell(e.OrderRejected(rig.sent[-1].client_order_id, RejectClass.MARGIN, "M", "no margin"))
    rig.now += copper_terms().repair.naked_age_max
    rig.do(rig.desk.on_time(rig.now))
    rig.synced()
    assert rig.program.shown_state(rig.now) == "HALTED"
    return rig


def flatten(rig: DeskRig, units: int = 1, **changes: object) -> c.FlattenProgram:
    command = c.FlattenProgram(
        "CU-SELL", "F1", "trader1", units, 2, "end of the month", rig.now + 5 * SECOND, rig.desk.epoch
    )
    return msgspec.structs.replace(command, **changes)


def residual(rig: DeskRig, **changes: object) -> c.AcceptResidual:
    [case] = rig.program.state.open
    command = c.AcceptResidual(
        "CU-SELL", "A1", "risk1", case.id, case.naked, "hedged by phone", rig.now + 5 * SECOND, rig.desk.epoch
    )
    return msgspec.structs.replace(command, **changes)


def code_of(rig: DeskRig, command: c.AnyCommand) -> str:
    """Give a command and return the code of its refusal, or an empty string."""
    rig.command(command)
    rig.synced()
    return rig.replies[-1].code


# --- flatten -------------------------------------------------------------------------------------------------------


def test_a_flatten_trades_both_legs_back_through_the_gate():
    rig = holding()
    before = len(rig.sent)
    assert code_of(rig, flatten(rig)) == ""
    domestic, foreign = rig.sent[before:]

    assert [(order.side, order.lots, order.purpose) for order in (domestic, foreign)] == [
        (Side.BUY, 5, Purpose.FLATTEN), (Side.SELL, 1, Purpose.FLATTEN),
    ]  # fmt: skip
    assert rig.events(e.OrdersDecided)[-1].limits_version.startswith("1:")
    for order in (domestic, foreign):
        answer(rig, order)
    assert rig.events(e.ExecutionEnded)[-1].outcome == "flattened"
    assert rig.program.flattens.held() == 1


def test_the_same_flatten_twice_is_done_once():
    rig = holding()
    rig.command(flatten(rig))
    rig.command(flatten(rig))
    rig.synced()

    assert len(rig.events(e.FlattenRequested)) == 1


def test_more_than_one_person_may_flatten_takes_a_second_one():
    rig = holding()
    alone = code_of(rig, flatten(rig, 2))
    own = code_of(rig, flatten(rig, 2, command_id="F2", approved_by="trader1"))
    together = code_of(rig, flatten(rig, 2, command_id="F3", approved_by="risk1"))

    assert (alone, own, together) == ("TWO_PEOPLE", "SAME_PERSON", "")
    assert rig.events(e.FlattenRequested)[0].approved_by == "risk1"


def test_without_a_limit_every_flatten_takes_two_people():
    rig = holding(COPPER_LIMITS)

    assert code_of(rig, flatten(rig, 1)) == "TWO_PEOPLE"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"held_units": 3}, "HELD_CHANGED"),
        ({"units": 0}, "UNITS"),
        ({"units": 3, "approved_by": "risk1"}, "UNITS"),
        ({"incarnation": 7}, "STALE"),
        ({"expires_at": 1}, "EXPIRED"),
        ({"program": "CU-OTHER"}, "NO_PROGRAM"),
    ],
)
def test_a_flatten_that_is_not_what_was_seen_is_refused_and_recorded(changes, code):
    rig = holding()
    before = len(rig.sent)

    assert code_of(rig, flatten(rig, **changes)) == code
    assert rig.events(r.CommandRefused)[-1].code == code
    assert len(rig.sent) == before


def test_a_flatten_waits_for_nothing_that_is_open():
    rig = halted()

    assert code_of(rig, flatten(rig, held_units=0)) in ("UNITS", "EXECUTION_OPEN")


# --- previews ------------------------------------------------------------------------------------------------------


def preview(rig: DeskRig, command: c.AnyCommand) -> dict[str, object]:
    rig.command(command)
    return rig.replies[-1].result


def test_a_preview_of_a_flatten_shows_orders_and_cost_and_changes_nothing():
    rig = holding()
    records, sent, facts = rig.journal.seq, len(rig.sent), rig.program.snapshot()
    shown = preview(rig, c.PreviewFlatten("CU-SELL", 1))

    assert [(order["side"], order["lots"], order["offset"]) for order in shown["orders"]] == [
        ("buy", 5, "close_today"), ("sell", 1, "close"),
    ]  # fmt: skip
    assert (shown["held_units"], shown["units"], shown["clips"]) == (2, 1, 1)
    assert Decimal(shown["cost"]) > 0
    assert shown["expires_at"] > rig.now
    assert (rig.journal.seq, len(rig.sent), rig.program.snapshot()) == (records, sent, facts)


def test_a_preview_of_an_unwind_shows_what_the_unwind_then_does():
    rig = halted()
    rig.market()
    facts = rig.program.snapshot()
    shown = preview(rig, c.PreviewUnwind("CU-SELL"))
    assert rig.program.snapshot() == facts

    before = len(rig.sent)
    rig.command(c.UnwindProgram("CU-SELL", "U1", "trader1", "flat"))
    rig.synced()
    [order] = rig.sent[before:]

    [expected] = shown["orders"]
    assert (expected["side"], expected["lots"], expected["instrument"]) == (
        order.side.value, order.lots, order.instrument,
    )  # fmt: skip
    assert list(shown["naked"]) == [-10, 0]
    assert shown["cost"] is not None


def test_a_preview_without_a_price_says_so():
    rig = holding()
    rig.now += 3600 * SECOND

    shown = preview(rig, c.PreviewFlatten("CU-SELL", 1))

    assert (list(shown["orders"]), shown["obstacle"]) == ([], "no_price")


# --- residual ------------------------------------------------------------------------------------------------------


def test_an_accepted_residual_ends_the_case_and_survives_a_restart():
    rig = halted()
    assert code_of(rig, residual(rig)) == ""
    assert rig.events(e.ExecutionEnded)[-1].outcome == "accepted"

    again = DeskRig(limits=LIMITS, history=rig.journal.records, epoch=2)

    assert again.program.state.open == []
    assert [case["residual"] for case in again.program.snapshot()["accepted"]] == [[-10, 0]]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"naked": (-5, 0)}, "RESIDUAL_CHANGED"),
        ({"execution": "X-unknown"}, "NOT_OPEN"),
        ({"incarnation": 7}, "STALE"),
        ({"expires_at": 1}, "EXPIRED"),
    ],
)
def test_a_residual_that_is_not_what_was_seen_is_refused(changes, code):
    rig = halted()

    assert code_of(rig, residual(rig, **changes)) == code
    assert len(rig.program.state.open) == 1


def test_a_residual_that_may_still_change_is_refused():
    rig = ready(limits=LIMITS)
    rig.market()
    rig.synced()
    answer(rig, rig.sent[0], 7)

    assert code_of(rig, residual(rig)) == "ORDERS_LIVE"


# --- disarm, positions, foreign orders -----------------------------------------------------------------------------


def test_disarm_carries_what_becomes_of_the_open_execution():
    rig = ready(limits=LIMITS)
    rig.command(c.DisarmProgram("CU-SELL", "D1", "trader1", "enough", then="unwind"))
    rig.synced()

    assert rig.events(e.Disarm)[-1].then == "unwind"


def adjust(rig: DeskRig, **changes: object) -> c.AdjustPosition:
    line = e.VenuePosition("SHFE.cu2703", Side.SELL, 0, 10)
    command = c.AdjustPosition(
        "P1", "trader1", "risk1", "SHFE", line, "the broker's statement says so", rig.now + 5 * SECOND, rig.desk.epoch
    )
    return msgspec.structs.replace(command, **changes)


def test_a_position_is_corrected_by_two_people():
    rig = holding()
    own = code_of(rig, adjust(rig, approved_by="trader1"))
    unknown = code_of(rig, adjust(rig, command_id="P2", position=e.VenuePosition("SHFE.al2703", Side.BUY, 1, 0)))
    together = code_of(rig, adjust(rig, command_id="P3"))

    assert (own, unknown, together) == ("SAME_PERSON", "NO_INSTRUMENT", "")
    assert rig.events(e.PositionAdjusted)[0].position.yesterday_lots == 10


def test_foreign_orders_block_entries_until_somebody_has_looked():
    rig = ready(limits=LIMITS)
    name = f"{rig.config.desk.upper()}9-1-1-00"
    rig.tell(e.OrderAccepted(name, "V1"))
    rig.market()
    blocked = len(rig.sent)
    unseen = code_of(rig, c.ReleaseForeign("R1", "risk1", (), "test order", rig.now + SECOND, rig.desk.epoch))
    released = code_of(rig, c.ReleaseForeign("R2", "risk1", (name,), "test order", rig.now + SECOND, rig.desk.epoch))
    rig.market()
    rig.synced()

    assert (blocked, unseen, released) == (0, "FOREIGN_CHANGED", "")
    assert len(rig.sent) == 2
