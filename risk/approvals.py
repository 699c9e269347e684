"""Requests that take two people: one asks, another decides, within half an hour."""

from datetime import datetime, timedelta

from django.db import transaction

from audit import receipts
from audit.errors import DomainError
from risk.models import Approval

VALID_FOR = timedelta(minutes=30)
REASON_CHARS_MIN = 10


class ReasonTooShort(DomainError):
    code = "reason_too_short"
    status = 400


class ApprovalNotPending(DomainError):
    """Somebody decided before, or the request expired."""

    code = "approval_not_pending"


class OwnRequest(DomainError):
    """The maker of a request cannot be its checker."""

    code = "own_request"
    status = 403


def checked_reason(reason: str) -> str:
    """Return the reason without surrounding blanks; raises ReasonTooShort."""
    reason = reason.strip()
    if len(reason) < REASON_CHARS_MIN:
        text = f"Give a reason of at least {REASON_CHARS_MIN} characters; it stays on the record."
        raise ReasonTooShort(text, fields={"reason": text})
    return reason


def ask(
    *, kind: Approval.Kind, subject: str, request: dict[str, object], base_version: int, reason: str, by: str,
    at: datetime,
) -> Approval:  # fmt: skip
    """Record a request for a second person and leave its receipt."""
    with transaction.atomic():
        approval = Approval.objects.create(
            kind=kind,
            subject=subject,
            request=request,
            base_version=base_version,
            reason=checked_reason(reason),
            requested_by=by,
            requested_at=at,
            expires_at=at + VALID_FOR,
        )
        receipts.issue(kind="approval_requested", actor=by, at=at, body=_body(approval))
        return approval


def decide(*, approval_id: int, approve: bool, note: str, by: str, at: datetime) -> Approval:
    """Answer a request. The caller carries out an approved one in the same transaction.

    Raises Approval.DoesNotExist, OwnRequest or ApprovalNotPending.
    """
    with transaction.atomic():
        approval = Approval.objects.select_for_update().get(id=approval_id)
        if approval.requested_by == by:
            raise OwnRequest("You made this request; another person must decide it.")
        if approval.state != Approval.State.PENDING:
            raise ApprovalNotPending(f"{approval.decided_by} has already {approval.state} this request.")
        if at >= approval.expires_at:
            raise ApprovalNotPending("This request has expired; ask again if it is still wanted.")
        approval.state = Approval.State.APPROVED if approve else Approval.State.REJECTED
        approval.decided_by, approval.decided_at, approval.note = by, at, note
        approval.save()
        receipts.issue(kind=f"approval_{approval.state}", actor=by, at=at, body=_body(approval) | {"note": note})
        return approval


def _body(approval: Approval) -> dict[str, object]:
    return {
        "approval": approval.id,
        "asks_for": approval.kind,
        "subject": approval.subject,
        "request": approval.request,
        "base_version": approval.base_version,
        "reason": approval.reason,
        "requested_by": approval.requested_by,
    }
