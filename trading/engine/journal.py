"""The engine's truth: an append-only, hash-chained file per trading day, made durable by a thread of its own.

`append` numbers, links and buffers a record and returns at once. `sync` hands everything buffered to the writer, which
writes, calls fdatasync, notes the durable offset in the `.synced` file beside the journal and only then calls back.
Requests that pile up during one fdatasync are made durable by the next one together.

A failed write is final: what the disk holds is then unknown, so nothing more is accepted and the engine restarts.
"""

import mmap
import os
import threading
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple

import msgspec

from audit.chain import link
from trading.core.events import Event, OrderIntent, OrdersDecided
from trading.core.units import Nanos
from trading.engine.journal_files import SUFFIX, Head, synced_path
from trading.engine.records import Body, HostEvent, Opened, Record
from trading.engine.trading_day import next_roll, trading_day

_encoder = msgspec.json.Encoder()

OFFSET_BYTES = 21  # the durable offset as text: twenty digits and a line end

OnDurable = Callable[[int], None]


class JournalFailed(RuntimeError):
    """The journal accepts nothing more: the disk failed, or a newer engine holds the desk."""


class _Write(NamedTuple):
    path: Path
    lines: bytes
    seq: int
    on_durable: OnDurable | None


class Ledger:
    """Numbering and linking, shared by the journal on disk and the one in memory."""

    def __init__(self, head: Head, epoch: int) -> None:
        self.seq = head.seq
        self.epoch = epoch
        self.durable_seq = head.seq
        self._link = head.link
        self._owner_of: dict[str, tuple[str, str]] = {}  # order -> its program and execution
        self.intents: dict[str, tuple[int, OrderIntent]] = {}  # order -> its record's number, and what was decided

    @property
    def head(self) -> Head:
        return Head(self.seq, self._link, self.epoch)

    def remember(self, record: Record) -> None:
        """Learn which order belongs to which execution from a record written before this start."""
        if isinstance(record.event, OrdersDecided):
            self._note(record.seq, record.program, record.event)

    def recall(self, program: str, execution: str, intent: OrderIntent) -> None:
        """Learn the same of an order that is known from a snapshot and not from its record."""
        self._owner_of[intent.client_order_id] = (program, execution)
        self.intents[intent.client_order_id] = (0, intent)

    def _next(self, program: str, event: Event | HostEvent, now: Nanos, execution: str) -> tuple[Body, bytes]:
        if isinstance(event, OrdersDecided):
            self._note(self.seq + 1, program, event)
        owner = self._owner(event)
        program = program or owner[0]
        execution = execution or getattr(event, "execution", "") or owner[1]
        body = Body(self.seq + 1, now, self.epoch, program, execution, event)
        encoded = _encoder.encode(body)
        self._link = link(self._link, encoded)
        self.seq += 1
        return body, encoded

    def _note(self, seq: int, program: str, decided: OrdersDecided) -> None:
        for order in decided.orders:
            self._owner_of[order.client_order_id] = (program, decided.execution)
            self.intents[order.client_order_id] = (seq, order)

    def _owner(self, event: Event | HostEvent) -> tuple[str, str]:
        """Return program and execution of the order an event is about; empty for anything else."""
        order = getattr(event, "client_order_id", "") or next(iter(getattr(event, "client_order_ids", ())), "")
        return self._owner_of.get(order, ("", ""))


