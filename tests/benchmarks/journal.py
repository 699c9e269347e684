"""What a durable record costs: append, and append with the durable write, beside the bare write and fdatasync."""

import os
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.figures import Figure, latency, ratio
from trading.core.events import Offset, OrderIntent, OrdersDecided, Purpose, TimeInForce
from trading.core.units import Side
from trading.engine.journal import Journal
from trading.engine.journal_files import Head, History

RECORD_BYTES = 900  # an entry's intent with its quotes


def run(samples: int = 1_000) -> Iterator[Figure]:
    """Measure on the disk of the temporary folder and yield the figures."""
    with tempfile.TemporaryDirectory(prefix="journal-") as folder:
        path = Path(folder)
        yield latency("journal", "append, buffered and linked", _appends(path / "appended", 20 * samples))
        for records in (1, 100):
            least_ns, ours_ns = _durable(path / str(records), records, samples)
            least = latency("journal", f"write and fdatasync, {records} records, floor", least_ns)
            ours = latency("journal", f"append to durable, {records} records", ours_ns)
            yield from (least, ours)
            yield from ratio("journal", f"{records} records / floor", ours, least)
        yield _reading(path / "appended")


def _intent(n: int) -> OrdersDecided:
    order = OrderIntent(
        f"DEMO1-1-{n}-00", "SHFE.cu2703", "SHFE", 0, Side.SELL, 5, 7947, TimeInForce.IOC, Purpose.ENTRY, Offset.OPEN, 0
    )
    return OrdersDecided(f"X-{n}", Purpose.ENTRY, (order, order), ())


def _appends(folder: Path, samples: int) -> list[int]:
    journal = Journal(folder, desk="bench", head=Head(), epoch=1, now=time.time_ns())
    found = []
    for n in range(samples):
        event = _intent(n)
        started = time.perf_counter_ns()
        journal.append("P", event, time.time_ns())
        found.append(time.perf_counter_ns() - started)
        if n % 1_000 == 0:
            journal.sync()
    journal.close()
    return found


def _durable(folder: Path, records: int, samples: int) -> tuple[list[int], list[int]]:
    """Return the floor's and our latencies, taken in turns so that the disk is as busy for both."""
    folder.mkdir()
    data = b"x" * RECORD_BYTES * records
    file = os.open(folder / "floor", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    journal = Journal(folder / "journal", desk="bench", head=Head(), epoch=1, now=time.time_ns())
    done = threading.Event()
    least, ours = [], []
    for n in range(samples):
        started = time.perf_counter_ns()
        os.write(file, data)
        os.fdatasync(file)
        least.append(time.perf_counter_ns() - started)
        events = [_intent(n * records + k) for k in range(records)]
        done.clear()
        started = time.perf_counter_ns()
        for event in events:
            journal.append("P", event, time.time_ns())
        journal.sync(lambda seq: done.set())
        done.wait()
        ours.append(time.perf_counter_ns() - started)
    journal.close()
    os.close(file)
    return least, ours


def _reading(folder: Path) -> Figure:
    started = time.perf_counter()
    count = sum(1 for _ in History.of(folder))
    per_s = round(count / (time.perf_counter() - started))
    return Figure("journal", "read and verified", "records/s", count, value=per_s)
