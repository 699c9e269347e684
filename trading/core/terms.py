"""What the operator agreed to: instruments, pairs and the frozen terms of a hedge program.

Everything here is immutable and arrives from the desk's configuration; a changed term is a new revision.
The structures are written over tuples of legs: traded legs first, then pricing-only legs (FX).
"""

from decimal import Decimal
from enum import Enum

import msgspec

from trading.core.units import Lots, Nanos, Side


class QuoteBasis(Enum):
    """What a quoted price contains."""

    INCL_VAT = "incl_vat"
    EX_VAT = "ex_vat"
    BONDED = "bonded"
    NONE = "none"


class HedgeFlag(Enum):
    """The book a Chinese exchange keeps an order in; a position is closed under the flag it was opened with."""

    SPECULATION = "speculation"  # 投机
    ARBITRAGE = "arbitrage"  # 套利
    HEDGE = "hedge"  # 套保

    __hash__ = object.__hash__  # by identity, in C


class Fee(msgspec.Struct, frozen=True):
    """Fees of one instrument from one date on; `source` says where the figure was read."""

    valid_from: str
    source: str
    open_rate: Decimal = Decimal(0)  # share of turnover
    close_rate: Decimal = Decimal(0)
    close_today_rate: Decimal = Decimal(0)
    open_per_lot: Decimal = Decimal(0)  # in the instrument's currency
    close_per_lot: Decimal = Decimal(0)
    close_today_per_lot: Decimal = Decimal(0)


class Session(msgspec.Struct, frozen=True):
    """One trading phase in the venue's local time, e.g. 21:00-01:00; a phase may pass midnight.

    `days` are the weekdays on which it opens: "mon-fri", or "sun-thu" where a week begins on Sunday evening.
    """

    opens: str
    closes: str
    days: str = ""  # "": Monday to Friday for an instrument, every day for a program's own window


class Instrument(msgspec.Struct, frozen=True):
    """A tradable thing on one venue. `multiplier` is the number of quote units in one lot."""

    code: str  # "SHFE.cu2701", unique
    venue: str
    symbol: str  # the venue's own name for it
    tick: Decimal
    multiplier: Decimal
    unit: str  # quote unit: t, lb, g, kg, ozt, bbl, point
    currency: str
    quote_basis: QuoteBasis
    order_lots_max: Lots | None = None  # the venue's own limit
    sessions: tuple[Session, ...] = ()
    time_zone: str = "Asia/Shanghai"
    fees: tuple[Fee, ...] = ()
    price_limit_rate: Decimal | None = None  # daily limit as a share of the reference, when known
    is_pricing_only: bool = False
    order_lots_min: Lots = 1
    order_lots_multiple: Lots = 1
    delivery_from: str = ""  # first day, YYYYMMDD, on which the delivery-month multiple is in force
    delivery_lots_multiple: Lots = 1
    closed_days: tuple[str, ...] = ()  # local dates, YYYYMMDD, without any session
    no_night_days: tuple[str, ...] = ()  # local dates whose night session does not take place
    prompt: str = ""  # LME: "3M" (rolls every day), "CASH", or a fixed date YYYYMMDD


class LegRole(Enum):
    DOMESTIC = "domestic"
    FOREIGN = "foreign"

    __hash__ = object.__hash__  # by identity, in C


class Leg(msgspec.Struct, frozen=True):
    """One traded side of a pair: `ratio_lots` lots of the instrument make one unit of the pair."""

    instrument: str
    role: LegRole
    ratio_lots: Lots
    hedge_flag: HedgeFlag = HedgeFlag.SPECULATION


class Parity(msgspec.Struct, frozen=True):
    """Import parity inputs: (foreign + date_adjustment + premium) x units x FX x (1+duty) x (1+vat) + misc.

    `foreign_units_per_domestic_unit` converts the foreign quote unit, e.g. lb per t; it is a ratio of two
    decimals so that it stays exact.
    """

    premium: Decimal = Decimal(0)  # foreign currency per foreign unit
    date_adjustment: Decimal = Decimal(0)
    duty_rate: Decimal = Decimal(0)
    vat_rate: Decimal = Decimal(0)
    misc: Decimal = Decimal(0)  # domestic currency per domestic unit
    units_numerator: Decimal = Decimal(1)
    units_denominator: Decimal = Decimal(1)


class Pair(msgspec.Struct, frozen=True):
    """Two traded legs (domestic first) and the pricing-only FX leg that makes them comparable."""

    code: str
    project: str
    legs: tuple[Leg, ...]
    fx_instrument: str | None
    parity: Parity
    common_unit: str  # "CNY/t incl VAT"
    unit_quantity: str  # what one unit of the pair is, in words and exact figures: "25 t"
    leg_age_max: Nanos
    leg_skew_max: Nanos
    fx_age_max: Nanos
    hedgeable_min: Nanos = 0  # no entry unless both legs stay tradable for at least this long


class Measure(Enum):
    SPREAD = "spread"  # domestic - parity, domestic currency per domestic unit
    RATIO = "ratio"  # domestic price / foreign price, native quotes
    COUNTER_PRICE = "counter_price"  # executable price of the leg named in the trigger


