"""Receipts: linked, copied verbatim, and refused any change by the database itself."""

from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pytest
from django.db import DatabaseError, connection, transaction

from audit import append_only, receipts, verify
from audit.chain import GENESIS, inclusion_proof, is_included, link
from audit.models import Checkpoint, Receipt
from audit.receipts import CONSOLE, StreamBroken, Subject, copy_batch, issue, seal
from audit.verify import verify_stream
from tests.audit.journal import journal_records

pytestmark = [pytest.mark.django_db, pytest.mark.database]

AT = datetime(2026, 11, 20, 13, 4, 11, 204318, tzinfo=UTC)
DESK = "desk:demo"
HARD = Decimal("10.50")


def some_receipts(count: int) -> list[Receipt]:
    subject = Subject(project="CU-XMKT-01", pair="CU-SHFE-LME", instruments=("SHFE.cu2703", "LME.CA-3M"))
    return [
        issue(kind="threshold_changed", actor="risk1", at=AT, subject=subject, body={"hard": Decimal("10.50")})
        for _ in range(count)
    ]


def test_a_receipt_links_to_the_one_before_it_and_holds_all_it_proves() -> None:
    first, second = some_receipts(2)

    assert first.prev_hash == GENESIS.hex()
    assert second.prev_hash == first.hash
    assert second.hash == link(bytes.fromhex(first.hash), second.body.encode()).hex()
    body = msgspec.json.decode(second.body)
    assert (body["seq"], body["at"], body["kind"], body["actor"]) == (
        2, 1_795_179_851_204_318_000, "threshold_changed", "risk1",
    )  # fmt: skip
    assert body["body"] == {"hard": "10.50"}
    assert body["subject"]["instruments"] == ["SHFE.cu2703", "LME.CA-3M"]


def test_a_receipt_is_undone_with_the_change_that_it_proves() -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        some_receipts(1)
        raise RuntimeError("the change failed")

    assert not Receipt.objects.exists()
    assert some_receipts(1)[0].seq == 1


def test_the_database_refuses_to_change_or_delete_a_receipt_or_a_checkpoint() -> None:
    some_receipts(1)
    seal(CONSOLE, AT)

    attempts = [
        lambda: Receipt.objects.update(actor="nobody"),
        lambda: Receipt.objects.all().delete(),
        lambda: Checkpoint.objects.update(root="00"),
        lambda: Checkpoint.objects.all().delete(),
    ]
    for attempt in attempts:
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            attempt()
    assert Receipt.objects.get().actor == "risk1"


def test_journal_records_keep_the_bytes_and_hashes_that_the_engine_wrote() -> None:
    records = journal_records(5)

    assert copy_batch(DESK, records) == 5

    held = Receipt.objects.filter(stream=DESK)
    assert [(row.body.encode(), row.hash) for row in held] == [(item.body, item.hash) for item in records]
    assert verify_stream(DESK).is_sound


def test_copying_a_batch_again_or_overlapping_adds_only_what_is_new() -> None:
    records = journal_records(8)

    assert copy_batch(DESK, records[:5]) == 5
    assert copy_batch(DESK, records[:5]) == 0
    assert copy_batch(DESK, records[3:]) == 3
    assert receipts.head_seq(DESK) == 8


def test_a_record_that_does_not_follow_is_refused_with_its_whole_batch() -> None:
    records = journal_records(6)
    forged = msgspec.structs.replace(records[3], body=records[3].body.replace(b'"at"', b'"AT"'))

    for broken in ([*records[:3], forged], [*records[:2], *records[3:]]):
        with pytest.raises(StreamBroken):
            copy_batch(DESK, broken)
        assert not Receipt.objects.filter(stream=DESK).exists()


def test_a_held_record_that_the_journal_tells_differently_is_noticed() -> None:
    records = journal_records(3)
    copy_batch(DESK, records)

    with pytest.raises(StreamBroken, match="record 2 differs"):
        copy_batch(DESK, [msgspec.structs.replace(records[1], hash="0" * 64)])


def test_every_256_records_are_sealed_under_a_root_that_proves_each_of_them() -> None:
    records = journal_records(600)
    copy_batch(DESK, records[:300])
    copy_batch(DESK, records[300:])
    seal(DESK, AT)

    sealed = list(Checkpoint.objects.filter(stream=DESK))

    assert [(item.first_seq, item.last_seq) for item in sealed] == [(1, 256), (257, 512), (513, 600)]
    hashes = [bytes.fromhex(record.hash) for record in records[256:512]]
    path = inclusion_proof(hashes, 100)
    assert is_included(hashes[100], 100, 256, path, bytes.fromhex(sealed[1].root))
    assert verify_stream(DESK).checkpoints == 3


# --- tampering with rows ------------------------------------------------------------------------------------

TEXTS = [*(name for name in receipts.INDEX_COLUMNS if name not in ("stream", "seq", "at_ns")),
         "body", "prev_hash", "hash", "index_hash"]  # fmt: skip


def tamper(statement: str, *values: object) -> None:
    """Change rows as the owner of the database could: with the triggers out of the way."""
    append_only.remove(connection)
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
    append_only.install(connection)


@pytest.mark.parametrize("column", TEXTS)
def test_a_flipped_byte_in_any_column_names_the_record(column: str) -> None:
    copy_batch(DESK, journal_records(300))
    text = getattr(Receipt.objects.get(stream=DESK, seq=137), column)
    place = len(text) // 2
    flipped = text[:place] + chr(ord(text[place]) ^ 1) + text[place + 1 :] if text else "x"

    tamper(f"UPDATE audit_receipt SET {column} = %s WHERE stream = %s AND seq = 137", flipped, DESK)

    found = verify_stream(DESK).first_break
    assert found is not None and found.seq == 137, found


def test_a_hash_in_the_other_case_is_a_changed_byte_too() -> None:
    copy_batch(DESK, journal_records(5))
    stated = Receipt.objects.get(stream=DESK, seq=3).hash
    tamper("UPDATE audit_receipt SET hash = %s WHERE seq = 3", stated.upper())

    found = verify_stream(DESK).first_break

    assert found is not None and found.seq == 3


@pytest.mark.parametrize(
    "statement, seq, problem",
    [
        ("DELETE FROM audit_receipt WHERE seq = 40", 40, "seq_gap"),
        ("UPDATE audit_receipt SET at_ns = at_ns + 1 WHERE seq = 40", 40, "altered_columns"),
        ("DELETE FROM audit_receipt WHERE seq > 290", 291, "missing_end"),
        ("DELETE FROM audit_checkpoint", 1, "bad_checkpoint"),
        ("UPDATE audit_checkpoint SET first_seq = 2", 1, "bad_checkpoint"),
        ("UPDATE audit_checkpoint SET at_ns = 0, root = head_hash", 1, "bad_checkpoint"),
    ],
)
def test_removed_records_and_forged_checkpoints_are_named(statement: str, seq: int, problem: str) -> None:
    copy_batch(DESK, journal_records(300))

    tamper(statement)

    found = verify_stream(DESK).first_break
    assert found is not None and (found.seq, found.problem) == (seq, problem)


def test_a_verifier_that_ignores_columns_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify._Walk, "_check_columns", lambda self, row, entry: None)

    with pytest.raises(AssertionError):
        test_a_flipped_byte_in_any_column_names_the_record("project")
