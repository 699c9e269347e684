"""Flattening: matched units of a pair are traded back, both legs together, because a person asked for it.

It goes clip by clip, each clip an execution of its own, and never beyond what the program holds on a route. It only
closes: a clip of which one leg failed is completed, not reopened. It ends when the units are back, when nothing is
held any more, when clips failed too often, or when nothing moved for a while; a person then asks again.
"""

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

import msgspec

from trading.core import events as e
from trading.core.alignment import fitting_units
from trading.core.depth import walk
from trading.core.execution import Execution
from trading.core.fees import fee_on
from trading.core.measure import shown
from trading.core.offsets import Child, Wish, fees, plan
from trading.core.people import FLATTEN_OVER
from trading.core.policy import counter_levels, is_fresh, order_price, reference_half_ticks
from trading.core.units import Nanos, Side, day_name, trading_day_number, utc_day
from trading.core.view import DOMESTIC, MarketView

if TYPE_CHECKING:
    from trading.core.program import HedgeProgram

FLATTEN_FAILURES_MAX = 3  # clips in a row that traded nothing


class Clip(msgspec.Struct, frozen=True):
    """What one clip would trade now; `cost` is against the middle of the books, fees included, None if unknown."""

    orders: tuple[e.OrderIntent, ...]
    units: int
    route: int
    cost: Decimal | None


def held_units(cases: Iterable[Execution], route: int) -> int:
    """Return the units held on a route, with the sign of the domestic leg."""
    return sum(case.net_units() for case in cases if case.route == route)


