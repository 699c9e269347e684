"""A small journal as the engine writes it: linked lines of JSON, whatever the events mean."""

from pathlib import Path

from audit.chain import GENESIS, link
from audit.receipts import JournalRecord, Subject

STARTED_AT_NS = 1_795_000_000_000_000_000


def journal_records(count: int) -> list[JournalRecord]:
    subject = Subject(
        project="CU-XMKT-01",
        pair="CU-SHFE-LME",
        program="CU-SELL",
        execution="X-20261120-CU-SELL-000001",
        instruments=("SHFE.cu2703",),
    )
    records, previous = [], GENESIS
    for seq in range(1, count + 1):
        at_ns = STARTED_AT_NS + seq * 1_000_000
        body = b'{"seq":%d,"at":%d,"epoch":1,"event":{"type":"OrderFilled","lots":5}}' % (seq, at_ns)
        previous = link(previous, body)
        records.append(JournalRecord(seq, at_ns, "OrderFilled", body, previous.hex(), actor="engine", subject=subject))
    return records


def write_journal(directory: Path, records: list[JournalRecord], per_file: int) -> list[Path]:
    """Write the records into one file per `per_file` of them, all of it synced."""
    directory.mkdir(parents=True, exist_ok=True)
    paths = []
    for day, start in enumerate(range(0, len(records), per_file)):
        path = directory / f"202611{day + 10}.journal"
        lines = [f"{item.hash} {item.body.decode()}\n" for item in records[start : start + per_file]]
        path.write_text("".join(lines))
        path.with_name(path.name + ".synced").write_text(str(path.stat().st_size))
        paths.append(path)
    return paths
