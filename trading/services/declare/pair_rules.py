"""What must hold for pairs: two comparable legs, the right way round, and a conversion that fits their units."""

from collections.abc import Iterator
from decimal import Decimal

from trading.services.declare.shapes import InstrumentShape, LegShape, PairShape
from trading.services.declare.source import Entry, Problem
from trading.services.declare.units import (
    KILOGRAMS,
    RATIO_TOLERANCE,
    dimension,
    in_base_unit,
    mismatch,
    shown,
)
from trading.services.declare.world import World

_UNITS_TOLERANCE = Decimal("0.000001")


def pair_problems(pair: PairShape, entry: Entry, world: World) -> Iterator[Problem]:
    title = f"pair {pair.code}"
    if world.is_unknown("project", pair.project):
        yield entry.problem(
            f"{title} names an unknown project {pair.project!r}", "declare it with [[project]]", "project"
        )
    if [leg.role for leg in pair.leg] != ["domestic", "foreign"]:
        yield entry.problem(
            f"{title} needs exactly two legs, domestic then foreign",
            "give two [[pair.leg]] in that order",
            "leg",
        )
        return
    instruments = [world.instrument(leg.instrument) for leg in pair.leg]
    for n, (leg, instrument) in enumerate(zip(pair.leg, instruments, strict=True)):
        if instrument is None and world.is_unknown("instrument", leg.instrument):
            yield entry.problem(
                f"{title} names an unknown instrument {leg.instrument!r}",
                "declare it with [[instrument]] or correct its code",
                "leg",
                n,
                "instrument",
            )
        if leg.ratio_lots < 1:
            yield entry.problem(
                f"{title}: ratio_lots of {leg.instrument} is {leg.ratio_lots}",
                "use whole lots, 1 or more",
                "leg",
                n,
                "ratio_lots",
            )
        if leg.hedge_flag != "speculation" and leg.role != "domestic":
            yield entry.problem(
                f"{title}: hedge_flag {leg.hedge_flag} on the {leg.role} leg",
                "leave it out: only Chinese exchanges keep books by hedge flag",
                "leg",
                n,
                "hedge_flag",
            )
    if not 0 <= pair.hedgeable_min_s <= 86_400:
        yield entry.problem(
            f"{title}: hedgeable_min_s is {pair.hedgeable_min_s}", "use 0 to 86400 seconds", "hedgeable_min_s"
        )
    domestic, foreign = instruments
    if domestic is None or foreign is None or any(leg.ratio_lots < 1 for leg in pair.leg):
        return
    yield from _side_problems(title, entry, world, domestic, foreign)
    yield from _ratio_problems(title, pair, entry, domestic, foreign)
    yield from _parity_problems(title, pair, entry, domestic, foreign)
    yield from _fx_problems(title, pair, entry, world, domestic, foreign)


def _side_problems(
    title: str, entry: Entry, world: World, domestic: InstrumentShape, foreign: InstrumentShape
) -> Iterator[Problem]:
    for n, (role, instrument) in enumerate((("domestic", domestic), ("foreign", foreign))):
        venue = world.venue(instrument.venue)
        if venue is not None and venue.side != role:
            yield entry.problem(
                f"{title}: {instrument.code} is the {role} leg but {venue.name} is a {venue.side} venue",
                "swap the legs",
                "leg",
                n,
                "instrument",
            )
        if instrument.is_pricing_only:
            yield entry.problem(
                f"{title}: {instrument.code} is for pricing only and cannot be traded",
                "use a tradable instrument",
                "leg",
                n,
                "instrument",
            )


