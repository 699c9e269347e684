"""Reads a user's own recording: CSV or Parquet, plain, .gz or a member of a .zip, with the column mapping as data.

A mapping (`columns`) names a column, or its number where the file has no header, for: `time` (one or several, joined),
`bid_price_1`..`_5`, `bid_lots_1`..`_5`, the same for `ask`, `last`, `volume` (cumulative), `upper`, `lower`.
Prices are read as text and turned into whole ticks exactly. An empty price, a zero, NaN and the largest double (CTP's
"no value") mean that this level is absent. A bad row is refused with file, line and reason, or skipped and counted.
"""

import os
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import IO, Any
from zoneinfo import ZoneInfo

import msgspec
import pandas as pd
import pyarrow.parquet as parquet

from trading.core.events import Level
from trading.core.terms import Instrument
from trading.core.units import MILLI, SECOND, Nanos, OffGridPrice, Ticks, to_ticks
from trading.venues.simulated.book import DEPTH_LEVELS
from trading.venues.simulated.config import Recorded
from trading.venues.simulated.messages import Tick

LAYOUTS = Path(__file__).with_name("layouts.toml")
CHUNK_ROWS = 20_000
UNIT_NS = {"ns": 1, "us": 1_000, "ms": MILLI, "s": SECOND}
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
        self._recorded = _with_layout(recorded)
        self._instrument = instrument
        self._path = _resolved(recorded.path)
        self._ticks: dict[str, Ticks | None] = {}
        self.rows = 0
        self.skipped = 0
        missing = {"time", "bid_price_1", "ask_price_1"} - set(self._recorded.columns)
        if missing:
            raise RecordingError(f"{self._path}: the column mapping lacks {', '.join(sorted(missing))}")

    def __iter__(self) -> Iterator[Tick]:
        previous: Nanos | None = None
        for first_line, frame in self._frames():
            lines = frame.index.tolist()
            times = self._times(frame)
            columns = {field: frame[name].tolist() for field, name in self._mapped(frame).items()}
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

    # --- files ---

    def _frames(self) -> Iterator[tuple[int, pd.DataFrame]]:
        """Yield (line number of index 0, rows as text)."""
        try:
            if self._path.suffix == ".parquet":
                yield from self._parquet_frames()
            elif self._path.suffix == ".zip":
                with zipfile.ZipFile(self._path) as archive, archive.open(self._member(archive)) as file:
                    yield from self._csv_frames(file)
            else:
                yield from self._csv_frames(self._path)
        except (OSError, zipfile.BadZipFile, pd.errors.ParserError, UnicodeDecodeError) as error:
            raise RecordingError(f"{self._path}: cannot be read: {error}") from error
        except pd.errors.EmptyDataError:
            raise RecordingError(f"{self._path}: the file is empty") from None

    def _member(self, archive: zipfile.ZipFile) -> str:
        names = archive.namelist()
        if self._recorded.member in names:
            return self._recorded.member
        if not self._recorded.member and len(names) == 1:
            return names[0]
        raise RecordingError(f"{self._path}: name one `member` of: {', '.join(names)}")

    def _csv_frames(self, source: Path | IO[bytes]) -> Iterator[tuple[int, pd.DataFrame]]:
        header = self._recorded.has_header is not False
        first_line = 2 if header else 1
        reader = pd.read_csv(
            source, header=0 if header else None, dtype=str, keep_default_na=False, chunksize=CHUNK_ROWS
        )
        for frame in reader:
            frame.columns = [str(name) for name in frame.columns]
            yield first_line, self._kept(frame)

    def _parquet_frames(self) -> Iterator[tuple[int, pd.DataFrame]]:
        line = 1
        for batch in parquet.ParquetFile(self._path).iter_batches(CHUNK_ROWS):
            frame = batch.to_pandas()
            # A float's shortest decimal text is what was written into it, so this is exact again.
            yield line, self._kept(frame.map(lambda value: "" if pd.isna(value) else str(value)))
            line += len(frame)

    def _kept(self, frame: pd.DataFrame) -> pd.DataFrame:
        for column, value in self._recorded.where.items():
            if column not in frame:
                raise RecordingError(f"{self._path}: there is no column {column}; there are {', '.join(frame)}")
            frame = frame[frame[column] == value]
        return frame

    def _mapped(self, frame: pd.DataFrame) -> dict[str, str]:
        mapped = {field: str(name) for field, name in self._recorded.columns.items() if field != "time"}
        for field, name in mapped.items():
            if name not in frame:
                raise RecordingError(
                    f"{self._path}: {field} is mapped to column {name}, but there are: {', '.join(frame)}"
                )
        return mapped

    # --- rows ---

    def _times(self, frame: pd.DataFrame) -> list[Nanos | None]:
        names = self._recorded.columns["time"]
        names = [names] if isinstance(names, str) else names
        missing = [name for name in names if name not in frame]
        if missing:
            raise RecordingError(f"{self._path}: there is no time column {missing[0]}; there are: {', '.join(frame)}")
        text = frame[names[0]].str.cat([frame[name] for name in names[1:]], sep=" ") if names[1:] else frame[names[0]]
        shift = self._recorded.time_shift_ms * MILLI
        if self._recorded.time_unit == "text":
            parsed = pd.to_datetime(text, format=self._recorded.time_format or "ISO8601", errors="coerce")
            if parsed.dt.tz is None:
                parsed = parsed.dt.tz_localize(self._recorded.time_zone or "UTC", ambiguous="NaT", nonexistent="NaT")
            nanos = parsed.dt.tz_convert("UTC").dt.as_unit("ns").astype("int64")
            return [None if value < 0 else value + shift for value in nanos.tolist()]
        origin, unit = self._origin() + shift, UNIT_NS[self._recorded.time_unit or "ns"]
        return [_number(value, unit, origin) for value in text.tolist()]

    def _origin(self) -> Nanos:
        if self._recorded.time_origin in ("", "epoch"):
            return 0
        try:
            day = date.fromisoformat(self._recorded.time_origin)
        except ValueError:
            raise RecordingError(f"time_origin is epoch or a date, not {self._recorded.time_origin!r}") from None
        midnight = datetime.combine(day, time(), ZoneInfo(self._recorded.time_zone or "UTC"))
        return int(midnight.timestamp()) * SECOND

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


def _number(text: str, unit: int, origin: Nanos) -> Nanos | None:
    try:
        return int(Decimal(text) * unit) + origin
    except (InvalidOperation, ValueError, OverflowError):
        return None


def _with_layout(recorded: Recorded) -> Recorded:
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
