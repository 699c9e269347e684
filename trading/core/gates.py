"""Would it fire now? The fourteen gates of one program (ux.md §2.0), answered from what `decide` itself looks at.

`pass` is None where nothing here can tell; the screen then says so instead of guessing. G10 to G12 need the desk's
limits and counters: the desk fills them in.
"""

from decimal import Decimal
from typing import Any

from trading.core.measure import shown
from trading.core.policy import skew
from trading.core.program import HedgeProgram
from trading.core.residual import residual_room
from trading.core.sessions import in_window
from trading.core.state import Mode
from trading.core.terms import Comparator, Measure
from trading.core.units import MILLI, NEVER, SECOND, Nanos
from trading.core.view import DOMESTIC, FOREIGN, FX

GateRow = dict[str, Any]


def gate_row(
    name: str,
    passes: bool | None,
    value: Decimal | int | str | None,
    threshold: Decimal | int | str | None,
    unit: str,
    now: Nanos,
    margin: Decimal | int | None = None,
) -> GateRow:
    """Return one gate as the screen prints it; figures are strings."""
    texts = [None if figure is None else str(figure) for figure in (value, threshold, margin)]
    return {
        "id": name, "pass": passes, "value": texts[0], "threshold": texts[1], "margin": texts[2], "unit": unit,
        "as_of": now,
    }  # fmt: skip


def program_gates(program: HedgeProgram, now: Nanos) -> list[GateRow]:
    """Return the gates that the program itself can answer, in order."""
    pair = program.terms.pair
    sizes = program.quoting.sizes(now) if program.quoting else program.sizes(now)
    units = sizes[0] if sizes else 0
    return [
        _trigger(program, units, now),
        _dwell(program, now),
        _sessions(program, now),
        _age(program, "G4", DOMESTIC, pair.leg_age_max, now),
        _age(program, "G5", FOREIGN, pair.leg_age_max, now),
        _age(program, "G6", FX, pair.fx_age_max, now),
        _skew(program, now),
        gate_row("G8", units >= 1, units, 1, "units", now, units - 1),
        _collar(program, units, now),
        _armed(program, now),
        _kill(program, now),
        *_residual(program, now),
    ]


def unit_of(program: HedgeProgram) -> str:
    """Return the unit of the trigger's value."""
    trigger = program.terms.trigger
    if trigger.measure is Measure.RATIO:
        return "ratio"
    if trigger.measure is Measure.COUNTER_PRICE:
        instrument = next(
            traded
            for traded, leg in zip(program.instruments, program.terms.pair.legs, strict=True)
            if leg.role is trigger.counter_leg
        )
        return f"{instrument.currency}/{instrument.unit}"
    return program.terms.pair.common_unit


def distance(program: HedgeProgram, value: Decimal) -> Decimal:
    """Return how far the value is beyond the trigger; below zero it falls short."""
    beyond = value - program.terms.trigger.value
    return beyond if program.terms.trigger.comparator is Comparator.AT_LEAST else -beyond


def _trigger(program: HedgeProgram, units: int, now: Nanos) -> GateRow:
    value = program.shown_value(max(units, 1))
    threshold = program.terms.trigger.value
    if value is None:
        return gate_row("G1", False, None, threshold, unit_of(program), now)
    if program.quoting:  # a quote makes its own price: it needs one, not a book that pays already
        return gate_row("G1", program.quoting.holds(), value, threshold, unit_of(program), now)
    holds = any(program.margin(size) >= 0 for size in program.sizes(now) or (1,))
    return gate_row("G1", holds, value, threshold, unit_of(program), now, distance(program, value))


