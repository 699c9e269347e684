"""How many lots of each leg make one unit: the smallest whole lots that meet an exact ratio inside a stated error.

The exact ratio is domestic lots per foreign lot, by one of four modes (domain.md §0.12, §7.2):

    tonnage        the same quantity on both sides                           25 t / 5 t = 5 cu : 1 CA
    vat_neutral    the same profit and loss: the domestic quote carries VAT  5 / 1.13 = 4.4248
    value_neutral  the same, and the domestic price carries duty as well     5 / (1.13 x 1.02)
    custom         a figure of the desk's own

Whole lots rarely meet it. Among all ratios inside the error the one with the fewest lots is taken: a smaller unit
leaves less naked while one leg is short. It is the simplest fraction of an interval, found by descending the
Stern-Brocot tree, which the continued fractions of both bounds do in one step per term.
"""

from enum import Enum
from fractions import Fraction
from math import ceil, floor
from typing import NamedTuple

import msgspec

from trading.core.units import Lots


class RatioMode(Enum):
    TONNAGE = "tonnage"
    VAT_NEUTRAL = "vat_neutral"
    VALUE_NEUTRAL = "value_neutral"
    CUSTOM = "custom"


class PairFacts(msgspec.Struct, frozen=True):
    """What a ratio rests on. Quantities of one lot are in one common unit, whichever that is."""

    domestic_quantity: Fraction
    foreign_quantity: Fraction
    vat_rate: Fraction = Fraction(0)
    duty_rate: Fraction = Fraction(0)
    custom: Fraction | None = None  # domestic lots per foreign lot


class LotsRatio(NamedTuple):
    """One unit in whole lots, and how far it is from the exact ratio as a share of that."""

    domestic_lots: Lots
    foreign_lots: Lots
    error: Fraction


class NoRatio(ValueError):
    """No whole lots meet the ratio inside the error and the size; the message names the closest."""


def exact_ratio(facts: PairFacts, mode: RatioMode) -> Fraction:
    """Return the domestic lots that hedge one foreign lot, exact; raises NoRatio for a custom ratio not above zero."""
    if mode is RatioMode.CUSTOM:
        if facts.custom is None or facts.custom <= 0:
            raise NoRatio("a custom ratio needs a figure above zero: domestic lots per foreign lot")
        return facts.custom
    lots = facts.foreign_quantity / facts.domestic_quantity
    if mode is not RatioMode.TONNAGE:
        lots /= 1 + facts.vat_rate
    if mode is RatioMode.VALUE_NEUTRAL:
        lots /= 1 + facts.duty_rate
    return lots


def ratio_for(facts: PairFacts, mode: RatioMode, error_max: Fraction, lots_max: Lots) -> LotsRatio:
    """Return the unit with the fewest lots inside `error_max` (a share) and at most `lots_max` lots on either leg.

    Raises NoRatio when there is none.
    """
    exact = exact_ratio(facts, mode)
    if not 0 <= error_max < 1:
        raise NoRatio(f"an error of {_percent(error_max)} is no share below one; write 0.1 % as 0.001")
    found = simplest_between(exact * (1 - error_max), exact * (1 + error_max))
    if max(found.numerator, found.denominator) <= lots_max:
        return _as_lots(found, exact)
    closest = closest_ratio(exact, lots_max)
    raise NoRatio(
        f"no ratio of at most {lots_max} lots lies within {_percent(error_max)}: the closest is "
        f"{closest.domestic_lots}:{closest.foreign_lots}, {_percent(closest.error)} off; "
        f"{found.numerator}:{found.denominator} would do"
    )


def closest_ratio(exact: Fraction, lots_max: Lots) -> LotsRatio:
    """Return the ratio closest to `exact` of all with at most `lots_max` lots on either leg; the smaller of equals."""
    foreign_max = max(1, min(lots_max, floor(lots_max / exact) + 1))
    candidates = (
        _as_lots(Fraction(min(lots_max, max(1, round(exact * foreign))), foreign), exact)
        for foreign in range(1, foreign_max + 1)
    )
    return min(candidates, key=lambda ratio: (ratio.error, ratio.foreign_lots))


def simplest_between(low: Fraction, high: Fraction) -> Fraction:
    """Return the fraction with the smallest numerator and denominator in [low, high]; 0 < low <= high."""
    whole = ceil(low)
    if whole <= high:
        return Fraction(whole)
    below = floor(low)
    return below + 1 / simplest_between(1 / (high - below), 1 / (low - below))


def _as_lots(ratio: Fraction, exact: Fraction) -> LotsRatio:
    return LotsRatio(ratio.numerator, ratio.denominator, abs(ratio - exact) / exact)


def _percent(share: Fraction) -> str:
    """Return a share in percent with two digits that say something: 0.79 %, 0.015 %."""
    percent, places = share * 100, 2
    while percent and abs(percent) * 10 ** (places - 1) < 1 and places < 9:
        places += 1
    scaled = round(percent * 10**places)
    return f"{scaled // 10**places}.{scaled % 10**places:0{places}d} %"
