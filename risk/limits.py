"""Limits as data: what may be limited, in which unit, and which limit holds when several do.

A limit with an empty scope field holds for every venue, instrument or pair; the tightest of those that
match is the effective one. There is no "unlimited": where a required kind has no match, the gate refuses.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from hashlib import sha256

import msgspec


class LimitKind(StrEnum):
    """What is limited. The value is the name on the wire; unit and direction follow from it."""

    ORDER_LOTS_MAX = "order_lots_max"
    ORDER_VALUE_MAX = "order_value_max"
    POSITION_LOTS_MAX = "position_lots_max"
    NAKED_LOTS_MAX = "naked_lots_max"
    NAKED_AGE_MAX_MS = "naked_age_max_ms"
    PRICE_COLLAR_RATE = "price_collar_rate"
    MESSAGE_RATE_MAX = "message_rate_max"
    DAY_EXECUTIONS_MAX = "day_executions_max"
    MARGIN_USE_MAX = "margin_use_max"
    SLIPPAGE_RATE_MAX = "slippage_rate_max"
    LATENCY_MAX_MS = "latency_max_ms"
    REJECT_RATE_MAX = "reject_rate_max"
    FILL_RATE_MIN = "fill_rate_min"
    FLATTEN_UNITS_TWO_PEOPLE = "flatten_units_two_people"

    @property
    def unit(self) -> str:
        """Unit of `hard` and `warn`: lots, units, ms, rate (share of one), per_second, count or desk_currency."""
        return _UNITS[self]

    @property
    def is_floor(self) -> bool:
        """True when falling below the figure is the breach; everything else is a ceiling."""
        return self is LimitKind.FILL_RATE_MIN

    @property
    def label_key(self) -> str:
        """Message catalogue key of the name shown to people; `LABELS` holds the words."""
        return f"limit.{self.value}"

    def is_tighter(self, one: Decimal, other: Decimal) -> bool:
        """Return whether `one` restricts more than `other`."""
        return one > other if self.is_floor else one < other


_UNITS = {
    LimitKind.ORDER_LOTS_MAX: "lots",
    LimitKind.ORDER_VALUE_MAX: "desk_currency",
    LimitKind.POSITION_LOTS_MAX: "lots",
    LimitKind.NAKED_LOTS_MAX: "lots",
    LimitKind.NAKED_AGE_MAX_MS: "ms",
    LimitKind.PRICE_COLLAR_RATE: "rate",
    LimitKind.MESSAGE_RATE_MAX: "per_second",
    LimitKind.DAY_EXECUTIONS_MAX: "count",
    LimitKind.MARGIN_USE_MAX: "rate",
    LimitKind.SLIPPAGE_RATE_MAX: "rate",
    LimitKind.LATENCY_MAX_MS: "ms",
    LimitKind.REJECT_RATE_MAX: "rate",
    LimitKind.FILL_RATE_MIN: "rate",
    LimitKind.FLATTEN_UNITS_TWO_PEOPLE: "units",
}

# (English, Chinese): the words of screens, reports and refusals.
LABELS: dict[LimitKind, tuple[str, str]] = {
    LimitKind.ORDER_LOTS_MAX: ("Order size", "单笔最大手数"),
    LimitKind.ORDER_VALUE_MAX: ("Order value", "单笔最大金额"),
    LimitKind.POSITION_LOTS_MAX: ("Position, worst case", "最大持仓(含在途)"),
    LimitKind.NAKED_LOTS_MAX: ("Naked lots", "最大单腿敞口"),
    LimitKind.NAKED_AGE_MAX_MS: ("Naked age", "单腿敞口最长时间"),
    LimitKind.PRICE_COLLAR_RATE: ("Price collar", "价格偏离上限"),
    LimitKind.MESSAGE_RATE_MAX: ("Message rate", "每秒报撤单上限"),
    LimitKind.DAY_EXECUTIONS_MAX: ("Executions per day", "每日执行次数上限"),
    LimitKind.MARGIN_USE_MAX: ("Margin use", "风险度上限"),
    LimitKind.SLIPPAGE_RATE_MAX: ("Slippage", "滑点率上限"),
    LimitKind.LATENCY_MAX_MS: ("Latency", "延迟上限"),
    LimitKind.REJECT_RATE_MAX: ("Reject rate", "拒单率上限"),
    LimitKind.FILL_RATE_MIN: ("Fill rate", "成交率下限"),
    LimitKind.FLATTEN_UNITS_TWO_PEOPLE: ("Flatten by one person", "单人可平仓份数上限"),
}

# Without these no order leaves (controls.md C01, INV-14).
REQUIRED_KINDS = (
    LimitKind.ORDER_LOTS_MAX,
    LimitKind.POSITION_LOTS_MAX,
    LimitKind.NAKED_LOTS_MAX,
    LimitKind.PRICE_COLLAR_RATE,
)


class Limit(msgspec.Struct, frozen=True):
    """One limit. `hard` refuses, `warn` raises an alert; both in the unit of `kind`."""

    kind: LimitKind
    hard: Decimal
    warn: Decimal | None = None
    scope_venue: str = ""
    scope_instrument: str = ""
    scope_pair: str = ""

    def matches(self, venue: str, instrument: str, pair: str) -> bool:
        """Return whether the limit holds there; an empty scope field holds everywhere."""
        return (
            self.scope_venue in ("", venue)
            and self.scope_instrument in ("", instrument)
            and self.scope_pair in ("", pair)
        )


class LimitSet(msgspec.Struct, frozen=True, dict=True):
    """All limits of a desk at one version; `hash` names exactly these limits."""

    version: int
    hash: str
    limits: tuple[Limit, ...]

    @classmethod
    def of(cls, version: int, limits: Iterable[Limit]) -> "LimitSet":
        """Return the set with its hash: SHA-256 over the sorted limits, so that equal sets hash equal."""
        ordered = tuple(sorted(limits, key=msgspec.json.encode))
        return cls(version=version, hash=sha256(msgspec.json.encode(ordered)).hexdigest(), limits=ordered)

    def effective(self, kind: LimitKind, *, venue: str = "", instrument: str = "", pair: str = "") -> Limit | None:
        """Return the tightest hard limit of `kind` that holds there, or None when none does."""
        return self.at(venue, instrument, pair).get(kind)

    def at(self, venue: str, instrument: str, pair: str) -> Mapping[LimitKind, Limit]:
        """Return the tightest limit of every kind that holds there.

        Answers are remembered: the places come from a fixed configuration, and the gate asks on the hot path.
        """
        place = (venue, instrument, pair)
        try:
            return self._answers[place]
        except KeyError:
            answer = self._answers[place] = self._tightest(*place)
            return answer

    @cached_property
    def _answers(self) -> dict[tuple[str, str, str], dict[LimitKind, Limit]]:
        return {}

    def _tightest(self, venue: str, instrument: str, pair: str) -> dict[LimitKind, Limit]:
        tightest: dict[LimitKind, Limit] = {}
        for limit in self.limits:
            if not limit.matches(venue, instrument, pair):
                continue
            held = tightest.get(limit.kind)
            if held is None or limit.kind.is_tighter(limit.hard, held.hard):
                tightest[limit.kind] = limit
        return tightest
