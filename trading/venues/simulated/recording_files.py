"""The files of recordings as rows of text: CSV or Parquet, plain, .gz or a member of a .zip, and the time of each row.

Apart from `recordings`, because pandas takes seconds to import and a market without recordings does not need it.
"""

import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import IO
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pandas as pd
import pyarrow.parquet as parquet
from pyarrow.lib import ArrowInvalid

from trading.core.units import MILLI, SECOND, Nanos
from trading.venues.simulated.config import Recorded
from trading.venues.simulated.recordings import RecordingError

CHUNK_ROWS = 20_000
UNIT_NS = {"ns": 1, "us": 1_000, "ms": MILLI, "s": SECOND}


class RecordedFile:
    """One file and its column mapping; raises RecordingError where they do not fit."""

    def __init__(self, path: Path, recorded: Recorded) -> None:
        self._path, self._recorded = path, recorded
        self._zone = self._time_zone()
        if recorded.time_unit not in ("", "text", *UNIT_NS):
            raise RecordingError(f"{path}: time_unit is text, {', '.join(UNIT_NS)}, not {recorded.time_unit!r}")

    def frames(self) -> Iterator[tuple[int, pd.DataFrame]]:
        """Yield (line number of index 0, rows as text)."""
        try:
            if self._path.suffix == ".parquet":
                yield from self._parquet_frames()
            elif self._path.suffix == ".zip":
                with zipfile.ZipFile(self._path) as archive, archive.open(self._member(archive)) as file:
                    yield from self._csv_frames(file)
            else:
                yield from self._csv_frames(self._path)
        except (OSError, zipfile.BadZipFile, ArrowInvalid, pd.errors.ParserError, UnicodeDecodeError) as error:
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

    def columns(self, frame: pd.DataFrame) -> dict[str, list[str]]:
        """Return the mapped columns by field."""
        mapped = {field: str(name) for field, name in self._recorded.columns.items() if field != "time"}
        for field, name in mapped.items():
            if name not in frame:
                raise RecordingError(
                    f"{self._path}: {field} is mapped to column {name}, but there are: {', '.join(frame)}"
                )
        return {field: frame[name].tolist() for field, name in mapped.items()}

    def times(self, frame: pd.DataFrame) -> list[Nanos | None]:
        """Return the UTC time of each row, None where it cannot be read."""
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
                parsed = parsed.dt.tz_localize(self._zone, ambiguous="NaT", nonexistent="NaT")
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
            raise RecordingError(
                f"{self._path}: time_origin is epoch or a date, not {self._recorded.time_origin!r}"
            ) from None
        return int(datetime.combine(day, time(), self._zone).timestamp()) * SECOND

    def _time_zone(self) -> ZoneInfo:
        try:
            return ZoneInfo(self._recorded.time_zone or "UTC")
        except (ZoneInfoNotFoundError, ValueError):
            raise RecordingError(f"{self._path}: there is no time zone {self._recorded.time_zone!r}") from None


def _number(text: str, unit: int, origin: Nanos) -> Nanos | None:
    try:
        return int(Decimal(text) * unit) + origin
    except (InvalidOperation, ValueError, OverflowError):
        return None
