"""Venues, the desk's connections to them, and the instruments traded there."""

from django.db import models
from django.db.models import Q

from trading.models.fields import ExactDecimalField, is_positive


class Desk(models.Model):
    """The set of venue connections one engine drives together; the unit of sharding and failover."""

    name = models.CharField(max_length=8, unique=True)
    currency = models.CharField(max_length=3, default="CNY")
    board_hz = models.PositiveSmallIntegerField(default=10)

    def __str__(self) -> str:
        return self.name


class Venue(models.Model):
    """A market we connect to, and what it can do."""

    class Kind(models.TextChoices):
        LOCAL = "local"
        FIX = "fix"

    class MarketSide(models.TextChoices):
        DOMESTIC = "domestic"
        FOREIGN = "foreign"

    class OnDisconnect(models.TextChoices):
        CANCEL = "cancel"
        HOLD = "hold"
        NONE = "none"

    class OffsetRule(models.TextChoices):
        NET = "net"
        CLOSE_TODAY_SEPARATE = "close_today_separate"
        CLOSE_TODAY_FIRST = "close_today_first"

    name = models.CharField(max_length=12, unique=True)
    kind = models.CharField(max_length=8, choices=Kind)
    side = models.CharField(max_length=8, choices=MarketSide)
    currency = models.CharField(max_length=3)
    is_simulated = models.BooleanField()
    cancel_on_disconnect = models.CharField(max_length=8, choices=OnDisconnect)
    supports_fok = models.BooleanField()
    supports_order_query = models.BooleanField()
    message_rate_per_s = models.PositiveIntegerField()
    closes_today_separately = models.BooleanField()
    offset_rule = models.CharField(max_length=24, choices=OffsetRule, default=OffsetRule.NET)
    supports_position_query = models.BooleanField(default=False)
    source = models.CharField(max_length=300)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(message_rate_per_s__gt=0), name="venue_message_rate_positive"),
        ]

    def __str__(self) -> str:
        return self.name


class Connection(models.Model):
    """How a desk reaches a venue. The password is never stored: `password_env` names the variable that holds it."""

    class InputKind(models.TextChoices):
        RECORDED = "recorded"
        GENERATED = "generated"
        VENUE = "venue"

    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, related_name="connections")
    venue = models.ForeignKey(Venue, on_delete=models.PROTECT, related_name="connections")
    host = models.CharField(max_length=200)
    port = models.PositiveIntegerField()
    sender_comp_id = models.CharField(max_length=32, blank=True)
    target_comp_id = models.CharField(max_length=32, blank=True)
    heartbeat_s = models.PositiveSmallIntegerField()
    username = models.CharField(max_length=64, blank=True)
    password_env = models.CharField(max_length=64, blank=True)
    account = models.CharField(max_length=32)
    input_kind = models.CharField(max_length=12, choices=InputKind)  # both derived from the inputs at every export
    input_label = models.TextField(blank=True)
    latency_ms = models.PositiveIntegerField(null=True)  # one way, of the simulated venue; null for a real one
    is_around_the_clock = models.BooleanField(default=False)  # the simulated venue ignores the session rules

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["desk", "venue"], name="connection_once_per_desk"),
            models.CheckConstraint(condition=Q(port__gte=1, port__lte=65535), name="connection_port_range"),
        ]


class Instrument(models.Model):
    """A tradable thing on one venue. `multiplier` is the number of quote units in one lot."""

    code = models.CharField(max_length=32, unique=True)
    venue = models.ForeignKey(Venue, on_delete=models.PROTECT, related_name="instruments")
    symbol = models.CharField(max_length=32)
    tick = ExactDecimalField()
    multiplier = ExactDecimalField()
    unit = models.CharField(max_length=8)
    currency = models.CharField(max_length=3)
    quote_basis = models.CharField(max_length=12)
    order_lots_max = models.PositiveIntegerField(null=True)
    order_lots_min = models.PositiveIntegerField(default=1)
    order_lots_multiple = models.PositiveIntegerField(default=1)
    delivery_from = models.DateField(null=True)  # from this day on the delivery-month multiple is in force
    delivery_lots_multiple = models.PositiveIntegerField(default=1)
    prompt = models.CharField(max_length=8, blank=True, default="")  # LME: 3M, CASH or a date YYYYMMDD
    time_zone = models.CharField(max_length=40)
    closed_days = models.JSONField(default=list)  # local dates, ISO, without any session
    no_night_days = models.JSONField(default=list)  # local dates, ISO, without their night session
    calendar_source = models.CharField(max_length=300, blank=True, default="")
    is_pricing_only = models.BooleanField(default=False)
    source = models.CharField(max_length=300)

    class Meta:
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(fields=["venue", "symbol"], name="instrument_symbol_once_per_venue"),
            models.CheckConstraint(condition=is_positive("tick"), name="instrument_tick_positive"),
            models.CheckConstraint(condition=is_positive("multiplier"), name="instrument_multiplier_positive"),
        ]

    def __str__(self) -> str:
        return self.code


class DatedFact(models.Model):
    """A figure that is true from one day on, with the place where it was read."""

    valid_from = models.DateField()
    source = models.CharField(max_length=300)

    class Meta:
        abstract = True


class FeeSchedule(DatedFact):
    """Fees of an instrument: a share of turnover and an amount per lot, in the instrument's currency."""

    instrument = models.ForeignKey(Instrument, on_delete=models.CASCADE, related_name="fees")
    open_rate = ExactDecimalField()
    close_rate = ExactDecimalField()
    close_today_rate = ExactDecimalField()
    open_per_lot = ExactDecimalField()
    close_per_lot = ExactDecimalField()
    close_today_per_lot = ExactDecimalField()

    class Meta:
        ordering = ["valid_from"]
        constraints = [
            models.UniqueConstraint(fields=["instrument", "valid_from"], name="fee_once_per_day"),
        ]


class SessionRule(DatedFact):
    """The trading phases of an instrument, venue local time: [["09:00", "10:15"], ...]; one may pass midnight."""

    instrument = models.ForeignKey(Instrument, on_delete=models.CASCADE, related_name="session_rules")
    phases = models.JSONField()

    class Meta:
        ordering = ["valid_from"]
        constraints = [
            models.UniqueConstraint(fields=["instrument", "valid_from"], name="session_once_per_day"),
        ]


class PriceLimitRule(DatedFact):
    """The daily price limit of an instrument as a share of its reference price."""

    instrument = models.ForeignKey(Instrument, on_delete=models.CASCADE, related_name="price_limits")
    rate = ExactDecimalField()

    class Meta:
        ordering = ["valid_from"]
        constraints = [
            models.UniqueConstraint(fields=["instrument", "valid_from"], name="price_limit_once_per_day"),
        ]


class MarketInput(models.Model):
    """Where a simulated venue takes an instrument's prices from; `settings` holds the rest of the input's terms."""

    class Kind(models.TextChoices):
        RECORDED = "recorded"
        GENERATED = "generated"
        GENERATED_FROM = "generated_from"

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="inputs")
    instrument = models.ForeignKey(Instrument, on_delete=models.CASCADE, related_name="inputs")
    kind = models.CharField(max_length=16, choices=Kind)
    settings = models.JSONField(default=dict)
    label = models.TextField(blank=True)  # what screens say of it; derived when the configuration is exported

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "instrument"], name="one_input_per_instrument"),
        ]
