"""The venue's record as a file, so that a restarted venue still knows every order, execution and position.

One JSON line per change, written as it happens. A torn last line is the change that was not finished; it is cut.
"""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from trading.core.events import Offset, TimeInForce
from trading.core.terms import HedgeFlag
from trading.core.units import Lots, Nanos, Side, Ticks
from trading.venues.simulated.messages import Filled


class RecordDamaged(ValueError):
    """The record cannot be read; the text says where and what to do."""


class OrderOpened(msgspec.Struct, frozen=True, tag=True):
    desk: str
    account: str
    client_order_id: str
    venue_order_id: str
    symbol: str
    side: Side
    lots: Lots
    price_ticks: Ticks
    time_in_force: TimeInForce
    offset: Offset | None
    accepted_ns: Nanos
    sequence: int
    hedge_flag: HedgeFlag = HedgeFlag.SPECULATION
    prompt: str = ""


class Executed(msgspec.Struct, frozen=True, tag=True):
    fill: Filled


class Bust(msgspec.Struct, frozen=True, tag=True):
    fill: Filled


class Correction(msgspec.Struct, frozen=True, tag=True):
    fill: Filled
    lots: Lots
    price_ticks: Ticks


class OrderEnded(msgspec.Struct, frozen=True, tag=True):
    desk: str
    client_order_id: str
    reason: str


class IdUsed(msgspec.Struct, frozen=True, tag=True):
    """An id that was refused is used all the same."""

    desk: str
    client_order_id: str


class DayStarted(msgspec.Struct, frozen=True, tag=True):
    day: str


Entry = OrderOpened | Executed | Bust | Correction | OrderEnded | IdUsed | DayStarted

_decoder = msgspec.json.Decoder(Entry)
_encoder = msgspec.json.Encoder()


class RecordFile:
    """var/venues/<venue>/record.jsonl."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        path.touch()
        self._cut_torn_end()
        self._file = path.open("ab", buffering=0)

    def entries(self) -> Iterator[Entry]:
        """Yield what was recorded, oldest first. Raises RecordDamaged."""
        with self._path.open("rb") as file:
            for number, line in enumerate(file, 1):
                try:
                    yield _decoder.decode(line)
                except msgspec.DecodeError as error:
                    raise RecordDamaged(
                        f"{self._path}, line {number}: {error}; move the file away to start the venue without its past"
                    ) from error

    def note(self, entry: Entry) -> None:
        self._file.write(_encoder.encode(entry) + b"\n")

    def close(self) -> None:
        self._file.close()

    def _cut_torn_end(self) -> None:
        content = self._path.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            with self._path.open("r+b") as file:
                file.truncate(whole)
