"""Repair: which way out of an unmatched state is cheapest inside the limits.

Every whole number of units between unwinding the excess and topping the missing leg up is a target; each leg then
trades the signed difference between the target and what it has. So three of five filled lots may be completed or
traded back, and both legs may move at once. The receipt keeps every option with its cost.

Cost is measured against the plan, in domestic currency: topping up pays the distance from the price the decision
counted on to the book now; unwinding pays the distance from what the fills cost to the book now; both pay fees.
"""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

import msgspec

from trading.core.alignment import target_units
from trading.core.depth import walk
from trading.core.events import QuoteSeen, RepairOption
from trading.core.policy import counter_levels
from trading.core.terms import Fee, RepairPreference
from trading.core.units import Lots, Side

CENT = Decimal("0.01")
CHOSEN = "chosen"  # the reason of the option that was taken


class LegView(msgspec.Struct, frozen=True):
    """What a repair needs to know of one leg."""

    instrument: str
    entered_side: Side
    ratio_lots: Lots
    along_lots: Lots  # known traded, in the direction of entry
    quote: QuoteSeen | None  # None when it cannot be traded on: stale, halted, venue down
    unusable: str  # why there is no quote
    blocked_sides: frozenset[Side]  # sides the venue refused too often in this case
    planned_ticks: Fraction | None
    average_ticks: Fraction | None
    money_per_tick_lot: Fraction | None  # domestic currency; None without an FX rate
    turnover_per_tick_lot: Fraction  # instrument currency
    fx_rate: Fraction  # domestic currency per unit of the instrument's currency
    fee: Fee | None
    is_close_today: bool


class Limits(msgspec.Struct, frozen=True):
    """What this case may still do."""

    orders_left: int
    cost_left: Decimal
    is_reduce_only: bool
    completes_only: bool  # a flatten: what it closed is never opened again
    preference: RepairPreference


def options(legs: Sequence[LegView], units_max: int, limits: Limits) -> tuple[RepairOption, ...]:
    """Return every target with its cost, or with the reason why it cannot be taken; `wait` and `hold` trade nothing."""
    along = [leg.along_lots for leg in legs]
    ratios = [leg.ratio_lots for leg in legs]
    found = [_option(legs, units, limits) for units in target_units(along, ratios, units_max)]
    still = tuple(0 for _ in legs)
    wait = RepairOption("wait", -1, still, None, "nothing is working that could still fill by itself")
    return (wait, *found, RepairOption("hold", -1, still, None, "only when nothing else is possible"))


def choose(candidates: Sequence[RepairOption], limits: Limits) -> RepairOption | None:
    """Return the option to take: the preferred kind first when the policy names one, then the cheapest."""
    possible = [option for option in candidates if option.cost is not None and option.reason == ""]
    if not possible:
        return None
    preferred = {
        RepairPreference.TOP_UP_FIRST: "top_up",
        RepairPreference.UNWIND_FIRST: "unwind",
        RepairPreference.CHEAPEST: "",
    }[limits.preference]
    return min(possible, key=lambda o: (bool(preferred) and o.name != preferred, o.cost, -o.target_units))


def explain(candidates: Sequence[RepairOption], chosen: RepairOption) -> tuple[RepairOption, ...]:
    """Return the comparison for the receipt, with the chosen option marked."""
    return tuple(
        msgspec.structs.replace(option, reason=CHOSEN)
        if option is chosen
        else msgspec.structs.replace(option, reason=option.reason or "costs more or is not preferred")
        for option in candidates
    )


def _option(legs: Sequence[LegView], units: int, limits: Limits) -> RepairOption:
    moves = [units * leg.ratio_lots - leg.along_lots for leg in legs]
    adds = any(abs(leg.along_lots + move) > abs(leg.along_lots) for leg, move in zip(legs, moves, strict=True))
    name = "top_up" if adds else "unwind"
    signed = tuple(leg.entered_side.sign * move for leg, move in zip(legs, moves, strict=True))
    cost = Fraction(0)
    for leg, move in zip(legs, moves, strict=True):
        obstacle = _obstacle(leg, move, limits)
        if obstacle:
            return RepairOption(name, units, signed, None, f"{leg.instrument}: {obstacle}")
        if move:
            cost += _cost(leg, move)
    shown = (Decimal(cost.numerator) / Decimal(cost.denominator)).quantize(CENT)
    return RepairOption(name, units, signed, shown, _limit_reached(moves, shown, limits))


def _obstacle(leg: LegView, move: Lots, limits: Limits) -> str:
    if not move:
        return ""
    if limits.is_reduce_only and (move * leg.along_lots >= 0 or abs(move) > abs(leg.along_lots)):
        return "would add to the position, only reducing is allowed"
    if limits.completes_only and move < 0:
        return "would open again what a flatten closed"
    if leg.quote is None:
        return leg.unusable
    side = _side(leg, move)
    if not counter_levels(leg.quote, side):
        return "the side to trade on is empty"
    if side in leg.blocked_sides:
        return "the venue rejected this side before"
    if leg.money_per_tick_lot is None:
        return "no FX rate to price it"
    return ""


def _limit_reached(moves: Sequence[Lots], cost: Decimal, limits: Limits) -> str:
    orders = sum(1 for move in moves if move)
    if orders > limits.orders_left:
        return f"needs {orders} orders, {limits.orders_left} left in the budget"
    if cost > limits.cost_left:
        return f"costs {cost}, {limits.cost_left} left in the budget"
    return ""


def _side(leg: LegView, move: Lots) -> Side:
    return leg.entered_side if move > 0 else leg.entered_side.opposite


def _cost(leg: LegView, move: Lots) -> Fraction:
    """Return what trading `move` lots along the leg costs against the plan, fees included."""
    assert leg.quote is not None and leg.money_per_tick_lot is not None
    lots, side = abs(move), _side(leg, move)
    levels = counter_levels(leg.quote, side)
    depth = sum(level.lots for level in levels)
    reached = walk(levels, min(lots, depth))
    assert reached is not None
    total = reached + max(0, lots - depth) * levels[-1].price_ticks
    basis = leg.planned_ticks if move > 0 else leg.average_ticks
    adverse = Fraction(0) if basis is None else side.sign * (total - basis * lots)
    turnover = total * leg.turnover_per_tick_lot
    return adverse * leg.money_per_tick_lot + _fees(leg, lots, turnover, is_opening=move > 0) * leg.fx_rate


def _fees(leg: LegView, lots: Lots, turnover: Fraction, *, is_opening: bool) -> Fraction:
    if leg.fee is None:
        return Fraction(0)
    if is_opening:
        rate, per_lot = leg.fee.open_rate, leg.fee.open_per_lot
    elif leg.is_close_today:
        rate, per_lot = leg.fee.close_today_rate, leg.fee.close_today_per_lot
    else:
        rate, per_lot = leg.fee.close_rate, leg.fee.close_per_lot
    return abs(turnover) * Fraction(rate) + lots * Fraction(per_lot)
