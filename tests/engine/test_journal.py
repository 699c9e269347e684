"""The journal keeps every promise it made, and says so when someone changed it."""

import json
import threading
from pathlib import Path

import pytest

from trading.core.events import (
    Offset,
    OrderAccepted,
    OrderFilled,
    OrderIntent,
    OrdersDecided,
    Purpose,
    TimeInForce,
)
from trading.core.units import SECOND, Side
from trading.engine.journal import Journal, JournalFailed, MemoryJournal
from trading.engine.journal_files import ChainBroken, Head, History, cut, read, synced_offset
from trading.engine.records import EngineStarted, Opened, TailCut

FRIDAY_NOON = 1_772_769_600 * SECOND  # 2026-03-06 12:00 Shanghai
DAY = 86_400 * SECOND


def intent(order_id: str) -> OrderIntent:
    return OrderIntent(
        order_id, "SHFE.cu2703", "SHFE", 0, Side.SELL, 5, 7947, TimeInForce.IOC, Purpose.ENTRY, Offset.OPEN, 1
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "journal"


def opened(folder: Path, head: Head | None = None, *, epoch: int = 1, now: int = FRIDAY_NOON) -> Journal:
    return Journal(folder, desk="demo", head=head or Head(), epoch=epoch, now=now)


def durably(journal: Journal) -> int:
    done = threading.Event()
    seqs: list[int] = []
    journal.sync(lambda seq: (seqs.append(seq), done.set()))
    assert done.wait(5)
    return seqs[0]


def written_day(folder: Path, records: int = 5) -> Path:
    journal = opened(folder)
    for n in range(records):
        journal.append("CU", OrderAccepted(f"D1-1-1-{n}", f"V{n}"), FRIDAY_NOON + n)
    journal.close()
    [path] = folder.glob("*.journal")
    return path


def test_a_record_reads_back_as_it_was_written(folder: Path) -> None:
    journal = opened(folder)
    journal.append("CU-SELL", OrdersDecided("X-1", Purpose.ENTRY, (intent("D1-1-1-01"),), ()), FRIDAY_NOON)
    journal.append("CU-SELL", OrderFilled("D1-1-1-01", "F1", 5, 7947), FRIDAY_NOON + 1)
    journal.close()

    first, decided, filled = History.of(folder)

    assert first.event == Opened("demo", "20260306", "", "00" * 32)
    assert decided.event.orders == (intent("D1-1-1-01"),)
    assert (filled.seq, filled.at, filled.program) == (3, FRIDAY_NOON + 1, "CU-SELL")
    assert filled.execution == "X-1", "a fill carries the execution its order was decided in"


def test_durable_means_on_disk_and_noted_beside_the_file(folder: Path) -> None:
    journal = opened(folder)
    journal.append("CU", EngineStarted(1, "build", "hash"), FRIDAY_NOON)

    seq = durably(journal)

    [path] = folder.glob("*.journal")
    assert (seq, journal.durable_seq) == (2, 2)
    assert synced_offset(path) == path.stat().st_size
    assert len(path.read_bytes().splitlines()) == 2
    journal.close()


def test_a_crash_at_any_byte_loses_only_what_was_never_promised(folder: Path, tmp_path: Path) -> None:
    path = written_day(folder)
    raw = path.read_bytes()
    lines = raw.splitlines(keepends=True)
    promised = sum(map(len, lines[:3]))
    torn_folder = tmp_path / "torn"
    torn_folder.mkdir()
    copy = torn_folder / path.name
    copy.with_name(copy.name + ".synced").write_text(f"{promised:020d}\n")

    for size in range(promised, len(raw) + 1):
        copy.write_bytes(raw[:size])
        history = History.of(torn_folder)
        survivors = list(history)
        whole = raw[:size].count(b"\n")
        assert [r.seq for r in survivors] == list(range(1, whole + 1))
        is_torn = size > sum(map(len, lines[:whole]))
        assert (history.torn is not None) == is_torn

    for size in range(promised):
        copy.write_bytes(raw[:size])
        with pytest.raises(ChainBroken, match=path.name):
            list(History.of(torn_folder))


def test_after_a_torn_end_the_chain_goes_on(folder: Path) -> None:
    path = written_day(folder)
    whole = path.stat().st_size
    with path.open("ab") as file:
        file.write(b"6f00 half a rec")

    history = History.of(folder)
    assert len(list(history)) == 6
    assert history.torn is not None and history.torn.cut_bytes == 15
    cut(history.torn)
    assert path.stat().st_size == whole
    journal = opened(folder, history.head, epoch=2)
    journal.append("", TailCut(path.name, whole, 15), FRIDAY_NOON)
    journal.close()

    assert [r.seq for r in History.of(folder)] == list(range(1, 8))


@pytest.mark.parametrize("where", ["hash", "body", "newline"])
def test_a_changed_byte_is_named_by_its_record(folder: Path, where: str) -> None:
    path = written_day(folder)
    raw = bytearray(path.read_bytes())
    third = sum(map(len, raw.splitlines(keepends=True)[:2]))
    raw[third + {"hash": 5, "body": 90, "newline": -1}[where]] ^= 1
    path.write_bytes(raw)

    named = 2 if where == "newline" else 3
    with pytest.raises(ChainBroken, match=f"record {named} "):
        list(History.of(folder))


def test_every_single_changed_byte_is_found(folder: Path) -> None:
    path = written_day(folder, records=2)
    raw = path.read_bytes()
    for at in range(len(raw)):
        changed = bytearray(raw)
        changed[at] ^= 0x20
        path.write_bytes(changed)
        with pytest.raises(ChainBroken):
            list(History.of(folder))


def test_a_removed_record_is_found(folder: Path) -> None:
    path = written_day(folder)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:2] + lines[3:]))

    with pytest.raises(ChainBroken, match="record 3 "):
        list(History.of(folder))


