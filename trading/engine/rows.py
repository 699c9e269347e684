"""One program's line of the board: quotes, measures, would-fire gates and what is open, as plain values.

Prices and measures are decimal strings, quantities whole lots, ages milliseconds; null means not available. The
engine computes all of it, so that no screen ever repeats a formula.
"""

from decimal import Decimal
from fractions import Fraction
from typing import Any

from trading.core.depth import walk
from trading.core.events import QuoteSeen
from trading.core.measure import shown
from trading.core.policy import counter_levels, is_fresh
from trading.core.program import DOMESTIC, FOREIGN, FX, HedgeProgram
from trading.core.terms import Direction, Instrument, LegRole
from trading.core.units import MILLI, SECOND, Lots, Nanos, Side, Ticks, to_price, utc_day
from trading.engine.desk import Desk
from trading.engine.gates import gates

Row = dict[str, Any]


def row(desk: Desk, program: HedgeProgram, now: Nanos) -> Row:
    """Return the program's row at `now`."""
    terms, state = program.terms, program.state
    pair = terms.pair
    checks = gates(desk, program, now)
    value = _trigger_value(program)
    sell, buy = (_figures(program, direction) for direction in Direction)
    entered = sell if terms.direction is Direction.SELL_DOMESTIC else buy
    return {
        "pair": pair.code,
        "program": terms.program,
        "state": program.shown_state(now),
        "state_since": state.mode_since,
        "reason": state.halt_reason or state.kill_reason or state.mode_reason,
        "ttl_left_s": max(0, state.armed_until - now) // SECOND if state.mode.value == "armed" else None,
        "domestic": _leg(program, DOMESTIC, pair.leg_age_max, now),
        "foreign": _leg(program, FOREIGN, pair.leg_age_max, now),
        "fx": _fx(desk, program, now),
        "unit": pair.common_unit,
        "sell": sell,
        "buy": buy,
        "measure": terms.trigger.measure.value,
        "comparator": terms.trigger.comparator.value,
        "trigger_value": str(terms.trigger.value),
        "value": None if value is None else str(value),
        "distance": None if value is None else str(value - terms.trigger.value),
        "clips_max": entered["clips"],
        "gates": checks,
        "would_fire": all(check["pass"] for check in checks),
        "naked": _naked(program),
        "naked_since": min((c.naked_since for c in state.open if c.naked_since is not None), default=None),
        "today": {"executions": state.executions_today if state.day == utc_day(now) else 0, "executions_max": terms.executions_max},
        "revision": terms.revision,
        "direction": terms.direction.value,
        "clip": _clip(program),
    }


def _leg(program: HedgeProgram, leg: int, age_max: Nanos, now: Nanos) -> Row:
    instrument = program.instruments[leg]
    return {"instrument": instrument.code, **_quote(program.quotes[leg], instrument.tick, age_max, now)}


def _quote(quote: QuoteSeen | None, tick: Decimal, age_max: Nanos, now: Nanos) -> Row:
    if quote is None:
        return {"bid": None, "ask": None, "bid_lots": None, "ask_lots": None, "levels": None, "age_ms": None,
                "q": "stale"}  # fmt: skip
    bids, asks = quote.bids, quote.asks
    return {
        "bid": _price(bids[0].price_ticks, tick) if bids else None,
        "ask": _price(asks[0].price_ticks, tick) if asks else None,
        "bid_lots": bids[0].lots if bids else None,
        "ask_lots": asks[0].lots if asks else None,
        "levels": {
            "bids": [[_price(level.price_ticks, tick), level.lots] for level in bids],
            "asks": [[_price(level.price_ticks, tick), level.lots] for level in asks],
        },
        "age_ms": (now - quote.received_at) // MILLI,
        "q": _quality(quote, age_max, now),
    }


def _quality(quote: QuoteSeen, age_max: Nanos, now: Nanos) -> str:
    """Return live, quiet, stale, closed or invalid."""
    if not quote.is_trading:
        return "closed"
    if not quote.bids and not quote.asks:
        return "invalid"
    if not is_fresh(quote, now, age_max):
        return "stale"
    return "live" if now - quote.received_at <= age_max // 2 else "quiet"


