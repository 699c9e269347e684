"""Reads a user's own recording as ticks, with the column mapping as data; `recording_files` reads the file.

A mapping (`columns`) names a column, or its number where the file has no header, for: `time` (one or several, joined),
`bid_price_1`..`_5`, `bid_lots_1`..`_5`, the same for `ask`, `last`, `volume` (cumulative), `upper`, `lower`.
Prices are read as text and turned into whole ticks exactly. An empty price, a zero, NaN and the largest double (CTP's
"no value") mean that this level is absent. A bad row is refused with file, line and reason, or skipped and counted.
"""

import os
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import msgspec

from trading.core.events import Level
from trading.core.terms import Instrument
from trading.core.units import Nanos, OffGridPrice, Ticks, to_ticks
from trading.venues.simulated.book import DEPTH_LEVELS
from trading.venues.simulated.config import Recorded
from trading.venues.simulated.messages import Tick

LAYOUTS = Path(__file__).with_name("layouts.toml")
ABSENT = {"", "0", "0.0", "nan", "NaN", "None", "<NA>"}
NO_VALUE = Decimal("1e300")
PRICE_FIELDS = ("last", "upper", "lower")


class RecordingError(ValueError):
    """A recording cannot be read; the text says which file, which line and why."""


def layout_names() -> list[str]:
    """Return the named column mappings that come with the product."""
    return sorted(_layouts())


def _layouts() -> dict[str, dict[str, Any]]:
    return msgspec.toml.decode(LAYOUTS.read_bytes())


class Recording:
    """One recording of one instrument. Iterate for its ticks; afterwards `rows` and `skipped` say what was read."""

    def __init__(self, recorded: Recorded, instrument: Instrument) -> None:
        self._recorded = with_layout(recorded)
        self._instrument = instrument
        self._path = _resolved(recorded.path)
        self._ticks: dict[str, Ticks | None] = {}
        self.rows = 0
        self.skipped = 0
        missing = {"time", "bid_price_1", "ask_price_1"} - set(self._recorded.columns)
        if missing:
            raise RecordingError(f"{self._path}: the column mapping lacks {', '.join(sorted(missing))}")

    def __iter__(self) -> Iterator[Tick]:
        # Imported here, because pandas takes seconds to import and most markets are generated.
        from trading.venues.simulated.recording_files import RecordedFile

        file = RecordedFile(self._path, self._recorded)
        previous: Nanos | None = None
        for first_line, frame in file.frames():
            lines, times, columns = frame.index.tolist(), file.times(frame), file.columns(frame)
            for row in range(len(frame)):
                self.rows += 1
                try:
                    tick = self._tick({field: values[row] for field, values in columns.items()}, times[row])
                    if previous is not None and tick.exchange_ns < previous:
                        raise ValueError("its time is before the row above")
                except (ValueError, InvalidOperation) as error:
                    self._judge(first_line + lines[row], error)
                    continue
                previous = tick.exchange_ns
                yield tick

    def _judge(self, line: int, error: Exception) -> None:
        if self._recorded.bad_rows == "skip":
            self.skipped += 1
            return
        reason = "a number cannot be read" if isinstance(error, InvalidOperation) else error
        raise RecordingError(
            f"{self._path}, line {line}: {reason}; correct the row or the mapping, or set bad_rows = skip"
        ) from error

    def _tick(self, row: dict[str, str], at: Nanos | None) -> Tick:
        if at is None:
            raise ValueError("its time cannot be read")
        bids, asks = self._side(row, "bid"), self._side(row, "ask")
        if bids and asks and bids[0].price_ticks >= asks[0].price_ticks:
            raise ValueError(f"its bid {row['bid_price_1']} is not below its ask {row['ask_price_1']}")
        last, upper, lower = (self._price(row[field]) if field in row else None for field in PRICE_FIELDS)
        volume = int(Decimal(row["volume"])) if row.get("volume") else None
        return Tick(self._instrument.code, at, bids, asks, last, volume, upper, lower)

    def _side(self, row: dict[str, str], side: str) -> tuple[Level, ...]:
        levels = []
        for number in range(1, DEPTH_LEVELS + 1):
            price = self._price(row.get(f"{side}_price_{number}", ""))
            if price is None:
                break
            lots = row.get(f"{side}_lots_{number}")
            levels.append(Level(price, self._recorded.lots_when_missing if lots is None else int(Decimal(lots))))
        return tuple(level for level in levels if level.lots > 0)

    def _price(self, text: str) -> Ticks | None:
        if text in ABSENT:
            return None
        if text not in self._ticks:
            price = Decimal(text)
            if not price.is_finite() or abs(price) > NO_VALUE:
                self._ticks[text] = None
            else:
                self._ticks[text] = _on_grid(price, self._instrument)
        return self._ticks[text]


def read_ticks(recorded: Recorded, instrument: Instrument) -> Iterator[Tick]:
    """Return the ticks of a recording; raises RecordingError at once if the file or mapping is missing."""
    return iter(Recording(recorded, instrument))


def _on_grid(price: Decimal, instrument: Instrument) -> Ticks:
    try:
        return to_ticks(price, instrument.tick)
    except OffGridPrice as error:
        raise ValueError(f"{error} of {instrument.code}") from error


def with_layout(recorded: Recorded) -> Recorded:
    """Return the recording's settings on top of its named layout's; raises RecordingError."""
    if not recorded.layout:
        return recorded
    layouts = _layouts()
    if recorded.layout not in layouts:
        raise RecordingError(f"no layout is named {recorded.layout!r}; there are: {', '.join(sorted(layouts))}")
    base = layouts[recorded.layout]
    plain = Recorded(path="")
    given = {
        name: getattr(recorded, name)
        for name in recorded.__struct_fields__
        if getattr(recorded, name) != getattr(plain, name)
    }
    merged = {**base, **given, "columns": {**base.get("columns", {}), **recorded.columns}}
    return msgspec.convert({**merged, "kind": "recorded"}, type=Recorded)


def _resolved(path: str) -> Path:
    """Return the path as given, or below RECORDED_TICKS."""
    folder = os.environ.get("RECORDED_TICKS", "")
    for candidate in (Path(path), Path(folder, path)):
        if candidate.is_file():
            return candidate
    where = f" nor in {folder}" if folder else "; set RECORDED_TICKS to the folder of your recordings"
    raise RecordingError(f"{path}: no such file{where}")
