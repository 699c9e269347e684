"""The desk that simulation and tests drive: copper on SHFE against LME (5 : 1) and against CME (9 : 4).

Contract sizes, ticks and fees as in domain.md §7.1 and §7.2; limits wide enough for one clip and its repair.
"""

from decimal import Decimal
from typing import Literal

import msgspec

from risk.limits import Limit, LimitKind, LimitSet
from trading.core.events import Level, QuoteSeen
from trading.core.terms import (
    Comparator,
    Direction,
    ExecutionMode,
    Fee,
    Instrument,
    Leg,
    LegRole,
    Measure,
    Pair,
    Parity,
    QuoteBasis,
    RepairPolicy,
    RepairPreference,
    ReplyTimes,
    Slicing,
    Terms,
    Trigger,
    Working,
)
from trading.core.units import MILLI, SECOND, Nanos
from trading.engine.config import Capabilities, DeskConfig, VenueConfig

D = Decimal

CU = Instrument(
    "SHFE.cu2703", "SHFE", "cu2703", D("10"), D("5"), "t", "CNY", QuoteBasis.INCL_VAT,
    fees=(Fee("2025-01-01", "domain.md §7.2", D("0.00005"), D("0.00005"), D("0.0001")),),
)  # fmt: skip
CU_NEXT = msgspec.structs.replace(CU, code="SHFE.cu2704", symbol="cu2704")  # the adjacent month, a stand-in
CA = Instrument("LME.CA-3M", "LME", "CA-3M", D("0.5"), D("25"), "t", "USD", QuoteBasis.EX_VAT)
HG = Instrument("CME.HGH7", "CME", "HGH7", D("0.0005"), D("25000"), "lb", "USD", QuoteBasis.EX_VAT)
FX = Instrument("FX.USDCNH", "LME", "USDCNH", D("0.0001"), D("1"), "USD", "CNH", QuoteBasis.NONE, is_pricing_only=True)
INSTRUMENTS = {instrument.code: instrument for instrument in (CU, CU_NEXT, CA, HG, FX)}

COPPER_PARITY = Parity(premium=D("60"), vat_rate=D("0.13"), misc=D("200"))
POUNDS_PER_TONNE = D("2204.6226")

CU_CA = Pair(
    "CU-SHFE-LME", "CU-XMKT-01", (Leg(CU.code, LegRole.DOMESTIC, 5), Leg(CA.code, LegRole.FOREIGN, 1)), FX.code,
    COPPER_PARITY, "CNY/t incl VAT", "25 t", 2 * SECOND, 2 * SECOND, 10 * SECOND,
)  # fmt: skip
CU_HG = Pair(
    "CU-SHFE-CME", "CU-XMKT-01", (Leg(CU.code, LegRole.DOMESTIC, 9), Leg(HG.code, LegRole.FOREIGN, 4)), FX.code,
    Parity(premium=D("0.03"), vat_rate=D("0.13"), misc=D("200"), units_numerator=POUNDS_PER_TONNE),
    "CNY/t incl VAT", "45 t", 2 * SECOND, 2 * SECOND, 10 * SECOND,
)  # fmt: skip

REPAIR = RepairPolicy(RepairPreference.CHEAPEST, 500 * MILLI, 3, D("200000"), 20 * SECOND)
REPLY_TIMES = ReplyTimes(reply_due=SECOND, query_interval=500 * MILLI, presumed_dead=5 * SECOND)
PAYUP = D("20")  # CNY/t
WORKING = Working()
SLICING = Slicing()


def copper_terms(
    pair: Pair = CU_CA,
    *,
    program: str = "CU-SELL",
    direction: Direction = Direction.SELL_DOMESTIC,
    trigger: Trigger | None = None,
    clip_units: int = 2,
    executions_max: int = 10,
    cooldown: Nanos = SECOND,
    payup: Decimal = PAYUP,
    repair: RepairPolicy = REPAIR,
    time_to_live: Nanos = 3600 * SECOND,
    mode: ExecutionMode = ExecutionMode.TOGETHER,
    working: Working = WORKING,
    slicing: Slicing = SLICING,
) -> Terms:
    """Return terms that fire when the spread is 100 CNY/t in favor, unless told otherwise."""
    if trigger is None:
        sells = direction is Direction.SELL_DOMESTIC
        comparator = Comparator.AT_LEAST if sells else Comparator.AT_MOST
        trigger = Trigger(Measure.SPREAD, comparator, D("100") if sells else D("-100"))
    codes = (*(leg.instrument for leg in pair.legs), *(proxy.instrument for proxy in repair.proxies))
    venues = {INSTRUMENTS[code].venue for code in codes}
    return Terms(
        program, 1, pair, direction, trigger, clip_units, executions_max, cooldown, payup, D("0.02"),
        mode, repair, time_to_live, dict.fromkeys(venues, REPLY_TIMES), working, slicing,
    )  # fmt: skip


COPPER_LIMITS = LimitSet.of(
    1,
    (
        Limit(LimitKind.ORDER_LOTS_MAX, D("50")),
        Limit(LimitKind.POSITION_LOTS_MAX, D("1000")),
        Limit(LimitKind.NAKED_LOTS_MAX, D("100")),
        Limit(LimitKind.PRICE_COLLAR_RATE, D("0.03")),
    ),
)


def copper_desk(programs: tuple[Terms, ...], limits: LimitSet = COPPER_LIMITS) -> DeskConfig:
    """Return a desk on three simulated venues; paths are empty because nothing here touches a disk."""
    venues = (
        _venue("SHFE", "domestic", "CNY", Capabilities("cancel", True, True, 50, closes_today_separately=True)),
        _venue("LME", "foreign", "USD", Capabilities("hold", True, True, 50)),
        _venue("CME", "foreign", "USD", Capabilities("none", True, True, 50)),
    )
    return DeskConfig(
        "demo", "SIM", tuple(INSTRUMENTS.values()), venues, programs, limits, "simulation", "", "", "", "", "", ""
    )


def _venue(name: str, side: Literal["domestic", "foreign"], currency: str, capabilities: Capabilities) -> VenueConfig:
    return VenueConfig(
        name=name, kind="local", host="127.0.0.1", port=1, account="SIM", capabilities=capabilities,
        currency=currency, is_simulated=True, side=side, input_kind="generated",
    )  # fmt: skip


def quote(
    instrument: Instrument,
    bid: str | None,
    ask: str | None,
    now: Nanos,
    *,
    bid_lots: int = 100,
    ask_lots: int = 100,
    exchange_at: Nanos | None = None,
) -> QuoteSeen:
    """Return a one-level quote; None leaves a side empty."""
    bids = () if bid is None else (Level(int(D(bid) / instrument.tick), bid_lots),)
    asks = () if ask is None else (Level(int(D(ask) / instrument.tick), ask_lots),)
    return QuoteSeen(instrument.code, bids, asks, now if exchange_at is None else exchange_at, now)
