"""`manage.py verify_trail`: what it says of sound and of changed evidence."""

import json
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from audit import append_only, journals
from audit.models import Project
from audit.receipts import copy_batch, issue
from tests.audit.journal import journal_records, write_journal

pytestmark = [pytest.mark.django_db, pytest.mark.database]

RECORDS = journal_records(40)


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """The folder of a desk's journal of four days, copied into the database."""
    directory = tmp_path / "demo" / "journal"
    write_journal(directory, RECORDS, per_file=10)
    copy_batch("desk:demo", RECORDS)
    return directory


def run(*arguments: str) -> tuple[int, Any]:
    out = StringIO()
    try:
        call_command("verify_trail", "--json", *arguments, stdout=out)
    except SystemExit as end:
        return int(end.code or 0), json.loads(out.getvalue())
    return 0, json.loads(out.getvalue())


def test_an_untouched_trail_is_sound_and_tells_its_heads(journal: Path) -> None:
    issue(kind="login", actor="trader1", at=datetime(2026, 11, 20, tzinfo=UTC), body={})

    code, answer = run("--journal", str(journal))

    assert (code, answer["sound"]) == (0, True)
    assert {item["stream"]: item["records"] for item in answer["streams"]} == {"console": 1, "desk:demo": 40}
    assert answer["journals"][0]["head_hash"] == answer["streams"][1]["head_hash"] == RECORDS[-1].hash


def test_a_project_is_verified_with_the_whole_streams_it_lies_in(journal: Path) -> None:
    Project.objects.create(code="CU-XMKT-01", name="Copper")
    issue(kind="login", actor="trader1", at=datetime(2026, 11, 20, tzinfo=UTC), body={})

    _, answer = run("--project", "CU-XMKT-01")

    [stream] = answer["streams"]
    assert (stream["stream"], stream["records"], stream["project_records"]) == ("desk:demo", 40, 40)


def test_a_changed_row_is_named_and_the_exit_code_is_one(journal: Path) -> None:
    append_only.remove(connection)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE audit_receipt SET body = replace(body, '5}', '6}') WHERE seq = 23")
    append_only.install(connection)

    code, answer = run()

    assert (code, answer["sound"]) == (1, False)
    assert answer["streams"][0]["first_break"]["seq"] == 23


def test_every_changed_byte_of_a_journal_line_names_the_record_and_the_file(journal: Path) -> None:
    path = journal / "20261112.journal"
    original = path.read_bytes()
    start = original.index(b"\n") + 1  # the second line of the third day is record 22
    end = original.index(b"\n", start)
    for place in range(start, end + 1):
        changed = bytearray(original)
        changed[place] ^= 1
        path.write_bytes(changed)

        verdict = journals.verify_journal(journal)

        assert verdict.first_break is not None, f"byte {place} was changed and nobody noticed"
        assert (verdict.first_break.seq, verdict.file) == (22, path.name), place


def test_a_journal_cut_short_below_what_was_durable_is_noticed(journal: Path) -> None:
    path = journal / "20261113.journal"
    path.write_bytes(path.read_bytes()[:-200])

    verdict = journals.verify_journal(journal)

    assert verdict.first_break is not None and verdict.first_break.seq == 39


def test_a_line_still_being_written_is_pending_and_not_a_break(journal: Path) -> None:
    with (journal / "20261113.journal").open("ab") as file:
        file.write(b"0123456789abcdef")

    verdict = journals.verify_journal(journal)

    assert (verdict.is_sound, verdict.pending_bytes) == (True, 16)


def test_a_journal_written_anew_with_good_links_differs_from_its_copy(journal: Path) -> None:
    for path in journal.iterdir():
        path.unlink()
    write_journal(journal, journal_records(41)[:39], per_file=10)

    verdict = journals.verify_journal(journal)

    assert verdict.first_break is not None
    assert (verdict.first_break.seq, verdict.first_break.problem) == (40, "missing_end")


def test_wrong_arguments_say_what_to_name(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="there is no project NOPE") as refused:
        call_command("verify_trail", "--project", "NOPE")
    assert refused.value.returncode == 2
    with pytest.raises(CommandError, match="is not a folder"):
        call_command("verify_trail", "--journal", str(tmp_path / "absent"))
