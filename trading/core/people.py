"""What our own gate and the operators say, folded into a program's state; part of `state.fold` and of nothing else."""

from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, Any

import msgspec

from trading.core import events as e
from trading.core.effects import Effect
from trading.core.rejects import RETRY_AFTER
from trading.core.units import SECOND, Nanos

if TYPE_CHECKING:
    from trading.core.execution import Execution
    from trading.core.state import ProgramState

REFUSED_COOLDOWN = SECOND  # after our own gate refused an entry
FLATTEN_WITHIN = 60 * SECOND  # a flatten that made no progress for this long is over
FLATTEN_OVER = "flatten_over"  # TimePassed.what


class Mode(Enum):
    DISARMED = "disarmed"
    ARMED = "armed"


class Flattening(msgspec.Struct):
    """A request to flatten that is being carried out; part of the durable state."""

    command_id: str
    units_left: int
    due_at: Nanos
    retry_at: Nanos = 0
    failures: int = 0  # clips in a row that traded nothing

    def note_end(self, case: "Execution", now: Nanos) -> None:
        """Count what a clip traded."""
        done = case.matched()
        self.units_left -= done
        self.failures = 0 if done else self.failures + 1
        if done:
            self.due_at = now + FLATTEN_WITHIN


def refused(state: "ProgramState", event: e.OrdersRefused, now: Nanos) -> list[Effect]:
    """Our gate refused a decision: try again later, and count the attempt of a repair."""
    if event.purpose is e.Purpose.ENTRY:
        state.cooldown_until = max(state.cooldown_until, now + max(state.terms.cooldown, REFUSED_COOLDOWN))
    elif event.execution not in state.executions:
        if state.flatten is not None:
            state.flatten.retry_at = now + REFUSED_COOLDOWN
    else:
        execution = state.executions[event.execution]
        execution.attempts += 1
        execution.retry_at = now + RETRY_AFTER
    severity = "P3" if event.purpose is e.Purpose.ENTRY else "P2"
    return [state.alert("gate_refused", severity, event.execution, code=event.code, text=event.text)]


def arm(state: "ProgramState", event: e.Arm, now: Nanos) -> list[Effect]:
    """Obey an arm command that nothing forbids."""
    if not state.arm_refusal(event, now):
        state.set_mode(Mode.ARMED, event.actor, now)
        state.armed_until = now + state.terms.time_to_live
        state.executions_since_arm = 0
        state.failures_in_row = 0
    return []


def disarm(state: "ProgramState", event: e.Disarm, now: Nanos) -> list[Effect]:
    """Start no new execution; open ones are finished, or what is naked of them is traded away."""
    state.set_mode(Mode.DISARMED, event.reason or event.actor, now)
    if event.then == "unwind":
        for execution in state.open:
            execution.grant("reduce", now=now)
    return []


def disarmed(state: "ProgramState", event: e.Disarmed, now: Nanos) -> list[Effect]:
    """The program stopped by itself."""
    was_armed = state.mode is Mode.ARMED
    state.set_mode(Mode.DISARMED, event.reason, now)
    stopped = _stop_flatten(state) if event.reason == "restart" else []
    return [*stopped, *([state.alert("disarmed", "P3", "", reason=event.reason)] if was_armed else [])]


def unwind(state: "ProgramState", event: e.UnwindRequested, now: Nanos) -> list[Effect]:
    """Trade the naked residual of every open execution away."""
    state.set_mode(Mode.DISARMED, "unwind", now)
    for execution in state.open:
        execution.grant("reduce", now=now)
    return []


def flatten(state: "ProgramState", event: e.FlattenRequested, now: Nanos) -> list[Effect]:
    """Trade matched units back; the program is disarmed, so that it does not enter again what it closes."""
    state.set_mode(Mode.DISARMED, "flatten", now)
    state.flatten = Flattening(event.command_id, event.units, now + FLATTEN_WITHIN)
    return []


def time_passed(state: "ProgramState", event: e.TimePassed, now: Nanos) -> list[Effect]:
    """A request to flatten is over: done, or out of time or tries."""
    if event.what != FLATTEN_OVER or state.flatten is None or state.flatten.command_id != event.subject:
        return []
    return _stop_flatten(state)


def _stop_flatten(state: "ProgramState") -> list[Effect]:
    asked, state.flatten = state.flatten, None
    if asked is None or asked.units_left <= 0:
        return []
    return [state.alert("flatten_stopped", "P2", "", units=str(asked.units_left))]


def residual_accepted(state: "ProgramState", event: e.ResidualAccepted, now: Nanos) -> list[Effect]:
    """A person takes over what is naked of an execution; nothing repairs it any more."""
    execution = state.executions[event.execution]
    execution.take_over()
    pair = execution.pair or state.terms.pair_on(execution.route)
    naked = ", ".join(f"{leg.instrument} {lots:+d}" for leg, lots in zip(pair.legs, event.naked, strict=True) if lots)
    values = {"actor": event.actor, "naked": naked, "reason": event.reason}
    return [state.alert("residual_accepted", "P3", execution.id, **values)]


def kill(state: "ProgramState", event: e.Kill, now: Nanos) -> list[Effect]:
    """Stop, by level; stays until two people lift it."""
    state.kill_level, state.kill_reason, state.killed_at = event.level, event.reason, now
    state.set_mode(Mode.DISARMED, "kill", now)
    for execution in state.open:
        execution.mandate = ""
        if event.level == "neutralize":
            execution.grant("neutralize", now=now)
    return [
        *_stop_flatten(state),
        state.alert("killed", "P2", "", level=event.level, actor=event.actor, reason=event.reason),
    ]


def kill_lifted(state: "ProgramState", event: e.KillLifted, now: Nanos) -> list[Effect]:
    """Two people lifted the kill and the halt; open executions get a new budget."""
    state.kill_level = state.kill_reason = state.halt_reason = ""
    for execution in state.open:
        execution.grant("", now=now)
    return []


FOLDS: dict[type, Callable[["ProgramState", Any, Nanos], list[Effect]]] = {
    e.OrdersRefused: refused, e.Arm: arm, e.Disarm: disarm, e.Disarmed: disarmed, e.UnwindRequested: unwind,
    e.FlattenRequested: flatten, e.TimePassed: time_passed, e.ResidualAccepted: residual_accepted,
    e.Kill: kill, e.KillLifted: kill_lifted,
}  # fmt: skip
