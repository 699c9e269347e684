"""Repair: which way out of an unmatched state is cheapest inside the limits.

Every whole number of units between unwinding the excess and topping the missing leg up is a target; each leg then
trades the signed difference between the target and what it has. So three of five filled lots may be completed or
traded back, and both legs may move at once. Where a leg's own market is out, a proxy may take its place, and where it
is limit-locked, an order may queue at the limit. The receipt keeps every option with its cost.

Cost is what the case loses against its plan, in domestic currency:
- topping up pays the distance from the price the decision counted on to the book now, and the opening fee;
- unwinding pays the distance from what the fills cost to the book now, the closing fee by its planned offsets (平今
  where today's lots are dearer), and the opening fee that was paid in vain: a same-day unwind of copper costs 59.6 CNY
  a lot in fees and a spread (domain.md §7.2);
- a proxy pays its own spread and both its fees, because a person must swap it later;
- queueing pays the distance to the limit price, and time.
"""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

import msgspec

from trading.core.alignment import target_units
from trading.core.depth import walk
from trading.core.events import RepairOption
from trading.core.fees import opening_fee
from trading.core.offsets import Plan, fees
from trading.core.parts import Level
from trading.core.policy import counter_levels
from trading.core.repair_view import (
    EMPTY,
    LOCKED,
    MISFIT,
    OUT,
    REDUCE_ONLY,
    UNHELD,
    LegView,
    Limits,
    Market,
    Obstacle,
    Standing,
)
from trading.core.terms import RepairPreference
from trading.core.units import Lots, Side, Ticks

CENT = Decimal("0.01")
CHOSEN = "chosen"  # the reason of the option that was taken
PLAYBOOK = ("top_up", "chase", "unwind", "queue", "proxy")  # at equal cost: the earlier name


class Move(msgspec.Struct, frozen=True):
    """One order of a way out, before it has a price."""

    leg: int
    market: Market
    side: Side
    lots: Lots
    adds: bool
    basis_ticks: Fraction | None  # what the cost is measured from; None means it is measured from nothing
    rests_at: Ticks | None = None  # the limit price it queues at
    proxy: Standing | None = None
    closes: bool = False  # completes by closing: the case trades back what was entered before

    @property
    def opens(self) -> bool:
        return self.adds and not self.closes


class Way(msgspec.Struct, frozen=True):
    """One way out with the moves it takes; `kinds` are the kinds of obstacles in it."""

    option: RepairOption
    moves: tuple[Move, ...] = ()
    kinds: frozenset[str] = frozenset()

    @property
    def completes(self) -> bool:
        return any(move.adds for move in self.moves)

    def replaced(self, **fields: object) -> "Way":
        """Return the way with fields of its option replaced."""
        return msgspec.structs.replace(self, option=msgspec.structs.replace(self.option, **fields))


def ways(legs: Sequence[LegView], units_max: int, limits: Limits) -> list[Way]:
    """Return every way that trades, priced, or with the reason why it cannot be taken."""
    along = [leg.along_lots for leg in legs]
    direct, queues, proxied = [], [], []
    for units in target_units(along, [leg.ratio_lots for leg in legs], units_max):
        moves = [move for number, leg in enumerate(legs) for move in _moves(number, leg, units * leg.ratio_lots)]
        way = _way("", units, legs, moves, limits)
        direct.append(way)
        if LOCKED in way.kinds and len(moves) == 1:
            queues.append(_queue(units, legs, moves[0], limits))
        if way.kinds & OUT:
            proxied += _proxied(units, legs, moves, limits)
    still = tuple(0 for _ in legs)
    if not queues:
        queues = [Way(RepairOption("queue", -1, still, None, "no leg is limit-locked"))]
    if not proxied:
        is_out = any(way.kinds & OUT for way in direct)
        why = "no proxy is configured for the leg" if is_out else "the legs' own markets can be traded"
        if limits.is_reduce_only:
            why = "only reducing is allowed"
        proxied = [Way(RepairOption("proxy", -1, still, None, why))]
    return [*direct, *proxied, *queues]


def choose(candidates: Sequence[Way], limits: Limits) -> Way | None:
    """Return the way to take: the preferred kind first when the policy names one, then the cheapest."""
    possible = [way for way in candidates if way.option.cost is not None and way.option.reason == "" and way.moves]
    wanted = {RepairPreference.TOP_UP_FIRST: True, RepairPreference.UNWIND_FIRST: False}.get(limits.preference)

    def rank(way: Way) -> tuple[bool, Decimal, int, int]:
        assert way.option.cost is not None
        is_other = wanted is not None and way.completes is not wanted
        return is_other, way.option.cost, -way.option.target_units, PLAYBOOK.index(way.option.name)

    return min(possible, key=rank, default=None)


