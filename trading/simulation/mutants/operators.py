"""Mistakes about what people order: flatten, taking a residual over, disarm and unwind. Each breaks a story below."""

from decimal import Decimal
from typing import Any

from risk.gate import review
from risk.limits import Limit, LimitKind, LimitSet
from trading.core import events as e
from trading.core import flatten, people, repair
from trading.core.execution import Execution
from trading.core.people import Mode
from trading.core.units import SECOND, Nanos
from trading.engine import commands as c
from trading.engine import desk_commands
from trading.engine.actions import Reply, Submit
from trading.engine.desk import Desk
from trading.engine.journal import MemoryJournal
from trading.simulation.copper import CA, COPPER_LIMITS, CU, FX, copper_desk, copper_terms, quote
from trading.simulation.mutants import mutant

START: Nanos = 1_800_000_000 * SECOND
PROGRAM = "CU-SELL"
ALONE = Limit(LimitKind.FLATTEN_UNITS_TWO_PEOPLE, Decimal(1))
LIMITS = LimitSet.of(1, (*COPPER_LIMITS.limits, ALONE))


class _Floor:
    """A desk with one copper program, its venues and its operators, told step by step."""

    def __init__(self) -> None:
        self.now = START
        self.journal = MemoryJournal(epoch=1)
        self.desk = Desk(copper_desk((copper_terms(),), LIMITS), self.journal, review, 1, self.now)
        self.sent: list[e.OrderIntent] = []
        self.reply = Reply("", True)
        self._ids = iter(range(1, 1000))
        self._do(self.desk.resume(self.now))
        for venue in ("SHFE", "LME"):
            self._do(self.desk.on_report(e.VenueUp(venue), self.now))
            self._do(self.desk.on_report(e.StatusEnded(venue, self.now), self.now))
        self.order(c.ArmProgram(PROGRAM, "arm", "trader1", 1, self.now + SECOND))
        self.market()

    def _do(self, actions: list[Any]) -> None:
        for action in actions:
            if isinstance(action, Submit):
                self.sent += action.orders
            elif isinstance(action, Reply):
                self.reply = action

    def market(self) -> None:
        for instrument, prices in ((CA, ("9799.5", "9800")), (FX, ("7.0990", "7.1010")), (CU, ("79490", "79500"))):
            self._do(self.desk.on_quote(quote(instrument, *prices, self.now), self.now))
        self._do(self.desk.on_durable(self.journal.seq, self.now))

    def order(self, command: c.AnyCommand) -> str:
        """Give a command; return the code of its refusal, or an empty string."""
        self._do(self.desk.on_command(command, self.now))
        self._do(self.desk.on_durable(self.journal.seq, self.now))
        return self.reply.code

    def fill(self, order: e.OrderIntent) -> None:
        name = order.client_order_id
        self.tell(e.OrderFilled(name, f"F-{name}", order.lots, order.price_ticks, "D1"))
        self.tell(e.OrderClosed(name, order.lots, "filled"))

    def reject(self, order: e.OrderIntent) -> None:
        self.tell(e.OrderRejected(order.client_order_id, e.RejectClass.OTHER, "O", "try again"))

    def tell(self, event: e.Event) -> None:
        self._do(self.desk.on_report(event, self.now))
        self._do(self.desk.on_durable(self.journal.seq, self.now))

    def flatten(self, units: int, **changes: Any) -> str:
        given = {"held_units": 2, "reason": "month end", "expires_at": self.now + SECOND, "incarnation": 1, **changes}
        return self.order(c.FlattenProgram(PROGRAM, f"F{next(self._ids)}", "trader1", units, **given))

    def accept(self, naked: tuple[int, ...]) -> str:
        [case] = self.program.state.open
        who, until = f"A{next(self._ids)}", self.now + SECOND
        return self.order(c.AcceptResidual(PROGRAM, who, "risk1", case.id, naked, "by phone", until, 1))

    @property
    def program(self) -> Any:
        return self.desk.programs[PROGRAM]


def _holding() -> _Floor:
    """Two units are held."""
    floor = _Floor()
    for order in list(floor.sent):
        floor.fill(order)
    assert floor.program.flattens.held() == 2
    return floor


