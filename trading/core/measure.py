"""Measures of a pair, compiled once into integers and compared exactly.

Each measure compares with its trigger as one linear form over executable prices in ticks:

    margin = d*A - ((f*B + C) * x + K)          the trigger holds when margin >= 0

where d, f are the domestic and foreign counter prices and x the FX rate, all in ticks. The coefficients are integers
over one common denominator, so no division, float or Decimal is left for the tick that asks. Depth enters by the
same form multiplied by both legs' lots: d*Nd and f*Nf are the sums that `depth.walk` returns.

    spread         d - (f + date adjustment + premium) * units * FX * (1+duty) * (1+VAT) - misc     (domain.md §7.2)
    ratio          d / f, native quotes
    counter price  the executable price of one leg

FX is executable too: the ask when the foreign leg is bought (foreign currency must be bought), else the bid.
"""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from math import lcm

from trading.core.terms import Comparator, Instrument, Leg, LegRole, Measure, Pair, Parity, Terms, Trigger
from trading.core.units import Lots, Ticks, exact

SHOWN_PLACES = Decimal("0.000001")
MICRO_UNITS = 10**6


class BadTerms(ValueError):
    """The terms cannot be compiled; the message says which part contradicts which."""


def leg_of(pair: Pair, role: LegRole) -> Leg:
    """Return the pair's leg with `role`; raises BadTerms when there is not exactly one."""
    found = [leg for leg in pair.legs if leg.role is role]
    if len(found) != 1:
        raise BadTerms(f"pair {pair.code} needs exactly one {role.value} leg and has {len(found)}")
    return found[0]


@lru_cache(maxsize=1_024)
def parity_factor(parity: Parity) -> Fraction:
    """Return what one foreign price unit adds to import parity per unit of FX."""
    units = Fraction(parity.units_numerator) / Fraction(parity.units_denominator)
    return units * (1 + Fraction(parity.duty_rate)) * (1 + Fraction(parity.vat_rate))


def import_parity(foreign: Fraction, fx: Fraction, parity: Parity) -> Fraction:
    """Return the domestic price at which importing breaks even, domestic currency per domestic unit."""
    return (foreign + _landed(parity)) * parity_factor(parity) * fx + Fraction(parity.misc)


@lru_cache(maxsize=1_024)
def _landed(parity: Parity) -> Fraction:
    """Return what is added to the foreign price before it is converted, per foreign unit."""
    return Fraction(parity.date_adjustment) + Fraction(parity.premium)


def prompt_price(three_month: Decimal, spread: Decimal, days_to_prompt: int, days_of_spread: int) -> Decimal:
    """Return the price `days_to_prompt` before 3M: 3M less its share of the 3M-cash spread (LME prompt dates)."""
    return three_month - spread * days_to_prompt / days_of_spread


def shown(value: Fraction) -> Decimal:
    """Return `value` rounded to six decimals for receipts and screens; decisions never use it."""
    exact = (Decimal(value.numerator) / Decimal(value.denominator)).quantize(SHOWN_PLACES) + 0
    whole = exact.to_integral_value()
    return whole if whole == exact else exact.normalize()