def _ratio_problems(
    title: str, pair: PairShape, entry: Entry, domestic: InstrumentShape, foreign: InstrumentShape
) -> Iterator[Problem]:
    if dimension(domestic.unit) != dimension(foreign.unit):
        yield entry.problem(
            f"{title}: {domestic.code} is in {domestic.unit} and {foreign.code} in {foreign.unit}",
            "pair instruments whose quantities can be compared, or correct a unit",
            "leg",
        )
        return
    lots = [leg.ratio_lots for leg in pair.leg]
    off = mismatch(in_base_unit(domestic, lots[0]), in_base_unit(foreign, lots[1]))
    if off <= RATIO_TOLERANCE:
        return
    legs = f"{shown(domestic, lots[0])} against {shown(foreign, lots[1])}"
    swapped = mismatch(in_base_unit(domestic, lots[1]), in_base_unit(foreign, lots[0]))
    if swapped <= RATIO_TOLERANCE:
        yield entry.problem(
            f"{title}: the ratio is inverted: {legs}",
            f"use ratio_lots {lots[1]} for {domestic.code} and {lots[0]} for {foreign.code}",
            "leg",
            0,
            "ratio_lots",
        )
    else:
        yield entry.problem(
            f"{title}: the legs do not match: {legs}, {off:.0%} apart",
            "correct ratio_lots or a multiplier",
            "leg",
            0,
            "ratio_lots",
        )


def _parity_problems(
    title: str, pair: PairShape, entry: Entry, domestic: InstrumentShape, foreign: InstrumentShape
) -> Iterator[Problem]:
    if not pair.parity:
        yield entry.problem(f"{title} has no price conversion", "add [[pair.parity]] with its source", "parity")
    for n, parity in enumerate(pair.parity):
        at = ("parity", n)
        if parity.units_numerator <= 0 or parity.units_denominator <= 0:
            yield entry.problem(
                f"{title}: units_numerator and units_denominator must be above zero",
                "correct the unit conversion",
                *at,
                "units_numerator",
            )
            continue
        if domestic.unit in KILOGRAMS and foreign.unit in KILOGRAMS:
            wanted = KILOGRAMS[domestic.unit] / KILOGRAMS[foreign.unit]
            given = parity.units_numerator / parity.units_denominator
            if abs(given - wanted) / wanted > _UNITS_TOLERANCE:
                yield entry.problem(
                    f"{title}: wrong unit conversion: {given:.2f} {foreign.unit} per {domestic.unit}, not {wanted:.2f}",
                    f"use {KILOGRAMS[domestic.unit]} / {KILOGRAMS[foreign.unit]}",
                    *at,
                    "units_numerator",
                )
        if (domestic.quote_basis == "incl_vat") != (parity.vat_rate > 0):
            yield entry.problem(
                f"{title}: {domestic.code} is quoted {domestic.quote_basis} "
                f"but the conversion adds VAT {parity.vat_rate}",
                "correct vat_rate, or the quote_basis of the instrument",
                *at,
                "vat_rate",
            )
        if not 0 <= parity.vat_rate < 1 or not 0 <= parity.duty_rate < 1:
            yield entry.problem(f"{title}: a rate is a share of one", "write 13 % as 0.13", *at)


def _fx_problems(
    title: str,
    pair: PairShape,
    entry: Entry,
    world: World,
    domestic: InstrumentShape,
    foreign: InstrumentShape,
) -> Iterator[Problem]:
    if domestic.currency == foreign.currency:
        return
    fx = world.instrument(pair.fx_instrument)
    if fx is None:
        if pair.fx_instrument and not world.is_unknown("instrument", pair.fx_instrument):
            return
        known = f"unknown FX instrument {pair.fx_instrument!r}" if pair.fx_instrument else "no fx_instrument"
        yield entry.problem(
            f"{title}: {known} between {foreign.currency} and {domestic.currency}",
            "name a pricing-only instrument that quotes it",
            "fx_instrument",
        )
    elif (fx.unit, fx.currency) != (foreign.currency, domestic.currency) or not fx.is_pricing_only:
        yield entry.problem(
            f"{title}: {fx.code} quotes {fx.currency} per {fx.unit}, "
            f"the legs need {domestic.currency} per {foreign.currency}",
            "use a pricing-only instrument with that unit and currency",
            "fx_instrument",
        )


def clip_lots(leg: LegShape, clip_units: int) -> int:
    """Return the lots of one clip on a leg."""
    return leg.ratio_lots * clip_units
