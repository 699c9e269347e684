"""The naked band of an execution: how much of one leg stood without the other, from fill to fill."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from trading.core.units import MILLI, Nanos, Side
from trading.models import ChildOrder, Fill

PLACES = Decimal("0.0001")


class Traded(NamedTuple):
    """A fill and the order that it belongs to."""

    order: ChildOrder
    fill: Fill


class BandStep(NamedTuple):
    """From `at_ns` on, `lots` are naked: in lots of the first leg, positive when too much was bought."""

    at_ns: Nanos
    lots: Decimal


def traded_of(execution_id: str) -> list[Traded]:
    """Return the fills of an execution with their orders, in journal order."""
    fills = Fill.objects.filter(order__execution_id=execution_id).select_related("order").order_by("seq", "id")
    return [Traded(fill.order, fill) for fill in fills]


def naked_band(traded: Sequence[Traded], ratio_lots: Sequence[int]) -> list[BandStep]:
    """Return how the naked quantity moved; the last step is what is left."""
    units = [Fraction(0)] * len(ratio_lots)
    band: list[BandStep] = []
    for order, fill in traded:
        units[order.leg] += Fraction(fill.lots * Side(order.side).sign, ratio_lots[order.leg])
        lots = exact_decimal(sum(units) * ratio_lots[0])
        if band and band[-1].at_ns == fill.recorded_at_ns:
            band.pop()
        band.append(BandStep(fill.recorded_at_ns, lots))
    return band


def naked_lot_ms(band: Sequence[BandStep]) -> Decimal:
    """Return the area under the band in lot-milliseconds, up to its last step."""
    area = Fraction(0)
    for step, following in pairwise(band):
        area += Fraction(abs(step.lots)) * (following.at_ns - step.at_ns) / MILLI
    return exact_decimal(area)


def leg_gap_ns(traded: Sequence[Traded]) -> Nanos | None:
    """Return the time between the fills that completed each leg; None until both legs have traded."""
    completed: dict[int, Nanos] = {}
    for order, fill in traded:
        completed[order.leg] = fill.recorded_at_ns
    return max(completed.values()) - min(completed.values()) if len(completed) > 1 else None


def exact_decimal(value: Fraction) -> Decimal:
    """Return a fraction as a decimal with at most four places; 9:4 legs leave thirds and ninths."""
    rounded = (Decimal(value.numerator) / Decimal(value.denominator)).quantize(PLACES)
    return rounded.normalize() + 0
