"""Depth of one side of a book, walked in whole lots. Levels come best price first; an empty side is an empty tuple."""

from collections.abc import Sequence

from trading.core.events import Level
from trading.core.units import Lots, Side, Ticks


def walk(levels: Sequence[Level], lots: Lots) -> int | None:
    """Return the sum of lots x ticks over exactly `lots`, or None when the book is not that deep."""
    total = 0
    for level in levels:
        if level.lots >= lots:
            return total + lots * level.price_ticks
        total += level.lots * level.price_ticks
        lots -= level.lots
    return None


def worst_ticks(levels: Sequence[Level], lots: Lots) -> Ticks | None:
    """Return the price of the last level that `lots` reach, or None when the book is not that deep."""
    for level in levels:
        if level.lots >= lots:
            return level.price_ticks
        lots -= level.lots
    return None


def lots_within(levels: Sequence[Level], side: Side, limit_ticks: Ticks) -> Lots:
    """Return how many lots an order of `side` could take at `limit_ticks` or better."""
    sign = side.sign
    return sum(level.lots for level in levels if sign * level.price_ticks <= sign * limit_ticks)
