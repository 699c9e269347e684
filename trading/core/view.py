"""What a program sees on one of its routes: the books, and whether the trigger holds on them.

A route is a pair that does the program's job: route 0 is the pair of its terms, the others are alternatives with legs,
parity, FX and ages of their own (COMEX HG in place of LME CA). The program's own view is that of route 0.

Books are shared: a cell holds the last quote of one instrument and every program that trades it looks at the same cell,
so showing a quote costs the same however many programs hold the instrument. A tick is judged on the best prices first,
because deeper levels are never better; depth is walked only when that holds.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from fractions import Fraction

import msgspec

from trading.core.alignment import ROLLBACK_WITHIN, fitting_units, unit_residual
from trading.core.depth import walk, worst_ticks
from trading.core.events import QuoteSeen
from trading.core.measure import BadTerms, CompiledTrigger
from trading.core.policy import Collar, Payup, counter_levels, is_fresh, order_price, skew
from trading.core.terms import Instrument, LegRole, Terms
from trading.core.units import Lots, Nanos, Side, Ticks, exact, utc_day

DOMESTIC, FOREIGN, FX = 0, 1, 2
BID, ASK = 0, 1
LOWEST_TICKS: Ticks = -(10**18)  # below every price


class Cell:
    """The last quote of one instrument; `best` is (bid, ask) in ticks, None for an empty side.

    `taken` are the lots of it that programs of the desk took, by (program, side); a new quote is whole again.
    """

    __slots__ = ("best", "quote", "taken")

    def __init__(self) -> None:
        self.quote: QuoteSeen | None = None
        self.taken: dict[tuple[str, Side], Lots] | None = None
        self.best: tuple[Ticks | None, Ticks | None] = (None, None)

    def show(self, quote: QuoteSeen) -> None:
        bids, asks = quote.bids, quote.asks
        self.quote = quote
        self.taken = None
        self.best = (bids[0].price_ticks if bids else None, asks[0].price_ticks if asks else None)

    def take(self, program: str, side: Side, lots: Lots) -> None:
        """Note that a program's order of `side` takes lots of this quote: they are not offered to the others again."""
        taken = self.taken = self.taken or {}
        taken[program, side] = taken.get((program, side), 0) + lots


ONE = Cell()  # stands in for FX where both legs are quoted in one currency
ONE.best = (1, 1)


def _has_size_rules(instrument: Instrument) -> bool:
    rules = (instrument.order_lots_min, instrument.order_lots_multiple, instrument.delivery_lots_multiple)
    return rules != (1, 1, 1) or instrument.order_lots_max is not None


