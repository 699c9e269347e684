"""How the desk answers operators: each command becomes a recorded fact, or a recorded refusal, exactly once.

A repeated command id gets the first answer again. The answer is given when its record is durable; what reduces risk
(disarm, unwind, kill) acts at once and does not wait for that.
"""

from typing import TYPE_CHECKING

import msgspec

from risk.limits import LimitKind
from trading.core import events as e
from trading.core.preview import preview_flatten, preview_unwind
from trading.core.units import Nanos
from trading.engine import commands as c
from trading.engine import records as r
from trading.engine.actions import Action, Reply
from trading.engine.recovery import DeskState

if TYPE_CHECKING:
    from trading.engine.desk import Desk


def obey(desk: "Desk", command: c.AnyCommand, now: Nanos, out: list[Action]) -> None:
    """Do what the command asks, or refuse it with a reason; append actions and the reply to `out`."""
    if isinstance(command, c.Status | c.PreviewUnwind | c.PreviewFlatten | c.RenewLease):
        out.append(_answer(desk, command, now))
        return
    done = desk.answers.get(command.command_id)
    if done is not None:
        desk.reply_after(desk.journal.seq, command.command_id, out)
        return
    refusal = _refusal(desk, command, now)
    if refusal:
        refused = r.CommandRefused(command.command_id, *refusal)
        desk.reply_after(desk.record("", refused, now, out), command.command_id, out)
        return
    scope, event = _fact(command)
    desk.reply_after(desk.record(scope, event, now, out), command.command_id, out)
    desk.refresh(now, out)


def _answer(desk: "Desk", command: c.Status | c.PreviewUnwind | c.PreviewFlatten | c.RenewLease, now: Nanos) -> Reply:
    """Answer what changes nothing."""
    if isinstance(command, c.RenewLease):
        return Reply("", True)
    if isinstance(command, c.Status):
        return Reply("", True, result=status(desk))
    program = desk.programs.get(command.program)
    if program is None:
        return Reply("", False, *_no_program(desk, command.program))
    if isinstance(command, c.PreviewUnwind):
        preview = preview_unwind(program, now)
    else:
        preview = preview_flatten(program, command.units, now)
    return Reply("", True, result={**msgspec.to_builtins(preview), "incarnation": desk.epoch})


def status(desk: "Desk") -> dict[str, object]:
    """Return the state of the desk as plain values."""
    return {
        "desk": desk.config.desk,
        "epoch": desk.epoch,
        "state": desk.reconciliation.state.value,
        "reason": desk.reconciliation.reason,
        "lease": desk.lease,
        "kill": desk.kill_all.level if desk.kill_all else "",
        "limits_version": desk.limits.version,
        "foreign_orders": sorted(desk.foreign),
        "programs": [program.snapshot() for program in desk.programs.values()],
    }


def _refusal(desk: "Desk", command: c.AnyCommand, now: Nanos) -> tuple[str, str] | None:
    """Return (code, text) when the command cannot be obeyed."""
    name = _program_of(command)
    if name and name not in desk.programs and not isinstance(command, c.SetProgram):
        return _no_program(desk, name)
    stale = _stale(desk, command, now)
    if stale is not None:
        return stale
    match command:
        case c.ArmProgram():
            return _arm_refusal(desk, command, now)
        case c.SetProgram():
            return _terms_refusal(desk, command)
        case c.LiftKill():
            return _lift_refusal(desk, command)
        case c.FlattenProgram():
            return _flatten_refusal(desk, command)
        case c.AcceptResidual():
            return _residual_refusal(desk, command)
        case c.AdjustPosition() if command.actor == command.approved_by:
            return "SAME_PERSON", "this takes two people; the one who asked cannot approve"
        case c.AdjustPosition() if command.position.instrument not in desk.instruments:
            return "NO_INSTRUMENT", f"desk {desk.config.desk} has no instrument {command.position.instrument}"
        case c.ReleaseForeign() if set(command.orders) != set(desk.foreign):
            return "FOREIGN_CHANGED", "other foreign orders are there than you saw; look again and repeat"
    return None


def _no_program(desk: "Desk", name: str) -> tuple[str, str]:
    return "NO_PROGRAM", f"desk {desk.config.desk} has no program {name}"


def _stale(desk: "Desk", command: c.AnyCommand, now: Nanos) -> tuple[str, str] | None:
    """Refuse what was meant for another start of this engine, or arrives too late; a disarm is never too late."""
    incarnation, expires_at = getattr(command, "incarnation", 0), getattr(command, "expires_at", 0)
    if incarnation and incarnation != desk.epoch:
        return "STALE", f"the engine was restarted since (epoch {desk.epoch}); look again and repeat"
    if expires_at and now > expires_at and not isinstance(command, c.DisarmProgram):
        return "EXPIRED", "the command expired before it arrived; look again and repeat"
    return None


