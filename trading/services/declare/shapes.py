"""What may be declared, kind by kind: the keys of each table, their types and their units.

A shape is both the reading of a file and the reading of the database, so that "what changed" is a comparison of two
equal things. Decimals may be written as numbers or strings.
"""

import datetime
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Literal, get_args, get_origin

import msgspec

from trading.services.declare.source import Entry, Problem


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
    closes_today_separately: bool
    source: str


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
    phases: list[tuple[str, str]]


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


class PairDraft(PairShape, kw_only=True):
    """A pair as it may stand in a file: it gives the lots of its legs, or says how to find them (ratio_rules.py)."""

    ratio: Literal["", "tonnage", "vat_neutral", "value_neutral", "custom"] = ""
    ratio_error_max: Decimal = Decimal("0.01")
    ratio_lots_max: int = 100
    ratio_custom: Decimal | None = None  # domestic lots per foreign lot


class ReplyTimesShape(msgspec.Struct, kw_only=True):
    reply_due_ms: int
    query_interval_ms: int
    presumed_dead_ms: int


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
    mode: Literal["together"] = "together"


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


def shape_of(entry: Entry) -> tuple[Shape | None, list[Problem]]:
    """Return `entry` as its shape, or every problem that keeps it from being one."""
    shape, problems = _convert(entry, KINDS[entry.kind], entry.data, ())
    return shape, problems


def _convert(entry: Entry, shape: type[Any], data: dict[str, Any], at: tuple) -> tuple[Any, list[Problem]]:
    fields = {field.name: field for field in msgspec.structs.fields(shape)}
    problems = [
        entry.problem(f"{entry.kind} has an unknown key {key!r}", f"use one of {', '.join(fields)}", *at, key)
        for key in data
        if key not in fields
    ]
    values: dict[str, Any] = {}
    for name, field in fields.items():
        if name not in data:
            if field.required:
                problems.append(entry.problem(f"{_title(entry)} has no {name}", f"add {name} = …", *at))
            continue
        value, wrong = _value(entry, field.type, data[name], (*at, name))
        values[name] = value
        problems += wrong
    return (None, problems) if problems else (shape(**values), [])


def _value(entry: Entry, type_: Any, value: Any, at: tuple) -> tuple[Any, list[Problem]]:
    nested = _nested(type_)
    if nested is not None:
        return _nested_values(entry, get_origin(type_), nested, value, at)
    if isinstance(value, int) and not isinstance(value, bool) and Decimal in (type_, *get_args(type_)):
        value = Decimal(value)
    try:
        return msgspec.convert(value, type_), []
    except msgspec.ValidationError as error:
        name = ".".join(str(part) for part in at)
        reason = f"{_title(entry)}: {name} = {_shown(value)} is not usable: {error}"
        return None, [entry.problem(reason, f"give {_wanted(type_)}", *at)]


def _nested_values(entry: Entry, origin: Any, shape: type, value: Any, at: tuple) -> tuple[Any, list[Problem]]:
    wanted = list if origin is list else dict
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else []
    items = list(items)
    if not isinstance(value, wanted) or not all(isinstance(item, dict) for _, item in items):
        reason = f"{_title(entry)}: {at[-1]} is not a {'list of tables' if wanted is list else 'table of tables'}"
        return None, [entry.problem(reason, f"write it as [[{entry.kind}.{at[-1]}]]", *at)]
    problems: list[Problem] = []
    made: dict[Any, Any] = {}
    for key, item in items:
        made[key], wrong = _convert(entry, shape, item, (*at, key))
        problems += wrong
    return (list(made.values()) if wanted is list else made), problems


def _nested(type_: Any) -> type | None:
    """Return the struct inside list[Struct] or dict[str, Struct], if the type is one of them."""
    args = get_args(type_)
    last = args[-1] if args and get_origin(type_) in (list, dict) else None
    return last if isinstance(last, type) and issubclass(last, msgspec.Struct) else None


def _title(entry: Entry) -> str:
    for key in ("name", "code", "username", "kind"):
        if isinstance(entry.data.get(key), str):
            return f"{entry.kind} {entry.data[key]}"
    return entry.kind


def _shown(value: Any) -> str:
    return str(value) if isinstance(value, Decimal) else repr(value)


def _wanted(type_: Any) -> str:
    if get_origin(type_) is Literal:
        return "one of " + ", ".join(repr(choice) for choice in get_args(type_))
    names = {
        str: "a text",
        int: "a whole number",
        bool: "true or false",
        Decimal: "an exact decimal",
        datetime.date: "a date such as 2026-01-31",
        list[str]: "a list of texts",
        list[tuple[str, str]]: 'a list of phases such as [["09:00", "10:15"]]',
    }
    for known, name in names.items():
        if known == type_ or known in get_args(type_):
            return name
    return str(type_)


def flat(shape: Shape) -> Iterator[tuple[str, str]]:
    """Yield every field of a shape as (path, text), nested ones included."""
    yield from _flat("", msgspec.to_builtins(shape))


def _flat(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _flat(f"{path}.{key}" if path else str(key), item)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for n, item in enumerate(value):
            yield from _flat(f"{path}[{n}]", item)
    else:
        yield path, "" if value is None else str(value)
