"""Pairs, and the hedge programs that an operator runs over them."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from trading.models.fields import ExactDecimalField
from trading.models.markets import DatedFact, Desk, Instrument


class Pair(models.Model):
    """Two traded legs, domestic first, and the pricing-only FX leg that makes them comparable."""

    code = models.CharField(max_length=32, unique=True)
    project = models.CharField(max_length=32, db_index=True)  # code of an audit.Project; receipts carry it as text
    fx_instrument = models.ForeignKey(Instrument, null=True, on_delete=models.PROTECT, related_name="+")
    common_unit = models.CharField(max_length=32)
    unit_quantity = models.CharField(max_length=120)
    leg_age_max_ms = models.PositiveIntegerField()
    leg_skew_max_ms = models.PositiveIntegerField()
    fx_age_max_ms = models.PositiveIntegerField()
    hedgeable_min_s = models.PositiveIntegerField(default=0)  # no entry unless both legs trade on for this long

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code


class PairLeg(models.Model):
    """`ratio_lots` lots of the instrument make one unit of the pair."""

    pair = models.ForeignKey(Pair, on_delete=models.CASCADE, related_name="legs")
    position = models.PositiveSmallIntegerField()
    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, related_name="pair_legs")
    role = models.CharField(max_length=8, choices=[("domestic", "domestic"), ("foreign", "foreign")])
    ratio_lots = models.PositiveIntegerField()
    hedge_flag = models.CharField(max_length=12, default="speculation")

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["pair", "position"], name="leg_position_once"),
            models.UniqueConstraint(fields=["pair", "role"], name="leg_role_once"),
            models.CheckConstraint(condition=Q(ratio_lots__gt=0), name="leg_ratio_positive"),
        ]


class ParityRule(DatedFact):
    """Import parity inputs of a pair (trading.core.terms.Parity), from one day on."""

    pair = models.ForeignKey(Pair, on_delete=models.CASCADE, related_name="parities")
    premium = ExactDecimalField()
    date_adjustment = ExactDecimalField()
    duty_rate = ExactDecimalField()
    vat_rate = ExactDecimalField()
    misc = ExactDecimalField()
    units_numerator = ExactDecimalField()
    units_denominator = ExactDecimalField()

    class Meta:
        ordering = ["valid_from"]
        constraints = [models.UniqueConstraint(fields=["pair", "valid_from"], name="parity_once_per_day")]


class HedgeProgram(models.Model):
    """One operator-approved run over one pair. What may change lives in its revisions."""

    name = models.CharField(max_length=32, unique=True)
    number = models.PositiveSmallIntegerField()  # its place in order ids; fixed for ever
    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, related_name="programs")
    pair = models.ForeignKey(Pair, on_delete=models.PROTECT, related_name="programs")
    revision = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["desk", "number"], name="program_number_once_per_desk")]

    def __str__(self) -> str:
        return self.name


class ProgramRevision(models.Model):
    """The frozen parameters of a program (trading.core.terms.Terms); never edited, only followed by the next one."""

    program = models.ForeignKey(HedgeProgram, on_delete=models.CASCADE, related_name="revisions")
    revision = models.PositiveIntegerField()
    direction = models.CharField(max_length=16)
    measure = models.CharField(max_length=16)
    comparator = models.CharField(max_length=2)
    trigger_value = ExactDecimalField()
    counter_leg = models.CharField(max_length=8, blank=True)
    dwell_ms = models.PositiveIntegerField(default=0)
    clip_units = models.PositiveIntegerField()
    executions_max = models.PositiveIntegerField()
    cooldown_ms = models.PositiveIntegerField()
    payup = ExactDecimalField()
    collar_rate = ExactDecimalField()
    mode = models.CharField(max_length=16, default="together")
    repair_preference = models.CharField(max_length=16)
    repair_wait_ms = models.PositiveIntegerField()
    repair_attempts_max = models.PositiveIntegerField()
    repair_cost_max = ExactDecimalField()
    naked_age_max_ms = models.PositiveIntegerField()
    time_to_live_s = models.PositiveIntegerField()
    reply_times = models.JSONField()  # venue name -> {reply_due_ms, query_interval_ms, presumed_dead_ms}
    lead = models.CharField(max_length=16, default="foreign")
    requote_ticks = models.PositiveIntegerField(default=2)
    messages_per_minute_max = models.PositiveIntegerField(default=60)
    quote_rest_ms = models.PositiveIntegerField(default=30_000)
    units_per_day_max = models.PositiveIntegerField(default=0)  # 0: no cap of its own
    is_repeating = models.BooleanField(default=False)
    windows = models.JSONField(default=list)  # [["09:30", "11:00"], ...]; none: always
    windows_time_zone = models.CharField(max_length=40, default="Asia/Shanghai")
    routes = models.JSONField(default=list)  # codes of other pairs that do the same job
    priority = models.PositiveIntegerField(default=100)
    residual_max = ExactDecimalField(null=True)  # domestic quote unit
    naked_quantity_max = ExactDecimalField(null=True)  # domestic quote unit
    queues_at_limit = models.BooleanField(default=True)
    proxy = models.JSONField(default=list)  # [{instrument, replaces, lots, replaces_lots}, ...]
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["revision"]
        constraints = [
            models.UniqueConstraint(fields=["program", "revision"], name="revision_once"),
            models.CheckConstraint(condition=Q(clip_units__gt=0), name="clip_positive"),
            models.CheckConstraint(condition=Q(executions_max__gt=0), name="executions_max_positive"),
        ]


class ProgramState(models.Model):
    """What the journal says a program is doing; written by the projector alone."""

    program = models.OneToOneField(HedgeProgram, on_delete=models.CASCADE, related_name="state")
    state = models.CharField(max_length=12, default="DISARMED")
    state_since_ns = models.BigIntegerField(default=0)
    reason = models.CharField(max_length=300, blank=True)
    revision = models.PositiveIntegerField(default=0)
    execution = models.CharField(max_length=40, blank=True)
    naked_lots = models.JSONField(default=list)  # signed lots per leg
    naked_since_ns = models.BigIntegerField(null=True)
    armed_by = models.CharField(max_length=150, blank=True)
    armed_at_ns = models.BigIntegerField(null=True)
    seq = models.BigIntegerField(default=0)
