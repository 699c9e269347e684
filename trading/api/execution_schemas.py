"""The shapes of executions and venues."""

from rest_framework import serializers as s

from trading.api.schemas import maybe_text, maybe_whole, text, whole


class ExecutionSchema(s.Serializer):
    """One execution. Naked figures are in lots of the first leg; slippage and fees in the desk's currency."""

    id = text()
    pair = text()
    program = text()
    project = text()
    direction = text()
    clips = whole()
    outcome = text()
    started_at_ns = whole()
    ended_at_ns = maybe_whole()
    total_ns = maybe_whole()
    measure = text()
    measure_value = maybe_text()
    trigger_value = maybe_text()
    leg_gap_ns = maybe_whole()
    naked_peak_lots = maybe_text()
    naked_lot_ms = maybe_text()
    slippage = maybe_text()
    fees = maybe_text()
    currency = text()
    purpose = s.ChoiceField(["entry", "flatten"])
    mode = text()
    lead_leg = maybe_whole()
    route = whole(help_text="0: the program's own pair; `pair` is the one it ran on")
    shares = s.ListField(child=s.DictField(), help_text="who got what of something short, and why")
    residual_lots = s.ListField(child=whole(), help_text="signed lots per leg that a person took over")
    residual_owner = text(allow_blank=True)
    residual_reason = text(allow_blank=True)
    last_seq = whole()


class ExecutionPageSchema(s.Serializer):
    items = ExecutionSchema(many=True)
    next = maybe_text()


class StepSchema(s.Serializer):
    """One row of the waterfall. `clock` says whose time `at_ns` is: E, the engine's."""

    key = text()
    seq = whole()
    group = text()
    label_key = text()
    values = s.DictField(child=text(allow_blank=True))
    at_ns = whole()
    duration_ns = maybe_whole()
    clock = text()
    leg = maybe_whole()


class OrderSchema(s.Serializer):
    client_order_id = text()
    venue = text()
    venue_order_id = text()
    instrument = text()
    leg = whole()
    attempt = whole()
    purpose = text()
    side = text()
    lots = whole()
    filled_lots = whole()
    price = text()
    time_in_force = text()
    offset = text()
    state = text()
    decided_at_ns = whole()
    sent_at_ns = maybe_whole()
    accepted_at_ns = maybe_whole()
    closed_at_ns = maybe_whole()
    close_reason = text()
    reject_code = text()
    reject_text = text()
    seq = whole()


class FillSchema(s.Serializer):
    client_order_id = text()
    fill_id = text()
    venue = text()
    instrument = text()
    leg = whole()
    side = text()
    lots = whole()
    price = text()
    trading_day = text()
    exchange_at_ns = maybe_whole()
    recorded_at_ns = whole()
    seq = whole()


class OptionSchema(s.Serializer):
    """One way out that a repair weighed, and why it was or was not taken."""

    name = text()
    target_units = whole()
    lots_by_leg = s.ListField(child=whole())
    cost = maybe_text()
    reason = text()


class DecisionSchema(s.Serializer):
    seq = whole()
    at_ns = whole()
    purpose = text()
    measure_value = maybe_text()
    trigger_value = maybe_text()
    limits_version = text()
    orders = s.ListField(child=text())
    options = OptionSchema(many=True)


class BandSchema(s.Serializer):
    at_ns = whole()
    lots = text()


class ReceiptRangeSchema(s.Serializer):
    stream = text()
    first_seq = whole()
    last_seq = whole()
    count = whole()


class ExecutionDetailSchema(s.Serializer):
    summary = ExecutionSchema()
    t0_ns = whole()
    steps = StepSchema(many=True)
    orders = OrderSchema(many=True)
    fills = FillSchema(many=True)
    decisions = DecisionSchema(many=True)
    naked_band = BandSchema(many=True)
    receipts = ReceiptRangeSchema()


class SessionsSchema(s.Serializer):
    phases = s.ListField(child=s.ListField(child=text()))
    valid_from = s.DateField()
    source = text()


class VenueInstrumentSchema(s.Serializer):
    code = text()
    symbol = text()
    is_pricing_only = s.BooleanField()
    time_zone = text()
    sessions = SessionsSchema(allow_null=True)
    input_kind = s.ChoiceField(["recorded", "generated", "venue"])
    input_label = text()


class VenueSchema(s.Serializer):
    """A line of a desk to a venue. `live` is what the engine last published of it, null when not known."""

    desk = text()
    venue = text()
    kind = text()
    side = text()
    currency = text()
    is_simulated = s.BooleanField()
    input_kind = s.ChoiceField(["recorded", "generated", "venue"])
    input_label = text()
    is_around_the_clock = s.BooleanField()
    address = text()
    account = text()
    instruments = VenueInstrumentSchema(many=True)
    live = s.DictField(allow_null=True)


class EngineSchema(s.Serializer):
    desk = text()
    epoch = whole()
    state = text()
    reason = text()
    journal_seq = whole()
    recorded_at_ns = whole()
    copied_at_ns = whole()
    problem = text()
    live = s.DictField(allow_null=True)


class VenuesSchema(s.Serializer):
    venues = VenueSchema(many=True)
    engines = EngineSchema(many=True)
