"""The verifier that leaves the house: stands alone, and notices every change to an exported trace."""

import csv
import io
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from django.conf import settings

from audit.exports import Window, export_csv
from audit.trace_csv import Profile
from tests.audit.story import AT, tell

pytestmark = pytest.mark.django_db

VERIFIER = Path(settings.BASE_DIR) / "audit" / "verify_export.py"


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    export = export_csv(
        project=tell()[0], window=Window(), profile=Profile.REGULATOR, by="auditor1", at=AT + timedelta(days=1)
    )
    trace, manifest = tmp_path / export.file_name, tmp_path / f"{export.file_name}.manifest.json"
    trace.write_bytes(export.content)
    manifest.write_bytes(export.manifest)
    return trace, manifest


def verify(trace: Path, manifest: Path) -> tuple[int, str]:
    """Run it as a stranger would: an isolated interpreter, in a folder without the product."""
    run = subprocess.run(
        [sys.executable, "-I", "-S", str(VERIFIER), str(trace), str(manifest)],
        capture_output=True, text=True, cwd=trace.parent, timeout=60, check=False,
    )  # fmt: skip
    return run.returncode, run.stdout


def test_an_untouched_export_is_sound_and_prints_its_roots(files: tuple[Path, Path]) -> None:
    code, said = verify(*files)

    assert code == 0, said
    assert "sound: 32 records of project CU-XMKT-01" in said and "desk:demo records 1-31 root " in said


def test_a_changed_price_names_the_record(files: tuple[Path, Path]) -> None:
    trace, manifest = files
    trace.write_bytes(trace.read_bytes().replace(b'""price_ticks"":19497', b'""price_ticks"":19496', 1))

    code, said = verify(trace, manifest)

    assert code == 1
    assert "the file's hash is" in said and "desk:demo record 5: its bytes give" in said


def rewrite(trace: Path, manifest: Path, change: Callable[[list[dict[str, str]]], None]) -> None:
    """Change the rows and make the manifest tell the new file's hash, as somebody with access to both would."""
    before = trace.read_bytes()
    rows = list(csv.DictReader(io.StringIO(before.decode(), newline="")))
    change(rows)
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, rows[0].keys(), lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    after = text.getvalue().encode()
    trace.write_bytes(after)
    manifest.write_text(manifest.read_text().replace(sha256(before).hexdigest(), sha256(after).hexdigest()))


def test_writing_the_rows_again_unchanged_changes_nothing(files: tuple[Path, Path]) -> None:
    rewrite(*files, lambda rows: None)

    assert verify(*files)[0] == 0


def test_a_record_taken_out_is_missed(files: tuple[Path, Path]) -> None:
    rewrite(*files, lambda rows: rows.pop(5))

    code, said = verify(*files)

    assert code == 1 and "its manifest says 32" in said


def test_one_order_of_a_decision_taken_out_is_missed(files: tuple[Path, Path]) -> None:
    def take_out(rows: list[dict[str, str]]) -> None:
        rows.remove(next(row for row in rows if row["part"] == "2"))

    rewrite(*files, take_out)

    code, said = verify(*files)

    assert code == 1 and "record 3: rows [1] stand for its 2 parts" in said


def test_a_record_written_anew_with_its_own_hash_has_no_proof(files: tuple[Path, Path]) -> None:
    def forge(rows: list[dict[str, str]]) -> None:
        row = next(row for row in rows if (row["ledger_stream"], row["ledger_seq"]) == ("desk:demo", "31"))
        row["body"] = row["body"].replace("ttl", "ops")
        row["entry_hash"] = sha256(bytes.fromhex(row["prev_hash"]) + row["body"].encode()).hexdigest()

    rewrite(*files, forge)

    code, said = verify(*files)

    assert code == 1
    assert said.startswith("desk:demo record 31: no checkpoint of the manifest proves it"), said


def test_a_file_that_is_not_there_is_said_in_one_line(files: tuple[Path, Path], tmp_path: Path) -> None:
    code, said = verify(tmp_path / "absent.csv", files[1])

    assert (code, said.count("\n")) == (2, 1)


def test_it_imports_nothing_but_the_standard_library() -> None:
    lines = VERIFIER.read_text().splitlines()

    imports = {line.split()[1] for line in lines if line.startswith(("import ", "from "))}
    assert imports <= {"csv", "hashlib", "io", "json", "sys", "pathlib"}
    assert len(lines) <= 200
