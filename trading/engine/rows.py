"""The rows of the pair board: one program's market side by side in one unit, and whether it would fire.

Built at the board's rate, never per tick. Figures are exact until they are written as strings; null is "not
available". The shapes are those the screens read, so the keys are a contract.
"""

from fractions import Fraction
from typing import Any

from risk.gate import Refused
from risk.limits import LimitKind
from trading.core import events as e
from trading.core.alignment import leg_quantity
from trading.core.depth import walk
from trading.core.gates import GateRow, distance, gate_row, program_gates, unit_of
from trading.core.measure import shown
from trading.core.policy import counter_levels
from trading.core.program import HedgeProgram
from trading.core.terms import Direction, Instrument
from trading.core.units import MILLI, SECOND, Nanos, Side, to_price
from trading.core.view import DOMESTIC, FOREIGN, FX
from trading.engine.desk import Desk

Row = dict[str, Any]


def row(desk: Desk, program: HedgeProgram, now: Nanos) -> Row:
    """Return the board row of one program."""
    state, terms = program.state, program.terms
    units = program.units_in_depth()
    figure = program.shown_value(max(units, 1))
    gates = desk_gates(desk, program, now)
    sell, buy = (_direction(program, direction) for direction in (Direction.SELL_DOMESTIC, Direction.BUY_DOMESTIC))
    armed_left = state.armed_until - now if state.mode.value == "armed" else None
    return {
        "pair": terms.pair.code,
        "program": terms.program,
        "state": program.shown_state(now),
        "state_since": state.mode_since,
        "reason": state.halt_reason or state.kill_reason or state.mode_reason,
        "ttl_left_s": None if armed_left is None else max(0, armed_left // SECOND),
        "domestic": _leg(program, DOMESTIC, now),
        "foreign": _leg(program, FOREIGN, now),
        "fx": _leg(program, FX, now),
        "unit": unit_of(program),
        "sell": sell,
        "buy": buy,
        "measure": terms.trigger.measure.value,
        "comparator": terms.trigger.comparator.value,
        "value": None if figure is None else str(figure),
        "trigger_value": str(terms.trigger.value),
        "distance": None if figure is None else str(distance(program, figure)),
        "clips_max": (sell if terms.direction is Direction.SELL_DOMESTIC else buy)["clips"],
        "gates": gates,
        "would_fire": all(gate["pass"] is not False for gate in gates),
        "naked": _naked(desk, program),
        "naked_since": min((c.naked_since for c in state.open if c.naked_since is not None), default=None),
        "today": {"executions": state.executions_today, "executions_max": terms.executions_max},
        "revision": terms.revision,
        "direction": terms.direction.value,
        "clip": {"units": terms.clip_units, "legs": _clip_legs(desk, program)},
    }


def desk_gates(desk: Desk, program: HedgeProgram, now: Nanos) -> list[GateRow]:
    """Return G1 to G14: the program's own, and those that need the desk's limits."""
    gates = program_gates(program, now)
    return [*gates[:9], *_limit_gates(desk, program, now), *gates[9:]]


def _limit_gates(desk: Desk, program: HedgeProgram, now: Nanos) -> list[GateRow]:
    margin = gate_row("G11", None, None, None, "rate", now)
    preview = program.preview(now)
    if preview is None:
        return [gate_row("G10", None, None, None, "lots", now), margin, _message_gate(desk, program, now)]
    verdict = desk.review(program, preview, now)
    if isinstance(verdict, Refused):
        limits = gate_row("G10", False, verdict.value, verdict.limit, verdict.code.value, now)
    else:
        tightest = min(verdict.headrooms, key=lambda h: h.limit - h.value, default=None)
        value, limit = (None, None) if tightest is None else (tightest.value, tightest.limit)
        room = None if value is None or limit is None else limit - value
        kind = "" if tightest is None else tightest.kind.value
        limits = gate_row("G10", True, value, limit, kind, now, room)
    return [limits, margin, _message_gate(desk, program, now)]


def _message_gate(desk: Desk, program: HedgeProgram, now: Nanos) -> GateRow:
    used, allowed = 0, None
    for venue in program.state.venues:
        limit = desk.limits.effective(LimitKind.MESSAGE_RATE_MAX, venue=venue)
        sent = desk.messages_in_last_second(venue, now)
        if limit is not None and (allowed is None or limit.hard - sent < allowed - used):
            used, allowed = sent, limit.hard
    quoting = program.quoting
    if quoting is not None and not quoting.has_room(now):
        budget, sent = program.terms.working.messages_per_minute_max, program.state.tally.quote_messages(now)
        return gate_row("G12", False, sent, budget, "per_minute", now, budget - sent)
    passes = True if allowed is None else used < allowed
    room = None if allowed is None else allowed - used
    return gate_row("G12", passes, used, allowed, "per_second", now, room)


def _leg(program: HedgeProgram, slot: int, now: Nanos) -> Row | None:
    quote = program.quotes[slot]
    instrument = program.held[slot] if slot < len(program.held) else None
    if instrument is None:
        return None
    empty: Row = {"instrument": instrument.code, "bid": None, "ask": None, "bid_lots": None, "ask_lots": None}
    if quote is None:
        return {**empty, "levels": {"bids": [], "asks": []}, "age_ms": None, "q": "invalid"}
    bids, asks = _levels(quote.bids, instrument), _levels(quote.asks, instrument)
    return {
        "instrument": instrument.code,
        "bid": bids[0][0] if bids else None,
        "ask": asks[0][0] if asks else None,
        "bid_lots": bids[0][1] if bids else None,
        "ask_lots": asks[0][1] if asks else None,
        "levels": {"bids": bids, "asks": asks},
        "age_ms": (now - quote.received_at) // MILLI,
        "q": _quality(program, slot, quote, now),
    }


def _levels(side: tuple[e.Level, ...], instrument: Instrument) -> list[list[Any]]:
    return [[str(to_price(level.price_ticks, instrument.tick)), level.lots] for level in side]


def _quality(program: HedgeProgram, slot: int, quote: e.QuoteSeen, now: Nanos) -> str:
    """Return live, stale or closed."""
    pair = program.terms.pair
    age_max = pair.fx_age_max if slot == FX else pair.leg_age_max
    if not quote.is_trading:
        return "closed"
    if now - quote.received_at <= age_max:
        return "live"
    return "stale"


def _direction(program: HedgeProgram, direction: Direction) -> Row:
    """Return the executable spread and ratio of one direction, for what both books hold of a clip."""
    sides = [direction.side_of(leg.role) for leg in program.terms.pair.legs]
    books = [program.quotes[leg] for leg in (DOMESTIC, FOREIGN)]
    depth = [
        sum(level.lots for level in counter_levels(book, side)) // ratio if book else 0
        for book, side, ratio in zip(books, sides, program.state.ratio_lots, strict=True)
    ]
    units = min(*depth, program.terms.clip_units)
    row: Row = {
        "spread": None, "ratio": None, "foreign_converted": None,
        "clips": min(depth) // program.terms.clip_units, "limited_by": _limited_by(depth),
    }  # fmt: skip
    fx = _fx_ticks(program, sides[FOREIGN])
    if units < 1 or fx is None:
        return row
    prices = []
    for book, side, ratio in zip(books, sides, program.state.ratio_lots, strict=True):
        total = walk(counter_levels(book, side), units * ratio) if book else None
        if total is None:
            return row
        prices.append(Fraction(total, units * ratio))
    domestic = prices[DOMESTIC] * Fraction(program.instruments[DOMESTIC].tick)
    foreign = prices[FOREIGN] * Fraction(program.instruments[FOREIGN].tick)
    parity = program.trigger.parity(prices[FOREIGN], fx)
    row["spread"] = str(shown(domestic - parity))
    row["ratio"] = str(shown(domestic / foreign)) if foreign else None
    row["foreign_converted"] = str(shown(parity))
    return row


def _fx_ticks(program: HedgeProgram, foreign_side: Side) -> int | None:
    if program.terms.pair.fx_instrument is None:
        return 1
    quote = program.quotes[FX]
    levels = counter_levels(quote, foreign_side) if quote else ()
    return levels[0].price_ticks if levels else None


def _limited_by(depth: list[int]) -> str | None:
    if depth[DOMESTIC] == depth[FOREIGN]:
        return None
    return "domestic" if depth[DOMESTIC] < depth[FOREIGN] else "foreign"


def _naked(desk: Desk, program: HedgeProgram) -> list[Row]:
    rows = []
    for leg, instrument in enumerate(program.instruments):
        lots = sum(case.naked[leg] for case in program.state.open)
        if lots:
            quantity = leg_quantity(program.terms.pair, leg, lots, desk.instruments)
            rows.append({"leg": instrument.code, "lots": lots, "quantity": str(shown(quantity))})
    return rows


def _clip_legs(desk: Desk, program: HedgeProgram) -> list[Row]:
    pair, units = program.terms.pair, program.terms.clip_units
    return [
        {
            "instrument": leg.instrument,
            "side": program.sides[number].value,
            "lots": units * leg.ratio_lots,
            "quantity": str(shown(leg_quantity(pair, number, units * leg.ratio_lots, desk.instruments))),
        }
        for number, leg in enumerate(pair.legs)
    ]
