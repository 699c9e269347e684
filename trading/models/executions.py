"""What the engines did, read from their journals: executions, child orders, fills, positions. Times are Nanos UTC."""

from decimal import Decimal

from django.db import models

from trading.models.fields import ExactDecimalField
from trading.models.markets import Desk
from trading.models.programs import HedgeProgram, Pair


class Execution(models.Model):
    """One trigger and everything that followed from it until the legs were matched, rolled back or left to a person."""

    id = models.CharField(primary_key=True, max_length=48)
    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, related_name="executions")
    program = models.ForeignKey(HedgeProgram, on_delete=models.PROTECT, related_name="executions")
    pair = models.ForeignKey(Pair, on_delete=models.PROTECT, related_name="executions")
    direction = models.CharField(max_length=16)
    clips = models.PositiveIntegerField()
    outcome = models.CharField(max_length=16, default="open")  # then ExecutionEnded.outcome, or halted
    started_at_ns = models.BigIntegerField()
    ended_at_ns = models.BigIntegerField(null=True)
    measure = models.CharField(max_length=16)
    measure_value = ExactDecimalField(null=True)
    trigger_value = ExactDecimalField(null=True)
    leg_gap_ns = models.BigIntegerField(null=True)  # between the entry fills that completed each leg
    naked_peak_lots = ExactDecimalField(default=Decimal(0))  # in lots of the first leg
    naked_lot_ms = ExactDecimalField(null=True)
    slippage = ExactDecimalField(null=True)  # CNY paid against the quotes decided on; positive is worse
    fees = ExactDecimalField(null=True)  # CNY
    purpose = models.CharField(max_length=8, default="entry")  # or flatten
    mode = models.CharField(max_length=16, default="together")
    lead_leg = models.PositiveSmallIntegerField(null=True)  # the leg that worked first
    route = models.PositiveSmallIntegerField(default=0)  # 0: the program's own pair; `pair` is the route's
    shares = models.JSONField(default=list)  # who got what of something short, and why
    residual_lots = models.JSONField(default=list)  # signed lots per leg that a person took over
    residual_owner = models.CharField(max_length=150, blank=True, default="")
    residual_reason = models.CharField(max_length=300, blank=True, default="")
    first_seq = models.BigIntegerField()
    last_seq = models.BigIntegerField()

    class Meta:
        ordering = ["-started_at_ns", "-first_seq"]
        indexes = [
            models.Index(fields=["pair", "-started_at_ns"], name="execution_by_pair"),
            models.Index(fields=["last_seq"], name="execution_by_seq"),
        ]


class ChildOrder(models.Model):
    """One request to one venue. Its id is never forgotten: a late fill finds it whatever its state."""

    client_order_id = models.CharField(max_length=24, unique=True)
    execution = models.ForeignKey(Execution, on_delete=models.CASCADE, related_name="orders")
    venue = models.CharField(max_length=12)
    venue_order_id = models.CharField(max_length=64, blank=True)
    instrument = models.CharField(max_length=32)
    leg = models.PositiveSmallIntegerField()
    attempt = models.PositiveSmallIntegerField()
    purpose = models.CharField(max_length=8)
    side = models.CharField(max_length=4)
    lots = models.PositiveIntegerField()
    price = ExactDecimalField()
    time_in_force = models.CharField(max_length=4)
    offset = models.CharField(max_length=16)
    state = models.CharField(max_length=12, default="decided")
    filled_lots = models.PositiveIntegerField(default=0)
    decided_at_ns = models.BigIntegerField()
    sent_at_ns = models.BigIntegerField(null=True)
    accepted_at_ns = models.BigIntegerField(null=True)
    closed_at_ns = models.BigIntegerField(null=True)
    close_reason = models.CharField(max_length=32, blank=True)
    reject_code = models.CharField(max_length=32, blank=True)
    reject_text = models.CharField(max_length=300, blank=True)
    seq = models.BigIntegerField()

    class Meta:
        ordering = ["seq", "leg"]


class Fill(models.Model):
    """A trade of ours, counted once per order, trading day and fill id.

    The order belongs to the key: both sides of a self-trade carry one id on Chinese exchanges.
    """

    order = models.ForeignKey(ChildOrder, on_delete=models.CASCADE, related_name="fills")
    venue = models.CharField(max_length=12)
    trading_day = models.CharField(max_length=10, blank=True)
    fill_id = models.CharField(max_length=64)
    lots = models.PositiveIntegerField()
    price = ExactDecimalField()
    exchange_at_ns = models.BigIntegerField(null=True)
    recorded_at_ns = models.BigIntegerField()
    seq = models.BigIntegerField()

    class Meta:
        ordering = ["seq"]
        constraints = [
            models.UniqueConstraint(fields=["order", "trading_day", "fill_id"], name="fill_counts_once"),
        ]


class Position(models.Model):
    """Net lots of one instrument on one desk, summed from the journal's fills."""

    desk = models.ForeignKey(Desk, on_delete=models.CASCADE, related_name="positions")
    venue = models.CharField(max_length=12)
    instrument = models.CharField(max_length=32)
    net_lots = models.BigIntegerField(default=0)
    bought_lots = models.BigIntegerField(default=0)
    sold_lots = models.BigIntegerField(default=0)
    seq = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["desk", "instrument"], name="position_once")]


class JournalCursor(models.Model):
    """How far the projector has copied a desk's journal, and what the journal says of the engine itself.

    `file` and `offset` say where the next line begins; `problem` is why the copy stands still, if it does.
    """

    desk = models.OneToOneField(Desk, on_delete=models.CASCADE, related_name="cursor")
    seq = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64, blank=True)
    file = models.CharField(max_length=40, blank=True)
    offset = models.BigIntegerField(default=0)
    problem = models.CharField(max_length=300, blank=True)
    recorded_at_ns = models.BigIntegerField(default=0)
    copied_at_ns = models.BigIntegerField(default=0)
    epoch = models.PositiveIntegerField(default=0)
    engine_state = models.CharField(max_length=16, blank=True)  # STARTED, RECONCILED, HALTED
    engine_reason = models.CharField(max_length=300, blank=True)