def _fx(desk: Desk, program: HedgeProgram, now: Nanos) -> Row | None:
    code = program.terms.pair.fx_instrument
    if code is None:
        return None
    seen = _quote(program.quotes[FX], desk.config.instrument(code).tick, program.terms.pair.fx_age_max, now)
    return {"instrument": code, "bid": seen["bid"], "ask": seen["ask"], "age_ms": seen["age_ms"], "q": seen["q"]}


def _figures(program: HedgeProgram, direction: Direction) -> Row:
    """Return the measures of one clip entered in `direction`, on executable prices walked through depth."""
    units, limited_by = _units(program, direction)
    clip_units = program.terms.clip_units
    averages = _averages(program, direction, max(1, min(units, clip_units)))
    figures: Row = {
        "spread": None, "ratio": None, "foreign_converted": None,
        "clips": units // clip_units if averages else None, "limited_by": limited_by,
    }  # fmt: skip
    if averages is None:
        return figures
    domestic, foreign, fx = averages
    tick_of = [Fraction(instrument.tick) for instrument in program.instruments]
    domestic_price, foreign_price = domestic * tick_of[DOMESTIC], foreign * tick_of[FOREIGN]
    if foreign_price:
        figures["ratio"] = str(shown(domestic_price / foreign_price))
    if fx is not None:
        parity = program.trigger.parity(foreign, fx)
        figures["foreign_converted"] = str(shown(parity))
        figures["spread"] = str(shown(domestic_price - parity))
    return figures


def _units(program: HedgeProgram, direction: Direction) -> tuple[int, str | None]:
    """Return the whole units both books show in `direction`, and the leg that allows no more."""
    found = []
    for leg, role in ((DOMESTIC, LegRole.DOMESTIC), (FOREIGN, LegRole.FOREIGN)):
        quote = program.quotes[leg]
        levels = counter_levels(quote, direction.side_of(role)) if quote else ()
        found.append(sum(level.lots for level in levels) // program.state.ratio_lots[leg])
    units = min(found)
    return units, None if found[0] == found[1] else "domestic" if found[0] < found[1] else "foreign"


def _averages(
    program: HedgeProgram, direction: Direction, units: int
) -> tuple[Fraction, Fraction, Ticks | None] | None:
    """Return the average ticks of both legs for `units` and the FX ticks, or None where a book is too shallow."""
    averages = []
    for leg, role in ((DOMESTIC, LegRole.DOMESTIC), (FOREIGN, LegRole.FOREIGN)):
        quote, lots = program.quotes[leg], units * program.state.ratio_lots[leg]
        total = walk(counter_levels(quote, direction.side_of(role)), lots) if quote else None
        if total is None:
            return None
        averages.append(Fraction(total, lots))
    return averages[0], averages[1], _fx_ticks(program, direction)


def _fx_ticks(program: HedgeProgram, direction: Direction) -> Ticks | None:
    if program.terms.pair.fx_instrument is None:
        return 1
    quote = program.quotes[FX]
    levels = counter_levels(quote, direction.side_of(LegRole.FOREIGN)) if quote else ()
    return levels[0].price_ticks if levels else None


def _trigger_value(program: HedgeProgram) -> Decimal | None:
    """Return the program's own measure for one clip, or for what the books show if that is less."""
    value = program.value(max(1, min(program.units_in_depth(), program.terms.clip_units)))
    return None if value is None else shown(value)


def _naked(program: HedgeProgram) -> list[Row]:
    total: list[Lots] = [0, 0]
    for case in program.state.open:
        for leg, lots in enumerate(case.naked()):
            total[leg] += lots
    return [
        {"leg": program.instruments[leg].code, "lots": lots, "quantity": quantity(program.instruments[leg], lots)}
        for leg, lots in enumerate(total)
        if lots
    ]


def _clip(program: HedgeProgram) -> Row:
    units = program.terms.clip_units
    legs = []
    for leg, instrument in enumerate(program.instruments):
        lots = units * program.state.ratio_lots[leg]
        side = "buy" if program.sides[leg] is Side.BUY else "sell"
        legs.append(
            {"instrument": instrument.code, "side": side, "lots": lots, "quantity": quantity(instrument, lots)}
        )
    return {"units": units, "legs": legs}


def quantity(instrument: Instrument, lots: Lots) -> str:
    """Return lots in the instrument's unit, e.g. "25 t"."""
    return f"{lots * instrument.multiplier:f} {instrument.unit}"


def _price(ticks: Ticks, tick: Decimal) -> str:
    return f"{to_price(ticks, tick):f}"

