"""Quote and lean: a resting order on the lead leg, at the price at which the other leg's book still pays for it.

The quote leans on the other leg: its book is walked for the hedge of the whole quote, and the trigger's own equation
then gives the lead leg's price. Passive means: never through the best opposite price, never outside the collar on
either side. The quote moves only when it is off by `requote_ticks`. A move that would only improve it also needs room
in the message budget; one that protects from a loss does not, and neither does any call-back for safety.
"""

from typing import TYPE_CHECKING

from trading.core import events as e
from trading.core.depth import walk
from trading.core.entry import lead_leg, seen, units_shown
from trading.core.execution import Execution
from trading.core.order import Order, OrderState
from trading.core.policy import counter_levels
from trading.core.tally import MINUTE
from trading.core.terms import ExecutionMode
from trading.core.units import Nanos, Side, Ticks
from trading.core.view import DOMESTIC, FOREIGN, FX, LOWEST_TICKS, MarketView

if TYPE_CHECKING:
    from trading.core.program import HedgeProgram

QUOTED_ANEW = frozenset(("requote", "depth", "rest"))  # reasons of a call-back after which the execution quotes again
QUOTE_MESSAGES = 2  # what a new quote must find room for: the order, and the cancel it may need


def lean_price(view: MarketView, lead: int, units: int) -> tuple[Ticks, bool] | None:
    """Return the lead leg's price at which the trigger turns, and whether it holds above; None when at no price.

    The other leg is walked through its book for `units`: p * weight >= bound, from the linear form of `measure`.
    """
    other, trigger = 1 - lead, view.trigger
    quote, fx = view.quote_at(other), view.fx_ticks
    if quote is None or fx is None:
        return None
    lots = units * view.ratio_lots[other]
    total = walk(counter_levels(quote, view.sides[other]), lots)
    if total is None:
        return None
    rate = fx if trigger.uses_fx else 1
    if lead == DOMESTIC:
        weight = trigger.domestic_weight * lots
        bound = (total * trigger.foreign_weight + lots * trigger.foreign_fixed) * rate + trigger.fixed * lots
    else:
        weight = -trigger.foreign_weight * rate * lots
        bound = (trigger.foreign_fixed * rate + trigger.fixed) * lots - total * trigger.domestic_weight
    if weight == 0:
        return (LOWEST_TICKS, True) if bound <= 0 else None
    return (-(-bound // weight), True) if weight > 0 else (bound // weight, False)


def quote_price(view: MarketView, lead: int, units: int) -> Ticks | None:
    """Return the price of a passive order on the lead leg for `units`, or None when there is none inside the collar."""
    leans, quote, side = lean_price(view, lead, units), view.quote_at(lead), view.sides[lead]
    if leans is None or quote is None:
        return None
    low, high = (view.collar.bound_ticks(quote, bound) for bound in (Side.SELL, Side.BUY))
    if low is None or high is None:
        return None
    price, holds_above = leans
    if price == LOWEST_TICKS or holds_above is (side is Side.BUY):
        # No price of this leg is too bad for the trigger, so the queue at the best price is joined.
        queue = quote.bids if side is Side.BUY else quote.asks
        if not queue or (price != LOWEST_TICKS and (queue[0].price_ticks >= price) is not holds_above):
            return None
        price = queue[0].price_ticks
    counter = counter_levels(quote, side)
    if side is Side.BUY:
        price = min(price, high, *(level.price_ticks - 1 for level in counter[:1]))
    else:
        price = max(price, low, *(level.price_ticks + 1 for level in counter[:1]))
    return price if low <= price <= high else None


class Quoting:
    """Looks at a program; keeps nothing."""

    def __init__(self, program: "HedgeProgram") -> None:
        self._program = program

    def holds(self) -> bool:
        """Whether there is a price to quote a single unit at."""
        return quote_price(self._program, self._lead(), 1) is not None

    def sizes(self, now: Nanos) -> range:
        """Return the units a quote may have on the other leg's depth, largest first."""
        return self._fitting(self._program, self._lead(), self._program.clip_units, now)

    def _fitting(self, view: MarketView, lead: int, units_max: int, now: Nanos) -> range:
        return view.fitting(min(units_max, units_shown(view, 1 - lead)), now)

    def _lead(self) -> int:
        return lead_leg(self._program, self._program.terms.working.lead)

    # --- a quote ---

    def decide(self, now: Nanos, units_max: int | None = None) -> e.OrdersDecided | None:
        """Return the first quote of a new execution, or None."""
        program = self._program
        entries = program.entries
        if entries.obstacle(program, now) or not self.has_room(now):
            return None
        return self._enter(entries.units_left(program, now, units_max), now)

    def preview(self, now: Nanos) -> e.OrdersDecided | None:
        """Return the quote there would be now, whether or not anything else allows it."""
        return self._enter(self._program.clip_units, now)

    def again(self, case: Execution, now: Nanos) -> e.OrdersDecided | None:
        """Return the next quote of an execution whose last one was called back to be quoted anew, or None: it ends."""
        program, view = self._program, self._program.view_of(case)
        if case.called_back not in QUOTED_ANEW or case.attempts or self._stopped(case, now):
            return None
        if now < program.state.cooldown_until or program.entries.closed(view, now) or not self.has_room(now):
            return None
        assert case.lead is not None
        left = case.units - case.along[case.lead] // case.ratio_lots[case.lead]
        found = self._priced(view, case.lead, min(left, program.entries.units_left(view, now)), now)
        if found is None:
            return None
        units, price = found
        lots, side = units * view.ratio_lots[case.lead], view.sides[case.lead]
        order = program.next_intent(case, case.lead, side, lots, price, e.Purpose.ENTRY, e.TimeInForce.DAY)
        return self._decided(case.id, view, order, units, case.units)

    def _enter(self, units: int, now: Nanos) -> e.OrdersDecided | None:
        program = self._program
        lead, number = self._lead(), program.state.executions_started + 1
        found = self._priced(program, lead, units, now)
        if found is None:
            return None
        units, price = found
        order = program.intent(
            f"{number}-{lead}0", lead, program.sides[lead], units * program.ratio_lots[lead], price,
            view=program, time_in_force=e.TimeInForce.DAY,
        )  # fmt: skip
        return self._decided(program.entries.name(number, now), program, order, units, units)

    def _priced(self, view: MarketView, lead: int, units_max: int, now: Nanos) -> tuple[int, Ticks] | None:
        """Return the largest quantity that the other leg's book covers, and its price."""
        for units in self._fitting(view, lead, units_max, now):
            price = quote_price(view, lead, units)
            if price is not None:
                return units, price
        return None

    def _decided(
        self, execution: str, view: MarketView, order: e.OrderIntent, units: int, planned: int
    ) -> e.OrdersDecided:
        lead, other = order.leg, 1 - order.leg
        quote = view.quote_at(other)
        assert quote is not None
        lots = units * view.ratio_lots[other]
        walked = walk(counter_levels(quote, view.sides[other]), lots)
        assert walked is not None
        ours, theirs = (order.price_ticks * order.lots, order.lots), (walked, lots)
        domestic, foreign = (ours, theirs) if lead == DOMESTIC else (theirs, ours)
        margin = view.trigger.margin(*domestic, *foreign, view.fx_ticks or 1)
        value = view.trigger.shown_value(margin, domestic[1], *foreign)
        return e.OrdersDecided(
            execution, e.Purpose.ENTRY, (order,), seen(view), value, self._program.terms.trigger.value,
            route=view.route, lead=lead, units=planned,
        )  # fmt: skip

    # --- its end ---

    def withdrawal(self, case: Execution, now: Nanos) -> e.CancelDecided | None:
        """Return the call-back of the resting quote, or None while it may rest on."""
        order = case.quote
        if order is None or order.intent.venue not in self._program.state.up_since:
            return None
        reason = ""
        if order.state in (OrderState.SENT, OrderState.WORKING):
            reason = self._stopped(case, now) or self._unsafe(case, now)
        if not reason and order.state is OrderState.WORKING:
            reason = self._drifted(case, order, now)
        return e.CancelDecided((order.intent.client_order_id,), reason) if reason else None

    def _stopped(self, case: Execution, now: Nanos) -> str:
        """Return why no entry of this program may stand any more, or an empty string."""
        program, state = self._program, self._program.state
        if state.kill_level:
            return "kill"
        if state.halt_reason:
            return "halted"
        if not program.is_armed:
            return "disarmed"
        if now >= state.armed_until:
            return "ttl"
        return "" if program.may_enter else "no_permit"

    def _unsafe(self, case: Execution, now: Nanos) -> str:
        """Return why a fill of the quote could not be hedged as planned, or an empty string."""
        program = self._program
        if case.attempts or case.is_hedge_short:
            return "hedge_failed"
        if case.is_overquoted:
            return "overfilled"
        if case.rest_lots and case.naked_since is not None and now >= case.naked_since + program.terms.repair.wait:
            return "sub_unit"
        return program.entries.closed(program.view_of(case), now)

    def _drifted(self, case: Execution, order: Order, now: Nanos) -> str:
        """Return why the quote must be placed anew or is no longer wanted, or an empty string."""
        view, working, lead = self._program.view_of(case), self._program.terms.working, order.intent.leg
        if now >= order.sent_at + working.rest:
            return "rest"
        units = -(-(case.rest_lots + order.intent.lots - order.done_lots) // view.ratio_lots[lead])
        price = quote_price(view, lead, units)
        if price is None:
            return "depth" if units_shown(view, 1 - lead) < units else "trigger_gone"
        too_eager = (order.intent.price_ticks - price) * order.intent.side.sign
        if too_eager >= working.requote_ticks:
            return "requote"
        improves = -too_eager >= working.requote_ticks and not case.rest_lots
        return "requote" if improves and self.has_room(now, 1 + QUOTE_MESSAGES) else ""

    def has_room(self, now: Nanos, messages: int = QUOTE_MESSAGES) -> bool:
        """Whether the minute's message budget still holds so many messages."""
        return self._program.state.tally.quote_messages(now) + messages <= (
            self._program.terms.working.messages_per_minute_max
        )

    def deadlines(self, case: Execution, now: Nanos) -> list[Nanos]:
        """Return when the resting quote must be looked at again even if nothing happens."""
        order, program, view = case.quote, self._program, self._program.view_of(case)
        if order is None:
            return []
        pair = view.pair
        times = [order.sent_at + program.terms.working.rest, program.entries.closes_at(view, now) - pair.hedgeable_min]
        if program.terms.slicing.windows:
            times.append(now - now % MINUTE + MINUTE)  # windows open and close with the minute
        ages = ((DOMESTIC, pair.leg_age_max), (FOREIGN, pair.leg_age_max), (FX, pair.fx_age_max))
        for slot, age_max in ages:
            quote = view.quote_at(slot)
            if quote is not None:
                times.append(quote.received_at + age_max + 1)
        if case.rest_lots and case.naked_since is not None:
            times.append(case.naked_since + program.terms.repair.wait)
        return times


def quoting_of(program: "HedgeProgram") -> Quoting | None:
    """Return what works the program's quotes, if its terms ask for any."""
    return Quoting(program) if program.terms.mode is ExecutionMode.QUOTE_AND_LEAN else None
