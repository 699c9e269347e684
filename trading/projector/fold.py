"""What each journal record changes in the tables of the screens.

Idempotent by construction: a batch and the cursor commit together, fills are unique, and every other change sets a
state instead of adding to it.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.db.models import Q

from risk import alerts
from risk import services as risk
from trading.core import events as e
from trading.core.units import MICRO, SECOND, Nanos
from trading.engine import records as r
from trading.models import ChildOrder, Command, Desk, Execution, JournalCursor, ProgramState
from trading.projector import orders
from trading.projector.measures import measure
from trading.projector.names import Names


class Fold:
    """Applies records of one desk, in order, inside the caller's transaction."""

    def __init__(self, desk: Desk, cursor: JournalCursor) -> None:
        self.desk = desk
        self.cursor = cursor
        self.names = Names(desk)
        self._touched: set[str] = set()  # executions whose figures must be computed again
        self._folds: dict[type, Callable[[Any, r.Record], None]] = {
            e.OrdersDecided: self._orders_decided, e.OrderAccepted: self._order_changed,
            e.OrderRejected: self._order_changed, e.OrderFilled: self._filled, e.OrderClosed: self._order_changed,
            e.FillBusted: self._amended, e.FillCorrected: self._amended,
            e.OrderStatus: self._order_changed, e.OrderNotSent: self._order_changed,
            e.OrdersRefused: self._orders_refused, e.CancelDecided: self._cancel_decided,
            e.QueryDecided: self._query_decided, e.ExecutionEnded: self._ended, e.Halted: self._halted,
            e.Arm: self._armed, e.Disarm: self._disarm, e.Disarmed: self._disarmed, e.UnwindRequested: self._unwind,
            e.FlattenRequested: self._flatten, e.ResidualAccepted: self._residual_accepted,
            e.PositionAdjusted: self._carried_out, r.ForeignReleased: self._foreign_released,
            e.Kill: self._killed, e.KillLifted: self._kill_lifted,
            r.EngineStarted: self._engine_started, r.Recovered: self._recovered, r.CommandRefused: self._refused,
            r.AlertRaised: self._alert, r.SentToWire: self._sent, r.LimitsChanged: self._limits_changed,
        }  # fmt: skip

    def apply(self, record: r.Record) -> None:
        """Apply one record; kinds that no screen shows change nothing."""
        fold = self._folds.get(type(record.event))
        if fold is not None:
            fold(record.event, record)
        if record.execution:
            Execution.objects.filter(id=record.execution).update(last_seq=record.seq)

    def finish(self) -> None:
        """Compute the figures of every execution that the batch touched."""
        for execution in Execution.objects.filter(id__in=self._touched).select_related("program", "pair"):
            measure(execution, self.names)
        self._touched.clear()

    # --- orders ---

    def _orders_decided(self, event: e.OrdersDecided, record: r.Record) -> None:
        execution = orders.open_execution(event, record, self.names)
        if execution is None:
            return
        orders.add_orders(execution, event, record, self.names)
        self._touched.add(execution.id)
        if execution.first_seq == record.seq:
            self._state(record, "EXECUTING", "", execution=execution.id)

    def _order_changed(self, event: Any, record: r.Record) -> None:
        orders.change_order(event, record)
        self._touch(record)

    def _filled(self, event: e.OrderFilled, record: r.Record) -> None:
        orders.book_fill(event, record, self.names)
        self._touch(record)

    def _amended(self, event: e.FillBusted | e.FillCorrected, record: r.Record) -> None:
        orders.amend_fill(event, record, self.names)
        self._touch(record)

    def _sent(self, event: r.SentToWire, record: r.Record) -> None:
        ChildOrder.objects.filter(client_order_id__in=event.client_order_ids, sent_at_ns=None).update(
            sent_at_ns=event.at
        )

    def _cancel_decided(self, event: e.CancelDecided, record: r.Record) -> None:
        ChildOrder.objects.filter(client_order_id__in=event.client_order_ids, closed_at_ns=None).update(
            state="cancelling"
        )

    def _query_decided(self, event: e.QueryDecided, record: r.Record) -> None:
        ChildOrder.objects.filter(client_order_id__in=event.client_order_ids, closed_at_ns=None).update(state="unknown")

    def _orders_refused(self, event: e.OrdersRefused, record: r.Record) -> None:
        if event.purpose is e.Purpose.ENTRY:
            orders.note_near_miss(event, record, self.names)

    def _touch(self, record: r.Record) -> None:
        if record.execution:
            self._touched.add(record.execution)

    # --- executions and programs ---

    def _ended(self, event: e.ExecutionEnded, record: r.Record) -> None:
        Execution.objects.filter(id=event.execution).update(outcome=event.outcome, ended_at_ns=record.at)
        self._touched.add(event.execution)
        state = ProgramState.objects.filter(program__name=record.program, state="EXECUTING").first()
        if state is not None:
            self._state(record, "ARMED" if state.armed_by else "DISARMED", state.reason)

    def _halted(self, event: e.Halted, record: r.Record) -> None:
        state = self._state(record, "HALTED", event.reason)
        if state is not None:
            Execution.objects.filter(id=state.execution, ended_at_ns=None).update(outcome="halted")
            ProgramState.objects.filter(pk=state.pk).update(armed_by="", naked_lots=list(event.naked))

    def _armed(self, event: e.Arm, record: r.Record) -> None:
        state = self._state(record, "ARMED", "")
        if state is not None:
            ProgramState.objects.filter(pk=state.pk).update(
                armed_by=event.actor, armed_at_ns=record.at, revision=event.revision
            )
        self._settle(event.command_id, record)

    def _disarm(self, event: e.Disarm, record: r.Record) -> None:
        self._disarmed_because(event.reason or event.actor, record)
        self._settle(event.command_id, record)

    def _disarmed(self, event: e.Disarmed, record: r.Record) -> None:
        self._disarmed_because(event.reason, record)

    def _unwind(self, event: e.UnwindRequested, record: r.Record) -> None:
        self._disarmed_because("unwind", record)
        self._settle(event.command_id, record)

    def _flatten(self, event: e.FlattenRequested, record: r.Record) -> None:
        self._disarmed_because("flatten", record)
        self._settle(event.command_id, record)

    def _residual_accepted(self, event: e.ResidualAccepted, record: r.Record) -> None:
        """The naked lots have an owner now: what called for a person about them is over."""
        Execution.objects.filter(id=event.execution).update(
            residual_lots=list(event.naked), residual_owner=event.actor, residual_reason=event.reason[:300]
        )
        alerts.resolve_of(execution=event.execution, program=record.program, desk=self.desk.name, at_ns=record.at)
        self._carried_out(event, record)

    def _carried_out(self, event: Any, record: r.Record) -> None:
        self._settle(event.command_id, record)

    def _foreign_released(self, event: r.ForeignReleased, record: r.Record) -> None:
        alerts.resolve(rule="foreign_order", program="", at_ns=record.at, desk=self.desk.name)
        self._carried_out(event, record)

    def _disarmed_because(self, reason: str, record: r.Record) -> None:
        """Disarming lets an execution in flight finish: the word changes when it has ended."""
        found = ProgramState.objects.filter(program__name=record.program)
        found.update(armed_by="", reason=reason, seq=record.seq)
        found.exclude(state__in=("EXECUTING", "HALTED")).update(state="DISARMED", state_since_ns=record.at)

    def _killed(self, event: e.Kill, record: r.Record) -> None:
        self._reach(record).update(
            state="HALTED",
            reason=f"kill: {event.reason}",
            state_since_ns=record.at,
            armed_by="",
            seq=record.seq,
        )
        self._settle(event.command_id, record)

    def _kill_lifted(self, event: e.KillLifted, record: r.Record) -> None:
        self._reach(record).update(
            state="DISARMED", reason="kill lifted", state_since_ns=record.at, armed_by="", seq=record.seq
        )
        self._settle(event.command_id, record)

    def _reach(self, record: r.Record) -> Any:
        """Return the states a kill reaches: one program, or all of the desk when none is named."""
        scope = Q(program__name=record.program) if record.program else Q(program__desk=self.desk)
        return ProgramState.objects.filter(scope)

    def _state(self, record: r.Record, state: str, reason: str, execution: str = "") -> ProgramState | None:
        found = ProgramState.objects.filter(program__name=record.program).first()
        if found is None:
            return None
        if found.state != state:
            found.state, found.state_since_ns = state, record.at
        found.reason, found.seq = reason[:300], record.seq
        found.execution = execution or found.execution
        found.save()
        return found

    # --- the engine ---

    def _engine_started(self, event: r.EngineStarted, record: r.Record) -> None:
        self.cursor.epoch, self.cursor.engine_state, self.cursor.engine_reason = event.epoch, "STARTED", ""
        states = ProgramState.objects.filter(program__desk=self.desk).exclude(state="HALTED")
        states.exclude(state="DISARMED").update(
            state="DISARMED", reason="engine_restart", state_since_ns=record.at, armed_by="", seq=record.seq
        )

    def _recovered(self, event: r.Recovered, record: r.Record) -> None:
        self.cursor.engine_state, self.cursor.engine_reason = event.state, event.reason[:300]

    def _refused(self, event: r.CommandRefused, record: r.Record) -> None:
        self._settle(event.command_id, record, state="refused", code=event.code, text=event.reason)

    def _settle(
        self, command_id: str, record: r.Record, *, state: str = "accepted", code: str = "", text: str = ""
    ) -> None:
        undecided = Command.objects.filter(command_id=command_id, state__in=("pending", "unknown"))
        undecided.update(
            state=state,
            code=code,
            text=text[:300],
            decided_at=at_utc(record.at),
            changed_at_ns=time.time_ns(),
        )

    def _alert(self, event: r.AlertRaised, record: r.Record) -> None:
        pair = self.names.pair_of(record.program)
        cause = alerts.Cause(
            desk=self.desk.name, project=pair.project if pair else "", pair=pair.code if pair else "",
            program=record.program, execution=event.execution or record.execution,
        )  # fmt: skip
        alerts.raise_alert(
            rule=event.rule, severity=event.severity, text_key=event.text_key, values=event.values,
            at_ns=record.at, cause=cause, source=(f"desk:{self.desk.name}", record.seq),
        )  # fmt: skip

    def _limits_changed(self, event: r.LimitsChanged, record: r.Record) -> None:
        risk.confirm_in_force(desk=self.desk.name, version=event.limit_set.version, at=at_utc(record.at))


def at_utc(at: Nanos) -> datetime:
    """Return an instant as a datetime, to the microsecond a datetime can hold."""
    whole, rest = divmod(at, SECOND)
    return datetime.fromtimestamp(whole, UTC).replace(microsecond=rest // MICRO)
