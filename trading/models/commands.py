"""What operators asked an engine to do, and what became of it."""

from django.conf import settings
from django.db import models

from trading.models.markets import Desk


class Command(models.Model):
    """One request by one person. A repeated idempotency key returns the first command and does nothing else."""

    class State(models.TextChoices):
        PENDING = "pending"
        ACCEPTED = "accepted"
        REFUSED = "refused"
        UNKNOWN = "unknown"

    command_id = models.CharField(primary_key=True, max_length=40)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="commands")
    idempotency_key = models.CharField(max_length=64)
    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, related_name="commands")
    op = models.CharField(max_length=16)
    program = models.CharField(max_length=32, blank=True)
    body = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=State, default=State.PENDING)
    code = models.CharField(max_length=40, blank=True)
    text = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    decided_at = models.DateTimeField(null=True)
    changed_at_ns = models.BigIntegerField(default=0)  # the live channel asks for what changed since

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["actor", "idempotency_key"], name="command_once_per_key"),
        ]
        indexes = [models.Index(fields=["changed_at_ns"], name="command_by_change")]
