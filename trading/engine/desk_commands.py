"""How the desk answers operators: each command becomes a recorded fact, or a recorded refusal, exactly once.

A repeated command id gets the first answer again. The answer is given when its record is durable; what reduces risk
(disarm, unwind, kill) acts at once and does not wait for that.
"""

from typing import TYPE_CHECKING

from trading.core import events as e
from trading.core.units import Nanos
from trading.engine import commands as c
from trading.engine import records as r
from trading.engine.actions import Action, Reply
from trading.engine.recovery import DeskState

if TYPE_CHECKING:
    from trading.engine.desk import Desk


def obey(desk: "Desk", command: c.AnyCommand, now: Nanos, out: list[Action]) -> None:
    """Do what the command asks, or refuse it with a reason; append actions and the reply to `out`."""
    if isinstance(command, c.Status):
        out.append(Reply("", True, result=status(desk)))
        return
    if isinstance(command, c.RenewLease):
        out.append(Reply("", True))
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
        return "NO_PROGRAM", f"desk {desk.config.desk} has no program {name}"
    if isinstance(command, c.ArmProgram | c.DisarmProgram | c.UnwindProgram):
        if command.incarnation and command.incarnation != desk.epoch:
            return "STALE", f"the engine was restarted since (epoch {desk.epoch}); look again and repeat"
        if command.expires_at and now > command.expires_at and not isinstance(command, c.DisarmProgram):
            return "EXPIRED", "the command expired before it arrived; look again and repeat"
    if isinstance(command, c.ArmProgram):
        return _arm_refusal(desk, command, now)
    if isinstance(command, c.LiftKill):
        return _lift_refusal(desk, command)
    if isinstance(command, c.SetProgram):
        return _terms_refusal(desk, command)
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
            return command.program, e.Disarm(command.command_id, command.actor, command.reason)
        case c.UnwindProgram():
            return command.program, e.UnwindRequested(command.command_id, command.actor, command.reason)
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
