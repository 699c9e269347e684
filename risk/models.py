"""Thresholds, every limit set that was ever in force, requests that await a second person, and alerts."""

from decimal import Decimal

from django.db import models

from risk.limits import Limit, LimitKind


class Threshold(models.Model):
    """One limit of one desk as it stands now; `version` rises with every change of this row."""

    desk = models.CharField(max_length=32)
    kind = models.CharField(max_length=32, choices=[(kind.value, kind.value) for kind in LimitKind])
    scope_venue = models.CharField(max_length=40, blank=True)
    scope_instrument = models.CharField(max_length=40, blank=True)
    scope_pair = models.CharField(max_length=40, blank=True)
    # Decimals as text: SQLite would keep binary floats.
    hard = models.CharField(max_length=40)
    warn = models.CharField(max_length=40, blank=True)
    version = models.PositiveIntegerField(default=1)
    changed_at = models.DateTimeField()
    changed_by = models.CharField(max_length=150)
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["desk", "kind", "scope_venue", "scope_instrument", "scope_pair"]
        constraints = [
            models.UniqueConstraint(
                fields=["desk", "kind", "scope_venue", "scope_instrument", "scope_pair"],
                name="threshold_once_per_scope",
            )
        ]

    def __str__(self) -> str:
        scope = " ".join(filter(None, (self.scope_venue, self.scope_instrument, self.scope_pair)))
        return f"{self.kind} of {scope or self.desk}"

    @property
    def limit(self) -> Limit:
        """The limit in the gate's own form."""
        return Limit(
            kind=LimitKind(self.kind),
            hard=Decimal(self.hard),
            warn=Decimal(self.warn) if self.warn else None,
            scope_venue=self.scope_venue,
            scope_instrument=self.scope_instrument,
            scope_pair=self.scope_pair,
        )


class LimitVersion(models.Model):
    """A desk's whole limit set at one version. The desk's engine confirms the version it holds."""

    desk = models.CharField(max_length=32)
    version = models.PositiveIntegerField()
    hash = models.CharField(max_length=64)
    limits = models.JSONField()
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=150)
    in_force_at = models.DateTimeField(null=True)  # when the engine said that it uses this version

    class Meta:
        ordering = ["desk", "version"]
        constraints = [models.UniqueConstraint(fields=["desk", "version"], name="limit_version_once_per_desk")]


class Approval(models.Model):
    """A request that takes a second person: what it asks, against which version, and the answer."""

    class Kind(models.TextChoices):
        LOOSEN_THRESHOLD = "loosen_threshold"
        LIFT_KILL = "lift_kill"
        FLATTEN = "flatten"
        ADJUST_POSITION = "adjust_position"

    class State(models.TextChoices):
        PENDING = "pending"
        APPROVED = "approved"
        REJECTED = "rejected"

    kind = models.CharField(max_length=24, choices=Kind)
    subject = models.CharField(max_length=80)  # what it is about: a threshold's id, a desk
    request = models.JSONField()  # the change asked for
    base_version = models.PositiveIntegerField(default=0)
    reason = models.CharField(max_length=300)
    requested_by = models.CharField(max_length=150)
    requested_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=State, default=State.PENDING)
    decided_by = models.CharField(max_length=150, blank=True)
    decided_at = models.DateTimeField(null=True)
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(decided_by=models.F("requested_by")), name="maker_is_not_checker"
            )
        ]


class Alert(models.Model):
    """One cause that needs eyes. Repeats of it while nobody has looked raise `count` instead of a new row."""

    class State(models.TextChoices):
        OPEN = "open"
        ACKED = "acked"
        RESOLVED = "resolved"

    seq = models.BigAutoField(primary_key=True)
    changed_seq = models.BigIntegerField(unique=True)  # rises with every change of any alert: poll by this
    rule = models.CharField(max_length=60)
    severity = models.CharField(max_length=2, choices=[(name, name) for name in ("P1", "P2", "P3", "P4")])
    text_key = models.CharField(max_length=80)
    values = models.JSONField(default=dict)
    desk = models.CharField(max_length=32, blank=True)
    project = models.CharField(max_length=40, blank=True)
    program = models.CharField(max_length=40, blank=True)
    execution = models.CharField(max_length=60, blank=True)
    raised_at_ns = models.BigIntegerField()
    last_at_ns = models.BigIntegerField()
    count = models.PositiveIntegerField(default=1)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    acked_by = models.CharField(max_length=150, blank=True)
    acked_at_ns = models.BigIntegerField(null=True)
    ack_note = models.CharField(max_length=300, blank=True)
    resolved_at_ns = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["seq"]
        indexes = [models.Index(fields=["rule", "program", "state"], name="alert_by_cause")]


class AlertSource(models.Model):
    """The record that an alert came from: the same record never counts twice."""

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="sources")
    stream = models.CharField(max_length=80)
    stream_seq = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["stream", "stream_seq"], name="alert_once_per_record")]


class AlertCounter(models.Model):
    """One row: the last `changed_seq` given out. Whoever raises or changes an alert locks it."""

    changed_seq = models.BigIntegerField(default=0)
