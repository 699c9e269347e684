"""Lifting a kill: one person asks, another approves, and everything comes back disarmed."""

from datetime import datetime

from django.contrib.auth.models import AbstractUser
from django.db import transaction

from audit.errors import DomainError
from risk import approvals
from risk.models import Approval
from trading.models import Command, Desk
from trading.services.commands import lift_kill


class WrongKindOfApproval(DomainError):
    code = "wrong_kind_of_approval"


def ask_to_lift(*, desk: Desk, scope: str, reason: str, actor: AbstractUser, at: datetime) -> Approval:
    """Ask a second person to lift the desk's kill; raises approvals.ReasonTooShort."""
    return approvals.ask(
        kind=Approval.Kind.LIFT_KILL,
        subject=desk.name,
        request={"desk": desk.name, "scope": scope},
        base_version=0,
        reason=reason,
        by=actor.get_username(),
        at=at,
    )


def decide_lift(
    *, approval_id: int, approve: bool, note: str, actor: AbstractUser, key: str, at: datetime
) -> tuple[Approval, Command | None]:
    """Approve or reject a request to lift; an approved one goes to the engine.

    Raises Approval.DoesNotExist, approvals.OwnRequest, approvals.ApprovalNotPending, WrongKindOfApproval or EngineAway.
    """
    with transaction.atomic():
        approval = approvals.decide(approval_id=approval_id, approve=approve, note=note, by=actor.get_username(), at=at)
        if approval.kind != Approval.Kind.LIFT_KILL:
            raise WrongKindOfApproval("This request is not about a kill; decide it on the limits page.")
    if not approve:
        return approval, None
    desk = Desk.objects.get(name=approval.request["desk"])
    command = lift_kill(
        desk=desk, scope=approval.request["scope"], requested_by=approval.requested_by, reason=approval.reason,
        actor=actor, key=key, at=at,
    )  # fmt: skip
    return approval, command
