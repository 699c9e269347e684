"""What our own gate and the operators say, folded into a program's state; part of `state.fold` and of nothing else."""

from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, Any

from trading.core import events as e
from trading.core.effects import Effect
from trading.core.rejects import RETRY_AFTER
from trading.core.units import SECOND, Nanos

if TYPE_CHECKING:
    from trading.core.state import ProgramState

REFUSED_COOLDOWN = SECOND  # after our own gate refused an entry


class Mode(Enum):
    DISARMED = "disarmed"
    ARMED = "armed"


def refused(state: "ProgramState", event: e.OrdersRefused, now: Nanos) -> list[Effect]:
    """Our gate refused a decision: try again later, and count the attempt of a repair."""
    if event.purpose is e.Purpose.ENTRY:
        state.cooldown_until = max(state.cooldown_until, now + max(state.terms.cooldown, REFUSED_COOLDOWN))
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
    """Start no new execution; open ones are finished."""
    state.set_mode(Mode.DISARMED, event.reason or event.actor, now)
    return []


def disarmed(state: "ProgramState", event: e.Disarmed, now: Nanos) -> list[Effect]:
    """The program stopped by itself."""
    was_armed = state.mode is Mode.ARMED
    state.set_mode(Mode.DISARMED, event.reason, now)
    return [state.alert("disarmed", "P3", "", reason=event.reason)] if was_armed else []


def unwind(state: "ProgramState", event: e.UnwindRequested, now: Nanos) -> list[Effect]:
    """Trade the naked residual of every open execution away."""
    state.set_mode(Mode.DISARMED, "unwind", now)
    for execution in state.open:
        execution.grant("reduce", now=now)
    return []


def kill(state: "ProgramState", event: e.Kill, now: Nanos) -> list[Effect]:
    """Stop, by level; stays until two people lift it."""
    state.kill_level, state.kill_reason, state.killed_at = event.level, event.reason, now
    state.set_mode(Mode.DISARMED, "kill", now)
    for execution in state.open:
        execution.mandate = ""
        if event.level == "neutralize":
            execution.grant("neutralize", now=now)
    return [state.alert("killed", "P2", "", level=event.level, actor=event.actor, reason=event.reason)]


def kill_lifted(state: "ProgramState", event: e.KillLifted, now: Nanos) -> list[Effect]:
    """Two people lifted the kill and the halt; open executions get a new budget."""
    state.kill_level = state.kill_reason = state.halt_reason = ""
    for execution in state.open:
        execution.grant("", now=now)
    return []


FOLDS: dict[type, Callable[["ProgramState", Any, Nanos], list[Effect]]] = {
    e.OrdersRefused: refused, e.Arm: arm, e.Disarm: disarm, e.Disarmed: disarmed, e.UnwindRequested: unwind,
    e.Kill: kill, e.KillLifted: kill_lifted,
}  # fmt: skip
