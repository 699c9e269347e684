"""Which contract to trade where a leg has alternatives: the route with the best executable value, or a clip split.

Each route on which the trigger holds makes an offer: the largest aligned quantity in its depth, and what each domestic
unit of it earns beyond the trigger, in domestic money, after the fees of opening where they are on record. The best
offer is entered. Where its depth is short of the clip, the rest goes to the next best route as an execution of its
own in the same turn; both decisions say so by a share with the reason SPLIT, and count as one set. Nothing of a clip
is left over to a later turn.

A clip is the same quantity on every route: `clip_units` of the terms' own pair, counted in domestic lots. A route
whose unit is larger than that makes no offer.
"""

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from trading.core.events import OrdersDecided, Share
from trading.core.execution import SPLIT, Execution
from trading.core.fees import fee_on
from trading.core.measure import BadTerms
from trading.core.residual import residual_room
from trading.core.terms import Instrument, LegRole, Measure, Terms
from trading.core.units import Lots, Nanos, Side, exact, utc_day
from trading.core.view import DOMESTIC, FOREIGN, MarketView

if TYPE_CHECKING:
    from trading.core.program import HedgeProgram


class Offer(NamedTuple):
    """What a route could trade now, and what each domestic unit of it earns beyond the trigger after fees."""

    view: MarketView
    units: int
    edge: Fraction  # domestic money per domestic unit


def check_routes(terms: Terms, instruments: Mapping[str, Instrument]) -> None:
    """Raise BadTerms when the trigger would compare unlike prices, or quantities be counted in unlike lots."""
    home = terms.pair.legs[DOMESTIC].instrument
    is_in_native_prices = terms.trigger.measure is Measure.RATIO or terms.trigger.counter_leg is LegRole.FOREIGN
    foreign = instruments[terms.pair.legs[FOREIGN].instrument]
    for pair in terms.routes:
        if instruments[pair.legs[DOMESTIC].instrument].multiplier != instruments[home].multiplier:
            raise BadTerms(f"route {pair.code}: a lot of its domestic leg is not as large as one of {home}")
        other = instruments[pair.legs[FOREIGN].instrument]
        if is_in_native_prices and (other.unit, other.currency) != (foreign.unit, foreign.currency):
            raise BadTerms(
                f"route {pair.code} quotes {other.currency}/{other.unit}, the trigger is in "
                f"{foreign.currency}/{foreign.unit}; use a spread"
            )


def holding_units(view: MarketView, now: Nanos, units_max: int | None) -> int:
    """Return the largest size of a route on which the trigger holds through both books; 0 when there is none."""
    for units in view.sizes(now, units_max):
        if view.margin(units) >= 0:
            return units
    return 0


def edge(view: MarketView, units: int, now: Nanos) -> Fraction:
    """Return what each domestic unit of an entry earns beyond the trigger, in domestic money, after opening fees."""
    sums, lots = view.walked(units)
    fx = view.fx_ticks
    assert sums is not None and fx is not None
    rate, day, fees = fx * view.fx_tick, utc_day(now), Fraction(0)
    for leg, instrument in enumerate(view.instruments):
        fee = fee_on(instrument, day)
        if fee is not None:
            turnover = abs(sums[leg]) * exact(instrument.tick) * exact(instrument.multiplier)
            money = turnover * exact(fee.open_rate) + lots[leg] * exact(fee.open_per_lot)
            fees += money * rate if leg == FOREIGN else money
    quantity = lots[DOMESTIC] * exact(view.instruments[DOMESTIC].multiplier)
    return view.beyond(units) - fees / quantity


def decide(program: "HedgeProgram", now: Nanos, clip_left: int) -> OrdersDecided | None:
    """Return the entry on the best route, marked as a split where the rest of the clip follows on another.

    `clip_left` is what the clip, the day's cap and the desk's grant leave, in units of the terms' own pair.
    """
    cases = split_cases(program, now)
    left = clip_left * program.ratio_lots[DOMESTIC] - sum(case.units * case.ratio_lots[DOMESTIC] for case in cases)
    ahead: dict[tuple[str, Side], Lots] = {}
    for case in cases:
        _stand_behind(ahead, program.view_of(case), case.units)
    free = [view for view in program.views if view.route not in {case.route for case in cases}]
    found = _offers(program, free, now, left, ahead)
    for offer in found:
        with offer.view.behind(ahead):
            decided = program.entries.enter(offer.view, offer.units, now)
        if decided is None:
            continue
        if not cases:
            _stand_behind(ahead, offer.view, offer.units)
            rest = left - offer.units * offer.view.ratio_lots[DOMESTIC]
            others = [other.view for other in found if other is not offer]
            if not _offers(program, others, now, rest, ahead):
                return decided
        wanted = left // offer.view.ratio_lots[DOMESTIC]
        share = Share(program.terms.program, wanted, offer.units, SPLIT)
        return msgspec.structs.replace(decided, shares=(share,))
    return None


def split_cases(program: "HedgeProgram", now: Nanos) -> list[Execution]:
    """Return the executions of a clip that is being split in this turn."""
    return [case for case in program.state.open if case.is_split and case.opened_at == now]


def _offers(
    program: "HedgeProgram", views: list[MarketView], now: Nanos, lots: Lots, ahead: dict[tuple[str, Side], Lots]
) -> list[Offer]:
    """Return what each route could trade of `lots` domestic lots behind those `ahead`, the best first."""
    found = []
    for view in views:
        if program.entries.obstacle(view, now):
            continue
        with view.behind(ahead):
            room, units_max = residual_room(program, view), lots // view.ratio_lots[DOMESTIC]
            units = holding_units(view, now, units_max if room is None else min(room, units_max))
            if units > 0:
                found.append(Offer(view, units, edge(view, units, now)))
    return sorted(found, key=lambda offer: (-offer.edge, offer.view.route))


def _stand_behind(ahead: dict[tuple[str, Side], Lots], view: MarketView, units: int) -> None:
    """Count an entry on a route among the lots that the rest of its clip stands behind."""
    for instrument, side, ratio in zip(view.instruments, view.sides, view.ratio_lots, strict=True):
        key = instrument.code, side
        ahead[key] = ahead.get(key, 0) + units * ratio
