"""What the programs, venues and limits of one schedule are, drawn from its seed.

One to three programs share the copper book of the exchange at home; they sell and buy it against LME or COMEX, with
clips, repair preferences and priorities of their own. Every venue has a policy of its own for a broken line.
"""

from random import Random
from typing import Literal

import msgspec

from risk.limits import Limit, LimitKind, LimitSet
from trading.core.terms import Direction, Pair, RepairPreference, Terms
from trading.engine.config import DeskConfig
from trading.simulation.copper import COPPER_LIMITS, CU_CA, CU_HG, INSTRUMENTS, REPAIR, D, copper_desk, copper_terms
from trading.simulation.faults import Faults

SELL, BUY, HG = "CU-SELL", "CU-BUY", "HG-SELL"
CASTS: tuple[tuple[str, ...], ...] = (
    (SELL,), (SELL,), (HG,), (BUY,), (SELL, BUY), (SELL, HG), (BUY, SELL), (HG, BUY), (SELL, BUY, HG), (HG, SELL, BUY),
)  # fmt: skip
LINE_POLICIES: tuple[Literal["cancel", "hold", "none"], ...] = ("cancel", "hold", "none")
TIGHT_LIMITS = LimitSet.of(1, (*COPPER_LIMITS.limits, Limit(LimitKind.ORDER_LOTS_MAX, D("4"))))
TEMPLATE = copper_desk(())


def draw_desk(rng: Random, faults: Faults) -> DeskConfig:
    """Return the desk of one schedule."""
    programs = tuple(_terms(name, rng) for name in rng.choice(CASTS))
    limits = TIGHT_LIMITS if faults.hits("tight_limits") else COPPER_LIMITS
    venues = tuple(
        msgspec.structs.replace(
            venue,
            capabilities=msgspec.structs.replace(
                venue.capabilities, cancel_on_disconnect=rng.choice(LINE_POLICIES), supports_position_query=True
            ),
        )
        for venue in TEMPLATE.venues
    )
    return msgspec.structs.replace(TEMPLATE, programs=programs, limits=limits, venues=venues)


def _terms(name: str, rng: Random) -> Terms:
    policy = msgspec.structs.replace(
        REPAIR, preference=rng.choice(list(RepairPreference)), attempts_max=rng.randint(3, 5)
    )
    terms = copper_terms(
        CU_HG if name == HG else CU_CA, program=name, clip_units=rng.randint(1, 3), executions_max=2, repair=policy,
        direction=Direction.BUY_DOMESTIC if name == BUY else Direction.SELL_DOMESTIC,
    )  # fmt: skip
    return msgspec.structs.replace(terms, priority=rng.choice((10, 100, 100)))


def venues_of(pairs: list[Pair]) -> tuple[str, ...]:
    """Return the venues on which these pairs trade, in a fixed order."""
    used = {INSTRUMENTS[leg.instrument].venue for pair in pairs for leg in pair.legs}
    return tuple(name for name in ("SHFE", "LME", "CME") if name in used)
