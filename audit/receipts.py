"""Writes evidence: one receipt per fact, linked to the one before it, in the caller's own transaction.

Two kinds of stream. `console` holds what people and jobs did; its receipts are issued here. `desk:<name>`
holds a desk's journal; its records are copied here with the hashes the engine gave them, never hashed anew.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec
from django.db import transaction

from audit import chain
from audit.errors import DomainError
from audit.models import Checkpoint, Receipt, StreamHead

CONSOLE = "console"
RECORDS_PER_CHECKPOINT = 256
INDEX_COLUMNS = (
    "stream", "seq", "at_ns", "kind", "actor", "project", "pair", "program", "execution", "instruments",
)  # fmt: skip
_GENESIS = chain.GENESIS.hex()

_encoder = msgspec.json.Encoder(order="sorted", decimal_format="string")


class Subject(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a receipt is about; each field is a code by which it can be found."""

    project: str = ""
    pair: str = ""
    program: str = ""
    execution: str = ""
    instruments: tuple[str, ...] = ()


class JournalRecord(msgspec.Struct, frozen=True):
    """One journal record to be copied: its bytes and hash as the engine wrote them, and where to file it."""

    seq: int
    at_ns: int
    kind: str
    body: bytes  # the JSON that the hash covers
    hash: str  # 64 hexadecimal digits
    actor: str = ""
    subject: Subject = Subject()


class StreamBroken(DomainError):
    """A copied record does not follow from the stream's head; nothing of its batch was stored."""

    code = "stream_broken"


def nanos(at: datetime) -> int:
    """Return an aware datetime as nanoseconds UTC, exactly (a datetime resolves microseconds)."""
    whole, micros = int(at.replace(microsecond=0).timestamp()), at.microsecond
    return whole * 1_000_000_000 + micros * 1_000


def issue(
    *, kind: str, actor: str, at: datetime | int, body: Mapping[str, object], subject: Subject | None = None
) -> Receipt:
    """Append a receipt to the console's stream, in the transaction of the change that it proves.

    `kind` is snake case (threshold_changed); `actor` a user name, or the name of a job; `at` an aware
    datetime or nanoseconds UTC; `body` holds what was done, in values that JSON knows and Decimals, and
    never a secret.
    """
    about = subject or Subject()
    with transaction.atomic():
        head = _locked_head(CONSOLE)
        seq, at_ns = head.seq + 1, at if isinstance(at, int) else nanos(at)
        text = _encoder.encode(
            {"seq": seq, "at": at_ns, "kind": kind, "actor": actor, "subject": about, "body": dict(body)}
        )
        record = JournalRecord(seq, at_ns, kind, text, chain.link(bytes.fromhex(head.hash), text).hex(), actor, about)
        [receipt] = _append(head, [record])
        return receipt


def copy_batch(stream: str, records: Sequence[JournalRecord]) -> int:
    """Append journal records verbatim and return how many were new; records already held are passed over.

    Raises StreamBroken when a record does not follow from the head, or differs from the one held under its
    number.
    """
    with transaction.atomic():
        head = _locked_head(stream)
        new = [record for record in records if record.seq > head.seq]
        _check_held(stream, [record for record in records if record.seq <= head.seq])
        _check_continuity(stream, head, new)
        _append(head, new)
        return len(new)


def head_seq(stream: str) -> int:
    """Return the number of the stream's last record, 0 when it has none: where a projector goes on."""
    return StreamHead.objects.filter(stream=stream).values_list("seq", flat=True).first() or 0


def seal(stream: str, at: datetime | int) -> Checkpoint | None:
    """Close the records since the last checkpoint under a new one; None when there are none."""
    with transaction.atomic():
        return _seal(_locked_head(stream), at if isinstance(at, int) else nanos(at))


def _locked_head(stream: str) -> StreamHead:
    # PostgreSQL holds the row; on SQLite every transaction is IMMEDIATE and so already has the only write
    # lock.
    StreamHead.objects.get_or_create(stream=stream, defaults={"hash": _GENESIS})
    return StreamHead.objects.select_for_update().get(stream=stream)


def _check_held(stream: str, records: Iterable[JournalRecord]) -> None:
    stated = {record.seq: record.hash for record in records}
    held = Receipt.objects.filter(stream=stream, seq__in=stated).values_list("seq", "hash")
    for seq, held_hash in held:
        if stated[seq] != held_hash:
            raise StreamBroken(
                f"{stream}: record {seq} differs from the receipt held under that number; "
                "run `manage.py verify_trail` and compare the journal with its copy"
            )


def _check_continuity(stream: str, head: StreamHead, records: Iterable[JournalRecord]) -> None:
    seq, previous = head.seq, bytes.fromhex(head.hash)
    for record in records:
        computed = chain.link(previous, record.body)
        if record.seq != seq + 1 or computed.hex() != record.hash:
            raise StreamBroken(f"{stream}: record {record.seq} does not follow from record {seq}; nothing was copied")
        seq, previous = record.seq, computed


def _append(head: StreamHead, records: Sequence[JournalRecord]) -> list[Receipt]:
    receipts: list[Receipt] = []
    for record in records:
        receipts.append(_row(head.stream, head.hash, record))
        head.seq, head.hash = record.seq, record.hash
    Receipt.objects.bulk_create(receipts, batch_size=500)
    while head.seq - head.sealed_seq >= RECORDS_PER_CHECKPOINT:
        _seal(head, receipts[-1].at_ns, head.sealed_seq + RECORDS_PER_CHECKPOINT)
    head.save(update_fields=["seq", "hash", "sealed_seq"])
    return receipts


def _row(stream: str, prev_hash: str, record: JournalRecord) -> Receipt:
    about = record.subject
    receipt = Receipt(
        stream=stream,
        seq=record.seq,
        at_ns=record.at_ns,
        kind=record.kind,
        actor=record.actor,
        project=about.project,
        pair=about.pair,
        program=about.program,
        execution=about.execution,
        instruments="".join(f"|{code}" for code in about.instruments) + ("|" if about.instruments else ""),
        body=record.body.decode(),
        prev_hash=prev_hash,
        hash=record.hash,
    )
    receipt.index_hash = index_hash(receipt)
    return receipt


def index_hash(receipt: Receipt) -> str:
    """Return the hash that ties a receipt's columns to its body's hash."""
    columns = [getattr(receipt, name) for name in INDEX_COLUMNS]
    return chain.link(bytes.fromhex(receipt.hash), msgspec.json.encode(columns)).hex()


def _seal(head: StreamHead, at_ns: int, last_seq: int | None = None) -> Checkpoint | None:
    first, last = head.sealed_seq + 1, last_seq or head.seq
    if first > last:
        return None
    hashes = list(
        Receipt.objects.filter(stream=head.stream, seq__range=(first, last))
        .order_by("seq")
        .values_list("hash", flat=True)
    )
    root = chain.merkle_root([bytes.fromhex(item) for item in hashes])
    head.sealed_seq = last
    head.save(update_fields=["sealed_seq"])
    return Checkpoint.objects.create(
        stream=head.stream, first_seq=first, last_seq=last, root=root.hex(), head_hash=hashes[-1], at_ns=at_ns
    )
