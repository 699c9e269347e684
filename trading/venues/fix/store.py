"""Where a session's numbers and messages outlive its process.

Rules of this file
1. An outbound message is in the file before the session hands it out for sending. A killed process therefore
   never reuses a number; the operating system holds what `sync` has not yet made durable.
2. Nothing here waits for the disk except `sync`, which the owner calls from a thread of its own.
3. A torn last record is cut off when the file is opened. Damage anywhere else is refused, never skipped.
4. A reset keeps the old file, renamed, and starts a new one.

Record: kind (`>` sent, `<` received, `=` number of next received, `#` number of next sent), sequence number,
length, CRC-32 of the other three and the message bytes, message bytes.
"""

import fcntl
import os
import struct
import threading
from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol
from zlib import crc32

_MAGIC = b"FIXSTORE1\n"
_RECORD = struct.Struct(">cIII")
_HEAD = struct.Struct(">cII")
_SENT, _RECEIVED, _NEXT_IN, _NEXT_OUT = _KINDS = (b">", b"<", b"=", b"#")


class StoreDamaged(Exception):
    """The file is not a store, or a record before its last one is damaged."""


class StoreInUse(Exception):
    """Another process holds the file."""


class MessageStore(Protocol):
    """What a session needs of its store. Sequence numbers start at 1."""

    @property
    def next_out(self) -> int:
        """MsgSeqNum of the next message we send."""

    @property
    def next_in(self) -> int:
        """MsgSeqNum we expect next."""

    def append_out(self, seq_num: int, raw: bytes) -> None:
        """Record a message about to be sent."""

    def append_in(self, messages: Iterable[tuple[int, bytes]]) -> None:
        """Record messages that the owner has handled."""

    def set_next_in(self, seq_num: int) -> None:
        """Record a jump of the counterparty's numbers."""

    def set_next_out(self, seq_num: int) -> None:
        """Record a jump of our own numbers."""

    def outbound(self, first: int, last: int) -> Iterator[tuple[int, bytes]]:
        """Yield our stored messages of this range, in order; missing ones are left out."""

    def reset(self) -> None:
        """Start both numberings at 1."""


class MemoryStore:
    """A store that lives as long as its process: for simulation and for sessions that always reset."""

    def __init__(self) -> None:
        self.next_out = 1
        self.next_in = 1
        self._sent: dict[int, bytes] = {}

    def append_out(self, seq_num: int, raw: bytes) -> None:
        """Record a message about to be sent."""
        self._sent[seq_num] = raw
        self.next_out = seq_num + 1

    def append_in(self, messages: Iterable[tuple[int, bytes]]) -> None:
        """Record messages that the owner has handled."""
        for seq_num, _ in messages:
            self.next_in = seq_num + 1

    def set_next_in(self, seq_num: int) -> None:
        """Record a jump of the counterparty's numbers."""
        self.next_in = seq_num

    def set_next_out(self, seq_num: int) -> None:
        """Record a jump of our own numbers."""
        self.next_out = seq_num

    def outbound(self, first: int, last: int) -> Iterator[tuple[int, bytes]]:
        """Yield our stored messages of this range, in order."""
        for seq_num in range(first, last + 1):
            if seq_num in self._sent:
                yield seq_num, self._sent[seq_num]

    def reset(self) -> None:
        """Start both numberings at 1."""
        self._sent.clear()
        self.next_out = self.next_in = 1


