"""Holds measures against thresholds and raises what a person should see. Alerts only: what acts is the engine's.

A measure beyond its hard limit is P2, beyond its warning P3. When it comes back inside, its alert is resolved.
"""

from collections.abc import Iterable
from decimal import Decimal
from enum import Enum

import msgspec

from risk import alerts
from risk.alerts import Cause
from risk.limits import Limit, LimitKind, LimitSet


class Level(Enum):
    """How far a measure has gone; the value is the severity of its alert."""

    HARD = "P2"
    WARNING = "P3"


class Measure(msgspec.Struct, frozen=True):
    """One figure of one place, in the unit of its kind."""

    kind: LimitKind
    value: Decimal
    venue: str = ""
    instrument: str = ""
    pair: str = ""
    program: str = ""


class Finding(msgspec.Struct, frozen=True):
    """A measure beyond a figure of its limit."""

    measure: Measure
    limit: Limit
    level: Level

    @property
    def bound(self) -> Decimal:
        return self.limit.hard if self.level is Level.HARD or self.limit.warn is None else self.limit.warn


def judge(measure: Measure, limits: LimitSet) -> Finding | None:
    """Return what is wrong with a measure, or None; a measure without a limit is nobody's business here."""
    limit = limits.effective(measure.kind, venue=measure.venue, instrument=measure.instrument, pair=measure.pair)
    if limit is None:
        return None
    if _is_beyond(measure.kind, measure.value, limit.hard):
        return Finding(measure, limit, Level.HARD)
    if limit.warn is not None and _is_beyond(measure.kind, measure.value, limit.warn):
        return Finding(measure, limit, Level.WARNING)
    return None


def watch(measures: Iterable[Measure], limits: LimitSet, *, desk: str, at_ns: int) -> list[Finding]:
    """Judge every measure, raise or resolve its alert, and return what was found."""
    found = []
    for measure in measures:
        rule = _rule(measure)
        finding = judge(measure, limits)
        if finding is None:
            alerts.resolve(rule=rule, program=measure.program, desk=desk, at_ns=at_ns)
            continue
        found.append(finding)
        alerts.raise_alert(
            rule=rule,
            severity=finding.level.value,
            text_key="alert.threshold",
            values={
                "kind": measure.kind.value,
                "subject": measure.instrument or measure.pair or measure.venue or desk,
                "value": f"{measure.value:f}",
                "bound": f"{finding.bound:f}",
                "unit": measure.kind.unit,
            },
            at_ns=at_ns,
            cause=Cause(desk=desk, program=measure.program, pair=measure.pair),
        )
    return found


def _rule(measure: Measure) -> str:
    place = measure.instrument or measure.pair or measure.venue
    return f"{measure.kind.value}:{place}" if place else measure.kind.value


def _is_beyond(kind: LimitKind, value: Decimal, bound: Decimal) -> bool:
    return value < bound if kind.is_floor else value > bound
