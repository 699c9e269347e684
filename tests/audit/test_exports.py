"""Reports of a project: the same receipts give the same file, and the file can be checked without us."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from audit import append_only, exports, trace_csv
from audit.chain import is_included, link
from audit.exports import TooManyRecords, Window, export_csv, export_pdf
from audit.models import ExportRecord, Project, Receipt
from audit.report import font, font_build, page
from audit.report.words import _WORDS, Language, Words
from audit.trace_csv import Profile
from tests.audit.story import AT, Story, order, tell

pytestmark = [pytest.mark.django_db, pytest.mark.database]

DAY = Window(AT - timedelta(hours=1), AT + timedelta(hours=1))
LATER = AT + timedelta(days=1)


@pytest.fixture
def project() -> Project:
    return tell()[0]


def csv_of(project: Project, profile: Profile) -> exports.Export:
    return export_csv(project=project, window=DAY, profile=profile, by="auditor1", at=LATER)


def rows_of(export: exports.Export) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(export.content.decode("utf-8-sig"), newline="")))


def pdf_pages(content: bytes) -> list[str]:
    return [page.extract_text() for page in PdfReader(io.BytesIO(content)).pages]


def report(project: Project, language: Language) -> bytes:
    return export_pdf(project=project, window=DAY, language=language, by="auditor1", at=LATER).content


# --- the trace -----------------------------------------------------------------------------------------


def test_the_trace_tells_how_each_execution_went(project: Project) -> None:
    hedged, topped_up, rolled_back = exports.gather(project, DAY, by="auditor1").trace.executions

    assert [item.outcome for item in (hedged, topped_up, rolled_back)] == [
        "hedged",
        "topped_up",
        "rolled_back",
    ]
    assert hedged.naked_ns == pytest.approx(16_100_000)
    assert hedged.naked_band[-1].is_flat and topped_up.naked_band[-1].is_flat
    assert [decision.purpose for decision in topped_up.decisions] == ["entry", "top_up"]
    assert [option.name for option in topped_up.decisions[1].options] == ["wait", "top_up", "unwind"]
    first_leg = hedged.orders["DEMO3-1-1-A1"]
    assert (first_leg.filled_lots, first_leg.slippage_ticks) == (5, pytest.approx(0.4))


def test_a_fill_that_is_reported_twice_counts_once(project: Project) -> None:
    story = Story()
    sell = order("9-A1", 0, "sell", 5, 7946)
    story.decide("X-9", "entry", [sell])
    story.fill("X-9", sell, 1, 5, 7946)
    story.fill("X-9", sell, 1, 5, 7946)

    read = exports.trace.read([_entry(record) for record in story.records], [])

    assert read.orders["DEMO3-1-9-A1"].filled_lots == 5


def test_an_execution_that_was_never_sent_was_never_naked(project: Project) -> None:
    story = Story()
    sell = order("9-A1", 0, "sell", 5, 7946)
    story.decide("X-9", "entry", [sell])
    story.write("OrderNotSent", "X-9", client_order_id=sell["client_order_id"], text="the line is down")
    story.write("ExecutionEnded", "X-9", execution="X-9", outcome="not_sent", naked=[0, 0])

    [unsent] = exports.trace.read([_entry(record) for record in story.records], []).executions

    assert (unsent.outcome, unsent.naked_ns) == ("not_sent", 0)


def _entry(record: exports.receipts.JournalRecord) -> exports.Entry:
    return exports.Entry(
        "desk:demo", record.seq, record.at_ns, record.kind, "", "P", "", "", record.subject.execution, "",
        record.body.decode(), "", record.hash,
    )  # fmt: skip


# --- CSV -----------------------------------------------------------------------------------------------


def test_the_regulator_gets_exact_bytes_that_parse_back_to_what_was_recorded(project: Project) -> None:
    export = csv_of(project, Profile.REGULATOR)

    assert not export.content.startswith(b"\xef\xbb\xbf")
    assert export.content.count(b"\r\n") == export.content.count(b"\n")
    rows = rows_of(export)
    bodies = {row["body"] for row in rows}
    assert bodies == set(
        Receipt.objects.filter(project=project.code, kind__in=_kinds(rows)).values_list("body", flat=True)
    )
    rejected = next(row for row in rows if row["event_type"] == "order_rejected")
    assert rejected["reason"].startswith("=HYPERLINK")


def _kinds(rows: list[dict[str, str]]) -> set[str]:
    return {row["event_type"] for row in rows}


def test_a_decision_has_one_row_per_order_with_exact_prices(project: Project) -> None:
    rows = [row for row in rows_of(csv_of(project, Profile.REGULATOR)) if row["event_type"] == "orders_decided"]

    sell, buy = rows[0], rows[1]
    assert (sell["part"], sell["side"], sell["qty"], sell["price"], sell["quote_bid"]) == (
        "1", "sell", "5", "79460", "79470",
    )  # fmt: skip
    assert (buy["part"], buy["price"], buy["currency"], buy["is_simulated"]) == ("2", "9749.0", "USD", "true")
    assert sell["ledger_seq"] == buy["ledger_seq"]
    assert rows[4]["remediation_action"] == "top_up"


def test_a_spreadsheet_never_runs_what_a_venue_wrote(project: Project) -> None:
    export = csv_of(project, Profile.HUMAN)

    assert export.content.startswith(b"\xef\xbb\xbf")
    for row in rows_of(export):
        for name, cell in row.items():
            assert name in trace_csv._NUMERIC or not cell.startswith(("=", "+", "-", "@", "\t", "\r")), (
                name,
                cell,
            )
    rejected = next(row for row in rows_of(export) if row["event_type"] == "order_rejected")
    assert rejected["reason"].startswith("'=HYPERLINK")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=30))
def test_whatever_text_a_record_holds_human_is_safe_and_regulator_is_equal(text: str) -> None:
    story = Story()
    story.write("OrderRejected", "X-1", client_order_id=text, code="1", text=text, reject_class="other")
    read = exports.trace.read([_entry(record) for record in story.records], [])

    [human] = _parsed(trace_csv.write(read, Profile.HUMAN))
    [exact] = _parsed(trace_csv.write(read, Profile.REGULATOR))

    assert exact["clordid"] == text and exact["reason"] == text
    assert not human["reason"].startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


def _parsed(content: bytes) -> Iterator[dict[str, str]]:
    return iter(list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))))


def test_the_manifest_proves_every_record_without_the_product(project: Project) -> None:
    export = csv_of(project, Profile.REGULATOR)
    manifest = json.loads(export.manifest)

    assert manifest["sha256"] == sha256(export.content).hexdigest()
    assert manifest["breaks"] == {}
    rows = {(row["ledger_stream"], int(row["ledger_seq"])): row for row in rows_of(export)}
    checked = 0
    for stream in manifest["streams"]:
        for (name, seq), row in rows.items():
            if name != stream["stream"]:
                continue
            record = link(bytes.fromhex(row["prev_hash"]), row["body"].encode())
            assert record.hex() == row["entry_hash"]
            sealed = next(item for item in stream["checkpoints"] if item["first_seq"] <= seq <= item["last_seq"])
            path = [bytes.fromhex(item) for item in stream["paths"][str(seq)]]
            size = sealed["last_seq"] - sealed["first_seq"] + 1
            assert is_included(record, seq - sealed["first_seq"], size, path, bytes.fromhex(sealed["root"]))
            checked += 1
    assert checked == len(rows) == manifest["records"]


def test_an_export_is_itself_on_record(project: Project) -> None:
    export = csv_of(project, Profile.HUMAN)

    record = ExportRecord.objects.get()
    assert (record.requested_by, record.sha256, record.format) == ("auditor1", export.sha256, "csv_human")
    assert record.receipt is not None
    body = msgspec.json.decode(record.receipt.body)["body"]
    assert body["sha256"] == export.sha256


def test_a_file_name_holds_nothing_but_safe_characters(project: Project) -> None:
    Project.objects.filter(id=project.id).update(code='../"x\r\n')
    project.refresh_from_db()

    name = csv_of(project, Profile.HUMAN).file_name

    assert set(name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")
    assert ".." not in name


def test_a_window_too_large_for_one_request_says_what_to_do(project: Project) -> None:
    with pytest.raises(TooManyRecords, match="narrow it"):
        exports.gather(project, DAY, by="auditor1", records_max=10)


# --- PDF -----------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("report_font")
class TestPdf:
    def test_chinese_can_be_read_back_from_the_report(self, project: Project) -> None:
        text = "".join(pdf_pages(report(project, Language.ZH))).replace("\n", "")

        for words in (
            "项目全链路报告",
            "铜跨市场套利",
            "补救决策",
            "已回滚",
            "见补单,已核对",
            "完整性证明",
            "两手试单后放宽",
        ):
            assert words in text, words

    def test_it_shows_executions_options_prices_and_the_proof(self, project: Project) -> None:
        text = " ".join(pdf_pages(report(project, Language.EN)))

        for words in (
            "X-20261120-CU-SELL-000002", "topped up", "cheapest within the limits", "1,120.50", "79,470",
            "9,748.5",
            "<b>margin</b> & no retry", "risk2", "naked_age", "verify_trail --project CU-XMKT-01",
        ):  # fmt: skip
            assert words in text, words
        checkpoint_root = exports.gather(project, DAY, by="auditor1").proofs[-1].checkpoints[-1].root
        assert checkpoint_root in text

    def test_every_page_says_that_the_venues_were_simulated_and_counts_itself(self, project: Project) -> None:
        pages = pdf_pages(report(project, Language.BOTH))

        for number, shown in enumerate(pages, start=1):
            assert "SIMULATED VENUES" in shown and "仿真通道" in shown
            assert f"page {number} of {len(pages)}" in shown
            assert f"第 {number} 页 共 {len(pages)} 页" in shown

    def test_the_same_receipts_give_the_same_bytes(self, project: Project) -> None:
        assert report(project, Language.EN) == report(project, Language.EN)

    def test_a_project_without_records_still_gives_a_report(self) -> None:
        empty = Project.objects.create(code="NEW", name="Nothing yet")

        text = " ".join(pdf_pages(report(empty, Language.EN)))

        assert "No execution was started" in text and "No limits were published" in text

    def test_a_broken_chain_is_said_in_the_report(self, project: Project) -> None:
        append_only.remove(connection)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE audit_receipt SET actor = 'nobody' WHERE stream = 'desk:demo' AND seq = 9")
        append_only.install(connection)

        text = " ".join(pdf_pages(report(project, Language.EN)))

        assert "THE CHAIN IS BROKEN at record: desk:demo 9" in text

    def test_it_runs_nothing_and_fetches_nothing(self, project: Project) -> None:
        content = report(project, Language.EN)

        for mark in (b"/JavaScript", b"/JS ", b"/URI", b"/Launch", b"/EmbeddedFile"):
            assert mark not in content


def test_without_the_font_one_sentence_says_what_to_run(project: Project, tmp_path: Path, monkeypatch) -> None:
    for module in (font, font_build):
        monkeypatch.setattr(module, "font_path", lambda: tmp_path / "absent.ttf")
    monkeypatch.setattr(page, "FONT", "NotRegistered")

    with pytest.raises(font.FontMissing, match="build_report_font"):
        report(project, Language.EN)
    with pytest.raises(font.FontMissing, match="npm ci"):
        font_build.build(tmp_path)


def test_every_word_of_the_report_stands_in_both_languages() -> None:
    for key in _WORDS:
        assert Words(Language.EN)(key) and Words(Language.ZH)(key)
        assert Words(Language.EN)(key).replace("–", "-").isascii()
