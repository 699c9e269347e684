"""Reads thresholds, requests and alerts for screens."""

from datetime import datetime

import msgspec
from django.db.models import Max, QuerySet

from risk.models import Alert, Approval, LimitVersion, Threshold

ALERTS_MAX = 500


class VersionInForce(msgspec.Struct, frozen=True):
    """The limits the console published, and those the desk's engine last said it uses; None before it did."""

    desk: str
    version: int
    hash: str
    in_force_version: int | None


def thresholds() -> QuerySet[Threshold]:
    """Return all thresholds in reading order."""
    return Threshold.objects.all()


def versions_in_force() -> list[VersionInForce]:
    """Return one row per desk that has limits."""
    confirmed = dict(
        LimitVersion.objects.filter(in_force_at__isnull=False)
        .values_list("desk")
        .annotate(newest=Max("version"))
        .order_by("desk")
    )
    newest = LimitVersion.objects.values_list("desk").annotate(newest=Max("version")).order_by("desk")
    hashes = {(row.desk, row.version): row.hash for row in LimitVersion.objects.only("desk", "version", "hash")}
    return [VersionInForce(desk, version, hashes[desk, version], confirmed.get(desk)) for desk, version in newest]


def pending_loosenings(now: datetime) -> dict[int, Approval]:
    """Return the newest open request by threshold id."""
    pending = Approval.objects.filter(
        kind=Approval.Kind.LOOSEN_THRESHOLD, state=Approval.State.PENDING, expires_at__gt=now
    )
    return {int(approval.subject): approval for approval in pending.order_by("id")}


def approvals(*, state: str = "") -> QuerySet[Approval]:
    """Return requests, newest first."""
    rows = Approval.objects.all()
    return rows.filter(state=state) if state else rows


def alerts(*, after: int = 0, state: str = "") -> QuerySet[Alert]:
    """Return alerts that changed after `after`, in the order of their change, at most ALERTS_MAX."""
    rows = Alert.objects.filter(changed_seq__gt=after).order_by("changed_seq")
    if state:
        rows = rows.filter(state=state)
    return rows[:ALERTS_MAX]
