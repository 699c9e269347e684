"""Evidence as rows: receipts, the heads and checkpoints of their streams, delivery projects and exports.

Receipts and checkpoints are append-only: the database itself refuses to update or delete them
(append_only.py).
"""

from django.db import models


class Stage(models.TextChoices):
    """Where a delivery project stands (ux.md section 2.7)."""

    ASSESSMENT = "assessment", "Assessment"
    INTEGRATION = "integration", "Integration and stress"
    CANARY = "canary", "Canary"
    ACCEPTANCE = "acceptance", "Acceptance"
    LIVE = "live", "Live"


class Project(models.Model):
    """A delivery project: what pairs, programs and receipts belong to, from assessment to live."""

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    name_zh = models.CharField(max_length=120, blank=True)
    stage = models.CharField(max_length=16, choices=Stage, default=Stage.ASSESSMENT)
    stage_since = models.DateTimeField(auto_now_add=True)
    owner = models.CharField(max_length=150, blank=True)  # user name
    members = models.JSONField(default=list)  # user names whose own project this is

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code


class StreamHead(models.Model):
    """The last link of a stream. Writers lock this row, so receipts of one stream never interleave."""

    stream = models.CharField(max_length=80, primary_key=True)
    seq = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64)
    sealed_seq = models.BigIntegerField(default=0)  # the last record under a checkpoint


class Receipt(models.Model):
    """One record of one stream: the bytes that were hashed, and columns to find them by.

    `hash` links `body` to the record before it. `index_hash` covers the columns, so that a record cannot be
    hidden from a search without the verifier noticing.
    """

    stream = models.CharField(max_length=80)
    seq = models.BigIntegerField()
    at_ns = models.BigIntegerField()
    kind = models.CharField(max_length=40)
    actor = models.CharField(max_length=150, blank=True)
    project = models.CharField(max_length=40, blank=True)
    pair = models.CharField(max_length=40, blank=True)
    program = models.CharField(max_length=40, blank=True)
    execution = models.CharField(max_length=60, blank=True)
    instruments = models.CharField(max_length=400, blank=True)  # each between bars: |SHFE.cu2703|LME.CA-3M|
    body = models.TextField()
    prev_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)
    index_hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["stream", "seq"]
        constraints = [models.UniqueConstraint(fields=["stream", "seq"], name="receipt_once_per_seq")]
        indexes = [
            models.Index(fields=["at_ns", "id"], name="receipt_by_time"),
            models.Index(fields=["project", "at_ns"], name="receipt_by_project"),
            models.Index(fields=["kind", "at_ns"], name="receipt_by_kind"),
            models.Index(fields=["execution", "at_ns"], name="receipt_by_execution"),
        ]

    def __str__(self) -> str:
        return f"{self.stream} #{self.seq}"


class Checkpoint(models.Model):
    """A Merkle root over the record hashes `first_seq` to `last_seq`, and the chain's hash at their end."""

    stream = models.CharField(max_length=80)
    first_seq = models.BigIntegerField()
    last_seq = models.BigIntegerField()
    root = models.CharField(max_length=64)
    head_hash = models.CharField(max_length=64)
    at_ns = models.BigIntegerField()

    class Meta:
        ordering = ["stream", "last_seq"]
        constraints = [models.UniqueConstraint(fields=["stream", "last_seq"], name="checkpoint_once_per_seq")]


class ExportRecord(models.Model):
    """A report that left the house: what it covered and the hash of its bytes."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="exports")
    format = models.CharField(max_length=16)  # pdf, csv_human, csv_regulator
    file_name = models.CharField(max_length=160)
    requested_by = models.CharField(max_length=150)
    at_ns = models.BigIntegerField()
    from_ns = models.BigIntegerField(null=True)
    until_ns = models.BigIntegerField(null=True)
    records = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    receipt = models.ForeignKey(Receipt, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-id"]
