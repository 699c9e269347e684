"""What may be declared, kind by kind: the keys of each table, their types and their units.

A shape is both the reading of a file and the reading of the database, so that "what changed" is a comparison of two
equal things. Decimals may be written as numbers or strings.
"""

import datetime
from decimal import Decimal
from typing import Any, Literal

import msgspec

from trading.services.declare.source import Entry


class VenueShape(msgspec.Struct, kw_only=True):
    name: str
    kind: Literal["local", "fix"]
    side: Literal["domestic", "foreign"]
    currency: str
    is_simulated: bool
    cancel_on_disconnect: Literal["cancel", "hold", "none"]
    supports_fok: bool
    supports_order_query: bool
    message_rate_per_s: int
    closes_today_separately: bool = False  # the older way to say offset_rule = "close_today_separate"
    source: str
    offset_rule: Literal["net", "close_today_separate", "close_today_first"] = "net"
    supports_position_query: bool = False


class DeskShape(msgspec.Struct, kw_only=True):
    name: str
    currency: str = "CNY"
    board_hz: int = 10


class InputShape(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Where a simulated venue takes an instrument's prices from; each key as in trading.venues.simulated.config.

    `path` may be relative to the folder named by RECORDED_TICKS.
    """

    desk: str
    instrument: str
    kind: Literal["recorded", "generated", "generated_from"]
    path: str = ""
    layout: str = ""
    columns: dict[str, str | list[str]] = {}
    time_zone: str = ""
    time_unit: str = ""
    time_origin: str = ""
    time_format: str = ""
    time_shift_ms: int = 0
    has_header: bool | None = None
    member: str = ""
    where: dict[str, str] = {}
    bad_rows: Literal["", "refuse", "skip"] = ""
    lots_when_missing: int | None = None
    gap_max_s: int | None = None
    source: str = ""
    fx: str = ""
    model: str = ""
    seed: int | None = None


class ConnectionShape(msgspec.Struct, kw_only=True):
    desk: str
    venue: str
    host: str
    port: int
    account: str
    heartbeat_s: int = 10
    sender_comp_id: str = ""
    target_comp_id: str = ""
    username: str = ""
    password_env: str = ""
    latency_ms: int | None = None
    is_around_the_clock: bool = False


class FeeShape(msgspec.Struct, kw_only=True):
    valid_from: datetime.date
    source: str
    open_rate: Decimal = Decimal(0)
    close_rate: Decimal = Decimal(0)
    close_today_rate: Decimal = Decimal(0)
    open_per_lot: Decimal = Decimal(0)
    close_per_lot: Decimal = Decimal(0)
    close_today_per_lot: Decimal = Decimal(0)


class SessionsShape(msgspec.Struct, kw_only=True):
    valid_from: datetime.date
    source: str
    phases: list[list[str]]  # opens, closes, and the days on which it opens where they are not Monday to Friday


class PriceLimitShape(msgspec.Struct, kw_only=True):
    valid_from: datetime.date
    source: str
    rate: Decimal


class InstrumentShape(msgspec.Struct, kw_only=True):
    code: str
    venue: str
    symbol: str
    tick: Decimal
    multiplier: Decimal
    unit: str
    currency: str
    quote_basis: Literal["incl_vat", "ex_vat", "bonded", "none"]
    time_zone: str
    source: str
    order_lots_max: int | None = None
    order_lots_min: int = 1
    order_lots_multiple: int = 1
    delivery_from: datetime.date | None = None
    delivery_lots_multiple: int = 1
    prompt: str = ""
    closed_days: list[datetime.date] = []
    no_night_days: list[datetime.date] = []
    calendar_source: str = ""
    is_pricing_only: bool = False
    fee: list[FeeShape] = []
    sessions: list[SessionsShape] = []
    price_limit: list[PriceLimitShape] = []


class ProjectShape(msgspec.Struct, kw_only=True):
    code: str
    name: str
    name_zh: str = ""
    stage: Literal["assessment", "integration", "canary", "acceptance", "live"] = "assessment"
    owner: str = ""
    members: list[str] = []


class LegShape(msgspec.Struct, kw_only=True):
    instrument: str
    role: Literal["domestic", "foreign"]
    ratio_lots: int = 0  # 0 only in a file that says how to find it: see PairDraft
    hedge_flag: Literal["speculation", "arbitrage", "hedge"] = "speculation"


class ParityShape(msgspec.Struct, kw_only=True):
    valid_from: datetime.date
    source: str
    premium: Decimal = Decimal(0)
    date_adjustment: Decimal = Decimal(0)
    duty_rate: Decimal = Decimal(0)
    vat_rate: Decimal = Decimal(0)
    misc: Decimal = Decimal(0)
    units_numerator: Decimal = Decimal(1)
    units_denominator: Decimal = Decimal(1)


class PairShape(msgspec.Struct, kw_only=True):
    code: str
    project: str
    common_unit: str
    unit_quantity: str
    leg_age_max_ms: int
    leg_skew_max_ms: int
    fx_age_max_ms: int
    leg: list[LegShape]
    parity: list[ParityShape]
    fx_instrument: str = ""
    hedgeable_min_s: int = 0


class PairDraft(PairShape, kw_only=True):
    """A pair as it may stand in a file: it gives the lots of its legs, or says how to find them (ratio_rules.py)."""

    ratio: Literal["", "tonnage", "vat_neutral", "value_neutral", "custom"] = ""
    ratio_error_max: Decimal = Decimal("0.01")
    ratio_lots_max: int = 100
    ratio_custom: Decimal | None = None  # domestic lots per foreign lot


class ReplyTimesShape(msgspec.Struct, kw_only=True, omit_defaults=True):
    reply_due_ms: int
    query_interval_ms: int
    presumed_dead_ms: int
    presumed_dead_max_ms: int = 0  # where the venue was measured to be slow; 0 means twelve times the least


class ProxyShape(msgspec.Struct, kw_only=True):
    instrument: str
    replaces: str
    lots: int
    replaces_lots: int


class ProgramShape(msgspec.Struct, kw_only=True):
    name: str
    number: int
    desk: str
    pair: str
    direction: Literal["sell_domestic", "buy_domestic"]
    measure: Literal["spread", "ratio", "counter_price"]
    comparator: Literal[">=", "<="]
    trigger_value: Decimal
    clip_units: int
    executions_max: int
    cooldown_ms: int
    payup: Decimal
    collar_rate: Decimal
    repair_preference: Literal["cheapest", "top_up_first", "unwind_first"]
    repair_wait_ms: int
    repair_attempts_max: int
    repair_cost_max: Decimal
    naked_age_max_ms: int
    time_to_live_s: int
    reply_times: dict[str, ReplyTimesShape]
    counter_leg: Literal["", "domestic", "foreign"] = ""
    dwell_ms: int = 0
    mode: Literal["together", "lead_first", "quote_and_lean"] = "together"
    lead: Literal["domestic", "foreign", "least_liquid", "most_liquid"] = "foreign"
    requote_ticks: int = 2
    messages_per_minute_max: int = 60
    quote_rest_ms: int = 30_000
    units_per_day_max: int = 0
    is_repeating: bool = False
    windows: list[tuple[str, str]] = []
    windows_time_zone: str = "Asia/Shanghai"
    routes: list[str] = []
    priority: int = 100
    residual_max: Decimal | None = None
    naked_quantity_max: Decimal | None = None
    queues_at_limit: bool = True
    proxy: list[ProxyShape] = []


class ThresholdShape(msgspec.Struct, kw_only=True):
    desk: str
    kind: str
    hard: Decimal
    warn: Decimal | None = None
    venue: str = ""
    instrument: str = ""
    pair: str = ""


class UserShape(msgspec.Struct, kw_only=True):
    username: str
    display_name: str
    roles: list[str]


Shape = (
    VenueShape
    | DeskShape
    | ConnectionShape
    | InputShape
    | InstrumentShape
    | ProjectShape
    | PairShape
    | ProgramShape
    | ThresholdShape
    | UserShape
)

KINDS: dict[str, type[Any]] = {
    "project": ProjectShape,
    "venue": VenueShape,
    "desk": DeskShape,
    "instrument": InstrumentShape,
    "connection": ConnectionShape,
    "input": InputShape,
    "pair": PairDraft,
    "program": ProgramShape,
    "threshold": ThresholdShape,
    "user": UserShape,
}


def key_of(shape: Shape) -> str:
    """Return the natural key of a declared thing: what makes two declarations mean the same one."""
    match shape:
        case ConnectionShape():
            return f"{shape.desk}/{shape.venue}"
        case InputShape():
            return f"{shape.desk}/{shape.instrument}"
        case ThresholdShape():
            scope = [part for part in (shape.venue, shape.instrument, shape.pair) if part]
            return f"{shape.desk}: {shape.kind} of {' '.join(scope) or 'everything'}"
        case InstrumentShape() | PairShape() | ProjectShape():
            return shape.code
        case UserShape():
            return shape.username
    return shape.name


def stated_key(entry: Entry) -> str:
    """Return the key that an unreadable entry seems to have, so that nobody is told it was never declared."""
    data = entry.data
    if entry.kind == "connection":
        return f"{data.get('desk')}/{data.get('venue')}"
    if entry.kind == "input":
        return f"{data.get('desk')}/{data.get('instrument')}"
    return str(data.get("code") or data.get("name") or data.get("username") or data.get("kind") or "")