def _naked() -> _Floor:
    """Ten lots are naked, every order is settled, and a kill of level cancel keeps repairs away."""
    floor = _Floor()
    domestic, foreign = floor.sent
    floor.order(c.KillDesk("cancel", "all", "risk1", "drill", "K1"))
    floor.fill(domestic)
    floor.reject(foreign)
    return floor


def a_flatten_closes_what_is_held() -> None:
    """Both legs are closed, never more than held, the program is disarmed, and too much takes two people."""
    floor = _holding()
    before = len(floor.sent)
    assert floor.flatten(2) == "TWO_PEOPLE"
    assert floor.flatten(2, held_units=5, approved_by="risk1") == "HELD_CHANGED"
    assert floor.flatten(2, expires_at=1, approved_by="risk1") == "EXPIRED"
    assert floor.flatten(2, approved_by="risk1") == ""
    domestic, foreign = floor.sent[before:]
    assert (domestic.lots, foreign.lots) == (10, 2)
    assert floor.program.state.mode is Mode.DISARMED
    floor.fill(domestic)
    floor.reject(foreign)
    assert len(floor.sent) > before + 2, "the lost leg is sent again"
    assert all(order.offset is not e.Offset.OPEN for order in floor.sent[before:])
    assert {order.side for order in floor.sent[before:] if order.leg == 1} == {foreign.side}


def a_residual_is_taken_over_as_it_was_seen() -> None:
    """Other lots than seen are refused; afterwards nothing is open and nothing repairs it."""
    floor = _naked()
    assert floor.accept((-5, 0)) == "RESIDUAL_CHANGED"
    assert floor.accept((-10, 0)) == ""
    before = len(floor.sent)
    assert floor.program.state.open == []
    floor.order(c.LiftKill("risk1", "risk2", "checked", "L1"))
    floor.market()
    assert len(floor.sent) == before


def disarm_and_unwind_adds_nothing() -> None:
    floor = _Floor()
    domestic, foreign = floor.sent
    floor.order(c.DisarmProgram(PROGRAM, "D1", "trader1", "enough", then="unwind"))
    floor.fill(domestic)
    floor.reject(foreign)
    assert [order.purpose for order in floor.sent[2:]] == [e.Purpose.UNWIND]


STORIES = (a_flatten_closes_what_is_held, a_residual_is_taken_over_as_it_was_seen, disarm_and_unwind_adds_nothing)


# --- the bugs ------------------------------------------------------------------------------------------------------


@mutant(specification=a_flatten_closes_what_is_held)
def flattens_twice_what_was_asked(put: Any) -> None:
    honest = flatten.held_units
    put(flatten, "held_units", lambda cases, route: 2 * honest(cases, route))


@mutant(specification=a_flatten_closes_what_is_held)
def lets_one_person_flatten_anything(put: Any) -> None:
    put(desk_commands, "_flatten_refusal", lambda desk, command: None)


@mutant(specification=a_flatten_closes_what_is_held)
def takes_commands_that_expired(put: Any) -> None:
    put(desk_commands, "_stale", lambda desk, command, now: None)


@mutant(specification=a_flatten_closes_what_is_held)
def opens_again_when_a_flatten_loses_a_leg(put: Any) -> None:
    put(repair.Move, "opens", property(lambda self: self.adds))


@mutant(specification=a_flatten_closes_what_is_held)
def stays_armed_while_it_flattens(put: Any) -> None:
    fold = people.flatten

    def armed(state: Any, event: e.FlattenRequested, now: Nanos) -> Any:
        mode = state.mode
        effects = fold(state, event, now)
        state.mode = mode
        return effects

    put(people.FOLDS, e.FlattenRequested, armed)


@mutant(specification=a_residual_is_taken_over_as_it_was_seen)
def accepts_a_residual_that_changed(put: Any) -> None:
    put(desk_commands, "_residual_refusal", lambda desk, command: None)


@mutant(specification=a_residual_is_taken_over_as_it_was_seen)
def repairs_an_accepted_residual(put: Any) -> None:
    put(Execution, "take_over", lambda self: None)


@mutant(specification=disarm_and_unwind_adds_nothing)
def finishes_where_it_was_told_to_unwind(put: Any) -> None:
    fold = people.disarm

    def finish(state: Any, event: e.Disarm, now: Nanos) -> Any:
        return fold(state, e.Disarm(event.command_id, event.actor, event.reason), now)

    put(people.FOLDS, e.Disarm, finish)