def _flatten_refusal(desk: "Desk", command: c.FlattenProgram) -> tuple[str, str] | None:
    program = desk.programs[command.program]
    held = program.flattens.held()
    if desk.reconciliation.state is not DeskState.RECONCILED:
        return "NOT_RECONCILED", f"the desk is {desk.reconciliation.state.value}: {desk.reconciliation.reason}"
    if held != command.held_units:
        return "HELD_CHANGED", f"{held} units are held, not {command.held_units} as you saw; look again and repeat"
    if not 1 <= command.units <= held:
        return "UNITS", f"{command.units} units cannot be flattened: {held} are held"
    if program.state.open or program.state.flatten is not None:
        return "EXECUTION_OPEN", "an execution is open or units are being flattened; wait until that is over"
    limit = desk.limits.effective(LimitKind.FLATTEN_UNITS_TWO_PEOPLE, pair=program.terms.pair.code)
    if not command.approved_by and (limit is None or command.units > limit.hard):
        return "TWO_PEOPLE", f"{command.units} units take a second person; without a limit every flatten does"
    if command.approved_by == command.actor:
        return "SAME_PERSON", "this takes two people; the one who asked cannot approve"
    return None


def _residual_refusal(desk: "Desk", command: c.AcceptResidual) -> tuple[str, str] | None:
    case = desk.programs[command.program].state.executions.get(command.execution)
    if case is None or case.is_ended:
        return "NOT_OPEN", f"{command.execution} is not open; there is nothing to take over"
    if not case.is_settled:
        return "ORDERS_LIVE", "orders of this execution may still trade; wait for them, or cancel them first"
    if case.naked != command.naked or not case.is_naked:
        return "RESIDUAL_CHANGED", f"{list(case.naked)} lots are naked now; look again and repeat"
    return None


def _lift_refusal(desk: "Desk", command: c.LiftKill) -> tuple[str, str] | None:
    if command.requested_by == command.approved_by:
        return "SAME_PERSON", "a kill is lifted by two people; the one who asked cannot approve"
    if _program_of(command) and desk.kill_all is not None:
        return "DESK_KILLED", "the whole desk is killed; lift that, or nothing is let go"
    return None


def _arm_refusal(desk: "Desk", command: c.ArmProgram, now: Nanos) -> tuple[str, str] | None:
    if desk.reconciliation.state is not DeskState.RECONCILED:
        return "NOT_RECONCILED", f"the desk is {desk.reconciliation.state.value}: {desk.reconciliation.reason}"
    text = desk.programs[command.program].state.arm_refusal(_arm(command), now)
    return ("CANNOT_ARM", text) if text else None


def _terms_refusal(desk: "Desk", command: c.SetProgram) -> tuple[str, str] | None:
    program = desk.programs.get(command.terms.program)
    if program is not None and (program.state.mode.value == "armed" or program.state.open):
        return "ARMED", f"{command.terms.program} is armed or has an open execution; disarm it first"
    try:
        desk.roster.compile(command.terms)
    except (KeyError, ValueError) as error:
        return "BAD_TERMS", f"{command.terms.program}: {error}"
    return None


def _fact(command: c.AnyCommand) -> tuple[str, object]:
    """Return whom the fact concerns (empty for all programs) and the fact."""
    match command:
        case c.ArmProgram():
            return command.program, _arm(command)
        case c.DisarmProgram():
            return command.program, e.Disarm(command.command_id, command.actor, command.reason, command.then)
        case c.UnwindProgram():
            return command.program, e.UnwindRequested(command.command_id, command.actor, command.reason)
        case c.FlattenProgram():
            return command.program, e.FlattenRequested(
                command.command_id, command.actor, command.units, command.reason, command.approved_by
            )
        case c.AcceptResidual():
            return command.program, e.ResidualAccepted(
                command.command_id, command.actor, command.execution, command.naked, command.reason
            )
        case c.AdjustPosition():
            return "", e.PositionAdjusted(
                command.command_id, command.actor, command.approved_by, command.venue, command.position, command.reason
            )
        case c.ReleaseForeign():
            return "", r.ForeignReleased(command.command_id, command.actor, command.orders, command.reason)
        case c.KillDesk():
            kill = e.Kill(command.command_id, command.actor, command.level, command.reason)
            return _program_of(command), kill
        case c.LiftKill():
            lifted = e.KillLifted(command.command_id, command.requested_by, command.approved_by, command.reason)
            return _program_of(command), lifted
        case c.SetLimits():
            return "", r.LimitsChanged(command.command_id, command.actor, command.limit_set)
        case c.SetProgram():
            terms = command.terms
            return terms.program, e.TermsChanged(terms, command.command_id, command.actor)
    raise TypeError(f"{type(command).__name__} changes nothing")


def _arm(command: c.ArmProgram) -> e.Arm:
    return e.Arm(command.command_id, command.actor, command.revision, command.expires_at)


def _program_of(command: c.AnyCommand) -> str:
    """Return the program a command names, or an empty string for all."""
    if isinstance(command, c.KillDesk | c.LiftKill):
        return command.scope.removeprefix("program:") if command.scope.startswith("program:") else ""
    if isinstance(command, c.SetProgram):
        return command.terms.program
    return str(getattr(command, "program", ""))
