"""Everything that would be true after a declaration: the stored things, overlaid with the declared ones."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from risk.limits import Limit, LimitKind, LimitSet
from trading.services.declare.shapes import (
    InstrumentShape,
    PairShape,
    ProgramShape,
    Shape,
    ThresholdShape,
    VenueShape,
    key_of,
)
from trading.services.declare.source import Entry


@dataclass(frozen=True)
class Declared:
    """A shape together with the place in a file where it stands."""

    shape: Shape
    entry: Entry


@dataclass
class World:
    """Shapes by kind and key. `declared` holds those of the files; rules are asked of these only."""

    shapes: dict[str, dict[str, Shape]]
    declared: list[Declared] = field(default_factory=list)
    unreadable: set[tuple[str, str]] = field(default_factory=set)  # (kind, key) of entries with problems of their own

    def is_unknown(self, kind: str, key: str) -> bool:
        """Return whether nobody declared it. One that is declared but wrong is reported where it stands."""
        return key not in self.shapes[kind] and (kind, key) not in self.unreadable

    def has_unreadable(self, kind: str) -> bool:
        return any(known == kind for known, _ in self.unreadable)

    def add(self, declared: Iterable[Declared]) -> None:
        for item in declared:
            self.shapes.setdefault(item.entry.kind, {})[key_of(item.shape)] = item.shape
            self.declared.append(item)

    def venue(self, name: str) -> VenueShape | None:
        return self.shapes["venue"].get(name)  # type: ignore[return-value]

    def instrument(self, code: str) -> InstrumentShape | None:
        return self.shapes["instrument"].get(code)  # type: ignore[return-value]

    def pair(self, code: str) -> PairShape | None:
        return self.shapes["pair"].get(code)  # type: ignore[return-value]

    def programs(self) -> Iterator[ProgramShape]:
        yield from self.shapes["program"].values()  # type: ignore[misc]

    def limits(self, desk: str) -> LimitSet:
        """Return a desk's limits as the gate will read them; thresholds of an unknown kind are left out."""
        kinds = {kind.value for kind in LimitKind}
        thresholds = [t for t in self.shapes["threshold"].values() if isinstance(t, ThresholdShape)]
        return LimitSet.of(0, [limit_of(t) for t in thresholds if t.desk == desk and t.kind in kinds])

    def limit(self, kind: LimitKind, instrument: InstrumentShape, pair: str, limits: LimitSet) -> Decimal | None:
        """Return the hard figure that holds for `instrument` in `pair`, or None."""
        found = limits.effective(kind, venue=instrument.venue, instrument=instrument.code, pair=pair)
        return None if found is None else found.hard


def limit_of(threshold: ThresholdShape) -> Limit:
    """Return a declared threshold as the limit the gate judges with."""
    return Limit(
        LimitKind(threshold.kind), threshold.hard, threshold.warn,
        threshold.venue, threshold.instrument, threshold.pair,
    )  # fmt: skip
