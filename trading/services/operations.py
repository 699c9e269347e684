"""What operators do to open cases and held positions: previews, flatten, taking a residual over, corrections.

A flatten above the size that one person may do, and every correction of a position, becomes a request that somebody
else decides; the engine holds both to that as well. Previews come from the engine and change nothing.
"""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.db import transaction

from audit.access import Role, roles_of
from audit.errors import DomainError
from risk import approvals
from risk import services as risk
from risk.limits import LimitKind, LimitSet
from risk.models import Approval, LimitVersion
from trading.models import Command, Desk, Execution, HedgeProgram, Instrument
from trading.services.commands import EngineAway, check_own_project, order_desk
from trading.services.handover import tell_engine


class PreviewRefused(DomainError):
    """The engine cannot say what would be traded."""

    code = "preview_refused"


class NotAnInstrument(DomainError):
    code = "unknown_instrument"
    status = 400


class WrongKindOfApproval(DomainError):
    code = "wrong_kind_of_approval"


def preview(*, program: HedgeProgram, op: str, **given: Any) -> dict[str, Any]:
    """Return what an unwind or a flatten would trade now; raises EngineAway or PreviewRefused."""
    return _asked(program.desk, {"op": op, "program": program.name, **given})


def foreign_orders(desk: Desk) -> list[str]:
    """Return the orders of this account that the desk does not know and that block entries; raises EngineAway."""
    return list(_asked(desk, {"op": "status"})["foreign_orders"])


def _asked(desk: Desk, message: dict[str, Any]) -> dict[str, Any]:
    answer = tell_engine(desk.name, message)
    if answer is None:
        raise EngineAway("The engine does not answer here, so nobody can say what would be traded now.")
    if not answer.get("ok"):
        raise PreviewRefused(str(answer.get("text")))
    found: dict[str, Any] = answer["result"]
    return found


def flatten(
    *, program: HedgeProgram, units: int, held_units: int, reason: str, actor: AbstractUser, key: str, at: datetime
) -> Command | Approval:
    """Trade matched units back, or ask a second person to allow it; returns whichever came of it.

    Raises NotOwnProject, ReasonTooShort, KeyReused or EngineAway.
    """
    if Role.RISK not in roles_of(actor):
        check_own_project(program.pair.project, actor)
    reason = approvals.checked_reason(reason)
    body = {"program": program.name, "units": units, "held_units": held_units, "reason": reason}
    if may_flatten_alone(program, units):
        return order_desk(op="flatten", desk=program.desk, program=program, body=body, actor=actor, key=key, at=at)
    return approvals.ask(
        kind=Approval.Kind.FLATTEN, subject=program.name, request={"desk": program.desk.name, **body},
        base_version=program.revision, reason=reason, by=actor.get_username(), at=at,
    )  # fmt: skip


def may_flatten_alone(program: HedgeProgram, units: int) -> bool:
    """Say whether one person may flatten this many units; without a limit nobody may."""
    try:
        limits: LimitSet = risk.limit_set(program.desk.name)
    except LimitVersion.DoesNotExist:
        return False
    limit = limits.effective(LimitKind.FLATTEN_UNITS_TWO_PEOPLE, pair=program.pair.code)
    return limit is not None and units <= limit.hard


def accept_residual(
    *, execution: Execution, naked: list[int], reason: str, actor: AbstractUser, key: str, at: datetime
) -> Command:
    """Take over the naked lots of an execution, as they were seen. Raises ReasonTooShort, KeyReused or EngineAway."""
    program = execution.program
    body = {
        "program": program.name, "execution": execution.id, "naked": naked,
        "reason": approvals.checked_reason(reason),
    }  # fmt: skip
    return order_desk(op="accept_residual", desk=program.desk, program=program, body=body, actor=actor, key=key, at=at)


def release_foreign(
    *, desk: Desk, orders: list[str], reason: str, actor: AbstractUser, key: str, at: datetime
) -> Command:
    """Let entries go on although orders of unknown origin were seen. Raises ReasonTooShort, KeyReused or EngineAway."""
    body = {"orders": orders, "reason": approvals.checked_reason(reason)}
    return order_desk(op="release_foreign", desk=desk, program=None, body=body, actor=actor, key=key, at=at)


def ask_to_adjust(*, desk: Desk, position: dict[str, Any], reason: str, actor: AbstractUser, at: datetime) -> Approval:
    """Ask a second person to correct one line of the books. Raises NotAnInstrument or ReasonTooShort."""
    found = Instrument.objects.filter(code=position["instrument"], venue__connections__desk=desk).first()
    if found is None:
        raise NotAnInstrument(f"Desk {desk.name} has no instrument {position['instrument']}; correct the code.")
    return approvals.ask(
        kind=Approval.Kind.ADJUST_POSITION, subject=position["instrument"],
        request={"desk": desk.name, "venue": found.venue.name, "position": position},
        base_version=0, reason=reason, by=actor.get_username(), at=at,
    )  # fmt: skip


def decide(
    *, approval_id: int, approve: bool, note: str, actor: AbstractUser, at: datetime
) -> tuple[Approval, Command | None]:
    """Approve or reject a request of somebody else; an approved one goes to the engine.

    Raises Approval.DoesNotExist, OwnRequest, ApprovalNotPending, WrongKindOfApproval or EngineAway.
    """
    with transaction.atomic():
        by = actor.get_username()
        approval = approvals.decide(approval_id=approval_id, approve=approve, note=note, by=by, at=at)
        if approval.kind not in (Approval.Kind.FLATTEN, Approval.Kind.ADJUST_POSITION):
            raise WrongKindOfApproval("This request is decided where it was made, not here.")
    if not approve:
        return approval, None
    desk = Desk.objects.get(name=approval.request["desk"])
    program = HedgeProgram.objects.filter(name=approval.request.get("program", "")).first()
    body = {name: value for name, value in approval.request.items() if name != "desk"}
    body |= {"reason": approval.reason, "actor": approval.requested_by, "approved_by": by}
    command = order_desk(
        op=approval.kind, desk=desk, program=program, body=body, actor=actor, key=f"approval-{approval_id}", at=at
    )
    return approval, command
