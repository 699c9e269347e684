"""The shapes of the trading endpoints, for OpenAPI and for reading requests.

Decimals are strings; a quantity that is not known is null. Times ending in `_ns` are nanoseconds UTC.
"""

from typing import Any

from rest_framework import serializers as s


def text(**options: Any) -> s.CharField:
    return s.CharField(**options)


def maybe_text() -> s.CharField:
    return s.CharField(allow_null=True)


def whole(**options: Any) -> s.IntegerField:
    return s.IntegerField(**options)


def maybe_whole() -> s.IntegerField:
    return s.IntegerField(allow_null=True)


class ErrorSchema(s.Serializer):
    """Every refusal. `code` is stable; `fields` maps an input's name to what is wrong with it."""

    code = text()
    message = text()
    fields = s.DictField(child=text())  # type: ignore[assignment]


# --- board, pairs, programs -------------------------------------------------------------------------


class ClipLegSchema(s.Serializer):
    instrument = text()
    role = s.ChoiceField(["domestic", "foreign"])
    lots = whole()
    quantity = text()
    unit = text()


class ClipSchema(s.Serializer):
    units = whole()
    legs = ClipLegSchema(many=True)


class LegSchema(s.Serializer):
    instrument = text()
    venue = text()
    symbol = text()
    role = s.ChoiceField(["domestic", "foreign"])
    ratio_lots = whole()
    hedge_flag = s.ChoiceField(["speculation", "arbitrage", "hedge"])
    order_lots_min = whole()
    order_lots_multiple = whole()
    prompt = text(allow_blank=True, help_text="LME: 3M, CASH or a prompt date; empty elsewhere")
    tick = text()
    multiplier = text()
    unit = text()
    currency = text()
    quote_basis = text()
    time_zone = text()
    is_simulated = s.BooleanField()
    source = text()


class LevelsSchema(s.Serializer):
    bids = s.ListField(child=s.ListField(), help_text="[price, lots], best first, five levels")
    asks = s.ListField(child=s.ListField())


class BookSchema(s.Serializer):
    """One side of a pair as last quoted. `q`: live, quiet, stale, closed or invalid, decided by the engine."""

    instrument = text()
    bid = maybe_text()
    ask = maybe_text()
    bid_lots = maybe_whole()
    ask_lots = maybe_whole()
    levels = LevelsSchema()
    age_ms = maybe_whole()
    q = text()


class FxSchema(s.Serializer):
    bid = maybe_text()
    ask = maybe_text()
    age_ms = maybe_whole()
    q = text()


class DirectionSchema(s.Serializer):
    """Executable figures of one direction, for whole clips walked through depth."""

    spread = maybe_text()
    ratio = maybe_text()
    foreign_converted = maybe_text()
    clips = maybe_whole()
    limited_by = maybe_text()


class GateSchema(s.Serializer):
    """One condition of "would it fire now"."""

    id = text()
    # `pass` is a Python keyword, so the field is declared below.
    value = maybe_text()
    threshold = maybe_text()
    margin = maybe_text()
    unit = maybe_text()
    as_of = maybe_whole()


GateSchema._declared_fields["pass"] = s.BooleanField()


class PairRowSchema(s.Serializer):
    """One program on the board. With `live` false, everything that only the engine knows is null."""

    desk = text()
    pair = text()
    program = text()
    project = text()
    revision = whole()
    direction = s.ChoiceField(["sell_domestic", "buy_domestic"])
    measure = s.ChoiceField(["spread", "ratio", "counter_price"])
    comparator = s.ChoiceField([">=", "<="])
    trigger_value = text()
    unit = text()
    clip = ClipSchema()
    legs = LegSchema(many=True)
    fx_instrument = maybe_text()
    live = s.BooleanField()
    state = maybe_text()
    state_since = maybe_whole()
    reason = text()
    ttl_left_s = maybe_whole()
    domestic = BookSchema(allow_null=True)
    foreign = BookSchema(allow_null=True)
    fx = FxSchema(allow_null=True)
    sell = DirectionSchema(allow_null=True)
    buy = DirectionSchema(allow_null=True)
    distance = maybe_text()
    clips_max = maybe_whole()
    gates = GateSchema(many=True)
    would_fire = s.BooleanField(allow_null=True)
    naked = s.ListField(child=s.DictField())
    naked_since = maybe_whole()
    today = s.DictField(allow_null=True)


class BoardSchema(s.Serializer):
    desks = s.ListField(child=text())
    pairs = PairRowSchema(many=True)


class ProxySchema(s.Serializer):
    """`lots` of `instrument` hedge `replaces_lots` of `replaces` when that cannot be traded."""

    instrument = text()
    replaces = text()
    lots = whole()
    replaces_lots = whole()


class TermsSchema(s.Serializer):
    revision = whole()
    direction = s.ChoiceField(["sell_domestic", "buy_domestic"])
    measure = s.ChoiceField(["spread", "ratio", "counter_price"])
    comparator = s.ChoiceField([">=", "<="])
    trigger_value = text()
    counter_leg = text(allow_blank=True)
    dwell_ms = whole()
    clip_units = whole()
    executions_max = whole()
    cooldown_ms = whole()
    payup = text()
    collar_rate = text()
    mode = s.ChoiceField(["together", "lead_first", "quote_and_lean"])
    repair_preference = s.ChoiceField(["cheapest", "top_up_first", "unwind_first"])
    repair_wait_ms = whole()
    repair_attempts_max = whole()
    repair_cost_max = text()
    naked_age_max_ms = whole()
    time_to_live_s = whole()
    reply_times = s.DictField(child=s.DictField(child=whole()))
    lead = s.ChoiceField(["domestic", "foreign", "least_liquid", "most_liquid"])
    requote_ticks = whole()
    messages_per_minute_max = whole(help_text="of the resting quote; hedges and repairs are never counted")
    quote_rest_ms = whole()
    units_per_day_max = whole(help_text="matched units per trading day; 0 means no cap of its own")
    is_repeating = s.BooleanField()
    windows = s.ListField(child=s.ListField(child=text(), min_length=2, max_length=2))
    windows_time_zone = text()
    routes = s.ListField(child=text(), help_text="other pairs that do the same job")
    priority = whole(help_text="who is served first when something is short: the lower number")
    residual_max = maybe_text()
    naked_quantity_max = maybe_text()
    queues_at_limit = s.BooleanField()
    proxy = ProxySchema(many=True)


