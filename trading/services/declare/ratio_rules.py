"""Finds the lots of a pair's legs where the declaration says how instead of how many (trading/core/ratio.py).

[[pair]]
ratio = "vat_neutral"        # tonnage, vat_neutral, value_neutral or custom
ratio_error_max = 0.001      # 0.1 %
ratio_lots_max = 40          # on either leg
"""

from collections.abc import Iterator
from fractions import Fraction

import msgspec
from django.utils import timezone

from trading.core.ratio import LotsRatio, NoRatio, PairFacts, RatioMode, closest_ratio, exact_ratio, ratio_for
from trading.services.declare.shapes import LegShape, PairDraft, PairShape
from trading.services.declare.source import Entry, Problem
from trading.services.declare.units import dimension, in_base_unit
from trading.services.declare.world import Declared, World

SIZE_MAX = 1000  # no ratio of more lots than this is looked for


def with_lots(declared: list[Declared], world: World, problems: list[Problem]) -> list[Declared]:
    """Return the declaration with the lots of every leg found, in `world` too; add to `problems` what cannot be."""
    found = []
    for item in declared:
        shape = item.shape
        if isinstance(shape, PairDraft):
            problems += _draft_problems(shape, item.entry)
            legs = shape.leg
            if shape.ratio:
                ratio, wrong = _lots(shape, item.entry, world)
                problems += wrong
                legs = _with(legs, ratio)
            plain = {name: getattr(shape, name) for name in PairShape.__struct_fields__}
            item = Declared(PairShape(**{**plain, "leg": legs}), item.entry)
            world.shapes["pair"][shape.code] = item.shape
        found.append(item)
    return found


def _with(legs: list[LegShape], ratio: LotsRatio | None) -> list[LegShape]:
    """Return the legs with the lots found; where none were, with one lot each, for why not is reported elsewhere."""
    lots = (1, 1) if ratio is None else ratio[:2]
    return [msgspec.structs.replace(leg, ratio_lots=n) for leg, n in zip(legs, lots, strict=False)]


def _draft_problems(pair: PairDraft, entry: Entry) -> Iterator[Problem]:
    title = f"pair {pair.code}"
    for n, leg in enumerate(pair.leg):
        if pair.ratio and leg.ratio_lots:
            yield entry.problem(
                f"{title}: ratio says how the lots are found, and {leg.instrument} gives them",
                "leave out ratio_lots, or ratio", "leg", n, "ratio_lots",
            )  # fmt: skip
        elif not pair.ratio and "ratio_lots" not in entry.data["leg"][n]:
            yield entry.problem(
                f"{title}: {leg.instrument} has no ratio_lots",
                'add ratio_lots = …, or ratio = "tonnage" to the pair', "leg", n,
            )  # fmt: skip
    if pair.ratio and not 1 <= pair.ratio_lots_max <= SIZE_MAX:
        yield entry.problem(
            f"{title}: ratio_lots_max is {pair.ratio_lots_max}", f"use 1 to {SIZE_MAX}", "ratio_lots_max"
        )
    for name in ("ratio_error_max", "ratio_lots_max", "ratio_custom"):
        if not pair.ratio and name in entry.data:
            yield entry.problem(
                f"{title}: {name} bounds a ratio, and there is none", "add ratio, or leave it out", name
            )


def _lots(pair: PairDraft, entry: Entry, world: World) -> tuple[LotsRatio | None, list[Problem]]:
    """Return the lots, or None and why; what is wrong with the legs themselves is reported by `pair_rules`."""
    instruments = [world.instrument(leg.instrument) for leg in pair.leg]
    if [leg.role for leg in pair.leg] != ["domestic", "foreign"] or len(instruments) != 2:
        return None, []
    domestic, foreign = instruments
    if domestic is None or foreign is None or dimension(domestic.unit) != dimension(foreign.unit):
        return None, []
    if domestic.multiplier <= 0 or foreign.multiplier <= 0:
        return None, []
    in_force = [rule for rule in pair.parity if rule.valid_from <= timezone.localdate()]
    parity = max(in_force, key=lambda rule: rule.valid_from, default=None)
    facts = PairFacts(
        Fraction(in_base_unit(domestic, 1)), Fraction(in_base_unit(foreign, 1)),
        Fraction(parity.vat_rate if parity else 0), Fraction(parity.duty_rate if parity else 0),
        None if pair.ratio_custom is None else Fraction(pair.ratio_custom),
    )  # fmt: skip
    lots_max = min(max(pair.ratio_lots_max, 1), SIZE_MAX)
    try:
        return ratio_for(
            facts, RatioMode(pair.ratio), Fraction(pair.ratio_error_max), min(pair.ratio_lots_max, SIZE_MAX)
        ), []
    except NoRatio as error:
        remedy = "correct ratio_custom, or allow a larger ratio_error_max or ratio_lots_max"
        instead = closest_ratio(exact_ratio(facts, RatioMode.TONNAGE), lots_max)  # so that nothing else is reported
        return instead, [entry.problem(f"pair {pair.code}: {error}", remedy, "ratio")]
