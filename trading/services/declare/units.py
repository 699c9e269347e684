"""Quote units that may be declared and what they weigh, so that two legs can be compared exactly."""

from decimal import Decimal

from trading.services.declare.shapes import InstrumentShape

# Exact by definition: international pound (1959), troy ounce = 480 grains.
KILOGRAMS = {
    "t": Decimal(1000),
    "kg": Decimal(1),
    "g": Decimal("0.001"),
    "lb": Decimal("0.45359237"),
    "ozt": Decimal("0.0311034768"),
}
VOLUMES = {"bbl": Decimal(1)}
COUNTS = {"point": Decimal(1), "USD": Decimal(1), "EUR": Decimal(1)}
UNITS = (*KILOGRAMS, *VOLUMES, *COUNTS)

# A 5:1 copper ratio is exact, 9:4 with HG is off by 0.8 %, a VAT-neutral ratio by 13 % (domain.md §7.2): what is
# off by more than this is a mistake, not a choice.
RATIO_TOLERANCE = Decimal("0.2")


def dimension(unit: str) -> str:
    """Return mass, volume or the unit itself: legs are comparable only within one dimension."""
    if unit in KILOGRAMS:
        return "mass"
    return "volume" if unit in VOLUMES else unit


def in_base_unit(instrument: InstrumentShape, lots: int) -> Decimal:
    """Return the quantity of `lots` in kilograms, barrels or the instrument's own unit."""
    size = KILOGRAMS.get(instrument.unit, Decimal(1))
    return lots * instrument.multiplier * size


def mismatch(one: Decimal, other: Decimal) -> Decimal:
    """Return how far apart two quantities are, as a share of the smaller one."""
    return abs(one - other) / min(one, other)


def shown(instrument: InstrumentShape, lots: int) -> str:
    """Return a leg in words and exact figures: "5 lots of SHFE.cu2703 = 25 t"."""
    quantity = lots * instrument.multiplier
    words = "1 lot" if lots == 1 else f"{lots} lots"
    return f"{words} of {instrument.code} = {quantity.normalize():f} {instrument.unit}"
