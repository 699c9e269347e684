"""Builds the tick stream of every listed instrument: recorded, generated, or generated from another one.

Streams that depend on each other share one time axis: a counterpart reads its own copy of its source's stream, so
nothing is shared at run time and the same configuration gives the same ticks. Each stream ends or goes on for ever;
a live venue starts a recording again when it ends.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from trading.core.units import SECOND, Nanos
from trading.venues.simulated.config import (
    ConfigError,
    Generated,
    GeneratedFrom,
    ListedInstrument,
    Recorded,
    VenuesFile,
)
from trading.venues.simulated.generate import Following, counterpart_ticks, price_ticks, scaled
from trading.venues.simulated.messages import Tick
from trading.venues.simulated.model import load_model
from trading.venues.simulated.recordings import read_ticks, with_layout

FX_PREFIX = "FX."
DAY_S = 86_400


class Inputs:
    """The streams of one configuration; `stream(code)` starts a fresh copy every time."""

    def __init__(
        self, instruments: Iterable[ListedInstrument], shortens_gaps: bool, scale: dict[str, float] | None = None
    ) -> None:
        """`scale` multiplies named parameters of every counterpart: the rows of a sensitivity grid."""
        self._scale = scale or {}
        self._by_code = {instrument.code: instrument for instrument in instruments}
        self._shortens_gaps = shortens_gaps
        self._first_at: dict[str, Nanos] = {}

    @classmethod
    def of(cls, config: VenuesFile) -> "Inputs":
        listed = (instrument for venue in config.venues for instrument in venue.instruments)
        return cls(listed, shortens_gaps=True)

    def origins(self) -> dict[str, Nanos]:
        """Return for every instrument where its time axis begins."""
        return {code: self._origin(code) for code in self._by_code}

    def stream(self, code: str, axis_start: Nanos | None = None) -> Iterator[Tick]:
        """Return the instrument's ticks; raises ConfigError, ModelError or RecordingError.

        A generated stream begins at `axis_start` when it has to lie on another one's time axis.
        """
        instrument = self._by_code[code]
        match instrument.input:
            case Recorded() as recorded:
                ticks = read_ticks(recorded, instrument)
                return shortened(ticks, recorded.gap_max_s) if self._shortens_gaps else ticks
            case Generated(seed=seed, model=model):
                start = self._origin(code) if axis_start is None else axis_start
                return price_ticks(instrument, load_model(model).price_of(code), seed, start)
            case GeneratedFrom() as made:
                return self._counterpart(instrument, made)
        raise ConfigError(f"{code} has no input")

    def _counterpart(self, instrument: ListedInstrument, made: GeneratedFrom) -> Iterator[Tick]:
        model = load_model(made.model).counterpart_of(instrument.code)
        if made.parity is not None:
            model = msgspec.structs.replace(model, parity=made.parity)
        model = scaled(model, self._scale)
        source = self._by_code[made.source]
        following = Following(self.stream(made.source), source)
        fx_code = self._fx_code(instrument, source, made)
        axis_start = self._origin(made.source)
        fx = Following(self.stream(fx_code, axis_start), self._by_code[fx_code]) if fx_code else None
        return counterpart_ticks(instrument, model, following, fx, made.seed)

    def _fx_code(self, instrument: ListedInstrument, source: ListedInstrument, made: GeneratedFrom) -> str:
        if instrument.currency == source.currency:
            return ""
        found = [made.fx] if made.fx else [code for code in self._by_code if code.startswith(FX_PREFIX)]
        if len(found) != 1 or found[0] not in self._by_code:
            raise ConfigError(
                f"{instrument.code} is made from {made.source} in another currency: name its FX instrument with `fx`"
            )
        return found[0]

    def _origin(self, code: str) -> Nanos:
        made = self._by_code[code].input
        if isinstance(made, GeneratedFrom):
            return self._origin(made.source)
        if isinstance(made, Recorded):
            return self._first_recorded_at(code)
        # A generated FX rate beside a recording starts with it.
        recorded = (i.code for i in self._by_code.values() if isinstance(i.input, Recorded))
        beside = next(recorded, None)
        return 0 if beside is None else self._first_recorded_at(beside)

    def _first_recorded_at(self, code: str) -> Nanos:
        if code not in self._first_at:
            first = next(self.stream(code), None)
            if first is None:
                raise ConfigError(f"the recording of {code} has no usable row")
            self._first_at[code] = first.exchange_ns
        return self._first_at[code]

    def _recorded_day(self, code: str, made: Recorded) -> str:
        """Return the day on which the recording begins, in its own time zone; nothing if it has times of day only."""
        zone, first_at = ZoneInfo(with_layout(made).time_zone or "UTC"), self._first_recorded_at(code) // SECOND
        return "" if first_at < DAY_S else datetime.fromtimestamp(first_at, zone).date().isoformat()

    def label(self, code: str) -> str:
        """Return what the screen says about where this book comes from; raises what `stream` raises."""
        made = self._by_code[code].input
        match made:
            case Recorded():
                return ", ".join(filter(None, [f"recorded: {Path(made.path).name}", self._recorded_day(code, made)]))
            case GeneratedFrom(source=source, model=model):
                return f"generated from {source}, model {load_model(model).version}"
            case _:
                return f"generated, model {load_model(made.model).version}"


def shortened(ticks: Iterator[Tick], gap_max_s: float) -> Iterator[Tick]:
    """Move ticks together where the recording pauses for longer than `gap_max_s` (session breaks)."""
    gap_max, moved, previous = int(gap_max_s * SECOND), 0, None
    for tick in ticks:
        if previous is not None and tick.exchange_ns - previous > gap_max:
            moved += tick.exchange_ns - previous - gap_max
        previous = tick.exchange_ns
        yield msgspec.structs.replace(tick, exchange_ns=tick.exchange_ns - moved) if moved else tick
