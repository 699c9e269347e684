"""The repair decision of one open execution: what each leg looks like now, priced and turned into orders.

A repair begins only when no order of the case may still trade by itself. Until then it waits, which costs nothing, as
long as the policy allows it; then the resting order is called back (`call_back`, with the comparison in the record). An
order that queues at the price limit is the one exception: it rests until the market unlocks or another way becomes
clearly cheaper (`recall`). Where nothing is possible in a locked or halted market the case holds, and says so once.
"""

from collections.abc import Sequence
from fractions import Fraction
from functools import cache, partial
from typing import TYPE_CHECKING

import msgspec

from trading.core import events as e
from trading.core.alignment import misfit, residual_quantity
from trading.core.execution import Execution
from trading.core.fees import fee_on
from trading.core.measure import shown
from trading.core.offsets import Child, Plan, Wish, plan
from trading.core.order import Order
from trading.core.policy import counter_levels, is_fresh, order_price
from trading.core.repair import Move, Way, choose, closing_of, explain, ladder, ways
from trading.core.repair_view import DOWN, HALTED, LOCKED, STALE, LegView, Limits, Market, Obstacle, Standing
from trading.core.terms import Instrument, Proxy
from trading.core.units import SECOND, Lots, Nanos, Side, Ticks, exact, utc_day

if TYPE_CHECKING:
    from trading.core.program import HedgeProgram

NO_WAY_OUT = "no_way_out"  # what a case holds for that no market explains: stale quotes, lines, budgets, lot rules
RECALL_EVERY = SECOND  # a queued order whose cancel was refused is not called back again before this
CHEAPER_BY = Fraction(9, 10)  # of what queueing costs: only below this another way is worth giving the queue up