def _dwell(program: HedgeProgram, now: Nanos) -> GateRow:
    dwell = program.terms.trigger.dwell
    held = 0 if program.holds_since is None else now - program.holds_since
    passes = program.holds_since is not None and held >= dwell
    return gate_row("G2", passes, held // MILLI, dwell // MILLI, "ms", now, (held - dwell) // MILLI)


def _sessions(program: HedgeProgram, now: Nanos) -> GateRow:
    seen = [program.quotes[leg] for leg in (DOMESTIC, FOREIGN)]
    shut = [
        instrument.venue
        for instrument, quote in zip(program.instruments, seen, strict=True)
        if quote is None or not quote.is_trading or instrument.venue not in program.state.up_since
    ]
    if shut:
        return gate_row("G3", False, "closed: " + ", ".join(shut), "open", "", now)
    if not in_window(program.terms.slicing, now):
        return gate_row("G3", False, "outside the program's time windows", "open", "", now)
    bound, closes_at = program.pair.hedgeable_min, program.entries.closes_at(program, now)
    if closes_at == NEVER:
        return gate_row("G3", True, "open", "open", "", now)
    left = closes_at - now
    return gate_row("G3", left >= bound, left // SECOND, bound // SECOND, "s", now, (left - bound) // SECOND)


def _age(program: HedgeProgram, name: str, slot: int, age_max: Nanos, now: Nanos) -> GateRow:
    if slot == FX and program.terms.pair.fx_instrument is None:
        return gate_row(name, True, None, None, "ms", now)
    quote = program.quotes[slot]
    if quote is None:
        return gate_row(name, False, None, age_max // MILLI, "ms", now)
    age = now - quote.received_at
    return gate_row(name, age <= age_max, age // MILLI, age_max // MILLI, "ms", now, (age_max - age) // MILLI)


def _skew(program: HedgeProgram, now: Nanos) -> GateRow:
    domestic, foreign = program.quotes[DOMESTIC], program.quotes[FOREIGN]
    bound = program.terms.pair.leg_skew_max
    if domestic is None or foreign is None:
        return gate_row("G7", False, None, bound // MILLI, "ms", now)
    apart = skew(domestic, foreign)
    return gate_row("G7", apart <= bound, apart // MILLI, bound // MILLI, "ms", now, (bound - apart) // MILLI)


def _collar(program: HedgeProgram, units: int, now: Nanos) -> GateRow:
    if program.quoting:
        has_price = program.preview(now) is not None
        return gate_row("G9", has_price, "inside" if has_price else "no price", program.terms.collar_rate, "rate", now)
    lots = program.state.ratio_lots
    outside = [
        program.instruments[leg].code
        for leg in (DOMESTIC, FOREIGN)
        if program.entry_price(leg, max(units, 1) * lots[leg]) is None
    ]
    value = "inside" if not outside else "no price: " + ", ".join(outside)
    return gate_row("G9", not outside, value, program.terms.collar_rate, "rate", now)


def _armed(program: HedgeProgram, now: Nanos) -> GateRow:
    state, terms = program.state, program.terms
    left, cap = program.sets_left(), terms.slicing.units_per_day_max
    if cap and (done := state.tally.units_on(now)) >= cap:
        return gate_row("G13", False, f"daily cap: {done}", cap, "units", now, cap - done)
    passes = (
        state.mode is Mode.ARMED
        and now < state.armed_until
        and left > 0
        and now >= state.cooldown_until
        and not state.open
    )
    return gate_row("G13", passes, program.shown_state(now), "ARMED", "", now, max(left, 0))


def _kill(program: HedgeProgram, now: Nanos) -> GateRow:
    state = program.state
    active = state.kill_level or ("halt: " + state.halt_reason if state.halt_reason else "")
    return gate_row("G14", not active, active or "none", "none", "", now)


def _residual(program: HedgeProgram, now: Nanos) -> list[GateRow]:
    """Return the row of the residual budget, for a program that has one: may one more unit follow?"""
    budget = program.terms.residual_max
    if budget is None:
        return []
    carried, room = program.state.residual.carried, residual_room(program, program)
    left = budget - abs(shown(carried))
    unit = program.instruments[DOMESTIC].unit
    return [gate_row("G15", room is None or room >= 1, shown(carried), budget, unit, now, left)]
