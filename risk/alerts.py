"""Alerts: a row that is durable before anybody is told, one row per cause, owned by whoever acknowledges it.

An alert of one rule and program counts up while nobody has looked. Once acknowledged it keeps counting for
the same execution only: a new incident must not hide behind an old signature.
"""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from django.dispatch import Signal

from audit import receipts
from audit.errors import DomainError
from risk.models import Alert, AlertCounter, AlertSource

# Sent after commit with `alert`, for whoever pushes to screens. A miss loses nothing: the rows are numbered.
changed = Signal()

SEVERITIES = ("P1", "P2", "P3", "P4")


class AlreadyAcknowledged(DomainError):
    code = "already_acknowledged"


class Cause(receipts.Subject, frozen=True):
    """What an alert is about; `desk` completes the codes of a receipt's subject."""

    desk: str = ""


def raise_alert(
    *, rule: str, severity: str, text_key: str, values: Mapping[str, str], at_ns: int,
    cause: Cause | None = None, source: tuple[str, int] | None = None,
) -> Alert:  # fmt: skip
    """Raise an alert, or count a repeat of one that still stands; returns its row.

    `rule` names the check (naked_age), `text_key` the sentence that `values` fill in, `severity` P1 to P4
    (ux.md section 2.5). `source` is the (stream, number) of the record it comes from; a record that was
    seen before changes nothing. Without a source the alert leaves a receipt of its own.
    """
    if severity not in SEVERITIES:
        raise ValueError(f"severity {severity!r} is none of {', '.join(SEVERITIES)}")
    about = cause or Cause()
    with transaction.atomic():
        number = _next_number()
        known = source and AlertSource.objects.filter(stream=source[0], stream_seq=source[1]).first()
        if known:
            return known.alert
        alert = _standing(rule, about) or Alert(rule=rule, count=0, raised_at_ns=at_ns, severity=severity)
        alert.severity = min(alert.severity, severity)
        alert.text_key, alert.values, alert.last_at_ns = text_key, dict(values), at_ns
        alert.desk, alert.project = about.desk, about.project
        alert.program, alert.execution = about.program, about.execution
        alert.count += 1
        _save(alert, number)
        if source:
            AlertSource.objects.create(alert=alert, stream=source[0], stream_seq=source[1])
        else:
            leave_receipt(alert, "alert_raised", "risk", at_ns, {"values": alert.values})
        return alert


def acknowledge(*, seq: int, note: str, by: str, at: datetime) -> Alert:
    """Make `by` the owner of the alert; raises Alert.DoesNotExist or AlreadyAcknowledged."""
    with transaction.atomic():
        number = _next_number()
        alert = Alert.objects.select_for_update().get(seq=seq)
        if alert.acked_by:
            raise AlreadyAcknowledged(f"{alert.acked_by} has already acknowledged this alert.")
        alert.acked_by, alert.acked_at_ns, alert.ack_note = by, receipts.nanos(at), note
        if alert.state == Alert.State.OPEN:
            alert.state = Alert.State.ACKED
        _save(alert, number)
        leave_receipt(alert, "alert_acknowledged", by, receipts.nanos(at), {"note": note})
        return alert


def resolve(*, rule: str, program: str, at_ns: int, desk: str = "") -> int:
    """Close the standing alerts of a cause that is over, on one desk or on all; return how many there were."""
    standing = Alert.objects.filter(rule=rule, program=program)
    return _close(standing.filter(desk=desk) if desk else standing, at_ns)


def resolve_of(*, execution: str, program: str, desk: str, at_ns: int) -> int:
    """Close the standing alerts about one execution, because a person took over what they are about."""
    return _close(Alert.objects.filter(execution=execution, program=program, desk=desk), at_ns)


def _close(found: QuerySet[Alert], at_ns: int) -> int:
    with transaction.atomic():
        standing = list(found.exclude(state=Alert.State.RESOLVED).select_for_update())
        for alert in standing:
            alert.state, alert.resolved_at_ns = Alert.State.RESOLVED, at_ns
            _save(alert, _next_number())
        return len(standing)


def is_counted(source: tuple[str, int]) -> bool:
    """Return whether an alert was raised from this (stream, number) before."""
    return AlertSource.objects.filter(stream=source[0], stream_seq=source[1]).exists()


def leave_receipt(alert: Alert, kind: str, actor: str, at_ns: int, more: Mapping[str, object]) -> None:
    """Put on record what happened to an alert."""
    receipts.issue(
        kind=kind,
        actor=actor,
        at=at_ns,
        subject=receipts.Subject(project=alert.project, program=alert.program, execution=alert.execution),
        body={
            "alert": alert.seq,
            "rule": alert.rule,
            "severity": alert.severity,
            "count": alert.count,
            **more,
        },
    )


def _standing(rule: str, about: Cause) -> Alert | None:
    same_incident = Q(state=Alert.State.OPEN) | Q(state=Alert.State.ACKED, execution=about.execution)
    standing = Alert.objects.filter(same_incident, rule=rule, desk=about.desk, program=about.program)
    return standing.select_for_update().order_by("-seq").first()


def _next_number() -> int:
    AlertCounter.objects.get_or_create(pk=1)
    counter = AlertCounter.objects.select_for_update().get(pk=1)
    counter.changed_seq += 1
    counter.save()
    return counter.changed_seq


def _save(alert: Alert, number: int) -> None:
    alert.changed_seq = number
    alert.save()
    transaction.on_commit(lambda: changed.send(sender=Alert, alert=alert), robust=True)
