"""Entries of immediate orders, and the hedge of what a lead leg filled.

Together: both legs leave in one decision. Lead first: only the lead leg does, sized and allowed by the same walk
through both books; each whole unit it fills is hedged at once. Every choice here is made from the program's books,
terms and state; nothing is kept.
"""

from typing import TYPE_CHECKING

from trading.core import events as e
from trading.core import routing
from trading.core.alignment import fits
from trading.core.depth import lots_within
from trading.core.execution import Execution
from trading.core.policy import counter_levels, is_fresh, order_price
from trading.core.residual import residual_room
from trading.core.sessions import hedgeable_for, in_window
from trading.core.terms import ExecutionMode, LeadChoice
from trading.core.units import NEVER, Nanos, utc_day
from trading.core.view import DOMESTIC, FOREIGN, MarketView

if TYPE_CHECKING:
    from trading.core.program import HedgeProgram


def units_inside(view: MarketView, leg: int) -> int:
    """Return the units a leg could trade at prices on which the trigger still holds, the other books at their best."""
    quote, turns = view.quote_at(leg), view.turning_point(leg)
    if quote is None or turns is None:
        return 0
    limit, holds_above = turns
    side = view.sides[leg]
    levels = counter_levels(quote, side)
    if holds_above is (side.sign < 0):  # the price may only get worse up to the turning point
        return lots_within(levels, side, limit) // view.ratio_lots[leg]
    inside = [level.lots for level in levels if (level.price_ticks >= limit) is holds_above]
    return sum(inside) // view.ratio_lots[leg]


def units_shown(view: MarketView, leg: int) -> int:
    """Return the units that the side to trade on shows."""
    quote = view.quote_at(leg)
    levels = () if quote is None else counter_levels(quote, view.sides[leg])
    return sum(level.lots for level in levels) // view.ratio_lots[leg]


def lead_leg(view: MarketView, choice: LeadChoice) -> int:
    """Return the leg that works first. Liquidity is counted in units inside the trigger, then in units shown.

    Equally liquid: the foreign leg.
    """
    if choice is LeadChoice.DOMESTIC:
        return DOMESTIC
    if choice is LeadChoice.FOREIGN:
        return FOREIGN
    domestic, foreign = ((units_inside(view, leg), units_shown(view, leg)) for leg in (DOMESTIC, FOREIGN))
    if choice is LeadChoice.LEAST_LIQUID:
        return DOMESTIC if domestic < foreign else FOREIGN
    return DOMESTIC if domestic > foreign else FOREIGN


