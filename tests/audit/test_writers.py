"""Many writers at once: receipts of one stream never interleave, whichever database holds them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from django.db import connection, connections

from audit import append_only, receipts
from audit.models import Receipt
from audit.verify import verify_stream
from tests.audit.journal import journal_records

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]

AT = datetime(2026, 11, 20, tzinfo=UTC)
WRITERS, EACH = 4, 25


def test_receipts_issued_by_many_threads_form_one_sound_chain() -> None:
    def write(writer: int) -> None:
        try:
            for number in range(EACH):
                receipts.issue(kind="login", actor=f"trader{writer}", at=AT, body={"number": number})
        finally:
            connections.close_all()

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, range(WRITERS)))

    verdict = verify_stream(receipts.CONSOLE)
    assert (verdict.is_sound, verdict.records) == (True, WRITERS * EACH)
    for writer in range(WRITERS):
        numbers = Receipt.objects.filter(actor=f"trader{writer}").order_by("seq").values_list("body", flat=True)
        assert len(numbers) == EACH


def test_two_projectors_copying_the_same_journal_store_it_once() -> None:
    records = journal_records(200)

    def copy(_: int) -> int:
        try:
            return sum(receipts.copy_batch("desk:demo", records[at : at + 20]) for at in range(0, 200, 20))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        copied = list(pool.map(copy, range(2)))

    assert sum(copied) == 200
    assert verify_stream("desk:demo").is_sound


def test_the_tables_are_append_only_in_tests_with_transactions_too() -> None:
    append_only.install(connection)
    receipts.issue(kind="login", actor="trader1", at=AT, body={})

    with pytest.raises(Exception, match="append-only"):
        Receipt.objects.all().delete()
