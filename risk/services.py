"""Changes thresholds: tightening takes one person and holds at once, loosening takes a second person."""

import logging
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

import msgspec
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

from audit import receipts
from audit.access import User, can
from audit.errors import DomainError
from risk import approvals
from risk.limits import Limit, LimitKind, LimitSet
from risk.models import Approval, LimitVersion, Threshold

log = logging.getLogger(__name__)


RESENT_AFTER_S = 10  # the beat schedule's interval for limits that no engine confirmed


class BadFigure(DomainError):
    """The figure cannot be a limit of this kind."""

    code = "bad_figure"
    status = 400


class BaseMoved(DomainError):
    """Somebody changed the threshold since the change was written."""

    code = "base_moved"


class NothingChanges(DomainError):
    code = "nothing_changes"
    status = 400


class NotAllowed(DomainError):
    code = "permission_denied"
    status = 403


class WrongKindOfApproval(DomainError):
    code = "wrong_kind_of_approval"


class Declared(msgspec.Struct, frozen=True):
    """What a declaration did: limits that were new, and limits that stand differently and were left alone."""

    created: tuple[Limit, ...]
    kept: tuple[tuple[Limit, Limit], ...]  # (as it stands, as declared)


def declare(*, desk: str, limits: Iterable[Limit], by: str, at: datetime) -> Declared:
    """Create the thresholds that the desk does not have yet; those it has are never changed by a declaration.

    A file that is applied twice must not undo what a risk officer decided in between. Raises BadFigure.
    """
    created: list[Limit] = []
    kept: list[tuple[Limit, Limit]] = []
    with transaction.atomic():
        held = {_scope(row.limit): row.limit for row in _locked(desk)}
        for limit in limits:
            check_figures(limit.kind, limit.hard, limit.warn)
            standing = held.get(_scope(limit))
            if standing is None:
                _create(desk, limit, by, at)
                created.append(limit)
            elif standing != limit:
                kept.append((standing, limit))
        if created or not LimitVersion.objects.filter(desk=desk).exists():
            _publish(desk, by, at)
    return Declared(tuple(created), tuple(kept))


def change_threshold(
    *, threshold_id: int, hard: Decimal, warn: Decimal | None, reason: str, base_version: int, user: User,
    at: datetime,
) -> Threshold | Approval:  # fmt: skip
    """Tighten at once, or ask for a second person to loosen; returns whichever came of it.

    Raises Threshold.DoesNotExist, BaseMoved, BadFigure, NothingChanges, NotAllowed or ReasonTooShort.
    """
    by = user.get_username()
    with transaction.atomic():
        threshold = Threshold.objects.select_for_update().get(id=threshold_id)
        _check_base(threshold, base_version)
        kind = LimitKind(threshold.kind)
        check_figures(kind, hard, warn)
        wanted = msgspec.structs.replace(threshold.limit, hard=hard, warn=warn)
        if wanted == threshold.limit:
            raise NothingChanges(f"{threshold} already stands at these figures.")
        if is_loosening(threshold.limit, wanted):
            return _ask_to_loosen(threshold, wanted, reason, by, at)
        if not can(user, "limits.tighten"):
            raise NotAllowed("Only a risk officer tightens a limit; you may ask to loosen one.")
        return _put_in_force(threshold, wanted, approvals.checked_reason(reason), by, at)


def decide_threshold(*, approval_id: int, approve: bool, note: str, by: str, at: datetime) -> Approval:
    """Approve or reject a request to loosen; an approved change holds at once.

    Raises Approval.DoesNotExist, OwnRequest, ApprovalNotPending, WrongKindOfApproval or BaseMoved.
    """
    with transaction.atomic():
        approval = approvals.decide(approval_id=approval_id, approve=approve, note=note, by=by, at=at)
        if approval.kind != Approval.Kind.LOOSEN_THRESHOLD:
            raise WrongKindOfApproval("This request is decided where it was made, not on the limits page.")
        if approve:
            threshold = Threshold.objects.select_for_update().get(id=int(approval.subject))
            _check_base(threshold, approval.base_version)
            hard, warn = approval.request["hard"], approval.request["warn"]
            wanted = msgspec.structs.replace(threshold.limit, hard=Decimal(hard), warn=Decimal(warn) if warn else None)
            _put_in_force(threshold, wanted, approval.reason, by, at, approval)
        return approval


def limit_set(desk: str) -> LimitSet:
    """Return the desk's limits at the latest version; raises LimitVersion.DoesNotExist before the first."""
    latest = LimitVersion.objects.filter(desk=desk).order_by("-version").first()
    if latest is None:
        raise LimitVersion.DoesNotExist(f"desk {desk} has no limits; declare them with `manage.py apply`")
    limits = msgspec.convert(latest.limits, tuple[Limit, ...])
    return LimitSet(version=latest.version, hash=latest.hash, limits=limits)


def confirm_in_force(*, desk: str, version: int, at: datetime) -> None:
    """Note that the desk's engine uses this version now; harmless when repeated."""
    LimitVersion.objects.filter(desk=desk, version=version, in_force_at=None).update(in_force_at=at)


def send_limits(desk: str, by: str) -> None:
    """Hand the latest limit set to the desk's engine worker; a repeat is recognized by its command id.

    A queue that is away is one line in the log: whoever changed a limit has changed it, and `deliver_limits` repeats.
    """
    latest = limit_set(desk)
    command = {
        "op": "limits",
        "command_id": f"limits-{desk}-{latest.version}",
        "actor": by,
        "limit_set": msgspec.to_builtins(latest),
    }
    try:
        # Without ignore_result the caller waits for the result store, for twenty seconds if it is away.
        current_app.send_task(
            "trading.set_limits",
            kwargs={"desk": desk, "command": command},
            queue=f"engine.{desk}",
            ignore_result=True,
            retry=False,
            expires=RESENT_AFTER_S * 3,  # copies must not pile up while the worker is away
        )
    except OperationalError as error:
        log.warning(
            "limits of desk %s, version %d, are not sent, the queue is away (%s); tried again every %d s",
            desk, latest.version, error, RESENT_AFTER_S,
        )  # fmt: skip


