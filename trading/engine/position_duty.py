"""What the desk does about positions: asks for them, holds them against its books, names breaks and trading days."""

from typing import TYPE_CHECKING

from trading.core import events as e
from trading.core.effects import RaiseAlert
from trading.core.program import HedgeProgram
from trading.core.units import Nanos
from trading.engine.actions import Action, QueryPositions
from trading.engine.foreign import key_of
from trading.engine.position_check import shown

if TYPE_CHECKING:
    from trading.engine.desk import Desk


def ask_positions(desk: "Desk", now: Nanos, out: list[Action]) -> None:
    """Ask the venues whose turn it is."""
    out += [QueryPositions(venue, now) for venue in desk.position_check.to_ask(now)]


def ask_first(desk: "Desk", venue: str, now: Nanos, out: list[Action]) -> None:
    """The venue has listed its orders: now its positions, which count as unseen until they were compared."""
    desk.position_check.note_up(venue, now)
    ask_positions(desk, now, out)


def hear(
    desk: "Desk", event: e.PositionsReported | e.TradingDayChanged | e.ForeignFilled, now: Nanos, out: list[Action]
) -> None:
    """Take what a venue says of its trading day, of our positions or of somebody else's trades on our account."""
    if isinstance(event, e.ForeignFilled) and key_of(event) in desk.foreign_fills:
        return
    note_day(desk, event.venue, event.trading_day, now, out)
    if isinstance(event, e.PositionsReported):
        compare_positions(desk, event, now, out)
    elif isinstance(event, e.ForeignFilled):
        desk.record("", event, now, out)
    ask_positions(desk, now, out)


def note_day(desk: "Desk", venue: str, day: str, now: Nanos, out: list[Action]) -> None:
    """Record a new trading day, once per venue and day, whoever named it first: logon, fill or report."""
    if day > desk.positions.books.days.get(venue, ""):
        desk.record("", e.TradingDayChanged(venue, day), now, out)
        desk.position_check.ask_soon(venue, now)


def note_order(desk: "Desk", venue: str, event: object, now: Nanos, out: list[Action]) -> None:
    """Take what a report about an order tells on the side: the day of a fill, a doubt about the offset."""
    if isinstance(event, e.OrderFilled):
        note_day(desk, venue, event.trading_day, now, out)
    elif isinstance(event, e.OrderRejected) and event.reject_class is e.RejectClass.OFFSET:
        desk.position_check.ask_soon(venue, now)
        ask_positions(desk, now, out)


def compare_positions(desk: "Desk", report: e.PositionsReported, now: Nanos, out: list[Action]) -> None:
    """Hold a report against the books; what changes by it is recorded with the report that showed it."""
    check, books = desk.position_check, desk.positions.books
    was_compared = check.is_compared(report.venue)
    verdict = check.judge(report, books, unsettled(desk), desk.positions.changed_at, now)
    if verdict.broken or verdict.mended or (check.is_compared(report.venue) and not was_compared):
        desk.record("", report, now, out)
    for instrument in verdict.broken:
        ours, theirs = shown(check.breaks[instrument])
        values = {"desk": desk.config.desk, "venue": report.venue, "instrument": instrument}
        values |= {"ours": ours, "theirs": theirs}
        desk.perform(RaiseAlert("position_break", "P1", "alert.position_break", values), now, out)
    for instrument in verdict.mended:
        values = {"desk": desk.config.desk, "venue": report.venue, "instrument": instrument}
        desk.perform(RaiseAlert("position_mended", "P3", "alert.position_mended", values), now, out)


def unsettled(desk: "Desk") -> frozenset[str]:
    """Return the instruments in which an order of ours may still turn out otherwise than our books say."""
    return frozenset(
        order.intent.instrument
        for program in desk.programs.values()
        for case in program.state.open
        for order in case.orders
        if not order.is_settled and not order.is_queued  # what rests on purpose may rest for long; it has not traded
    )


def is_broken(desk: "Desk", program: HedgeProgram) -> bool:
    """Whether the program trades an instrument on which the books and the venue differ, or seem to."""
    doubtful = desk.position_check.doubtful
    return bool(doubtful) and any(i.code in doubtful for view in program.views for i in view.instruments)
