"""Would it fire now? The fourteen gates of the console (ux.md), each with value, threshold and margin.

They explain; they decide nothing. The program and the risk gate decide, and the last gates here ask exactly them.
"""

from typing import Any

from risk.gate import Approved, RefusalCode, Refused
from trading.core.events import QuoteSeen
from trading.core.measure import shown
from trading.core.policy import is_fresh, skew
from trading.core.program import DOMESTIC, FOREIGN, HedgeProgram
from trading.core.units import MILLI, Nanos
from trading.engine.desk import Desk

Check = dict[str, Any]


def gates(desk: Desk, program: HedgeProgram, now: Nanos) -> list[Check]:
    """Return G1 to G14 in order."""
    pair = program.terms.pair
    domestic, foreign, fx = program.quotes
    verdict = desk.rehearse(program, now)
    return [
        _trigger(program, now),
        _dwell(program, now),
        _sessions(domestic, foreign, now),
        _fresh("G4", domestic, pair.leg_age_max, now),
        _fresh("G5", foreign, pair.leg_age_max, now),
        _check("G6", True, "not used", None, None, "", now)
        if pair.fx_instrument is None
        else _fresh("G6", fx, pair.fx_age_max, now),
        _together(domestic, foreign, pair.leg_skew_max, now),
        _depth(program, now),
        _collar(program, now),
        _limits(verdict, now),
        _check("G11", True, None, None, None, "not measured", now),
        _message_rate(verdict, now),
        _armed(desk, program, now),
        _check("G14", not program.state.kill_level, program.state.kill_level or "none", "none", None, "", now),
    ]  # fmt: skip


def _check(name: str, passes: bool, value: Any, threshold: Any, margin: Any, unit: str, now: Nanos) -> Check:
    return {
        "id": name, "pass": passes, "value": value, "threshold": threshold, "margin": margin, "unit": unit,
        "as_of": now,
    }  # fmt: skip


def _trigger(program: HedgeProgram, now: Nanos) -> Check:
    trigger = program.terms.trigger
    units = max(1, min(program.units_in_depth(), program.terms.clip_units))
    exact = program.value(units)
    unit = "" if trigger.measure.value == "ratio" else program.terms.pair.common_unit
    threshold = f"{trigger.comparator.value} {trigger.value}"
    if exact is None:
        return _check("G1", False, None, threshold, None, unit, now)
    value = shown(exact)
    return _check("G1", program.margin(units) >= 0, str(value), threshold, str(value - trigger.value), unit, now)


def _dwell(program: HedgeProgram, now: Nanos) -> Check:
    held_ms = 0 if program.holds_since is None else (now - program.holds_since) // MILLI
    wanted_ms = program.terms.trigger.dwell // MILLI
    passes = program.holds_since is not None and held_ms >= wanted_ms
    return _check("G2", passes, held_ms, wanted_ms, held_ms - wanted_ms, "ms", now)


def _sessions(domestic: QuoteSeen | None, foreign: QuoteSeen | None, now: Nanos) -> Check:
    are_open = [quote is not None and quote.is_trading for quote in (domestic, foreign)]
    value = " / ".join("open" if is_open else "closed" for is_open in are_open)
    return _check("G3", all(are_open), value, "open / open", None, "", now)


def _fresh(name: str, quote: QuoteSeen | None, age_max: Nanos, now: Nanos) -> Check:
    age_ms = None if quote is None else (now - quote.received_at) // MILLI
    max_ms = age_max // MILLI
    margin = None if age_ms is None else max_ms - age_ms
    return _check(name, is_fresh(quote, now, age_max), age_ms, max_ms, margin, "ms", now)


def _together(domestic: QuoteSeen | None, foreign: QuoteSeen | None, skew_max: Nanos, now: Nanos) -> Check:
    max_ms = skew_max // MILLI
    if domestic is None or foreign is None:
        return _check("G7", False, None, max_ms, None, "ms", now)
    apart_ms = skew(domestic, foreign) // MILLI
    return _check("G7", apart_ms <= max_ms, apart_ms, max_ms, max_ms - apart_ms, "ms", now)


def _depth(program: HedgeProgram, now: Nanos) -> Check:
    units = program.units_in_depth()
    return _check("G8", units >= 1, units, 1, units - 1, "units", now)


def _collar(program: HedgeProgram, now: Nanos) -> Check:
    units = max(1, program.units_in_depth())
    prices = [program.entry_price(leg, units * program.state.ratio_lots[leg]) for leg in (DOMESTIC, FOREIGN)]
    value = "inside" if None not in prices else "outside"
    return _check("G9", None not in prices, value, str(program.terms.collar_rate), None, "rate", now)


def _limits(verdict: Approved[Any] | Refused | None, now: Nanos) -> Check:
    if verdict is None:
        return _check("G10", False, None, None, None, "no orders to judge", now)
    if isinstance(verdict, Refused):
        value = None if verdict.value is None else str(verdict.value)
        limit = None if verdict.limit is None else str(verdict.limit)
        is_rate = verdict.code is RefusalCode.MESSAGE_RATE
        return _check("G10", is_rate, value, limit, None, verdict.code.value, now)
    tightest = min(
        (h for h in verdict.headrooms if h.limit), key=lambda h: (h.limit - h.value) / h.limit, default=None
    )
    if tightest is None:
        return _check("G10", True, None, None, None, "", now)
    margin = str(tightest.limit - tightest.value)
    return _check("G10", True, str(tightest.value), str(tightest.limit), margin, tightest.kind.value, now)


def _message_rate(verdict: Approved[Any] | Refused | None, now: Nanos) -> Check:
    is_refused = isinstance(verdict, Refused) and verdict.code is RefusalCode.MESSAGE_RATE
    return _check("G12", not is_refused, "over" if is_refused else "within", "within", None, "per s", now)


def _armed(desk: Desk, program: HedgeProgram, now: Nanos) -> Check:
    state = program.shown_state(now)
    passes = state == "ARMED" and program.permit.name == "ENTRIES"
    value = state if passes or state != "ARMED" else desk.reconciliation.state.value
    return _check("G13", passes, value, "ARMED", None, "", now)