class Direction(Enum):
    SELL_DOMESTIC = "sell_domestic"
    BUY_DOMESTIC = "buy_domestic"

    def side_of(self, role: LegRole) -> Side:
        """Return the side the leg with `role` takes when a clip is entered in this direction."""
        sells = (self is Direction.SELL_DOMESTIC) == (role is LegRole.DOMESTIC)
        return Side.SELL if sells else Side.BUY


class Comparator(Enum):
    AT_LEAST = ">="
    AT_MOST = "<="


class Trigger(msgspec.Struct, frozen=True):
    measure: Measure
    comparator: Comparator
    value: Decimal
    counter_leg: LegRole | None = None  # only for COUNTER_PRICE
    dwell: Nanos = 0


class RepairPreference(Enum):
    CHEAPEST = "cheapest"
    TOP_UP_FIRST = "top_up_first"
    UNWIND_FIRST = "unwind_first"


class Proxy(msgspec.Struct, frozen=True):
    """A stand-in for a leg that cannot be traded: `lots` of `instrument` hedge `replaces_lots` of `replaces`."""

    instrument: str
    replaces: str
    lots: Lots
    replaces_lots: Lots


class RepairPolicy(msgspec.Struct, frozen=True):
    """Bounds of every repair; when one is used up the program halts with a named residual."""

    preference: RepairPreference
    wait: Nanos  # how long an order may still fill by itself before a repair
    attempts_max: int
    cost_max: Decimal  # domestic currency, whole case
    naked_age_max: Nanos
    naked_quantity_max: Decimal | None = None  # domestic quote unit; above it waiting is no way out
    proxies: tuple[Proxy, ...] = ()
    queues_at_limit: bool = True  # where a market is limit-locked: rest an order at the limit price


PRESUMED_DEAD_FACTOR_MAX = 12


class ReplyTimes(msgspec.Struct, frozen=True):
    """Per venue: when silence becomes a question, and when it becomes a presumption."""

    reply_due: Nanos
    query_interval: Nanos
    presumed_dead: Nanos  # at least; longer where the venue was measured to be slower
    presumed_dead_max: Nanos = 0  # at most; 0 means twelve times the least

    def clamp(self, wait: Nanos) -> Nanos:
        """Return the nearest wait that these terms allow."""
        longest = self.presumed_dead_max or PRESUMED_DEAD_FACTOR_MAX * self.presumed_dead
        return max(self.presumed_dead, min(wait, longest))


class ExecutionMode(Enum):
    TOGETHER = "together"  # both legs at once, immediate orders at the counter price
    LEAD_FIRST = "lead_first"  # an immediate order on the lead leg, then exactly what filled is hedged
    QUOTE_AND_LEAN = "quote_and_lean"  # a resting order on the lead leg, hedged on every partial fill


class LeadChoice(Enum):
    DOMESTIC = "domestic"
    FOREIGN = "foreign"
    LEAST_LIQUID = "least_liquid"
    MOST_LIQUID = "most_liquid"


class Working(msgspec.Struct, frozen=True):
    """How the lead leg works in the modes that have one."""

    lead: LeadChoice = LeadChoice.FOREIGN
    requote_ticks: int = 2  # the quote moves only when its price is off by at least this much
    messages_per_minute_max: int = 60  # orders and cancels of the quote; hedges and repairs are never counted
    rest: Nanos = 30_000_000_000  # a quote older than this is called back and decided anew


class Slicing(msgspec.Struct, frozen=True):
    """How much and when. One clip (倍数) is `Terms.clip_units`, sets (份数) are `Terms.executions_max`."""

    units_per_day_max: int = 0  # matched units per trading day; 0 means no cap of its own
    is_repeating: bool = False  # after the sets are done: start over (True) or disarm (False)
    windows: tuple[Session, ...] = ()  # entries only inside one of these; none means always
    time_zone: str = "Asia/Shanghai"  # of the windows


class Terms(msgspec.Struct, frozen=True):
    """The frozen parameters of one hedge program; `revision` rises with every change."""

    program: str
    revision: int
    pair: Pair
    direction: Direction
    trigger: Trigger
    clip_units: int  # one clip = clip_units x leg.ratio_lots on each leg
    executions_max: int
    cooldown: Nanos
    payup: Decimal  # domestic currency per unit of quantity given away on each leg to get filled
    collar_rate: Decimal  # no order price further than this share from the reference price
    mode: ExecutionMode
    repair: RepairPolicy
    time_to_live: Nanos
    reply_times: dict[str, ReplyTimes]  # by venue name
    working: Working = Working()
    slicing: Slicing = Slicing()
    routes: tuple[Pair, ...] = ()  # other pairs that do the same job, e.g. COMEX HG in place of LME CA
    priority: int = 100  # who is served first when depth, position or margin is short: the lower number
    residual_max: Decimal | None = None  # domestic quote unit; what whole units may leave unhedged in sum

    def pair_on(self, route: int) -> Pair:
        """Return the pair of a route: 0 is `pair`, n the n-th of `routes`."""
        return self.routes[route - 1] if route else self.pair
