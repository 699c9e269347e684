"""The summary that somebody reads before arming: what would be traded, at what worst cost, within which limits."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.conf import settings

from risk import services as risk
from risk.limits import LABELS, LimitKind, LimitSet
from risk.models import LimitVersion
from trading.models import HedgeProgram, PairLeg, Position, ProgramRevision
from trading.selectors.live import last_frame
from trading.selectors.naked import exact_decimal
from trading.selectors.programs import quantity, terms_of

_SHOWN = (LimitKind.ORDER_LOTS_MAX, LimitKind.POSITION_LOTS_MAX, LimitKind.NAKED_LOTS_MAX)
_WORDS_ZH = {"sell": "卖出", "buy": "买入"}
_MEASURES_EN = {"spread": "import P/L", "ratio": "ratio", "counter_price": "counter price"}
_MEASURES_ZH = {"spread": "进口盈亏", "ratio": "比值", "counter_price": "对价"}
_COMPARATORS = {">=": "≥", "<=": "≤"}
_QUANTITIES_ZH = {"t": "吨", "lb": "磅"}
_UNITS_ZH = {"CNY": "元", "USD": "美元", "incl VAT": "含税", "ex VAT": "不含税", "/t": "/吨", "/lb": "/磅"}
_ENVIRONMENTS_ZH = {"SIM": "仿真", "CANARY": "灰度", "LIVE": "实盘"}


def arm_review(program: HedgeProgram) -> dict[str, Any]:
    """Return the read summary of S-07. What is not known now is null, and said so."""
    terms = terms_of(program)
    live = _live_row(program)
    legs = [_leg(leg, terms, live) for leg in program.pair.legs.select_related("instrument")]
    worst = _worst_cost(program, terms, live)
    return {
        "program": program.name,
        "pair": program.pair.code,
        "revision": program.revision,
        "environment": settings.CMC_ENVIRONMENT,
        "legs": legs,
        "sentences_en": _sentences_en(program, terms, legs, worst),
        "sentences_zh": _sentences_zh(program, terms, legs, worst),
        "action_en": "Arm: " + " / ".join(f"{leg['side']} {leg['lots']} {leg['instrument']}" for leg in legs),
        "action_zh": "启用："
        + " / ".join(f"{_WORDS_ZH[leg['side']]} {leg['lots']} 手 {leg['instrument']}" for leg in legs),
        "worst_cost": None if worst is None else format(worst, "f"),
        "worst_cost_currency": program.desk.currency,
        "executions_max": terms.executions_max,
        "ttl_s": terms.time_to_live_s,
        "would_fire": None if live is None else live.get("would_fire"),
        "gates": [] if live is None else live.get("gates", []),
        "limits": _limits(program, legs),
    }


def _live_row(program: HedgeProgram) -> dict[str, Any] | None:
    rows = last_frame(program.desk.name, "board") or []
    return next((row for row in rows if row["program"] == program.name), None)


def _leg(leg: PairLeg, terms: ProgramRevision, live: dict[str, Any] | None) -> dict[str, Any]:
    side = "sell" if (terms.direction == "sell_domestic") == (leg.role == "domestic") else "buy"
    book = (live or {}).get(leg.role) or {}
    return {
        "role": leg.role,
        "side": side,
        "instrument": leg.instrument.code,
        "lots": leg.ratio_lots * terms.clip_units,
        "quantity": quantity(leg, terms.clip_units),
        "unit": leg.instrument.unit,
        "currency": leg.instrument.currency,
        "price_now": book.get("bid" if side == "sell" else "ask"),
    }


def _worst_cost(program: HedgeProgram, terms: ProgramRevision, live: dict[str, Any] | None) -> Decimal | None:
    """Return what one clip loses if both legs fill at their collars, in desk currency; None without live prices."""
    if live is None:
        return None
    total = Fraction(0)
    for leg in program.pair.legs.select_related("instrument"):
        price = ((live.get(leg.role) or {}).get("ask")) or ((live.get(leg.role) or {}).get("bid"))
        rate: Any = 1 if leg.instrument.currency == program.desk.currency else (live.get("fx") or {}).get("ask")
        if price is None or rate is None:
            return None
        lots = leg.ratio_lots * terms.clip_units
        value = Fraction(price) * lots * Fraction(leg.instrument.multiplier) * Fraction(rate)
        total += value * Fraction(terms.collar_rate)
    return exact_decimal(total)


def _lots(count: int) -> str:
    return "1 lot" if count == 1 else f"{count} lots"


def _hours(seconds: int) -> tuple[str, str]:
    """Return a time to live in words, English and Chinese: whole hours where it is hours, minutes otherwise."""
    if seconds % 3600:
        return f"{seconds // 60} minutes", f"{seconds // 60} 分钟"
    hours = seconds // 3600
    return ("1 hour" if hours == 1 else f"{hours} hours"), f"{hours} 小时"


def _condition(terms: ProgramRevision) -> str:
    return f"{_COMPARATORS.get(terms.comparator, terms.comparator)} {terms.trigger_value.normalize():,f}"


def _collar(terms: ProgramRevision) -> str:
    return f"{(terms.collar_rate * 100).normalize():f}"


def _unit_zh(unit: str) -> str:
    for word, translated in _UNITS_ZH.items():
        unit = unit.replace(word, translated)
    return unit


def _sentences_en(
    program: HedgeProgram, terms: ProgramRevision, legs: list[dict[str, Any]], worst: Decimal | None
) -> list[str]:
    trades = " and ".join(
        f"{leg['side']} {_lots(leg['lots'])} of {leg['instrument']} ({leg['quantity']} {leg['unit']})" for leg in legs
    )
    cost = "not known: no live prices" if worst is None else f"{worst:,.2f} {program.desk.currency}"
    return [
        f"Each time, {trades}.",
        f"When the {_MEASURES_EN[terms.measure]} is {_condition(terms)} "
        f"({program.pair.common_unit}), on executable prices.",
        f"At most {terms.executions_max} executions within {_hours(terms.time_to_live_s)[0]}, then it disarms.",
        f"Worst cost of one clip at the collars of {_collar(terms)} %: {cost}.",
        f"Environment: {settings.CMC_ENVIRONMENT}.",
    ]


def _sentences_zh(
    program: HedgeProgram, terms: ProgramRevision, legs: list[dict[str, Any]], worst: Decimal | None
) -> list[str]:
    trades = "，".join(
        f"{_WORDS_ZH[leg['side']]} {leg['instrument']} {leg['lots']} 手"
        f"（{leg['quantity']} {_QUANTITIES_ZH.get(leg['unit'], leg['unit'])}）"
        for leg in legs
    )
    cost = "未知，没有实时行情" if worst is None else f"{worst:,.2f} {program.desk.currency}"
    environment = settings.CMC_ENVIRONMENT
    return [
        f"每次{trades}。",
        f"触发条件：按可成交价计算的{_MEASURES_ZH[terms.measure]} {_condition(terms)}"
        f"（{_unit_zh(program.pair.common_unit)}）。",
        f"最多执行 {terms.executions_max} 次，{_hours(terms.time_to_live_s)[1]}后自动停用。",
        f"单份在价格保护带 {_collar(terms)} % 处的最大成本：{cost}。",
        f"环境：{environment} {_ENVIRONMENTS_ZH[environment]}。",
    ]


def _limits(program: HedgeProgram, legs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return how much of each limit one clip would use; `limit` null means not set, and blocks."""
    try:
        limits = risk.limit_set(program.desk.name)
    except LimitVersion.DoesNotExist:
        limits = LimitSet.of(0, ())
    positions = dict(Position.objects.filter(desk=program.desk).values_list("instrument", "net_lots"))
    venues = {
        leg.instrument.code: leg.instrument.venue.name for leg in program.pair.legs.select_related("instrument__venue")
    }
    found = []
    for kind in _SHOWN:
        for leg in legs:
            code = leg["instrument"]
            limit = limits.effective(kind, venue=venues[code], instrument=code, pair=program.pair.code)
            used = leg["lots"]
            if kind is LimitKind.POSITION_LOTS_MAX:
                signed = positions.get(code, 0) + (used if leg["side"] == "buy" else -used)
                used = abs(signed)
            found.append(
                {
                    "kind": kind.value,
                    "label_en": LABELS[kind][0],
                    "label_zh": LABELS[kind][1],
                    "instrument": code,
                    "after": str(used),
                    "limit": None if limit is None else format(limit.hard, "f"),
                }
            )
    return found
