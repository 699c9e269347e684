"""Reads a journal as it grows: whole, durable, linked lines, from wherever the last reading ended.

Only bytes before the synced offset are read: what lies behind it may be cut after a crash, and a copy must never
hold what the journal lost.
"""

from pathlib import Path
from typing import NamedTuple

from audit.chain import GENESIS
from trading.engine.journal_files import HASH_CHARS, SUFFIX, ChainBroken, Head, read_line, synced_offset
from trading.engine.records import Record


class Line(NamedTuple):
    """One record with the bytes that its hash covers, and where the next line begins."""

    record: Record
    body: bytes
    file: str
    next_offset: int


class JournalTail:
    """A position in a desk's journal; `take` moves it forward."""

    def __init__(self, directory: Path, *, seq: int = 0, hash_hex: str = "", file: str = "", offset: int = 0) -> None:
        self._directory = directory
        link = bytes.fromhex(hash_hex) if hash_hex else GENESIS
        self._head = Head(seq, link, 0, file)
        self._offset = offset

    def take(self, count_max: int) -> list[Line]:
        """Return the next durable records, at most `count_max`; raises ChainBroken if they do not follow."""
        lines: list[Line] = []
        while len(lines) < count_max:
            path = self._current()
            if path is None:
                return lines
            found = self._read(path, count_max - len(lines))
            lines += found
            if not found and not self._turn_page(path):
                return lines
        return lines

    def _current(self) -> Path | None:
        if self._head.file:
            path = self._directory / self._head.file
            if not path.exists():
                raise ChainBroken(f"{path.name} is gone; it held record {self._head.seq}. Restore it from the archive")
            return path
        first = min(self._files(), default=None)
        return None if first is None else self._directory / first

    def _files(self) -> list[str]:
        return [path.name for path in self._directory.glob("*" + SUFFIX)]

    def _turn_page(self, path: Path) -> bool:
        """Go on in the next day's file once this one is read to its end."""
        later = min((name for name in self._files() if name > path.name), default=None)
        if later is None or self._offset < path.stat().st_size:
            return False
        self._head = self._head._replace(file=later)
        self._offset = 0
        return True

    def _read(self, path: Path, count_max: int) -> list[Line]:
        promised = synced_offset(path)
        lines: list[Line] = []
        with path.open("rb") as file:
            if self._offset > path.stat().st_size:
                raise ChainBroken(f"{path.name} is shorter than what was read of it")
            file.seek(self._offset)
            while len(lines) < count_max:
                raw = file.readline()
                end = self._offset + len(raw)
                if not raw.endswith(b"\n") or (promised is not None and end > promised):
                    return lines
                try:
                    record, head = read_line(raw, self._head)
                except ValueError as fault:
                    where = f"{path.name}: record {self._head.seq + 1} at byte {self._offset}"
                    raise ChainBroken(f"{where}: {fault}") from None
                self._head, self._offset = head._replace(file=path.name), end
                lines.append(Line(record, raw[HASH_CHARS + 1 : -1], path.name, end))
        return lines
