"""Aligned quantities of a pair: whole units, what is naked beside them, and the exact residual they leave.

A *unit* is the pair's smallest hedged quantity: `ratio_lots` of each leg (5 cu : 1 CA, 9 cu : 4 HG). Completion is
judged in exact lots against whole units, never in rounded spread units, and the quantity that even whole units leave
(9 cu : 4 HG leaves 0.36 t) is kept exact and shown.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from math import gcd, lcm

from trading.core.terms import Instrument, LegRole, Pair, Parity
from trading.core.units import DAY, Lots, Nanos, Side, exact

# An entry may have to be rolled back after the longest closure between two trading days.
ROLLBACK_WITHIN: Nanos = 10 * DAY


def aligned_units(depth_lots: Sequence[Lots], ratio_lots: Sequence[Lots], units_max: int) -> int:
    """Return how many whole units both sides can trade: the shallower leg decides."""
    return min(units_max, *(depth // ratio for depth, ratio in zip(depth_lots, ratio_lots, strict=True)))


def matched_units(along: Sequence[Lots], ratio_lots: Sequence[Lots]) -> int:
    """Return the whole units that every leg has, not below zero; `along` counts lots in the direction of entry."""
    return max(0, min(lots // ratio for lots, ratio in zip(along, ratio_lots, strict=True)))


def naked_lots(along: Sequence[Lots], ratio_lots: Sequence[Lots]) -> tuple[Lots, ...]:
    """Return per leg the lots beyond the matched units, in the direction of entry; all zero means hedged."""
    units = matched_units(along, ratio_lots)
    return tuple(lots - units * ratio for lots, ratio in zip(along, ratio_lots, strict=True))


def target_units(along: Sequence[Lots], ratio_lots: Sequence[Lots], units_max: int) -> Iterator[int]:
    """Yield the whole units a repair may aim at: from unwinding the excess to topping up, never past the plan."""
    matched = matched_units(along, ratio_lots)
    covering = max(-(-lots // ratio) for lots, ratio in zip(along, ratio_lots, strict=True))
    yield from range(matched, max(matched, min(covering, units_max)) + 1)


def multiple_on(instrument: Instrument, day: str) -> Lots:
    """Return what the lots of every order must be a multiple of on trading day `day` (YYYYMMDD).

    In its delivery month SHFE copper opens and closes in multiples of five lots only (domain.md §7.3-11).
    """
    if instrument.delivery_from and day >= instrument.delivery_from.replace("-", ""):
        return lcm(instrument.order_lots_multiple, instrument.delivery_lots_multiple)
    return instrument.order_lots_multiple


def misfit(instrument: Instrument, lots: Lots, day: str) -> str:
    """Return why the venue takes no order of so many lots on `day`, or an empty string."""
    multiple = multiple_on(instrument, day)
    if lots % multiple:
        return f"{lots} lots are not a multiple of {multiple}"
    if lots < instrument.order_lots_min:
        return f"{lots} lots are fewer than the {instrument.order_lots_min} of the smallest order"
    return ""


def fits(instrument: Instrument, lots: Lots, day: str) -> bool:
    """Whether the venue takes an order of so many lots on trading day `day` (YYYYMMDD)."""
    return not misfit(instrument, lots, day)


def fitting_units(legs: Sequence[tuple[Instrument, Lots]], units_max: int, day: str) -> range:
    """Return the whole units, largest first, whose lots every venue takes on `day`; legs are (instrument, ratio)."""
    step, least = 1, 1
    for instrument, ratio in legs:
        multiple = multiple_on(instrument, day)
        step = lcm(step, multiple // gcd(multiple, ratio))
        least = max(least, -(-instrument.order_lots_min // ratio))
        if instrument.order_lots_max is not None:
            units_max = min(units_max, instrument.order_lots_max // ratio)
    return range(units_max - units_max % step, least - 1, -step)


@lru_cache(maxsize=1_024)
def units_per_quote(numerator: Decimal, denominator: Decimal) -> Fraction:
    """Return the foreign quote units in one domestic quote unit: 2,204.6226 lb/t."""
    return Fraction(numerator) / Fraction(denominator)


def _per_lot(role: LegRole, multiplier: Decimal, parity: Parity) -> Fraction:
    if role is LegRole.FOREIGN:
        return _foreign_per_lot(multiplier, parity.units_numerator, parity.units_denominator)
    return exact(multiplier)


@lru_cache(maxsize=1_024)
def _foreign_per_lot(multiplier: Decimal, numerator: Decimal, denominator: Decimal) -> Fraction:
    return exact(multiplier) / units_per_quote(numerator, denominator)


def leg_quantity(pair: Pair, leg: int, lots: Lots, instruments: Mapping[str, Instrument]) -> Fraction:
    """Return `lots` of a leg in the domestic quote unit, exact: 4 HG = 100,000 lb / 2,204.6226 lb/t."""
    traded = pair.legs[leg]
    return lots * _per_lot(traded.role, instruments[traded.instrument].multiplier, pair.parity)


def residual_quantity(pair: Pair, signed_lots: Sequence[Lots], instruments: Mapping[str, Instrument]) -> Fraction:
    """Return the net quantity that signed lots of all legs leave unhedged, in the domestic quote unit, exact."""
    return sum((leg_quantity(pair, leg, lots, instruments) for leg, lots in enumerate(signed_lots)), start=Fraction(0))


def unit_residual(pair: Pair, sides: Sequence[Side], instruments: Mapping[str, Instrument]) -> Fraction:
    """Return what one unit entered on `sides` leaves unhedged, in the domestic quote unit, bought positive."""
    return _unit_residual(pair, tuple(sides), tuple(instruments[leg.instrument].multiplier for leg in pair.legs))


@lru_cache(maxsize=1_024)
def _unit_residual(pair: Pair, sides: tuple[Side, ...], multipliers: tuple[Decimal, ...]) -> Fraction:
    quantities = [
        side.sign * leg.ratio_lots * _per_lot(leg.role, multiplier, pair.parity)
        for side, leg, multiplier in zip(sides, pair.legs, multipliers, strict=True)
    ]
    return sum(quantities, start=Fraction(0))


def neutral_lots(pair: Pair, instruments: Mapping[str, Instrument], *, vat_neutral: bool) -> Fraction:
    """Return the domestic lots that exactly hedge one foreign lot, by quantity or by profit and loss (domain.md §0.12).

    Profit-and-loss neutral divides by 1 + VAT: the domestic quote carries the tax, the foreign one does not.
    """
    domestic, foreign = (
        next(i for i, leg in enumerate(pair.legs) if leg.role is role) for role in (LegRole.DOMESTIC, LegRole.FOREIGN)
    )
    lots = leg_quantity(pair, foreign, 1, instruments) / leg_quantity(pair, domestic, 1, instruments)
    return lots / (1 + Fraction(pair.parity.vat_rate)) if vat_neutral else lots
