"""Reading journals back: every line's link is checked, and a torn end is told from a changed byte.

Bytes behind the synced offset were never promised to anyone, so an unreadable end there is a crash in mid-write: it
is cut and reported. Anything wrong before the synced offset is damage: `ChainBroken` names the record.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from audit.chain import GENESIS, link
from trading.engine.records import Body, Opened, Record

HASH_CHARS = 64
SUFFIX = ".journal"
SYNCED_SUFFIX = ".synced"

_decoder = msgspec.json.Decoder(Body)


class ChainBroken(Exception):
    """The journal was changed or lost bytes that were durable; the message names file and record."""


class Head(NamedTuple):
    """Where the chain stands: the next record links to `link` and takes `seq` + 1."""

    seq: int = 0
    link: bytes = GENESIS
    epoch: int = 0
    file: str = ""


class Torn(NamedTuple):
    """The unreadable end of a file: `cut_bytes` bytes from `at_offset` on."""

    path: Path
    at_offset: int
    cut_bytes: int


class History:
    """The records of journal files in order; iterate once, then `head` and `torn` are known."""

    def __init__(self, paths: Iterable[Path], head: Head | None = None, offset: int = 0) -> None:
        """Read `paths` in order, continuing the chain after `head`, which ends at `offset` of the first file."""
        self.head = head or Head()
        self._offset = offset
        self.torn: Torn | None = None
        self._paths = list(paths)

    @classmethod
    def of(cls, directory: Path) -> "History":
        """Return the history of all days in `directory`; an absent directory has none."""
        return cls(sorted(directory.glob("*" + SUFFIX)))

    def __iter__(self) -> Iterator[Record]:
        for path in self._paths:
            if self.torn is not None:
                raise ChainBroken(f"{self.torn.path.name}: torn at byte {self.torn.at_offset}, but {path.name} follows")
            yield from self._read(path)

    def _read(self, path: Path) -> Iterator[Record]:
        offset, self._offset = self._offset, 0
        promised = synced_offset(path)
        with path.open("rb") as file:
            file.seek(offset)
            for line in file:
                try:
                    record, head = read_line(line, self.head)
                except ValueError as fault:
                    self._judge(path, offset, promised, fault)
                    return
                self.head = head._replace(file=path.name)
                offset += len(line)
                yield record
        if promised is not None and offset < promised:
            raise ChainBroken(
                f"{path.name}: ends at byte {offset} after record {self.head.seq}, but {promised} bytes were durable"
            )

    def _judge(self, path: Path, offset: int, promised: int | None, fault: ValueError) -> None:
        size = path.stat().st_size
        if promised is None:
            promised = _whole_lines(path)
        if offset < promised:
            raise ChainBroken(f"{path.name}: record {self.head.seq + 1} at byte {offset}: {fault}") from None
        self.torn = Torn(path, offset, size - offset)


def read(path: Path, head: Head | None = None) -> Iterator[Record]:
    """Yield the records of one file, checked from `head` on (by default from what its first record names)."""
    return iter(History([path], head or _head_before(path)))


def read_line(line: bytes, head: Head) -> tuple[Record, Head]:
    """Return the record in `line` and the new head; raises ValueError saying what does not fit."""
    if not line.endswith(b"\n"):
        raise ValueError("the line is not complete")
    stated, body = line[:HASH_CHARS], line[HASH_CHARS + 1 : -1]
    digest = link(head.link, body)
    if stated != digest.hex().encode() or line[HASH_CHARS : HASH_CHARS + 1] != b" ":
        raise ValueError("the link does not match its bytes")
    try:
        record = _decoder.decode(body)
    except msgspec.DecodeError as error:
        raise ValueError(f"this build cannot read it: {error}") from None
    if record.seq != head.seq + 1:
        raise ValueError(f"the number is {record.seq}")
    read_back = Record(
        record.seq, record.at, record.epoch, record.program, record.execution, record.event, digest.hex()
    )
    return read_back, Head(record.seq, digest, record.epoch, head.file)


def cut(torn: Torn) -> None:
    """Remove a torn end from its file."""
    with torn.path.open("r+b") as file:
        file.truncate(torn.at_offset)


def synced_path(journal: Path) -> Path:
    return journal.with_name(journal.name + SYNCED_SUFFIX)


def synced_offset(journal: Path) -> int | None:
    """Return how many bytes of the file are durable, or None when nothing says so."""
    try:
        text = synced_path(journal).read_text()
    except FileNotFoundError:
        return None
    return int(text) if text.strip().isdigit() else None


def _whole_lines(path: Path) -> int:
    return path.read_bytes().rfind(b"\n") + 1


def _head_before(path: Path) -> Head:
    """What the file's first record says of the file before it."""
    with path.open("rb") as file:
        line = file.readline()
    body = _decoder.decode(line[HASH_CHARS + 1 : -1]) if line.endswith(b"\n") else None
    if body is None or not isinstance(body.event, Opened):
        raise ChainBroken(f"{path.name}: the first line is not the record that opens a file")
    return Head(body.seq - 1, bytes.fromhex(body.event.previous_hash), 0, body.event.previous_file)
