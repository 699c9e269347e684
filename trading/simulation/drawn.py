"""What the programs, venues and limits of one schedule are, drawn from its seed.

One to three programs share the copper book of the exchange at home; they sell and buy it against LME or COMEX, with
clips, repair preferences and priorities of their own. Every venue has a policy of its own for a broken line.
"""

from random import Random
from typing import Literal

import msgspec

from risk.limits import Limit, LimitKind, LimitSet
from trading.core.terms import (
    Direction,
    ExecutionMode,
    LeadChoice,
    Pair,
    Proxy,
    RepairPreference,
    Slicing,
    Terms,
    Working,
)
from trading.core.units import SECOND
from trading.engine.config import DeskConfig
from trading.simulation.copper import (
    CA,
    COPPER_LIMITS,
    CU,
    CU_CA,
    CU_HG,
    CU_NEXT,
    INSTRUMENTS,
    REPAIR,
    REPLY_TIMES,
    D,
    copper_desk,
    copper_terms,
)
from trading.simulation.copper import HG as HG_INSTRUMENT
from trading.simulation.faults import Faults

SELL, BUY, HG = "CU-SELL", "CU-BUY", "HG-SELL"
CASTS: tuple[tuple[str, ...], ...] = (
    (SELL,), (SELL,), (HG,), (BUY,), (SELL, BUY), (SELL, HG), (BUY, SELL), (HG, BUY), (SELL, BUY, HG), (HG, SELL, BUY),
)  # fmt: skip
LINE_POLICIES: tuple[Literal["cancel", "hold", "none"], ...] = ("cancel", "hold", "none")
TIGHT_LIMITS = LimitSet.of(1, (*COPPER_LIMITS.limits, Limit(LimitKind.ORDER_LOTS_MAX, D("4"))))
TEMPLATE = copper_desk(())
HG_FOR_CA = Proxy(HG_INSTRUMENT.code, CA.code, 2, 1)  # 22.7 t for 25 t: near enough while the better market is shut
NEXT_MONTH = Proxy(CU_NEXT.code, CU.code, 1, 1)
PROXIES: tuple[tuple[Proxy, ...], ...] = ((), (), (), (HG_FOR_CA,), (NEXT_MONTH,), (HG_FOR_CA, NEXT_MONTH))


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
        REPAIR, preference=rng.choice(list(RepairPreference)), attempts_max=rng.randint(3, 5),
        proxies=rng.choice(PROXIES) if name != HG else (), queues_at_limit=rng.random() < 0.7,
        naked_quantity_max=D(rng.choice((10, 15, 40, 50))) if rng.random() < 0.25 else None,
    )  # fmt: skip
    has_route = name != HG and rng.random() < 0.2
    terms = copper_terms(
        CU_HG if name == HG else CU_CA, program=name, clip_units=rng.randint(1 + has_route, 3), executions_max=2,
        repair=policy, direction=Direction.BUY_DOMESTIC if name == BUY else Direction.SELL_DOMESTIC,
    )  # fmt: skip
    return msgspec.structs.replace(
        terms, priority=rng.choice((10, 100, 100)),
        residual_max=D(1) if rng.random() < 0.2 else None,
        routes=(CU_HG,) if has_route else (),  # nine lots of copper make a unit there, so a clip has ten at least
        reply_times=dict.fromkeys(("SHFE", "LME", "CME"), REPLY_TIMES),
    )  # fmt: skip


def with_modes(config: DeskConfig, rng: Random) -> DeskConfig:
    """Return the desk with a mode, a lead leg and a daily cap for each program; half of them send both legs at once."""
    return msgspec.structs.replace(config, programs=tuple(_worked(terms, rng) for terms in config.programs))


def _worked(terms: Terms, rng: Random) -> Terms:
    return msgspec.structs.replace(
        terms, mode=rng.choice((ExecutionMode.TOGETHER, *ExecutionMode)),
        working=Working(
            rng.choice(list(LeadChoice)), rng.randint(1, 3), rng.choice((4, 60, 600)), rng.choice((2, 30)) * SECOND
        ),
        slicing=Slicing(units_per_day_max=rng.choice((0, 0, 0, 3)), is_repeating=rng.random() < 0.1),
    )  # fmt: skip


def pairs_of(config: DeskConfig) -> list[Pair]:
    """Return every pair whose books the programs look at, those of routes and stand-ins included."""
    pairs = [terms.pair for terms in config.programs]
    pairs += [route for terms in config.programs for route in terms.routes]
    pairs += [CU_HG for terms in config.programs if HG_FOR_CA in terms.repair.proxies]
    return list({pair.code: pair for pair in pairs}.values())


def venues_of(pairs: list[Pair]) -> tuple[str, ...]:
    """Return the venues on which these pairs trade, in a fixed order."""
    used = {INSTRUMENTS[leg.instrument].venue for pair in pairs for leg in pair.legs}
    return tuple(name for name in ("SHFE", "LME", "CME") if name in used)