def test_the_chain_runs_through_the_days(folder: Path) -> None:
    journal = opened(folder)
    journal.append("CU", OrderAccepted("D1-1-1-01", "V1"), FRIDAY_NOON)
    journal.append("CU", OrderAccepted("D1-1-1-11", "V2"), FRIDAY_NOON + DAY // 2)
    journal.close()

    friday, monday = sorted(folder.glob("*.journal"))
    assert (friday.name, monday.name) == ("20260306.journal", "20260309.journal")
    records = list(History.of(folder))
    assert [r.seq for r in records] == [1, 2, 3, 4]
    assert records[2].event == Opened("demo", "20260309", friday.name, records[1].hash)
    assert [r.seq for r in read(monday)] == [3, 4], "a day can be checked by itself from what it names"

    friday.write_bytes(friday.read_bytes().replace(b"V1", b"V9"))
    with pytest.raises(ChainBroken, match="20260306"):
        list(History.of(folder))


def test_a_clock_behind_the_last_file_stays_in_that_file(folder: Path) -> None:
    journal = opened(folder, now=FRIDAY_NOON + DAY)
    journal.close()
    history = History.of(folder)
    list(history)

    again = opened(folder, history.head, now=FRIDAY_NOON)
    again.append("CU", OrderAccepted("D1-1-1-01", "V1"), FRIDAY_NOON)
    again.close()

    assert len(list(folder.glob("*.journal"))) == 1
    assert [r.seq for r in History.of(folder)] == [1, 2]


def test_ten_thousand_appends_are_all_there(folder: Path) -> None:
    journal = opened(folder)
    for n in range(10_000):
        journal.append("CU", OrderAccepted(f"D1-1-{n}-01", f"V{n}"), FRIDAY_NOON + n)
        if n % 7 == 0:
            journal.sync()
    assert durably(journal) == 10_001
    journal.close()

    assert sum(1 for _ in History.of(folder)) == 10_001


def test_a_fenced_engine_can_no_longer_write(folder: Path) -> None:
    reasons: list[str] = []
    fenced = threading.Event()
    journal = Journal(
        folder, desk="demo", head=Head(), epoch=1, now=FRIDAY_NOON,
        fence=lambda: "epoch 2 holds the desk",
        on_failure=lambda reason: (reasons.append(reason), fenced.set()),
    )  # fmt: skip
    never: list[int] = []
    journal.sync(never.append)
    assert fenced.wait(5)

    with pytest.raises(JournalFailed, match="epoch 2 holds the desk"):
        journal.append("CU", OrderAccepted("D1-1-1-01", "V1"), FRIDAY_NOON)
    assert never == [] and not list(folder.glob("*.journal"))


def test_a_failing_disk_promises_nothing(folder: Path) -> None:
    failed = threading.Event()
    folder.mkdir()
    (folder / "20260306.journal").mkdir()  # the file cannot be opened for writing
    journal = Journal(
        folder, desk="demo", head=Head(), epoch=1, now=FRIDAY_NOON, on_failure=lambda reason: failed.set()
    )
    journal.sync(lambda seq: pytest.fail("called durable"))

    assert failed.wait(5)
    assert journal.durable_seq == 0


def test_the_memory_journal_keeps_the_same_chain(folder: Path) -> None:
    disk = opened(folder)
    disk.append("CU", OrderAccepted("D1-1-1-01", "V1"), FRIDAY_NOON)
    disk.close()
    first, second = History.of(folder)

    memory = MemoryJournal(Head(1, bytes.fromhex(first.hash)))
    memory.append("CU", OrderAccepted("D1-1-1-01", "V1"), FRIDAY_NOON)

    assert memory.records == [second]


def test_the_memory_journal_forgets_what_was_not_durable() -> None:
    journal = MemoryJournal()
    promised: list[int] = []
    journal.append("CU", OrderAccepted("D1-1-1-01", "V1"), 1)
    journal.sync(promised.append)
    journal.append("CU", OrderAccepted("D1-1-1-11", "V2"), 2)
    journal.settle()

    assert promised == [1]
    assert [r.seq for r in journal.crash(kept_seq=0)] == [1]
    assert [r.seq for r in journal.crash(kept_seq=2)] == [1, 2]


def test_the_line_is_plain_json_after_its_hash(folder: Path) -> None:
    path = written_day(folder, records=1)

    line = path.read_bytes().splitlines()[1]

    assert line[64:65] == b" "
    assert json.loads(line[65:]) == {
        "seq": 2, "at": FRIDAY_NOON, "epoch": 1, "program": "CU", "execution": "",
        "event": {"type": "OrderAccepted", "client_order_id": "D1-1-1-0", "venue_order_id": "V0", "exchange_at": None},
    }  # fmt: skip