class MarketView:
    """The books of one program on one route, seen from the sides it would trade on."""

    def __init__(
        self, terms: Terms, instruments: Mapping[str, Instrument], cells: dict[str, Cell], route: int = 0
    ) -> None:
        """Compile; raises BadTerms when the pair of the route has not what the trigger needs."""
        pair = terms.pair_on(route)
        if [leg.role for leg in pair.legs] != [LegRole.DOMESTIC, LegRole.FOREIGN]:
            raise BadTerms(f"pair {pair.code} needs a domestic leg and then a foreign one")
        self.route = route
        self.owner = terms.program
        self.holds_since: Nanos | None = None  # since when the trigger has held on the best prices
        self.is_in_step = True  # whether its venues have told all they know; volatile, set by the desk
        self._behind: Mapping[tuple[str, Side], Lots] = {}
        self.trigger = CompiledTrigger(msgspec.structs.replace(terms, pair=pair), instruments)
        domestic, foreign = (instruments[leg.instrument] for leg in pair.legs)
        fx = instruments[pair.fx_instrument] if pair.fx_instrument else None
        self.instruments = (domestic, foreign)  # traded, in the order of the legs
        self.held = (domestic, foreign, *([fx] if fx else []))  # with the pricing-only leg
        self.codes = tuple(instrument.code for instrument in self.held)
        self.venues = tuple(dict.fromkeys(instrument.venue for instrument in self.instruments))
        self.ratio_lots = tuple(leg.ratio_lots for leg in pair.legs)
        self.sides = tuple(terms.direction.side_of(leg.role) for leg in pair.legs)
        self.fx_tick = exact(fx.tick) if fx else Fraction(1)
        self.pair = pair
        self.unit_residual = unit_residual(pair, self.sides, instruments)
        self._sized = tuple(zip(self.instruments, self.ratio_lots, strict=True))
        self._is_bound = any(_has_size_rules(instrument) for instrument in self.instruments)
        self.collar = Collar(exact(terms.collar_rate))
        self.payup = Payup(exact(terms.payup), pair, *self.instruments, self.fx_tick)
        self.clip_units = terms.clip_units
        self._cells = [cells.setdefault(code, Cell()) for code in self.codes]
        if fx is None:
            self._cells.append(ONE)
        # A bought foreign leg buys its currency, so FX is taken from the same side as the foreign leg.
        counter = [ASK if side is Side.BUY else BID for side in (*self.sides, self.sides[FOREIGN])]
        self.counter_sides = tuple(counter)
        self._domestic, self._foreign, self._fx = self._cells
        self._domestic_side, self._foreign_side, self._fx_side = counter

    @property
    def quotes(self) -> list[QuoteSeen | None]:
        """The last quotes: domestic, foreign, FX."""
        return [cell.quote for cell in self._cells]

    def quote_at(self, slot: int) -> QuoteSeen | None:
        """Return the last quote of the domestic leg, the foreign leg or FX."""
        return self._cells[slot].quote

    @property
    def fx_ticks(self) -> Ticks | None:
        """The best FX rate the program would trade at, None for an empty side."""
        return self._fx.best[self._fx_side]

    @property
    def counter_ticks(self) -> list[Ticks | None]:
        """The best prices the program would trade at, None for an empty side."""
        return [cell.best[side] for cell, side in zip(self._cells, self.counter_sides, strict=True)]

    def fx_rate(self, leg: int) -> Fraction | None:
        """Return domestic money per unit of the leg's currency by the last rate seen; None without one."""
        if self.pair.fx_instrument is None or self.instruments[leg].currency == self.instruments[DOMESTIC].currency:
            return Fraction(1)
        ticks = self.fx_ticks
        return None if ticks is None else ticks * self.fx_tick

    def track(self, holds: bool, now: Nanos) -> bool:
        """Note since when the trigger has held; return whether it does."""
        if not holds:
            self.holds_since = None
        elif self.holds_since is None:
            self.holds_since = now
        return holds

    def holds(self) -> bool:
        """Whether the trigger holds on the best prices."""
        domestic = self._domestic.best[self._domestic_side]
        foreign = self._foreign.best[self._foreign_side]
        fx = self._fx.best[self._fx_side]
        if domestic is None or foreign is None or fx is None:
            return False
        trigger = self.trigger
        rest = (foreign * trigger.foreign_weight + trigger.foreign_fixed) * (fx if trigger.uses_fx else 1)
        return domestic * trigger.domestic_weight >= rest + trigger.fixed

    def turning_point(self, slot: int) -> tuple[Ticks, bool] | None:
        """Return the price of one leg at which the trigger turns, the other books given, and whether it holds above.

        None when no price of this leg makes it hold. A measure that does not look at this leg turns at any price.
        """
        trigger = self.trigger
        domestic, foreign, fx = self.counter_ticks
        if fx is None:
            return None
        rate = fx if trigger.uses_fx else 1
        if slot == DOMESTIC:
            weight = trigger.domestic_weight
            if foreign is None:
                return None
            bound = (foreign * trigger.foreign_weight + trigger.foreign_fixed) * rate + trigger.fixed
        else:
            weight = -trigger.foreign_weight * rate
            if domestic is None:
                return None
            bound = trigger.foreign_fixed * rate + trigger.fixed - domestic * trigger.domestic_weight
        if weight == 0:
            return (LOWEST_TICKS, True) if bound <= 0 else None
        return (-(-bound // weight), True) if weight > 0 else (bound // weight, False)

    def is_coherent(self, now: Nanos) -> bool:
        """Whether all quotes are fresh and the legs were seen close enough together."""
        pair = self.pair
        domestic, foreign, fx = self.quotes
        if not is_fresh(domestic, now, pair.leg_age_max) or not is_fresh(foreign, now, pair.leg_age_max):
            return False
        if pair.fx_instrument is not None and not is_fresh(fx, now, pair.fx_age_max):
            return False
        assert domestic is not None and foreign is not None
        return skew(domestic, foreign) <= pair.leg_skew_max

    def units_in_depth(self) -> int:
        """Return the whole units, at most one clip, that both sides show in their books."""
        units = self.clip_units
        for leg, traded in enumerate(self.pair.legs):
            quote = self._cells[leg].quote
            levels = counter_levels(quote, self.sides[leg]) if quote else ()
            shown = sum(level.lots for level in levels)
            if not self.is_first:
                shown = max(0, shown - self.ahead(leg))
            units = min(units, shown // traded.ratio_lots)
        return units

    @property
    def is_first(self) -> bool:
        """Whether nobody stands before an entry here, as nearly always."""
        return not (self._behind or self._domestic.taken or self._foreign.taken)

    def ahead(self, leg: int) -> Lots:
        """Return the lots of a leg's book that others of the desk, or of the same clip, take before an entry here."""
        taken, side = self._cells[leg].taken, self.sides[leg]
        lots = self._behind.get((self.codes[leg], side), 0) if self._behind else 0
        if taken:
            lots += sum(n for (who, where), n in taken.items() if where is side and who != self.owner)
        return lots

    @contextmanager
    def behind(self, lots: Mapping[tuple[str, Side], Lots]) -> Iterator[None]:
        """Look at the books as one who comes after these lots, by (instrument, side)."""
        self._behind = lots
        try:
            yield
        finally:
            self._behind = {}

    def sizes(self, now: Nanos, units_max: int | None = None) -> range:
        """Return the units an entry may have on the depth there is, largest first.

        Each can be ordered on both venues now, and could still be rolled back when the delivery month has begun.
        """
        units = self.units_in_depth()
        return self.fitting(units if units_max is None else min(units, units_max), now)

    def fitting(self, units: int, now: Nanos) -> range:
        """Return the units of an entry that the venues' rules of size allow, largest first, whatever the depth."""
        if not self._is_bound:
            return range(units, 0, -1)
        return fitting_units(self._sized, units, utc_day(now + ROLLBACK_WITHIN))

    def walked(self, units: int) -> tuple[tuple[int, int] | None, tuple[Lots, Lots]]:
        """Return per leg the sum of lots x ticks for `units`, None if a book is too shallow, and the lots."""
        domestic, foreign = self._domestic.quote, self._foreign.quote
        lots = (units * self.pair.legs[DOMESTIC].ratio_lots, units * self.pair.legs[FOREIGN].ratio_lots)
        if domestic is None or foreign is None:
            return None, lots
        if self.is_first:
            first = walk(counter_levels(domestic, self.sides[DOMESTIC]), lots[DOMESTIC])
            second = walk(counter_levels(foreign, self.sides[FOREIGN]), lots[FOREIGN])
        else:
            first = self._walk_behind(DOMESTIC, domestic, lots[DOMESTIC])
            second = self._walk_behind(FOREIGN, foreign, lots[FOREIGN])
        return (None if first is None or second is None else (first, second)), lots

    def _walk_behind(self, leg: int, quote: QuoteSeen, lots: Lots) -> int | None:
        levels, ahead = counter_levels(quote, self.sides[leg]), self.ahead(leg)
        total, before = walk(levels, ahead + lots), walk(levels, ahead)
        return None if total is None or before is None else total - before

    def beyond(self, units: int) -> Fraction:
        """Return how far `units` lie beyond the trigger, in domestic money per domestic unit; below zero: short of it.

        Raises ValueError where the books do not hold so many.
        """
        sums, lots = self.walked(units)
        fx = self._fx.best[self._fx_side]
        if sums is None or fx is None:
            raise ValueError(f"{self.pair.code}: the books do not hold {units} units")
        margin = self.trigger.margin(sums[DOMESTIC], lots[DOMESTIC], sums[FOREIGN], lots[FOREIGN], fx)
        money = self.trigger.beyond(margin, lots[DOMESTIC], lots[FOREIGN])
        if not self.trigger.is_in_foreign_money:
            return money
        parity = self.pair.parity
        return money * Fraction(parity.units_numerator) / Fraction(parity.units_denominator) * fx * self.fx_tick

    def entry_price(self, leg: int, lots: Lots) -> Ticks | None:
        """Return the limit price of an entry on `leg`; None when depth or collar do not allow one."""
        quote, fx = self._cells[leg].quote, self._fx.best[self._fx_side]
        if quote is None or fx is None:
            return None
        if not self.is_first:
            lots += self.ahead(leg)
        if worst_ticks(counter_levels(quote, self.sides[leg]), lots) is None:
            return None
        payup = self.payup.ticks(self.pair.legs[leg].role, fx, 0)
        return order_price(quote, self.sides[leg], lots, payup, self.collar)

    def margin(self, units: int) -> int:
        """Return a number that is >= 0 exactly when the trigger holds for `units` walked through depth."""
        sums, lots = self.walked(units)
        fx = self._fx.best[self._fx_side]
        if sums is None or fx is None:
            return -1
        return self.trigger.margin(sums[DOMESTIC], lots[DOMESTIC], sums[FOREIGN], lots[FOREIGN], fx)

    def shown_value(self, units: int) -> Decimal | None:
        """Return the measure for `units` rounded to six decimals, without the cost of exact fractions."""
        (sums, lots), fx = self.walked(units), self._fx.best[self._fx_side]
        if sums is None or units < 1 or fx is None:
            return None
        margin = self.trigger.margin(sums[DOMESTIC], lots[DOMESTIC], sums[FOREIGN], lots[FOREIGN], fx)
        return self.trigger.shown_value(margin, lots[DOMESTIC], sums[FOREIGN], lots[FOREIGN])

    def value(self, units: int) -> Fraction | None:
        """Return the measure for `units` on executable prices, exact; None while it cannot be computed."""
        sums, lots = self.walked(units)
        fx = self._fx.best[self._fx_side]
        if sums is None or fx is None or units < 1:
            return None
        domestic, foreign = (Fraction(sums[leg], lots[leg]) for leg in (DOMESTIC, FOREIGN))
        return self.trigger.value(domestic, foreign, fx)