class Flattens:
    """Looks at a program's books and state; keeps nothing."""

    def __init__(self, program: "HedgeProgram", closes_today: frozenset[str]) -> None:
        self._program = program
        self._closes_today = closes_today

    def decide(self, now: Nanos) -> e.Event | None:
        """Return the next clip, the end of the request, or None while a venue, a book or an open case is waited for."""
        state = self._program.state
        asked = state.flatten
        if asked is None or state.open:
            return None
        is_done = asked.units_left <= 0 or not self.held()
        if is_done or now >= asked.due_at or asked.failures >= FLATTEN_FAILURES_MAX:
            return e.TimePassed(FLATTEN_OVER, asked.command_id)
        if now < asked.retry_at:
            return None
        clip = self.clip(asked.units_left, now)
        if clip is None:
            return None
        view = self._program.views[clip.route]
        quotes = tuple(quote for quote in view.quotes if quote is not None)
        return e.OrdersDecided(
            self._next_id(now), e.Purpose.FLATTEN, clip.orders, quotes, route=clip.route, units=clip.units
        )

    def held(self) -> int:
        """Return how many units the program holds, over all routes."""
        cases = self._program.state.executions.values()
        return sum(abs(held_units(cases, view.route)) for view in self._program.views)

    def clip(self, units_max: int, now: Nanos) -> Clip | None:
        """Return the next clip of at most `units_max` units on the first route that holds some, or None."""
        program = self._program
        for view in program.views:
            net = held_units(program.state.executions.values(), view.route)
            if not net:
                continue
            sides = (Side.SELL, Side.BUY) if net > 0 else (Side.BUY, Side.SELL)
            most = min(units_max, abs(net), self._units_in_depth(view, sides, now))
            legs = tuple(zip(view.instruments, view.ratio_lots, strict=True))
            units = next(iter(fitting_units(legs, most, day_name(trading_day_number(now)))), 0)
            return self._priced(view, sides, units, now) if units > 0 else None
        return None

    def _units_in_depth(self, view: MarketView, sides: tuple[Side, ...], now: Nanos) -> int:
        units = self._clip_units(view)
        for leg, side in enumerate(sides):
            quote = view.quote_at(leg)
            if view.instruments[leg].venue not in self._program.state.up_since:
                return 0
            if quote is None or not is_fresh(quote, now, view.pair.leg_age_max):
                return 0
            units = min(units, sum(level.lots for level in counter_levels(quote, side)) // view.ratio_lots[leg])
        return units

    def _clip_units(self, view: MarketView) -> int:
        """Return the units of a clip on this route: as much as a clip of the program's own pair, at least one."""
        own = self._program
        return max(1, own.terms.clip_units * own.ratio_lots[DOMESTIC] // view.ratio_lots[DOMESTIC])

    def _priced(self, view: MarketView, sides: tuple[Side, ...], units: int, now: Nanos) -> Clip | None:
        program, number = self._program, self._program.state.executions_started + 1
        orders: list[e.OrderIntent] = []
        cost: Fraction | None = Fraction(0)
        for leg, side in enumerate(sides):
            lots, quote = units * view.ratio_lots[leg], view.quote_at(leg)
            fx = view.fx_ticks
            if quote is None or fx is None:
                return None
            payup = view.payup.ticks(view.pair.legs[leg].role, fx, 0)
            price = order_price(quote, side, lots, payup, view.collar)
            if price is None:
                return None
            children = self._children(view, leg, side, lots, now)
            if not children:
                return None
            orders += [
                msgspec.structs.replace(
                    program.intent(
                        f"{number}-{leg}{n}", leg, side, child.lots, price, e.Purpose.FLATTEN, child.offset, n, view
                    ),
                    prompt=child.prompt,
                )
                for n, child in enumerate(children)
            ]
            leg_cost = self._cost(view, leg, side, lots, children, now)
            cost = None if cost is None or leg_cost is None else cost + leg_cost
        return Clip(tuple(orders), units, view.route, None if cost is None else shown(cost).quantize(Decimal("0.01")))

    def opened_by(self, case: Execution) -> list[str]:
        """Return the orders that opened what `case` closes: its own, or for a flatten those of the units held."""
        if not case.is_flatten:
            return [order.intent.client_order_id for order in case.orders]
        return self._opened_on(case.route)

    def _opened_on(self, route: int) -> list[str]:
        cases = self._program.state.executions.values()
        opened = [order for case in cases if case.route == route and not case.is_flatten for order in case.orders]
        return [order.intent.client_order_id for order in opened]

    def _children(self, view: MarketView, leg: int, side: Side, lots: int, now: Nanos) -> tuple[Child, ...]:
        """Return the closing orders that the venue wants; none when the books do not hold so many lots free."""
        instrument, books = view.instruments[leg], self._program.books
        if books is None:
            is_separate = instrument.venue in self._closes_today
            return (Child(e.Offset.CLOSE_TODAY if is_separate else e.Offset.CLOSE, lots, lots),)
        quote = view.quote_at(leg)
        levels = counter_levels(quote, side) if quote is not None else ()
        per_tick_lot = Fraction(instrument.tick) * Fraction(instrument.multiplier)
        turnover_per_lot = levels[0].price_ticks * per_tick_lot if levels else Fraction(0)
        flag, prompts = view.pair.legs[leg].hedge_flag, books.prompts_of(self._opened_on(view.route))
        wish = Wish(instrument, side, lots, flag, prompts)
        return plan(books, wish, fee_on(instrument, utc_day(now)), turnover_per_lot).children

    def _cost(
        self, view: MarketView, leg: int, side: Side, lots: int, children: tuple[Child, ...], now: Nanos
    ) -> Fraction | None:
        """Return what crossing the book costs against its middle, with fees, in domestic currency."""
        instrument, quote = view.instruments[leg], view.quote_at(leg)
        assert quote is not None
        half, total = reference_half_ticks(quote), walk(counter_levels(quote, side), lots)
        rate = view.fx_rate(leg)
        if half is None or total is None or rate is None:
            return None
        per_tick_lot = Fraction(instrument.tick) * Fraction(instrument.multiplier)
        crossing = side.sign * (total - Fraction(half, 2) * lots) * per_tick_lot
        turnover_per_lot = Fraction(total, lots) * per_tick_lot
        return (crossing + fees(children, fee_on(instrument, utc_day(now)), turnover_per_lot)) * rate

    def _next_id(self, now: Nanos) -> str:
        program = self._program
        return f"X-{utc_day(now)}-{program.terms.program}-{program.state.executions_started + 1:06d}"