def explain(options: Sequence[RepairOption], chosen: RepairOption | None) -> tuple[RepairOption, ...]:
    """Return the comparison for the receipt, with the chosen option marked."""
    return tuple(
        msgspec.structs.replace(option, reason=CHOSEN)
        if option is chosen
        else msgspec.structs.replace(option, reason=option.reason or "costs more or is not preferred")
        for option in options
    )


# --- what a target takes ---


def _moves(number: int, leg: LegView, target: Lots) -> list[Move]:
    """Return the orders that bring a leg to `target` lots: proxies are traded back before its own lots."""
    moves: list[Move] = []
    wanted = target - leg.along_lots
    for standing in leg.proxies:
        unit, back = standing.terms.replaces_lots, 0
        if wanted < 0 < standing.whole:
            back = min(standing.whole, -wanted // unit)
            wanted += back * unit
        if lots := standing.stray_lots + back * standing.terms.lots:
            side = leg.entered_side.opposite if lots > 0 else leg.entered_side
            moves.append(
                Move(number, standing.market, side, abs(lots), False, standing.average_ticks, proxy=standing)
            )  # fmt: skip
    if wanted:
        side = leg.entered_side if wanted > 0 else leg.entered_side.opposite
        adds = abs(leg.along_lots + wanted) > abs(leg.along_lots)
        basis = leg.planned_ticks if wanted > 0 else leg.average_ticks
        moves.append(Move(number, leg.market, side, abs(wanted), adds, basis, closes=leg.is_closing))
    return moves


def _queue(units: int, legs: Sequence[LegView], move: Move, limits: Limits) -> Way:
    """Return the way that rests one order at the limit price of a locked market."""
    limit = move.market.limit_ticks(move.side)
    resting = msgspec.structs.replace(move, rests_at=limit)
    refused = move.market.refusals.obstacle(move.market.instrument, move.market.venue, move.side, opens=move.opens)
    why = ""
    if not limits.queues_at_limit:
        why = "queueing at the limit is switched off"
    elif limit is None:
        why = "the limit price is not known"
    elif refused or move.market.money_per_tick_lot is None:
        why = refused or "no FX rate to price it"
    if why:
        return _refused("queue", units, legs, [move], f"{move.market.instrument}: {why}")
    return _way("queue", units, legs, [resting], limits)


def _proxied(units: int, legs: Sequence[LegView], moves: Sequence[Move], limits: Limits) -> list[Way]:
    """Return the ways in which a proxy takes the place of the leg whose own market is out, one per proxy."""
    stuck = [move for move in moves if move.opens and (stop := _obstacle(move, limits)) and stop.kind in OUT]
    if len(stuck) != 1:
        return []
    own = stuck[0]
    found: list[Way] = []
    for standing in legs[own.leg].proxies:
        terms = standing.terms
        others = [move for move in moves if move is not own and move.proxy is not standing]
        if own.lots % terms.replaces_lots:
            text = f"{terms.instrument}: {own.lots} lots are not a multiple of {terms.replaces_lots}"
            found.append(_refused("proxy", units, legs, moves, text))
            continue
        lots = own.lots // terms.replaces_lots * terms.lots - standing.stray_lots
        move = Move(own.leg, standing.market, own.side, lots, True, None, proxy=standing)
        found.append(_way("proxy", units, legs, [*others, move], limits))
    return found


# --- what it costs ---


def _way(name: str, units: int, legs: Sequence[LegView], moves: Sequence[Move], limits: Limits) -> Way:
    name = name or ("top_up" if any(move.adds for move in moves) else "unwind")
    signed = _signed(legs, moves)
    stops = [(move, stop) for move in moves if (stop := _obstacle(move, limits)) is not None]
    if stops:
        text = "; ".join(f"{move.market.instrument}: {stop.text}" for move, stop in stops)
        kinds = frozenset(stop.kind for _, stop in stops)
        return Way(RepairOption(name, units, signed, None, text), tuple(moves), kinds)
    cost = sum((_cost(move) for move in moves), start=Fraction(0))
    shown = (Decimal(cost.numerator) / Decimal(cost.denominator)).quantize(CENT)
    why = _limit_reached(moves, shown, limits)
    if not why and name == "queue":
        why = limits.no_waiting
    return Way(RepairOption(name, units, signed, shown, why), tuple(moves))


def _refused(name: str, units: int, legs: Sequence[LegView], moves: Sequence[Move], why: str) -> Way:
    return Way(RepairOption(name, units, _signed(legs, moves), None, why), tuple(moves))


def _signed(legs: Sequence[LegView], moves: Sequence[Move]) -> tuple[Lots, ...]:
    """Return the signed lots per leg; a proxy's lots are its own, not the leg's."""
    return tuple(sum(move.side.sign * move.lots for move in moves if move.leg == leg) for leg in range(len(legs)))


def _obstacle(move: Move, limits: Limits) -> Obstacle | None:
    if limits.is_reduce_only and move.adds:
        return Obstacle(REDUCE_ONLY, "would add to the position, only reducing is allowed")
    if why := move.market.misfit(move.lots):
        return Obstacle(MISFIT, why)
    if move.closes and not move.adds:
        return Obstacle(REDUCE_ONLY, "would open again what a flatten closed")
    found = None if move.rests_at is not None else move.market.obstacle(move.side, opens=move.opens)
    if found is None and not move.opens and (why := closing_of(move).obstacle):
        return Obstacle(UNHELD, why)
    if found is None and move.adds and move.proxy is not None:
        assert move.market.quote is not None
        if not counter_levels(move.market.quote, move.side.opposite):
            return Obstacle(EMPTY, "its other side is empty: there is no price to swap it back at")
    return found


def _limit_reached(moves: Sequence[Move], cost: Decimal, limits: Limits) -> str:
    orders = sum(1 if move.opens else len(closing_of(move).children) for move in moves)
    if orders > limits.orders_left:
        return f"needs {orders} orders, {limits.orders_left} left in the budget"
    if cost > limits.cost_left:
        return f"costs {cost}, {limits.cost_left} left in the budget"
    return ""


def _cost(move: Move) -> Fraction:
    """Return what one order costs against the plan, fees included."""
    market, lots, sign = move.market, move.lots, move.side.sign
    assert market.quote is not None and market.money_per_tick_lot is not None
    if move.rests_at is not None:
        total = lots * move.rests_at
    else:
        total = _reached(counter_levels(market.quote, move.side), lots)
    turnover = total * market.turnover_per_tick_lot
    if move.proxy is not None and move.adds:
        back = _reached(counter_levels(market.quote, move.side.opposite), lots)
        paid = opening_fee(market.fee, turnover, lots) + market.dearest_close(turnover, lots)
        return sign * (total - back) * market.money_per_tick_lot + paid * market.fx_rate
    basis = move.basis_ticks
    adverse = Fraction(0) if basis is None else sign * (total - basis * lots)
    if move.opens:
        paid = opening_fee(market.fee, turnover, lots)
    elif move.adds:
        paid = fees(closing_of(move).children, market.fee, turnover / lots)
    else:
        entered = turnover if basis is None else basis * lots * market.turnover_per_tick_lot
        in_vain = opening_fee(market.fee, entered, lots)
        paid = fees(closing_of(move).children, market.fee, turnover / lots) + in_vain
    return adverse * market.money_per_tick_lot + paid * market.fx_rate


def closing_of(move: Move) -> Plan:
    """Return the child orders that a reducing move becomes."""
    market = move.market
    levels = counter_levels(market.quote, move.side) if market.quote is not None else ()
    ticks = move.rests_at if move.rests_at is not None else levels[0].price_ticks if levels else 0
    return market.closing(move.side, move.lots, ticks * market.turnover_per_tick_lot)


def _reached(levels: Sequence[Level], lots: Lots) -> int:
    """Return the sum of lots x ticks; where the book is shallower, the last level shown stands for the rest."""
    depth = sum(level.lots for level in levels)
    reached = walk(levels, min(lots, depth))
    assert reached is not None
    return reached + max(0, lots - depth) * levels[-1].price_ticks


def ladder(way: Way) -> Decimal:
    """Return what the next order's payup adds when a resting order is called back and sent again dearer."""
    total = sum(
        (move.lots * move.market.payup_ticks * (move.market.money_per_tick_lot or 0) for move in way.moves),
        start=Fraction(0),
    )
    return (Decimal(total.numerator) / Decimal(total.denominator)).quantize(CENT)