class FileStore:
    """A store in one append-only file. Raises StoreDamaged or StoreInUse when it cannot be trusted."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.next_out = 1
        self.next_in = 1
        self._offsets = array("Q")
        # `sync` runs in another thread; the lock keeps a reset from closing the file under it.
        self._file_lock = threading.Lock()
        self._fd = -1
        self._end = 0
        self._open()

    def append_out(self, seq_num: int, raw: bytes) -> None:
        """Record a message about to be sent."""
        offset = self._end
        self._write(_record(_SENT, seq_num, raw))
        self._note_sent(seq_num, offset)

    def append_in(self, messages: Iterable[tuple[int, bytes]]) -> None:
        """Record messages that the owner has handled, in one write."""
        records = []
        for seq_num, raw in messages:
            records.append(_record(_RECEIVED, seq_num, raw))
            self.next_in = seq_num + 1
        if records:
            self._write(b"".join(records))

    def set_next_in(self, seq_num: int) -> None:
        """Record a jump of the counterparty's numbers."""
        self._write(_record(_NEXT_IN, seq_num, b""))
        self.next_in = seq_num

    def set_next_out(self, seq_num: int) -> None:
        """Record a jump of our own numbers."""
        self._write(_record(_NEXT_OUT, seq_num, b""))
        self.next_out = seq_num

    def outbound(self, first: int, last: int) -> Iterator[tuple[int, bytes]]:
        """Yield our stored messages of this range, in order; missing ones are left out."""
        for seq_num in range(max(first, 1), min(last, len(self._offsets)) + 1):
            offset = self._offsets[seq_num - 1]
            if offset:
                _, _, length, _ = _RECORD.unpack(os.pread(self._fd, _RECORD.size, offset))
                yield seq_num, os.pread(self._fd, length, offset + _RECORD.size)

    def reset(self) -> None:
        """Start both numberings at 1, in a new file; the old one is kept beside it with a number."""
        with self._file_lock:
            taken = len(list(self.path.parent.glob(f"{self.path.name}.[0-9]*")))
            self.path.rename(self.path.with_name(f"{self.path.name}.{taken + 1:04d}"))
            os.close(self._fd)
            self.next_out = self.next_in = 1
            self._offsets = array("Q")
            self._open()

    def sync(self) -> None:
        """Make everything written so far durable. Waits for the disk: call it off the order path."""
        with self._file_lock:
            if self._fd >= 0:
                os.fdatasync(self._fd)

    def close(self) -> None:
        """Let go of the file."""
        with self._file_lock:
            if self._fd >= 0:
                os.close(self._fd)
                self._fd = -1

    def _open(self) -> None:
        self._fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._fd)
            raise StoreInUse(f"{self.path.name} is held by another process") from error
        data = self.path.read_bytes()
        if len(data) < len(_MAGIC) and _MAGIC.startswith(data):
            os.truncate(self._fd, 0)
            self._end = 0
            self._write(_MAGIC)
            return
        try:
            self._end = self._load(data)
        except StoreDamaged:
            os.close(self._fd)
            raise
        os.truncate(self._fd, self._end)

    def _load(self, data: bytes) -> int:
        """Replay the records; return where the last whole one ends."""
        if not data.startswith(_MAGIC):
            raise StoreDamaged(f"{self.path.name} is not a message store; move it away to start a new one")
        at = len(_MAGIC)
        while at < len(data):
            record = _read_record(data, at)
            if record is None:
                if _holds_record(data, at + 1):
                    raise StoreDamaged(f"{self.path.name}: bad record at byte {at}; restore or move it away")
                return at
            kind, seq_num, end = record
            if kind == _SENT:
                self._note_sent(seq_num, at)
            elif kind == _NEXT_OUT:
                self.next_out = seq_num
            else:
                self.next_in = seq_num + (kind == _RECEIVED)
            at = end
        return at

    def _note_sent(self, seq_num: int, offset: int) -> None:
        missing = seq_num - 1 - len(self._offsets)
        if missing >= 0:
            self._offsets.extend([0] * missing)
            self._offsets.append(offset)
        else:
            self._offsets[seq_num - 1] = offset
        self.next_out = seq_num + 1

    def _write(self, data: bytes) -> None:
        written = os.write(self._fd, data)
        if written != len(data):
            os.truncate(self._fd, self._end)
            raise OSError(f"{self.path.name}: {written} of {len(data)} bytes written; is the disk full?")
        self._end += written


def _record(kind: bytes, seq_num: int, raw: bytes) -> bytes:
    head = _HEAD.pack(kind, seq_num, len(raw))
    return b"%b%b%b" % (head, crc32(raw, crc32(head)).to_bytes(4), raw)


def _read_record(data: bytes, at: int) -> tuple[bytes, int, int] | None:
    """Return (kind, sequence number, end) of the record at an offset, or None if there is no whole one."""
    start = at + _RECORD.size
    if start > len(data):
        return None
    kind, seq_num, length, crc = _RECORD.unpack_from(data, at)
    end = start + length
    if kind not in _KINDS or end > len(data):
        return None
    is_whole = crc32(data[start:end], crc32(data[at : at + _HEAD.size])) == crc
    return (kind, seq_num, end) if is_whole else None


def _holds_record(data: bytes, at: int) -> bool:
    """Return whether a whole record lies anywhere behind a bad one: then the file is damaged, not torn."""
    last = len(data) - _RECORD.size
    return any(data[i : i + 1] in _KINDS and _read_record(data, i) for i in range(at, last + 1))