class ProgramSchema(s.Serializer):
    name = text()
    desk = text()
    pair = text()
    project = text()
    revision = whole()
    terms = TermsSchema()
    clip = ClipSchema()
    state = text()
    state_since_ns = whole()
    reason = text()
    armed_by = text()
    armed_at_ns = maybe_whole()
    armed_revision = whole()
    execution = text()
    seq = whole()


class RevisionSchema(s.Serializer):
    revision = whole()
    created_at = s.DateTimeField()
    created_by = text()
    reason = text()
    changed = s.DictField(child=s.DictField())


class ProgramDetailSchema(ProgramSchema):
    revisions = RevisionSchema(many=True)


class ParitySchema(s.Serializer):
    premium = text()
    date_adjustment = text()
    duty_rate = text()
    vat_rate = text()
    misc = text()
    units_numerator = text()
    units_denominator = text()
    valid_from = s.DateField()
    source = text()


class PositionSchema(s.Serializer):
    """Net lots of one instrument, summed from the fills in the desk's journal."""

    desk = text()
    instrument = text()
    net_lots = whole()
    bought_lots = whole()
    sold_lots = whole()


class PairSchema(s.Serializer):
    code = text()
    project = text()
    common_unit = text()
    unit_quantity = text()
    fx_instrument = maybe_text()
    leg_age_max_ms = whole()
    leg_skew_max_ms = whole()
    fx_age_max_ms = whole()
    hedgeable_min_s = whole()
    parity = ParitySchema(allow_null=True)
    legs = LegSchema(many=True)
    programs = ProgramSchema(many=True)
    positions = PositionSchema(many=True)


class TermsChangeSchema(s.Serializer):
    """Terms to change, by name; what is not sent stays. `base_revision` is the revision that was edited."""

    base_revision = whole(min_value=1)
    reason = text(max_length=300, allow_blank=True, default="")
    terms = s.DictField()


# --- arming and commands ----------------------------------------------------------------------------


class ReviewLegSchema(s.Serializer):
    role = text()
    side = s.ChoiceField(["buy", "sell"])
    instrument = text()
    lots = whole()
    quantity = text()
    unit = text()
    currency = text()
    price_now = maybe_text()


class ReviewLimitSchema(s.Serializer):
    kind = text()
    label_en = text()
    label_zh = text()
    instrument = text()
    after = text(help_text="what the limit would be held against after one clip")
    limit = maybe_text()


class ArmReviewSchema(s.Serializer):
    """What arming means, in sentences. Null means not known now."""

    program = text()
    pair = text()
    revision = whole()
    environment = s.ChoiceField(["SIM", "CANARY", "LIVE"])
    legs = ReviewLegSchema(many=True)
    sentences_en = s.ListField(child=text())
    sentences_zh = s.ListField(child=text())
    action_en = text()
    action_zh = text()
    worst_cost = maybe_text()
    worst_cost_currency = text()
    executions_max = whole()
    ttl_s = whole()
    would_fire = s.BooleanField(allow_null=True)
    gates = GateSchema(many=True)
    limits = ReviewLimitSchema(many=True)


class OrderProgramSchema(s.Serializer):
    revision = whole(min_value=1, required=False, allow_null=True, default=None)
    reason = text(max_length=300, allow_blank=True, default="")


class DisarmSchema(OrderProgramSchema):
    then = s.ChoiceField(["finish", "unwind"], default="finish", help_text="what becomes of an open execution")


class KillSchema(s.Serializer):
    """`scope` is "all" or "program:<name>"."""

    level = s.ChoiceField(["stop", "cancel", "neutralize"])
    scope = s.RegexField(r"^(all|program:[A-Za-z0-9_.-]{1,32})$", default="all")
    reason = text(max_length=300, min_length=3)
    desk = text(max_length=8, required=False, default="")


class LiftSchema(s.Serializer):
    reason = text(max_length=300)
    scope = s.RegexField(r"^(all|program:[A-Za-z0-9_.-]{1,32})$", default="all")
    desk = text(max_length=8, required=False, default="")


class NoteSchema(s.Serializer):
    note = text(max_length=300, allow_blank=True, default="")


class GivenCommandSchema(s.Serializer):
    command_id = text()


class GivenCommandsSchema(s.Serializer):
    command_id = text(help_text="of the first desk")
    commands = GivenCommandSchema(many=True)


class LiftRequestSchema(s.Serializer):
    approval_id = whole()
    state = text()


class LiftDecisionSchema(s.Serializer):
    approval_id = whole()
    state = text()
    command_id = maybe_text()


class CommandSchema(s.Serializer):
    command_id = text()
    op = text()
    program = text()
    state = s.ChoiceField(["pending", "accepted", "refused", "unknown"])
    code = text()
    text = text()
    created_at = s.DateTimeField()
    decided_at = s.DateTimeField(allow_null=True)
