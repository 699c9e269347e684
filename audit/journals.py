"""Checks a desk's journal files byte for byte, and against their copy in the database where there is one."""

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from audit import chain, receipts
from audit.chain import GENESIS, Break, Entry
from audit.models import Receipt
from audit.verify import ROWS_PER_READ, hash_bytes

_LINE = re.compile(rb"([0-9a-f]{64}) (\{.*\})\n", re.DOTALL)


class JournalVerdict(msgspec.Struct, frozen=True):
    """What the walk over a desk's journal files found; `pending_bytes` were not yet promised durable."""

    stream: str
    files: int
    records: int
    head_hash: str
    pending_bytes: int
    is_sound: bool
    first_break: Break | None
    file: str  # where the break is


class _Numbered(msgspec.Struct):
    seq: int


def verify_journal(directory: Path) -> JournalVerdict:
    """Walk all days of a journal; its copy is the stream named after the folder that holds `directory`."""
    stream = f"desk:{directory.resolve().parent.name}"
    walk = _Walk(sorted(directory.glob("*.journal")))
    verdict = chain.verify(walk.entries())
    found = verdict.first_break or walk.first_break or _differs_from_copy(stream, walk.hashes)
    return JournalVerdict(
        stream=stream,
        files=len(walk.files),
        records=verdict.records,
        head_hash=verdict.head_hash.hex(),
        pending_bytes=walk.pending_bytes,
        is_sound=found is None,
        first_break=found,
        file=walk.file if found else "",
    )


class _Walk:
    """One pass over the files in order; the chain runs through all of them."""

    def __init__(self, files: list[Path]) -> None:
        self.files = files
        self.file = ""
        self.first_break: Break | None = None
        self.pending_bytes = 0
        self.hashes: list[bytes] = []

    def entries(self) -> Iterator[Entry]:
        for path in self.files:
            self.file = path.name
            yield from self._read(path, is_last=path == self.files[-1])
            if self.first_break:
                return

    def _read(self, path: Path, is_last: bool) -> Iterator[Entry]:
        offset, promised = 0, _promised_bytes(path)
        with path.open("rb") as lines:
            for line in lines:
                match = _LINE.fullmatch(line)
                if match is None and offset >= promised and is_last:
                    self.pending_bytes = path.stat().st_size - offset  # a write under way, or cut by a crash
                    return
                if match is None:
                    self._break("unreadable_line", "<hash> <JSON>", f"byte {offset}")
                    return
                yield self._entry(match[1].decode(), match[2])
                offset += len(line)
        if offset < promised:
            self._break("missing_end", f"{promised} bytes", f"{offset} bytes")

    def _entry(self, stated: str, body: bytes) -> Entry:
        previous = self.hashes[-1] if self.hashes else GENESIS
        entry = Entry(_seq_in(body, len(self.hashes) + 1), previous, body, bytes.fromhex(stated))
        self.hashes.append(entry.hash)
        return entry

    def _break(self, problem: str, expected: str, found: str) -> None:
        self.first_break = Break(len(self.hashes) + 1, problem, expected, found)


def _promised_bytes(journal: Path) -> int:
    """How much of the file was durable, by its `.synced` neighbor; all of it where nothing says so."""
    synced = journal.with_name(journal.name + ".synced")
    text = synced.read_text().strip() if synced.exists() else ""
    return int(text) if text.isdigit() else journal.stat().st_size


def _seq_in(body: bytes, expected: int) -> int:
    """Return the number a record gives itself; a body that cannot be read is judged by its hash."""
    try:
        return msgspec.json.decode(body, type=_Numbered).seq
    except msgspec.DecodeError:
        return expected


def _differs_from_copy(stream: str, hashes: list[bytes]) -> Break | None:
    """Return the first record whose copy has another hash; records not copied yet are not a difference."""
    copies = Receipt.objects.filter(stream=stream).order_by("seq").values_list("seq", "hash")
    for (seq, copied), written in zip(copies.iterator(chunk_size=ROWS_PER_READ), hashes, strict=False):
        if hash_bytes(copied) != written:
            return Break(seq, "copy_differs", written.hex(), copied)
    held = receipts.head_seq(stream)
    if len(hashes) < held:
        return Break(len(hashes) + 1, "missing_end", f"{held} records", f"{len(hashes)} records")
    return None