class Journal(Ledger):
    """The journal on disk. One loop appends and syncs; the callbacks are called in the writer's thread."""

    def __init__(
        self,
        directory: Path,
        *,
        desk: str,
        head: Head,
        epoch: int,
        now: Nanos,
        fence: Callable[[], str] = lambda: "",
        on_failure: Callable[[str], None] = lambda reason: None,
        is_synced: bool = True,
    ) -> None:
        """Continue after `head`. `fence` returns why this engine may no longer write, or an empty string.

        Without `is_synced` nothing is durable; that is for measuring what durability costs.
        """
        super().__init__(head, epoch)
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.directory = directory
        self.failure = ""
        self._desk = desk
        self._fence = fence
        self._on_failure = on_failure
        self._file = head.file
        self._is_synced = is_synced
        self._buffer: list[bytes] = []
        self._handed_seq = head.seq
        self._day_ends: Nanos = 0
        self._path = directory / head.file if head.file else directory
        self.size = (
            self._path.stat().st_size if self._path.is_file() else 0
        )  # of the file, with what is not written yet
        self._output: _Output | None = None  # the writer's, whoever that is
        self._queue: SimpleQueue[_Write | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._write_all, name="journal", daemon=True)
        self._open_day(now)
        self._thread.start()

    @property
    def is_dirty(self) -> bool:
        """Whether records wait to be handed to the writer."""
        return self._handed_seq != self.seq

    def append(self, program: str, event: Event | HostEvent, now: Nanos, execution: str = "") -> int:
        """Number, link and buffer the record; return its number. Raises JournalFailed."""
        if self.failure:
            raise JournalFailed(self.failure)
        if now >= self._day_ends:
            self._open_day(now)
        _, encoded = self._next(program, event, now, execution)
        self._hold(encoded)
        return self.seq

    def _hold(self, encoded: bytes) -> None:
        line = b"%s %s\n" % (self._link.hex().encode(), encoded)
        self._buffer.append(line)
        self.size += len(line)

    @property
    def file(self) -> str:
        """The name of the file that the next record goes to."""
        return self._file

    def sync(self, on_durable: OnDurable | None = None) -> None:
        """Have all that was appended made durable; then `on_durable(seq)` is called in the writer's thread."""
        lines = b"".join(self._buffer)
        self._buffer.clear()
        self._handed_seq = self.seq
        write = _Write(self._path, lines, self.seq, on_durable)
        if self._is_synced:
            self._queue.put(write)
        else:
            self._write([write])

    def close(self) -> None:
        """Write what is left and end the writer."""
        self.sync()
        self._queue.put(None)
        self._thread.join()
        if self._output is not None:
            self._output.close()
            self._output = None

    def _open_day(self, now: Nanos) -> None:
        """Continue in the file of `now`'s trading day; a clock behind the last file stays in that file."""
        self._day_ends = next_roll(now)
        name = max(trading_day(now) + SUFFIX, self._file)
        if name == self._file:
            return
        if self._buffer:
            self.sync()
        opened = Opened(self._desk, name.removesuffix(SUFFIX), self._file, self._link.hex())
        self._file, self._path, self.size = name, self.directory / name, 0
        _, encoded = self._next("", opened, now, "")
        self._hold(encoded)

    # --- the writer's thread ---

    def _write_all(self) -> None:
        ended = False
        while not ended and not self.failure:
            batch, ended = self._take()
            if batch:
                self._write(batch)

    def _write(self, batch: list[_Write]) -> None:
        """Write and sync, then call back; a failure is final."""
        try:
            if refusal := self._fence():
                raise OSError(refusal)
            for path, lines in _by_file(batch):
                if self._output is None or self._output.path != path:
                    self._output = _Output(path, self._is_synced)
                self._output.write(lines)
        except OSError as error:
            self.failure = f"journal {batch[0].path}: {error}"
            self._on_failure(self.failure)
            return
        self.durable_seq = batch[-1].seq
        for write in batch:
            if write.on_durable is not None:
                write.on_durable(write.seq)

    def _take(self) -> tuple[list[_Write], bool]:
        batch: list[_Write] = []
        item = self._queue.get()
        while item is not None:
            batch.append(item)
            if self._queue.empty():
                return batch, False
            item = self._queue.get()
        return batch, True


class _Output:
    """One open journal file and the file that says how much of it is durable."""

    def __init__(self, path: Path, is_synced: bool) -> None:
        self.path = path
        self._is_synced = is_synced
        is_new = not path.exists()
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        synced = os.open(synced_path(path), os.O_RDWR | os.O_CREAT, 0o600)
        os.ftruncate(synced, OFFSET_BYTES)
        self._synced = mmap.mmap(synced, OFFSET_BYTES)  # a store instead of a call, between the disk and the wire
        os.close(synced)
        self._offset = os.fstat(self._file).st_size
        if is_new:
            folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
            os.fsync(folder)  # the new name itself must survive a crash
            os.close(folder)

    def write(self, lines: bytes) -> None:
        while lines:
            written = os.write(self._file, lines)
            self._offset += written
            lines = lines[written:]
        if self._is_synced:
            os.fdatasync(self._file)
        self._synced[:] = b"%020d\n" % self._offset

    def close(self) -> None:
        os.close(self._file)
        self._synced.close()


def _by_file(batch: list[_Write]) -> list[tuple[Path, bytes]]:
    """Join the lines of writes to the same file, in order."""
    joined: list[tuple[Path, list[bytes]]] = []
    for write in batch:
        if not joined or joined[-1][0] != write.path:
            joined.append((write.path, []))
        joined[-1][1].append(write.lines)
    return [(path, b"".join(lines)) for path, lines in joined if any(lines)]


class MemoryJournal(Ledger):
    """The same interface without a disk, for simulation: records become durable when `settle` says so."""

    def __init__(self, head: Head | None = None, epoch: int = 1) -> None:
        super().__init__(head or Head(), epoch)
        self.records: list[Record] = []
        self._waiting: list[tuple[int, OnDurable | None]] = []

    @property
    def is_dirty(self) -> bool:
        return self.durable_seq != self.seq

    def append(self, program: str, event: Event | HostEvent, now: Nanos, execution: str = "") -> int:
        body, _ = self._next(program, event, now, execution)
        self.records.append(Record(body.seq, now, body.epoch, program, body.execution, event, self._link.hex()))
        return self.seq

    def sync(self, on_durable: OnDurable | None = None) -> None:
        self._waiting.append((self.seq, on_durable))

    def settle(self) -> None:
        """Make durable what was asked for and call back."""
        waiting, self._waiting = self._waiting, []
        for seq, on_durable in waiting:
            self.durable_seq = max(self.durable_seq, seq)
            if on_durable is not None:
                on_durable(seq)

    def crash(self, kept_seq: int) -> list[Record]:
        """Return what a reader finds after a crash that kept records up to `kept_seq`, at least the durable ones."""
        return self.records[: max(kept_seq, self.durable_seq) - (self.seq - len(self.records))]