class CompiledTrigger:
    """The trigger of one program as integers. `domestic_weight` is A above, and so on; AT_MOST flips every sign."""

    __slots__ = (
        "_counter", "_landed_ticks", "_misc", "_parity_per_tick", "_scale", "_ticks", "_value", "domestic_weight",
        "fixed", "foreign_fixed", "foreign_weight", "measure", "uses_fx",
    )  # fmt: skip

    def __init__(self, terms: Terms, instruments: Mapping[str, Instrument]) -> None:
        """Compile; raises BadTerms when the pair lacks what the measure needs."""
        pair, trigger = terms.pair, terms.trigger
        domestic = instruments[leg_of(pair, LegRole.DOMESTIC).instrument]
        foreign = instruments[leg_of(pair, LegRole.FOREIGN).instrument]
        fx_tick = exact(instruments[pair.fx_instrument].tick) if pair.fx_instrument else Fraction(1)
        self.measure = trigger.measure
        self._landed_ticks, self._parity_per_tick = _parity_in_ticks(pair.parity, foreign.tick, fx_tick)
        self._misc = exact(pair.parity.misc)
        self._counter = trigger.counter_leg
        self._ticks = (exact(domestic.tick), exact(foreign.tick), fx_tick)
        self._scale, weights = _linear_form(terms.program, trigger, pair.parity, *self._ticks)
        self._value = trigger.value
        self.domestic_weight, self.foreign_weight, self.foreign_fixed, self.fixed = weights
        self.uses_fx = trigger.measure is Measure.SPREAD and pair.fx_instrument is not None

    def margin(
        self, domestic_sum: int, domestic_lots: Lots, foreign_sum: int, foreign_lots: Lots, fx_ticks: Ticks
    ) -> int:
        """Return a number that is >= 0 exactly when the trigger holds on these walked sums."""
        foreign = foreign_sum * self.foreign_weight + foreign_lots * self.foreign_fixed
        both = domestic_lots * foreign_lots
        return (
            domestic_sum * self.domestic_weight * foreign_lots
            - foreign * (fx_ticks if self.uses_fx else 1) * domestic_lots
            - self.fixed * both
        )

    @property
    def is_in_foreign_money(self) -> bool:
        """Whether what lies beyond the trigger is counted in the foreign quote, not the domestic one."""
        return self.measure is Measure.COUNTER_PRICE and self._counter is LegRole.FOREIGN

    def beyond(self, margin: int, domestic_lots: Lots, foreign_lots: Lots) -> Fraction:
        """Return a margin as money per unit of the leg it is quoted on.

        For a ratio it is the domestic price less the foreign price times the ratio.
        """
        return Fraction(margin, abs(self._scale) * domestic_lots * foreign_lots)

    def shown_value(self, margin: int, domestic_lots: Lots, foreign_sum: int, foreign_lots: Lots) -> Decimal:
        """Return the measure behind a margin, rounded to six decimals: the trigger's value plus what lies beyond it.

        margin = scale * (value - trigger) * lots of both legs; for a ratio also times the foreign price.
        """
        beyond, scale = margin * MICRO_UNITS, self._scale * domestic_lots
        if self.measure is Measure.RATIO:
            tick = self._ticks[1]
            beyond *= tick.denominator
            scale *= foreign_sum * tick.numerator
        else:
            scale *= foreign_lots
        micro = (2 * beyond + scale) // (2 * scale)
        return self._value + Decimal(micro) / MICRO_UNITS

    def value(self, domestic: Fraction, foreign: Fraction, fx_ticks: Ticks) -> Fraction:
        """Return the measure on average prices in ticks, in the unit of the trigger's value."""
        domestic_price, foreign_price = domestic * self._ticks[0], foreign * self._ticks[1]
        if self.measure is Measure.RATIO:
            return domestic_price / foreign_price
        if self.measure is Measure.COUNTER_PRICE:
            return domestic_price if self._counter is LegRole.DOMESTIC else foreign_price
        return domestic_price - self.parity(foreign, fx_ticks)

    def parity(self, foreign: Fraction, fx_ticks: Ticks) -> Fraction:
        """Return the foreign price in ticks as import parity in the common unit."""
        return (foreign + self._landed_ticks) * (self._parity_per_tick * fx_ticks) + self._misc


@lru_cache(maxsize=1_024)
def _parity_in_ticks(parity: Parity, foreign_tick: Decimal, fx_tick: Fraction) -> tuple[Fraction, Fraction]:
    """Return what is added to the foreign price in ticks, and import parity per foreign tick and FX tick."""
    return _landed(parity) / exact(foreign_tick), parity_factor(parity) * fx_tick * exact(foreign_tick)


@lru_cache(maxsize=1_024)
def _linear_form(
    program: str, trigger: Trigger, parity: Parity, domestic_tick: Fraction, foreign_tick: Fraction, fx_tick: Fraction
) -> tuple[int, tuple[int, int, int, int]]:
    """Return the common denominator, below zero for AT_MOST, and A, B, C, K times it."""
    parts = _coefficients(program, trigger, parity, domestic_tick, foreign_tick, fx_tick)
    scale = lcm(*(part.denominator for part in parts))
    if trigger.comparator is Comparator.AT_MOST:
        scale = -scale
    a, b, c, k = (int(part * scale) for part in parts)
    return scale, (a, b, c, k)


def _coefficients(
    program: str, trigger: Trigger, parity: Parity, domestic_tick: Fraction, foreign_tick: Fraction, fx_tick: Fraction
) -> tuple[Fraction, Fraction, Fraction, Fraction]:
    """Return A, B, C, K of the module's linear form."""
    value, zero = Fraction(trigger.value), Fraction(0)
    match trigger.measure:
        case Measure.SPREAD:
            factor = parity_factor(parity) * fx_tick
            return domestic_tick, foreign_tick * factor, _landed(parity) * factor, Fraction(parity.misc) + value
        case Measure.RATIO:
            return domestic_tick, value * foreign_tick, zero, zero
        case Measure.COUNTER_PRICE if trigger.counter_leg is LegRole.DOMESTIC:
            return domestic_tick, zero, zero, value
        case Measure.COUNTER_PRICE if trigger.counter_leg is LegRole.FOREIGN:
            return zero, -foreign_tick, zero, value
    raise BadTerms(f"program {program}: a counter-price trigger must name its leg")