class Repairs:
    """Looks at a program's quotes and terms; keeps nothing."""

    def __init__(self, program: "HedgeProgram", closes_today: frozenset[str]) -> None:
        self._program = program
        self._closes_today = closes_today

    # --- the decisions ---

    def decide(self, case: Execution, now: Nanos) -> e.OrdersDecided | e.RepairHeld | None:
        """Return the orders of the cheapest way out, or None while there is none: the case holds and waits."""
        limits, legs = self._limits(case, now), self._legs(case, now)
        candidates = ways(legs, case.units, limits)
        while (chosen := choose(candidates, limits)) is not None:
            orders = self._orders_of(case, chosen)
            if orders:
                break
            out = chosen.replaced(reason="no price inside the collar reaches the book")
            candidates[candidates.index(chosen)] = out
        else:
            return self._hold(case, candidates, now)
        seen = [*self._program.view_of(case).quotes, *(move.market.quote for move in chosen.moves)]
        quotes = {quote.instrument: quote for quote in seen if quote is not None}
        return e.OrdersDecided(
            case.id, self._purpose(chosen), tuple(orders), tuple(quotes.values()), route=case.route,
            options=self._compared(candidates, chosen, "nothing is working that could still fill by itself"),
        )  # fmt: skip

    def call_back(self, case: Execution, names: Sequence[str], now: Nanos) -> e.CancelDecided:
        """Return the cancel of orders that had their time to fill, with what going on costs from here."""
        if not case.is_naked:
            return e.CancelDecided(tuple(names), "resting")
        limits, legs = self._limits(case, now), self._legs(case, now)
        live = {(order.intent.instrument, order.intent.side) for order in case.orders if order.is_live}
        candidates = [_as_chase(way, live) for way in ways(legs, case.units, limits)]
        chosen = choose(candidates, limits)
        if chosen is None:
            return e.CancelDecided(tuple(names), "resting")
        why = limits.no_waiting or "its time to fill by itself is over"
        reason = "chase" if chosen.completes else "unwind"
        return e.CancelDecided(tuple(names), reason, self._compared(candidates, chosen, why))

    def recall(self, case: Execution, now: Nanos) -> e.CancelDecided | None:
        """Return the cancel of an order queued at the limit, when its market unlocked or there is a better way."""
        order = next((order for order in case.orders if order.is_queued), None)
        if order is None or now < order.asked_at + RECALL_EVERY or order.intent.venue not in self._up:
            return None
        name = (order.intent.client_order_id,)
        if case.mandate == "reduce" and order.intent.purpose is not e.Purpose.UNWIND:
            return e.CancelDecided(name, "unwind")
        quote, out = self._usable(case, self._program.instrument_of(order.intent), now)
        if quote is None or out is not None:
            return None
        if quote.received_at > order.sent_at and counter_levels(quote, order.intent.side):
            return e.CancelDecided(name, "unlocked")
        limits, legs = self._limits(case, now), self._legs(case, now)
        candidates = ways(legs, case.units, limits)
        costs = [way.option.cost for way in candidates if way.option.name == "queue" and way.option.cost is not None]
        queueing = min(costs, default=None)
        others = [way for way in candidates if way.option.name != "queue"]
        chosen = choose(others, limits)
        if chosen is None or chosen.option.cost is None or queueing is None:
            return None
        if not limits.no_waiting and Fraction(chosen.option.cost) >= Fraction(queueing) * CHEAPER_BY:
            return None
        reason = "chase" if chosen.completes else "unwind"
        return e.CancelDecided(name, reason, self._compared(candidates, chosen, "queues at the limit price"))

    def waits_until(self, case: Execution, order: Order) -> Nanos:
        """Return when an accepted order has had its time to fill by itself."""
        if case.is_naked and self._is_too_much(case):
            return order.sent_at
        return order.sent_at + self._program.terms.repair.wait

    def _hold(self, case: Execution, candidates: Sequence[Way], now: Nanos) -> e.RepairHeld | None:
        """Say once per cause that there is no way out: at once for a locked or halted market, else after a while."""
        kinds = frozenset(kind for way in candidates for kind in way.kinds)
        reason = next((kind for kind in (LOCKED, HALTED) if kind in kinds), NO_WAY_OUT)
        is_early = case.naked_since is None or now < case.naked_since + self._program.terms.repair.wait
        if reason in case.told or (reason == NO_WAY_OUT and is_early):
            return None
        return e.RepairHeld(case.id, reason, case.naked, self._compared(candidates, None, "nothing is working"))

    def _compared(self, candidates: Sequence[Way], chosen: Way | None, why_no_wait: str) -> tuple[e.RepairOption, ...]:
        still = (0,) * len(candidates[0].option.lots_by_leg)
        options = [way.option for way in candidates]
        names = {option.name for option in options}
        wait = e.RepairOption("wait", -1, still, None, why_no_wait)
        chase = [] if "chase" in names else [e.RepairOption("chase", -1, still, None, "no order to call back")]
        hold = e.RepairOption("hold", -1, still, None, "only when nothing else is possible")
        if chosen is None:
            hold = msgspec.structs.replace(hold, reason="chosen: nothing else is possible")
        return explain([wait, *chase, *options, hold], None if chosen is None else chosen.option)

    # --- what a case looks like ---

    @property
    def _up(self) -> dict[str, Nanos]:
        return self._program.state.up_since

    def _limits(self, case: Execution, now: Nanos) -> Limits:
        policy = self._program.terms.repair
        cost_left = policy.cost_max - shown(case.spent())
        return Limits(
            case.attempts_left, cost_left, case.mandate == "reduce", policy.preference, self._no_waiting(case, now),
            policy.queues_at_limit,
        )  # fmt: skip

    def _no_waiting(self, case: Execution, now: Nanos) -> str:
        """Return why the case may not be left to time, or an empty string."""
        policy = self._program.terms.repair
        if self._is_too_much(case):
            unit = self._program.view_of(case).instruments[0].unit
            naked, most = shown(self._naked_quantity(case)), policy.naked_quantity_max
            return f"{naked} {unit} naked, waiting is allowed up to {most} {unit}"
        since = now if case.naked_since is None else case.naked_since
        if now - since + policy.wait >= policy.naked_age_max:
            return "the time a leg may stay naked is nearly over"
        return ""

    def _naked_quantity(self, case: Execution) -> Fraction:
        program = self._program
        return abs(residual_quantity(program.view_of(case).pair, case.naked, program.state.instruments))

    def _is_too_much(self, case: Execution) -> bool:
        most = self._program.terms.repair.naked_quantity_max
        return most is not None and self._naked_quantity(case) > most

    def _legs(self, case: Execution, now: Nanos) -> list[LegView]:
        return [self._leg(case, leg, now) for leg in range(len(case.ratio_lots))]

    def _leg(self, case: Execution, leg: int, now: Nanos) -> LegView:
        instrument = self._program.view_of(case).instruments[leg]
        return LegView(
            self._market(case, leg, instrument, now), case.entered_sides[leg], case.ratio_lots[leg], case.along[leg],
            case.planned_ticks(leg), case.average_ticks(leg),
            tuple(
                self._standing(case, leg, proxy, now)
                for proxy in case.proxies.values()
                if proxy.replaces == instrument.code
            ),
            case.is_flatten,
        )  # fmt: skip

    def _standing(self, case: Execution, leg: int, proxy: Proxy, now: Nanos) -> Standing:
        instrument = self._program.state.instruments[proxy.instrument]
        market = self._market(case, leg, instrument, now)
        along = case.proxy_lots.get(proxy.instrument, 0)
        return Standing(market, proxy, along, case.average_of(proxy.instrument, case.entered_sides[leg]))

    def _market(self, case: Execution, leg: int, instrument: Instrument, now: Nanos) -> Market:
        quote, out = self._usable(case, instrument, now)
        if quote is not None and case.refusals.is_shut(quote):
            quote, out = None, Obstacle(HALTED, "its venue says that it is closed")
        fx_rate, day = self._fx_rate(case, instrument), utc_day(now)
        per_lot = exact(instrument.tick) * exact(instrument.multiplier)

        @cache  # asked for its obstacle, its orders and its cost; the books stand still meanwhile
        def closing(side: Side, lots: Lots, turnover_per_lot: Fraction) -> Plan:
            return self._closing(case, leg, instrument, side, lots, turnover_per_lot, day)

        money = None if fx_rate is None else per_lot * fx_rate
        return Market(
            instrument.code, instrument.venue, quote, out, case.refusals, money, per_lot,
            fx_rate or Fraction(0), fee_on(instrument, day), closing,
            partial(misfit, instrument, day=day), self._payup(case, leg),
        )  # fmt: skip

    def _usable(
        self, case: Execution, instrument: Instrument, now: Nanos
    ) -> tuple[e.QuoteSeen | None, Obstacle | None]:
        if instrument.venue not in self._up:
            return None, Obstacle(DOWN, "its venue is down")
        quote = self._program.quote_of(instrument.code)
        if quote is not None and not quote.is_trading:
            return None, Obstacle(HALTED, "its market is halted or in a break")
        if not is_fresh(quote, now, self._program.view_of(case).pair.leg_age_max):
            return None, Obstacle(STALE, "no fresh quote")
        return quote, None

    def _fx_rate(self, case: Execution, instrument: Instrument) -> Fraction | None:
        """Return domestic money per unit of the currency: the last rate seen is good enough to compare costs."""
        view = self._program.view_of(case)
        if view.pair.fx_instrument is None or instrument.currency == view.instruments[0].currency:
            return Fraction(1)
        ticks = view.fx_ticks or case.fx_ticks
        return ticks * view.fx_tick if ticks else None

    def _payup(self, case: Execution, leg: int) -> Ticks:
        view = self._program.view_of(case)
        fx = view.fx_ticks or case.fx_ticks or 1
        return view.payup.ticks(view.pair.legs[leg].role, fx, case.attempts)

    # --- orders ---

    def _purpose(self, way: Way) -> e.Purpose:
        if any(move.proxy is not None and move.adds for move in way.moves):
            return e.Purpose.PROXY
        return e.Purpose.TOP_UP if way.completes else e.Purpose.UNWIND

    def _orders_of(self, case: Execution, way: Way) -> list[e.OrderIntent]:
        """Return all orders of a way, none when one of them has no price."""
        orders: list[e.OrderIntent] = []
        for move in way.moves:
            made = self._orders(case, move, orders)
            if not made:
                return []
            orders += made
        return orders

    def _orders(self, case: Execution, move: Move, before: Sequence[e.OrderIntent]) -> list[e.OrderIntent]:
        """Return the child orders of one move, none when no price inside the collar reaches the book."""
        program, market, collar = self._program, move.market, self._program.view_of(case).collar
        assert market.quote is not None
        if move.rests_at is None:
            price = order_price(market.quote, move.side, move.lots, market.payup_ticks, collar)
        else:
            bound = collar.bound_ticks(market.quote, move.side)
            is_inside = bound is not None and move.side.sign * move.rests_at <= move.side.sign * bound
            price = move.rests_at if is_inside else None
        if price is None:
            return []
        adding = e.Purpose.TOP_UP if move.proxy is None else e.Purpose.PROXY
        purpose = adding if move.adds else e.Purpose.UNWIND
        opening = (Child(e.Offset.OPEN, move.lots),)
        children: tuple[Child, ...] = opening if move.opens else closing_of(move).children
        earlier = [*(order.intent for order in case.orders), *before]
        first = sum(1 for intent in earlier if intent.leg == move.leg)
        execution = int(case.id.rsplit("-", 1)[1])
        rests = e.TimeInForce.IOC if move.rests_at is None else e.TimeInForce.DAY
        made = []
        for attempt, child in enumerate(children, first):
            intent = program.intent(
                f"{execution}-{move.leg}{attempt}", move.leg, move.side, child.lots, price, purpose, child.offset,
                attempt, program.view_of(case),
            )  # fmt: skip
            where = {"instrument": market.instrument, "venue": market.venue, "time_in_force": rests}
            made.append(msgspec.structs.replace(intent, **where, prompt=child.prompt or intent.prompt))
        return made

    def _closing(
        self, case: Execution, leg: int, instrument: Instrument, side: Side, lots: Lots, turnover_per_lot: Fraction,
        day: str,
    ) -> Plan:  # fmt: skip
        """Return the child orders that close so many lots; after an offset reject, the other split of days.

        Without books only this case's own lots are known, and those are today's.
        """
        wrong = sum(
            1
            for order in case.orders
            if order.intent.instrument == instrument.code and order.reject_class is e.RejectClass.OFFSET
        )
        books = self._program.books
        if books is not None:
            flag = self._program.view_of(case).pair.legs[leg].hedge_flag
            prompts = books.prompts_of(self._program.flattens.opened_by(case))
            wish = Wish(instrument, side, lots, flag, prompts, is_disputed=bool(wrong % 2))
            return plan(books, wish, fee_on(instrument, day), turnover_per_lot)
        if instrument.venue not in self._closes_today:
            return Plan((Child(e.Offset.CLOSE, lots),))
        if wrong % 2:
            return Plan((Child(e.Offset.CLOSE_YESTERDAY, lots),))
        return Plan((Child(e.Offset.CLOSE_TODAY, lots, lots),))


def _as_chase(way: Way, live: set[tuple[str, Side]]) -> Way:
    """Return the way as a chase when it sends the called-back order again, with what the dearer price adds."""
    again = {(move.market.instrument, move.side) for move in way.moves} & live
    if not again or way.option.cost is None or way.option.name == "queue":
        return way
    return way.replaced(name="chase", cost=way.option.cost + ladder(way))