class Entries:
    """Looks at a program; keeps nothing."""

    def __init__(self, program: "HedgeProgram") -> None:
        self._program = program
        terms = program.terms
        self._is_bound = bool(terms.slicing.units_per_day_max) or terms.residual_max is not None

    def decide(self, now: Nanos, units_max: int | None = None) -> e.OrdersDecided | None:
        """Return the orders for the largest aligned quantity on which the trigger holds, or None."""
        program = self._program
        if program.others:
            return routing.decide(program, now, self.clip_left(now, units_max))
        if self.obstacle(program, now):
            return None
        if self._is_bound or units_max is not None:
            units_max = self.units_left(program, now, units_max)
        units = routing.holding_units(program, now, program.clip_units if units_max is None else units_max)
        return self.enter(program, units, now) if units else None

    def preview(self, now: Nanos) -> e.OrdersDecided | None:
        """Return the orders an entry would hold now, whether or not anything else allows it."""
        program = self._program
        sizes = program.sizes(now, residual_room(program, program))
        return self.enter(program, sizes[0], now) if sizes else None

    def obstacle(self, view: MarketView, now: Nanos) -> str:
        """Return what forbids any entry on this route now, or an empty string."""
        program = self._program
        state = program.state
        if now < state.cooldown_until:
            return "cooldown"
        if view.holds_since is None or now - view.holds_since < program.terms.trigger.dwell:
            return "dwell"
        return self.closed(view, now)

    def closed(self, view: MarketView, now: Nanos) -> str:
        """Return why nothing of an entry may stand on this route now, not even a quote that rests already."""
        up_since = self._program.state.up_since
        if not view.is_in_step or any(venue not in up_since for venue in view.venues):
            return "venue_down"
        if not view.is_coherent(now):
            return "stale"
        if self._program.terms.slicing.windows and not in_window(self._program.terms.slicing, now):
            return "window"
        lasts = view.pair.hedgeable_min
        return "session" if lasts and self.closes_at(view, now) < now + lasts else ""

    def closes_at(self, view: MarketView, now: Nanos) -> Nanos:
        """Return until when both legs can be traded, as far as their sessions are on record; NEVER when not bounded.

        Without a bound in the pair nobody asks: whether a market trades now is then told by its quotes alone.
        """
        if not view.pair.hedgeable_min:
            return NEVER
        lasting = (hedgeable_for(instrument, now) for instrument in view.instruments)
        return min((now + left for left in lasting if left is not None), default=NEVER)

    def units_left(self, view: MarketView, now: Nanos, units_max: int | None = None) -> int:
        """Return how many units clip, daily cap, the desk's grant and the residual budget leave to an entry here."""
        units, room = self.clip_left(now, units_max), residual_room(self._program, view)
        return units if room is None else min(units, room)

    def clip_left(self, now: Nanos, units_max: int | None = None) -> int:
        """Return how many units of the terms' own pair clip, daily cap and the desk's grant leave."""
        program = self._program
        units, cap = program.clip_units, program.terms.slicing.units_per_day_max
        if units_max is not None:
            units = min(units, units_max)
        if cap:
            units = min(units, cap - program.state.tally.units_on(now))
        return max(units, 0)

    def enter(self, view: MarketView, units: int, now: Nanos) -> e.OrdersDecided | None:
        """Return the decision for `units`, or None where a leg has no price."""
        program, working = self._program, self._program.terms.working
        number = program.state.executions_started + 1
        orders = []
        for leg in (DOMESTIC, FOREIGN):
            lots = units * view.ratio_lots[leg]
            price = view.entry_price(leg, lots)
            if price is None:
                return None
            orders.append(program.intent(f"{number}-{leg}0", leg, view.sides[leg], lots, price, view=view))
        lead = None
        if program.terms.mode is ExecutionMode.LEAD_FIRST:
            lead = lead_leg(view, working.lead)
            orders = [orders[lead]]
        return e.OrdersDecided(
            self.name(number, now), e.Purpose.ENTRY, tuple(orders), seen(view), view.shown_value(units),
            program.terms.trigger.value, route=view.route, lead=lead, units=units,
        )  # fmt: skip

    def name(self, number: int, now: Nanos) -> str:
        """Return the id of the program's n-th execution."""
        return f"X-{utc_day(now)}-{self._program.terms.program}-{number:06d}"

    # --- the hedge of a lead leg ---

    def hedge(self, case: Execution, now: Nanos) -> e.OrdersDecided | None:
        """Return the order that hedges what the lead leg filled, in whole units, or None.

        Where it cannot be priced or the venue will not have it, the case is left to the repair.
        """
        leg, lots = case.hedge_due()
        program, view = self._program, self._program.view_of(case)
        side = case.entered_sides[leg]
        quote, instrument, day = view.quote_at(leg), view.instruments[leg], utc_day(now)
        if (
            not lots
            or now < case.retry_at
            or case.refusals.obstacle(instrument.code, instrument.venue, side, opens=True)
        ):
            return None
        while lots and not fits(instrument, lots, day):
            lots -= view.ratio_lots[leg]  # the rest follows with the next unit, or is repaired
        if not lots or instrument.venue not in program.state.up_since:
            return None
        if quote is None or not is_fresh(quote, now, view.pair.leg_age_max) or case.refusals.is_shut(quote):
            return None
        fx = view.fx_ticks or case.fx_ticks or 1
        price = order_price(quote, side, lots, view.payup.ticks(view.pair.legs[leg].role, fx, 0), view.collar)
        if price is None:
            return None
        order = program.next_intent(case, leg, side, lots, price, e.Purpose.HEDGE)
        return e.OrdersDecided(
            case.id, e.Purpose.HEDGE, (order,), seen(view), route=case.route, lead=case.lead, units=case.units
        )


def seen(view: MarketView) -> tuple[e.QuoteSeen, ...]:
    """Return the quotes a decision on this route rests on."""
    return tuple(quote for quote in view.quotes if quote is not None)
