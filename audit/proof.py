"""What lets somebody outside check a report: ranges and checkpoints of its streams, and inclusion proofs.

A proof needs no trust in this product: hash the record's bytes, walk the path up to the root (RFC 6962) and
compare with the checkpoint, which the report prints.
"""

from collections.abc import Iterable, Sequence

import msgspec

from audit import chain
from audit.models import Checkpoint, Receipt
from audit.trace import Entry


class Sealed(msgspec.Struct, frozen=True):
    """One checkpoint that covers records of the report."""

    first_seq: int
    last_seq: int
    root: str
    head_hash: str


class StreamProof(msgspec.Struct, frozen=True):
    """One stream of the report: which of its records are in it, and what they are proved against."""

    stream: str
    records: int
    first_seq: int
    last_seq: int
    last_hash: str  # hash of the last record in the report
    checkpoints: tuple[Sealed, ...]
    paths: dict[int, tuple[str, ...]]  # by record number: siblings from the leaf up to the root


def of_entries(entries: Sequence[Entry]) -> list[StreamProof]:
    """Return the proofs of these receipts, by stream. Those behind the last checkpoint have no path yet."""
    by_stream: dict[str, list[Entry]] = {}
    for entry in entries:
        by_stream.setdefault(entry.stream, []).append(entry)
    return [_of_stream(stream, items) for stream, items in sorted(by_stream.items())]


def _of_stream(stream: str, entries: list[Entry]) -> StreamProof:
    entries = sorted(entries, key=lambda entry: entry.seq)
    first, last = entries[0], entries[-1]
    covering = Checkpoint.objects.filter(stream=stream, last_seq__gte=first.seq, first_seq__lte=last.seq)
    sealed: list[Sealed] = []
    paths: dict[int, tuple[str, ...]] = {}
    numbers = {entry.seq for entry in entries}
    for row in covering.order_by("last_seq"):
        sealed.append(Sealed(row.first_seq, row.last_seq, row.root, row.head_hash))
        paths |= _paths(row, (seq for seq in range(row.first_seq, row.last_seq + 1) if seq in numbers))
    return StreamProof(stream, len(entries), first.seq, last.seq, last.hash, tuple(sealed), paths)


def _paths(checkpoint: Checkpoint, numbers: Iterable[int]) -> dict[int, tuple[str, ...]]:
    covered = Receipt.objects.filter(stream=checkpoint.stream, seq__range=(checkpoint.first_seq, checkpoint.last_seq))
    hashes = [bytes.fromhex(text) for text in covered.order_by("seq").values_list("hash", flat=True)]
    proofs = chain.inclusion_proofs(hashes)
    return {seq: tuple(item.hex() for item in proofs[seq - checkpoint.first_seq]) for seq in numbers}
