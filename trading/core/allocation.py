"""Who gets what of something short: by priority, then by edge, pro rata at equal rank.

Programs of a desk that want to enter on the same quote compete for its depth and for the headroom of common limits.
The lower priority number is served first, whole; then the higher edge, in domestic money per domestic unit of quantity
beyond the trigger. Those of equal rank share by what they wanted, in whole units by the largest remainder, equal
remainders in the order of their names. The same wishes always give the same grants.
"""

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from itertools import groupby

import msgspec

from trading.core.events import Share


class Wish(msgspec.Struct, frozen=True):
    """What one program wants to enter now."""

    program: str
    priority: int
    edge: Fraction
    units: int


class Grant(msgspec.Struct, frozen=True):
    """What it got; `short_of` says what kept it from more."""

    wish: Wish
    units: int
    short_of: str = ""  # depth | headroom


def ranked(wishes: Iterable[Wish]) -> list[list[Wish]]:
    """Return the wishes in the order in which they are served; those of equal rank stand together."""
    order = sorted(wishes, key=lambda wish: (wish.priority, -wish.edge, wish.program))
    return [list(equals) for _, equals in groupby(order, key=lambda wish: (wish.priority, wish.edge))]


def pro_rata(total: int, wanted: Mapping[str, int]) -> dict[str, int]:
    """Return `total` units in proportion to `wanted`, by the largest remainder; nobody gets more than it wants."""
    whole = sum(wanted.values())
    if total >= whole:
        return dict(wanted)
    exact = {name: Fraction(total * units, whole) for name, units in wanted.items()}
    granted = {name: int(share) for name, share in exact.items()}
    left = total - sum(granted.values())
    for name in sorted(exact, key=lambda name: (granted[name] - exact[name], name))[:left]:
        granted[name] += 1
    return granted


def largest_shares(wanted: Mapping[str, int], fits: Callable[[Mapping[str, int]], bool]) -> dict[str, int]:
    """Return the pro-rata shares of the largest total that `fits`; all zero when none does."""
    for total in range(sum(wanted.values()), 0, -1):
        shares = pro_rata(total, wanted)
        if fits(shares):
            return shares
    return dict.fromkeys(wanted, 0)


def shares_of(grants: Iterable[Grant]) -> tuple[Share, ...]:
    """Return the grants of one round as the receipt keeps them: who got what, by which rule, and what was short."""
    grants = tuple(grants)
    wishes = [grant.wish for grant in grants]
    return tuple(
        Share(
            grant.wish.program, grant.wish.units, grant.units,
            _rule(grant.wish, wishes) + (f", short of {grant.short_of}" if grant.short_of else ""),
        )
        for grant in grants
    )  # fmt: skip


def _rule(wish: Wish, wishes: Iterable[Wish]) -> str:
    """Return the rule that set this wish apart from those next to it."""
    others = [other for other in wishes if other is not wish]
    peers = [other for other in others if other.priority == wish.priority]
    if any(other.edge == wish.edge for other in peers):
        return "pro rata"
    return "edge" if peers else "priority"
