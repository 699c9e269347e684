"""Our books beside the venue's own figures: who is believed, when, and what a difference stops."""

import pytest

from tests.engine.desk_rig import DeskRig
from trading.core import events as e
from trading.core.program import Permit
from trading.core.terms import HedgeFlag
from trading.core.units import SECOND, Side
from trading.engine import records as r
from trading.engine.actions import QueryPositions
from trading.engine.position_check import ANSWER_MAX, ASK_AGAIN, ASK_EVERY
from trading.engine.recovery import DeskState
from trading.simulation.copper import CA, CU, copper_terms

LONG, SHORT = Side.BUY, Side.SELL


class Compared(DeskRig):
    """A desk whose venues tell positions; `told` is what they say."""

    def __init__(self, **options):
        super().__init__(copper_terms(executions_max=1), supports_position_query=True, **options)

    def reports(self, venue, *lines, asked_at=None, day="D1"):
        self.tell(e.PositionsReported(venue, day, lines, self.now if asked_at is None else asked_at))

    def waits(self, duration):
        self.now += duration
        self.do(self.desk.on_time(self.now))

    def asked(self):
        return [(action.venue, action.at) for action in self.actions if isinstance(action, QueryPositions)]

    def alerts(self, rule):
        return [alert for alert in self.events(r.AlertRaised) if alert.rule == rule]


@pytest.fixture
def desk():
    rig = Compared()
    rig.connect()
    return rig


@pytest.fixture
def flat(desk):
    """Reconciled and armed, with no position anywhere."""
    desk.reports("SHFE")
    desk.reports("LME")
    desk.arm()
    return desk


@pytest.fixture
def hedged(flat):
    """One clip of two units is on: 10 lots short in Shanghai, 2 long in London."""
    flat.now += SECOND
    flat.market()
    flat.synced()
    for number, order in enumerate(flat.sent):
        flat.tell(e.OrderFilled(order.client_order_id, f"F{number}", order.lots, order.price_ticks, "D1"))
    flat.now += SECOND
    return flat


def line(instrument, side, today, yesterday=0, **rest):
    return e.VenuePosition(instrument.code, side, today, yesterday, **rest)


def test_positions_are_asked_for_after_the_order_list_and_every_minute_after(flat):
    at_start = flat.asked()
    flat.waits(ASK_EVERY)

    assert at_start == [("SHFE", flat.now - ASK_EVERY), ("LME", flat.now - ASK_EVERY)]
    assert flat.asked()[2:] == [("LME", flat.now), ("SHFE", flat.now)]


def test_a_start_is_not_over_before_every_venue_was_compared(desk):
    before = desk.desk.reconciliation.state
    desk.reports("SHFE")
    half = desk.desk.reconciliation.state
    desk.reports("LME")

    assert (before, half, desk.desk.reconciliation.state) == (
        DeskState.RECOVERING, DeskState.RECOVERING, DeskState.RECONCILED,
    )  # fmt: skip


def test_a_lost_answer_is_asked_for_again(desk):
    desk.waits(ANSWER_MAX)

    assert len(desk.asked()) == 4


def test_equal_figures_break_nothing(hedged):
    hedged.reports("SHFE", line(CU, SHORT, 10))
    hedged.reports("LME", line(CA, LONG, 2))

    assert hedged.alerts("position_break") == []
    assert hedged.desk.position_check.breaks == {}


def test_a_difference_in_two_reports_is_a_break_with_both_figures_and_stops_entries(hedged):
    hedged.reports("SHFE", line(CU, SHORT, 9))
    first = hedged.alerts("position_break")
    hedged.waits(ASK_AGAIN)
    hedged.reports("SHFE", line(CU, SHORT, 9))
    [alert] = hedged.alerts("position_break")

    assert first == []
    assert alert.severity == "P1"
    assert alert.values["instrument"] == CU.code
    assert (alert.values["ours"], alert.values["theirs"]) == (
        "10 speculation short today", "9 speculation short today",
    )  # fmt: skip
    assert hedged.program.permit is Permit.REPAIRS


def test_lots_of_the_wrong_day_are_a_break_where_the_venue_tells_days_apart(hedged):
    for _ in range(2):
        hedged.reports("SHFE", line(CU, SHORT, 4, 6))
        hedged.now += SECOND

    [alert] = hedged.alerts("position_break")
    assert alert.values["theirs"] == "4 speculation short today; 6 speculation short yesterday"


def test_lots_under_another_hedge_flag_are_a_break(hedged):
    for _ in range(2):
        hedged.reports("SHFE", line(CU, SHORT, 10, hedge_flag=HedgeFlag.HEDGE))
        hedged.now += SECOND

    assert hedged.alerts("position_break")


def test_a_break_is_gone_with_the_first_equal_report(hedged):
    for lots in (9, 9, 10):
        hedged.reports("SHFE", line(CU, SHORT, lots))
        hedged.now += SECOND

    assert hedged.alerts("position_mended")
    assert hedged.program.permit is Permit.ENTRIES


def test_a_report_older_than_the_last_fill_says_nothing(hedged):
    for _ in range(2):
        hedged.reports("SHFE", asked_at=hedged.now - 2 * SECOND)

    assert hedged.alerts("position_break") == []
    assert hedged.desk.position_check.breaks == {}


def test_while_an_order_is_unsettled_nothing_is_compared(flat):
    flat.now += SECOND
    flat.market()
    flat.synced()
    flat.now += SECOND
    for _ in range(2):
        flat.reports("SHFE", line(CU, SHORT, 3))

    assert flat.alerts("position_break") == []


def test_an_adjustment_by_two_people_ends_the_break(hedged):
    for _ in range(2):
        hedged.reports("SHFE", line(CU, SHORT, 9))
        hedged.now += SECOND
    adjusted = e.PositionAdjusted("C9", "risk1", "risk2", "SHFE", line(CU, SHORT, 9), "broker statement")
    hedged.desk.record("", adjusted, hedged.now, [])
    hedged.now += SECOND
    hedged.reports("SHFE", line(CU, SHORT, 9))

    assert hedged.desk.positions.confirmed[CU.code] == -9
    assert hedged.program.permit is Permit.ENTRIES


def test_after_a_restart_the_books_are_the_same_and_the_venue_is_asked_again(hedged):
    again = Compared(history=hedged.journal.records, epoch=2)
    again.connect()

    assert list(again.desk.positions.books.lines()) == list(hedged.desk.positions.books.lines())
    assert len(again.asked()) == 2


def test_a_new_trading_day_is_recorded_once_whoever_names_it(hedged):
    for _ in range(2):
        hedged.tell(e.TradingDayChanged("SHFE", "D2"))
        hedged.reports("SHFE", line(CU, SHORT, 0, 10), day="D2")
    days = [(event.venue, event.trading_day) for event in hedged.events(e.TradingDayChanged)]

    assert days == [("SHFE", "D1"), ("LME", "D1"), ("SHFE", "D2")]
    assert hedged.desk.position_check.breaks == {}