def check_figures(kind: LimitKind, hard: Decimal, warn: Decimal | None) -> None:
    """Raise BadFigure unless both figures can be limits of this kind."""
    for name, figure in (("hard", hard), ("warn", warn)):
        if figure is None:
            continue
        fault = _fault(kind, figure)
        if fault:
            raise BadFigure(f"{kind.value}: {figure} {fault}", fields={name: fault})
    if warn is not None and kind.is_tighter(hard, warn):
        text = f"the warning {warn} lies beyond the limit {hard}; it would never come"
        raise BadFigure(f"{kind.value}: {text}", fields={"warn": text})


def is_loosening(standing: Limit, wanted: Limit) -> bool:
    """Return whether the change lets more through, or warns later, than before."""
    if standing.kind.is_tighter(standing.hard, wanted.hard):
        return True
    if standing.warn is None:
        return False
    return wanted.warn is None or standing.kind.is_tighter(standing.warn, wanted.warn)


def _fault(kind: LimitKind, figure: Decimal) -> str:
    if not figure.is_finite() or figure < 0:
        return "must be zero or more"
    if kind.unit in ("lots", "units", "ms", "count", "per_second") and figure != figure.to_integral_value():
        return f"must be a whole number of {kind.unit}"
    if kind.unit == "rate" and figure > 1:
        return "is a share of one: 0.02 means 2 %"
    if len(f"{figure:f}") > 30:
        return "has too many digits"
    return ""


def _check_base(threshold: Threshold, base_version: int) -> None:
    if threshold.version != base_version:
        raise BaseMoved(
            f"{threshold} was changed by {threshold.changed_by} and now stands at {threshold.hard} "
            f"(version {threshold.version}); look at it again and repeat the change.",
            fields={"base_version": str(threshold.version)},
        )


def _ask_to_loosen(threshold: Threshold, wanted: Limit, reason: str, by: str, at: datetime) -> Approval:
    request = {
        "desk": threshold.desk,
        "kind": threshold.kind,
        "hard": f"{wanted.hard:f}",
        "warn": "" if wanted.warn is None else f"{wanted.warn:f}",
        "hard_before": threshold.hard,
        "warn_before": threshold.warn,
    }
    return approvals.ask(
        kind=Approval.Kind.LOOSEN_THRESHOLD,
        subject=str(threshold.id),
        request=request,
        base_version=threshold.version,
        reason=reason,
        by=by,
        at=at,
    )


def _create(desk: str, limit: Limit, by: str, at: datetime) -> None:
    Threshold.objects.create(
        desk=desk,
        kind=limit.kind.value,
        scope_venue=limit.scope_venue,
        scope_instrument=limit.scope_instrument,
        scope_pair=limit.scope_pair,
        hard=f"{limit.hard:f}",
        warn="" if limit.warn is None else f"{limit.warn:f}",
        changed_at=at,
        changed_by=by,
    )


def _put_in_force(
    threshold: Threshold, wanted: Limit, reason: str, by: str, at: datetime, approval: Approval | None = None
) -> Threshold:
    before = {"hard": threshold.hard, "warn": threshold.warn}
    threshold.hard = f"{wanted.hard:f}"
    threshold.warn = "" if wanted.warn is None else f"{wanted.warn:f}"
    threshold.version += 1
    threshold.changed_at, threshold.changed_by, threshold.reason = at, by, reason
    threshold.save()
    published = _publish(threshold.desk, by, at)
    receipts.issue(
        kind="threshold_changed",
        actor=by,
        at=at,
        subject=receipts.Subject(
            pair=threshold.scope_pair,
            instruments=(threshold.scope_instrument,) if threshold.scope_instrument else (),
        ),
        body={
            "desk": threshold.desk,
            "threshold": threshold.id,
            "limit": wanted,
            "before": before,
            "reason": reason,
            "approval": approval.id if approval else None,
            "requested_by": approval.requested_by if approval else by,
            "limits_version": published.version,
            "limits_hash": published.hash,
        },
    )
    return threshold


def _publish(desk: str, by: str, at: datetime) -> LimitSet:
    """Freeze the desk's thresholds as the next version and send it once the transaction holds."""
    rows = _locked(desk)
    version = (LimitVersion.objects.filter(desk=desk).order_by("-version").values_list("version", flat=True)).first()
    published = LimitSet.of((version or 0) + 1, (row.limit for row in rows))
    LimitVersion.objects.create(
        desk=desk,
        version=published.version,
        hash=published.hash,
        limits=msgspec.to_builtins(published.limits),
        created_at=at,
        created_by=by,
    )
    receipts.issue(
        kind="limits_published",
        actor=by,
        at=at,
        body={"desk": desk, "limit_set": published},
    )
    # A broker that is away must not undo the change: `deliver_limits` sends again until the engine confirms.
    transaction.on_commit(lambda: send_limits(desk, by))
    return published


def _locked(desk: str) -> list[Threshold]:
    return list(Threshold.objects.select_for_update().filter(desk=desk).order_by("id"))


def _scope(limit: Limit) -> tuple[str, str, str, str]:
    return (limit.kind.value, limit.scope_venue, limit.scope_instrument, limit.scope_pair)
