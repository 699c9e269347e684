"""Walks stored streams and names the first record that is not what was written.

A stream is always walked whole: a filter would let a gap pass unseen. Texts are compared with what they
parse to, written again: a hexadecimal digit in the wrong case is a changed byte too.
"""

from collections.abc import Iterator

import msgspec

from audit import chain, receipts
from audit.chain import Break, Entry
from audit.models import Checkpoint, Receipt, StreamHead

ROWS_PER_READ = 2000


class StreamVerdict(msgspec.Struct, frozen=True):
    """What the walk over one stream found. `is_sound` is false from `first_break` on."""

    stream: str
    records: int
    first_seq: int
    last_seq: int
    head_hash: str
    checkpoints: int
    project_records: int | None  # how many of the records belong to the project asked about
    is_sound: bool
    first_break: Break | None


def streams(project: str = "") -> list[str]:
    """Return the names of all streams, or of those that hold records of a project."""
    if not project:
        return list(StreamHead.objects.order_by("stream").values_list("stream", flat=True))
    rows = Receipt.objects.filter(project=project).order_by("stream")
    return list(rows.values_list("stream", flat=True).distinct())


def verify_stream(stream: str, project: str = "") -> StreamVerdict:
    """Check every link, column and checkpoint of a stream, from its first record to its head."""
    walk = _Walk(stream)
    verdict = chain.verify(walk.entries())
    found = _earliest(verdict.first_break, walk.first_break) or _break_at_end(stream, verdict)
    return StreamVerdict(
        stream=stream,
        records=verdict.records,
        first_seq=1,
        last_seq=verdict.last_seq,
        head_hash=verdict.head_hash.hex(),
        checkpoints=walk.checkpoints_checked,
        project_records=Receipt.objects.filter(stream=stream, project=project).count() if project else None,
        is_sound=found is None,
        first_break=found,
    )


class _Walk:
    """One pass over a stream: yields its rows to the chain, checks columns and checkpoints on the way."""

    def __init__(self, stream: str) -> None:
        self.first_break: Break | None = None
        self.checkpoints_checked = 0
        self._stream = stream
        self._checkpoints = list(Checkpoint.objects.filter(stream=stream).order_by("last_seq"))
        self._hashes: list[bytes] = []

    def entries(self) -> Iterator[Entry]:
        rows = Receipt.objects.filter(stream=self._stream).order_by("seq")
        for row in rows.iterator(chunk_size=ROWS_PER_READ):
            entry = Entry(row.seq, hash_bytes(row.prev_hash), row.body.encode(), hash_bytes(row.hash))
            self._check_columns(row, entry)
            self._check_checkpoint(entry)
            yield entry

    def _check_columns(self, row: Receipt, entry: Entry) -> None:
        columns = msgspec.json.encode([getattr(row, name) for name in receipts.INDEX_COLUMNS])
        computed = chain.link(entry.hash, columns).hex()
        if computed != row.index_hash:
            self._note(Break(row.seq, "altered_columns", row.index_hash, computed))

    def _check_checkpoint(self, entry: Entry) -> None:
        self._hashes.append(entry.hash)
        if self.checkpoints_checked == len(self._checkpoints):
            return
        checkpoint = self._checkpoints[self.checkpoints_checked]
        if entry.seq < checkpoint.last_seq:
            return
        self.checkpoints_checked += 1
        root = chain.merkle_root(self._hashes)
        first = entry.seq - len(self._hashes) + 1
        stated = (checkpoint.first_seq, checkpoint.last_seq, checkpoint.root, checkpoint.head_hash)
        if stated != (first, entry.seq, root.hex(), entry.hash.hex()):
            self._note(Break(first, "bad_checkpoint", checkpoint.root, root.hex()))
        self._hashes.clear()

    def _note(self, found: Break) -> None:
        self.first_break = self.first_break or found


def _break_at_end(stream: str, verdict: chain.Verdict) -> Break | None:
    """A stream that was cut short still has a head, or a checkpoint, that remembers more."""
    head = StreamHead.objects.filter(stream=stream).first()
    if head is None:
        return Break(verdict.last_seq + 1, "no_head", "", "")
    if (head.seq, head.hash) != (verdict.last_seq, verdict.head_hash.hex()):
        return Break(verdict.last_seq + 1, "missing_end", f"{head.seq} {head.hash}", str(verdict.last_seq))
    newest = Checkpoint.objects.filter(stream=stream).order_by("-last_seq").first()
    sealed = newest.last_seq if newest else 0
    if sealed != head.sealed_seq:
        return Break(min(sealed, head.sealed_seq) + 1, "bad_checkpoint", str(head.sealed_seq), str(sealed))
    return None


def _earliest(*breaks: Break | None) -> Break | None:
    return min((item for item in breaks if item), key=lambda item: item.seq, default=None)


def hash_bytes(text: str) -> bytes:
    """Return the bytes of a hash; a text that is not exactly their hexadecimal matches none."""
    try:
        raw = bytes.fromhex(text)
    except ValueError:
        raw = b""
    return raw if raw.hex() == text else text.encode()
