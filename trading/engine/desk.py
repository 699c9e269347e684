"""The desk: many programs, one journal, one gate, and no I/O of its own.

The asyncio host, the fault simulation and the replay all drive this same class. Each call is one turn: record the fact,
fold it, then ask the programs it concerns for decisions until none is left. A decision to trade passes the gate, is
recorded with the quotes it was taken on, and becomes `Submit` only when its record is durable and it still may leave.

Rules: an order id is never forgotten; a refused decision comes back to its program as a fact; an intent that waited
too long for the disk, or was overtaken by a kill, is declared not sent and never sent later.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import msgspec

from risk.gate import Approved, Counters, Refused
from risk.limits import LimitSet
from trading.core import events as e
from trading.core.effects import CancelOrder, Effect, QueryOrder, RaiseAlert, SendOrders
from trading.core.program import HedgeProgram
from trading.core.units import Nanos
from trading.core.view import MarketView
from trading.engine import foreign
from trading.engine import records as r
from trading.engine.actions import Action, Cancel, Publish, Query, QueryAll, Reply, Submit, Sync
from trading.engine.allocation import advance_each
from trading.engine.config import DeskConfig
from trading.engine.counters import MessageCount, counters
from trading.engine.deadlines import Deadlines
from trading.engine.desk_commands import obey
from trading.engine.event_kinds import CORE_EVENTS, ORDER_EVENTS, PROGRAM_ONLY_EVENTS, TOLD_AGAIN
from trading.engine.outbox import Outbox, Pending, why_not_send
from trading.engine.permits import permit_of
from trading.engine.position_check import PositionCheck
from trading.engine.position_duty import ask_first, ask_positions, hear, note_order
from trading.engine.positions import Positions
from trading.engine.proposal import OrderProposal, propose, route_of
from trading.engine.recovery import DeskState, OwedAlerts, Reconciliation
from trading.engine.reply_times import ReplyClock, measure
from trading.engine.roster import Roster
from trading.market.book import Quote, fault

DECISIONS_PER_TURN_MAX = 64  # more than that is a program turning in circles

Gate = Callable[[OrderProposal, Counters, LimitSet, int], Approved[OrderProposal] | Refused]


class Desk:
    """See the module. `journal` needs `append(program, event, now) -> seq`; `gate` is `risk.gate.review`."""

    def __init__(self, config: DeskConfig, journal: Any, gate: Gate, epoch: int, now: Nanos) -> None:
        self.config = config
        self.journal = journal
        self.epoch = epoch
        self.limits = config.limits
        self.roster = Roster(config, epoch)
        self.programs = self.roster.programs
        self.instruments = self.roster.instruments
        self.positions = Positions(self.roster.books)
        self.position_check = PositionCheck(v.name for v in config.venues if v.capabilities.supports_position_query)
        self.reconciliation = Reconciliation(self.roster.venues(config.programs), now, self.position_check.is_compared)
        self.lease = "held"  # held | late | lost
        self.answers: dict[str, Reply] = {}
        self.foreign: dict[str, str] = {}  # client order id -> venue
        self.foreign_fills: set[foreign.FillKey] = set()
        self.kill_all: e.Kill | None = None
        self.refused_quotes: defaultdict[str, int] = defaultdict(int)
        self.gate = gate
        self._is_starting = True  # programs are indexed again when the start has folded all there is
        self.owner: dict[str, HedgeProgram] = {}
        self._outbox = Outbox()
        self._deadlines = Deadlines()
        self._shown: dict[HedgeProgram, str] = {}  # the state word last published
        self._changed: dict[HedgeProgram, None] = {}  # programs with news since then
        self._messages = MessageCount()
        self.reply_clock = ReplyClock()
        self._owed_alerts = OwedAlerts()

    # --- start ---

    def recover(self, history: Iterable[r.Record]) -> None:
        """Fold what the journal holds from before this start; nothing is sent or recorded."""
        self._is_starting = True
        for record in history:
            self._owed_alerts.note(record.event, self._fold(record.program, record.event, record.at))

    def resume(self, now: Nanos, kills: Iterable[tuple[str, e.Kill]] = ()) -> list[Action]:
        """Open this start: disarmed, every line down, nothing believed. `kills` is (program or "", kill) from disk."""
        out: list[Action] = []
        for terms in self.config.programs:
            program = self.programs[terms.program]
            if not program.state.open or terms.revision == program.terms.revision:
                self.record(terms.program, e.TermsChanged(terms), now, out)
        for venue in self.roster.venues(program.terms for program in self.programs.values()):
            self.record("", e.VenueDown(venue, "restart"), now, out)
        self.record("", e.Disarmed("restart"), now, out)
        for scope, kill in kills:
            if kill.command_id not in self.answers:
                self.record(scope, kill, now, out)
        for alert in self._owed_alerts.take():
            self.perform(alert, now, out)
        self._is_starting = False
        self.roster.index()
        self.update_permits(now, out)
        return out

    # --- what the host tells ---

    def on_quote(self, quote: Quote, now: Nanos) -> list[Action]:
        """Show a quote to the programs that hold the instrument; a quote that cannot be true is refused and counted."""
        out: list[Action] = []
        if fault(quote):
            self.refused_quotes[quote.instrument] += 1
            return out
        advance_each(self, self.roster.concerned(quote, now), now, out)
        return out

    def on_report(self, event: e.Event, now: Nanos) -> list[Action]:
        """Record what a venue or its line said, and let the programs it concerns go on."""
        out: list[Action] = []
        if type(event) in ORDER_EVENTS:
            self._on_order_event(event, now, out)
            return self._publish_states(now, out)
        if isinstance(event, e.VenueUp):
            self.record("", event, now, out)
            self.reconciliation.note_asked(event.venue, now)
            out.append(QueryAll(event.venue, now))
        elif isinstance(event, e.VenueDown):
            self.record("", event, now, out)
            self.reconciliation.note_down(event.venue)
            self.position_check.note_down(event.venue)
            self.reply_clock.forget(event.venue)
        elif isinstance(event, e.StatusEnded):
            self.record("", event, now, out)
            self.reconciliation.note_answered(event.venue, event.queried_at)
            ask_first(self, event.venue, now, out)
        elif isinstance(event, e.PositionsReported | e.TradingDayChanged | e.ForeignFilled):
            hear(self, event, now, out)
        else:
            raise TypeError(f"{type(event).__name__} is not a report")
        self._settle_start(now, out)
        self._advance_all(now, out)
        return self._publish_states(now, out)

    def on_command(self, command: Any, now: Nanos) -> list[Action]:
        """Obey or refuse an operator's command (trading/engine/commands.py); the answer is a `Reply`."""
        out: list[Action] = []
        obey(self, command, now, out)
        return self._publish_states(now, out)

    def on_time(self, now: Nanos) -> list[Action]:
        """Let every program go on whose deadline has come."""
        out: list[Action] = []
        advance_each(self, list(self._deadlines.passed(now)), now, out)
        ask_positions(self, now, out)
        if self.reconciliation.state is not DeskState.RECONCILED:
            self._settle_start(now, out)
        return self._publish_states(now, out)

    def on_durable(self, seq: int, now: Nanos) -> list[Action]:
        """Send what waited for this record, unless it may no longer leave; then answer commands that rest on it."""
        out: list[Action] = []
        while (pending := self._outbox.next_intent(seq)) is not None:
            self._release(pending, now, out)
        while (reply := self._outbox.next_reply(seq)) is not None:
            out.append(reply)
        return self._publish_states(now, out)

    def _release(self, pending: Pending, now: Nanos, out: list[Action]) -> None:
        orders, obstacle = pending.decided.orders, why_not_send(pending, now)
        if not obstacle:
            for order in orders:
                self._messages.note(order.venue, now)
                self.reply_clock.note_sent(order, now)
            out.append(Submit(pending.approved, orders))
            return
        for order in orders:
            self.record(pending.program.terms.program, e.OrderNotSent(order.client_order_id, obstacle), now, out)
        self.advance(pending.program, now, out)

    def set_lease(self, tenure: str, now: Nanos) -> list[Action]:
        """Note whether the desk is held (held), its renewal is late (late) or it must stop (lost)."""
        out: list[Action] = []
        if tenure != self.lease:
            self.lease = tenure
            self.update_permits(now, out)
        return out

    def deadline(self) -> Nanos | None:
        """Return when `on_time` must be called at the latest, or None."""
        next_due, check_due = self._deadlines.next(), self.position_check.deadline()
        if next_due is None or (check_due is not None and check_due < next_due):
            next_due = check_due
        if self.reconciliation.state is DeskState.RECOVERING:
            gives_up_at = self.reconciliation.gives_up_at
            return gives_up_at if next_due is None else min(next_due, gives_up_at)
        return next_due

    # --- one turn ---

    def _on_order_event(self, event: Any, now: Nanos, out: list[Action]) -> None:
        program = self.owner.get(event.client_order_id)
        if program is None:
            foreign.hear_order(self, event, now, out)
            return
        if isinstance(event, TOLD_AGAIN) and program.state.orders[event.client_order_id].is_repeated(event):
            return
        if (measured := measure(self, event, now)) is not None:
            self.record("", measured, now, out)
        note_order(self, program.state.orders[event.client_order_id].intent.venue, event, now, out)
        self.record(program.terms.program, event, now, out)
        self.advance(program, now, out)
        if self.reconciliation.state is not DeskState.RECONCILED:
            self._settle_start(now, out)

    def advance(self, program: HedgeProgram, now: Nanos, out: list[Action], event: e.Event | None = None) -> None:
        """Ask the program for decisions until it has none; `event` is the first one where it is known already."""
        name = program.terms.program
        for _ in range(DECISIONS_PER_TURN_MAX):
            if (event := event or program.decide(now)) is None:
                break
            if isinstance(event, e.OrdersDecided):
                self._propose(program, event, now, out)
                if event.purpose is e.Purpose.ENTRY and not program.is_splitting(now):
                    break  # sent or refused, the program now waits
            else:
                self.record(name, event, now, out)
            event = None
        else:
            naked = program.state.open[0].naked if program.state.open else (0, 0)
            self.record(name, e.Halted("livelock", naked, "decisions without end"), now, out)
        self.end_turn(program, now)

    def end_turn(self, program: HedgeProgram, now: Nanos) -> None:
        """Note that the program was asked and has nothing more to say."""
        self.roster.settle(program)
        self._deadlines.note_turn(program, now)

    def _propose(self, program: HedgeProgram, decided: e.OrdersDecided, now: Nanos, out: list[Action]) -> None:
        """Ask the gate; record the intent and wait for the disk, or record the refusal."""
        verdict = self.review(program, decided, now)
        name = program.terms.program
        if isinstance(verdict, Refused):
            refused = e.OrdersRefused(decided.execution, decided.purpose, verdict.code.value, verdict.text)
            self.record(name, refused, now, out)
            return
        version = f"{verdict.limits_version}:{verdict.limits_hash[:12]}"
        decided = msgspec.structs.replace(decided, limits_version=version)
        seq = self.record(name, decided, now, out)
        along = program.state.executions[decided.execution].along
        self.roster.take(program, decided)
        self._outbox.hold(Pending(seq, program, decided, verdict, now, along))
        out.append(Sync(seq))

    def review(self, program: HedgeProgram, decided: e.OrdersDecided, now: Nanos) -> Approved[OrderProposal] | Refused:
        """Return what the gate says to these orders now."""
        figures = self.figures(program, route_of(program, decided), now, decided.execution)
        return self.gate(propose(program, decided, now), figures, self.limits, now)

    def figures(self, program: HedgeProgram, route: MarketView, now: Nanos, execution: str = "") -> Counters:
        """Return what is already out there of what an order on this route would add to."""
        return counters(program, self.roster, self.positions, self._messages, now, execution, route)

    def record(self, name: str, event: Any, now: Nanos, out: list[Action]) -> int:
        """Append the fact, fold it and do what follows from it; `name` is empty for what concerns every program."""
        seq: int = self.journal.append(name, event, now)
        for effect in self._fold(name, event, now):
            self.perform(effect, now, out)
        for program in self._targets(name):
            self._changed[program] = None
        return seq

    def _publish_states(self, now: Nanos, out: list[Action]) -> list[Action]:
        """Show state words that changed; never on the way of a quote to its orders."""
        for program in self._changed:
            shown = program.shown_state(now)
            if shown != self._shown.get(program):
                self._shown[program] = shown
                out.append(Publish("programs", program.snapshot))
        self._changed.clear()
        return out

    def _targets(self, name: str) -> list[HedgeProgram]:
        return list(self.programs.values()) if not name else [self.programs[name]] if name in self.programs else []

    def _fold(self, name: str, event: Any, now: Nanos) -> list[Effect]:
        """Apply a recorded fact to the desk and its programs; the same for a new record and for one of the past."""
        if type(event) in ORDER_EVENTS:
            program = self.owner[event.client_order_id]
            order = program.state.orders[event.client_order_id]
            told = program.handle(event, now)
            self.positions.note(event, order, now)
            return told
        kind = type(event)
        if kind not in PROGRAM_ONLY_EVENTS:
            self._note(name, event, now)
        if kind not in CORE_EVENTS:
            return []
        effects: list[Effect] = []
        for program in self._targets(name):
            effects += program.handle(event, now)
        if kind is e.ForeignFilled:
            effects += foreign.alerts_of(self, event)
        if kind is e.TermsChanged and not self._is_starting:
            self.roster.index()
        return effects

    def _note(self, name: str, event: Any, now: Nanos) -> None:
        """Keep what the desk itself must know of a fact."""
        self.positions.fold(event, now)
        match event:
            case e.OrdersDecided():
                for intent in event.orders:
                    self.owner[intent.client_order_id] = self.programs[name]
            case e.TermsChanged() if event.terms.program not in self.programs:
                added = self.roster.add(event.terms)
                for earlier in (*self.reply_clock.facts.values(), *filter(None, [self.kill_all])):
                    added.handle(earlier, 0)
            case e.Kill() | e.KillLifted() if not name:
                self.kill_all = event if isinstance(event, e.Kill) else None
                if self.kill_all is None:
                    self.foreign.clear()  # two people have looked
            case e.ReplyTimesMeasured():
                self.reply_clock.facts[event.venue] = event
            case e.PositionAdjusted():
                self.position_check.ask_soon(event.venue, now)
            case r.LimitsChanged():
                self.limits = event.limit_set
            case r.ForeignReleased():
                self.foreign.clear()  # those that come later block again
            case r.ForeignOrderSeen():
                self.foreign[event.client_order_id] = event.venue
        command_id = getattr(event, "command_id", "")
        if isinstance(event, r.CommandRefused):
            self.answers[command_id] = Reply(command_id, False, event.code, event.reason)
        elif command_id:
            self.answers[command_id] = Reply(command_id, True)

    def perform(self, effect: Effect, now: Nanos, out: list[Action]) -> None:
        if isinstance(effect, SendOrders):
            return  # `_propose` keeps them until their record is durable
        if isinstance(effect, RaiseAlert):
            raised = r.AlertRaised(effect.rule, effect.severity, effect.text_key, effect.values, effect.execution)
            self.journal.append(effect.values.get("program", ""), raised, now)
            out.append(Publish("alerts", partial(msgspec.to_builtins, raised)))
            return
        waiting = self._outbox.waiting(effect.client_order_id)
        if isinstance(effect, CancelOrder):
            if waiting is not None:
                waiting.is_called_back = True
            else:
                self._messages.note(effect.venue, now)
                out.append(Cancel(effect.venue, effect.client_order_id))
        elif isinstance(effect, QueryOrder) and waiting is None:
            out.append(Query(effect.venue, effect.client_order_id, now))

    # --- commands ---

    def reply_after(self, seq: int, command_id: str, out: list[Action]) -> None:
        """Answer the command once the record is durable."""
        self._outbox.hold_reply(seq, self.answers.get(command_id) or Reply(command_id, True))
        out.append(Sync(seq))

    def refresh(self, now: Nanos, out: list[Action]) -> None:
        """Let every program go on after a command."""
        self.update_permits(now, out)
        self._advance_all(now, out)

    # --- permits and measures ---

    def _settle_start(self, now: Nanos, out: list[Action]) -> None:
        """See whether this start is over, then let every program go on under the new permits."""
        if self.reconciliation.judge(self.programs.values(), now):
            state, reason = self.reconciliation.state, self.reconciliation.reason
            evidence = self.reconciliation.evidence(len(self.owner))
            self.record("", r.Recovered(state.value, reason, evidence), now, out)
            if state is DeskState.HALTED:
                values = {"desk": self.config.desk, "reason": reason}
                self.perform(RaiseAlert("not_reconciled", "P1", "alert.not_reconciled", values), now, out)
            out.append(Publish("desk", partial(dict, state=state.value, reason=reason)))
        self.update_permits(now, out)

    def update_permits(self, now: Nanos, out: list[Action]) -> None:
        for program in self.programs.values():
            if (permit := permit_of(self, program)) is not program.permit:
                program.permit = permit
                self.advance(program, now, out)

    def _advance_all(self, now: Nanos, out: list[Action]) -> None:
        advance_each(self, list(self.programs.values()), now, out)

    def messages_in_last_second(self, venue: str, now: Nanos) -> int:
        return self._messages.in_last_second(venue, now)
