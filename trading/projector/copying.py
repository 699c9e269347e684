"""The loop that keeps the copy at most a moment behind the journal, whatever the database and Redis do."""

import logging
import threading
import time
from collections.abc import Callable, Sequence

from django.conf import settings
from django.db import DatabaseError, close_old_connections, transaction

from audit import receipts
from risk import alerts
from trading.engine.journal_files import ChainBroken
from trading.models import Desk, JournalCursor
from trading.projector.filing import journal_record
from trading.projector.fold import Fold
from trading.projector.tail import JournalTail, Line
from trading.projector.wake import Waker

BATCH_MAX = 400
POLL_S = 0.05
RETRY_S = 1.0

log = logging.getLogger(__name__)


def follow(desk: str, stop_event: threading.Event) -> None:
    """Copy the journal of the desk called `desk` until `stop_event` is set; raises Desk.DoesNotExist."""
    projector = Projector(desk, wake=Waker(settings.REDIS_URL).wake)
    while not stop_event.is_set():
        stop_event.wait(projector.step())
        close_old_connections()


class Projector:
    """Copies one desk's journal, a batch at a time."""

    def __init__(
        self, desk: str, *, wake: Callable[[str], None] = lambda desk: None, batch_max: int = BATCH_MAX
    ) -> None:
        self._desk = Desk.objects.get(name=desk)
        self._wake = wake
        self._batch_max = batch_max
        self._tail: JournalTail | None = None
        self._complaint = ""

    def step(self) -> float:
        """Copy what there is and return how many seconds to wait before the next step."""
        try:
            return 0.0 if self.copy_batch() == self._batch_max else POLL_S
        except ChainBroken as broken:
            self._stand_still(str(broken))
        except DatabaseError as error:
            # The batch is rolled back as a whole; the tail is read again from the stored cursor.
            self._complain(f"the database did not take the records: {error}")
        except receipts.StreamBroken as broken:
            self._stand_still(broken.message)
        self._tail = None
        return RETRY_S

    def copy_batch(self) -> int:
        """Copy the next batch and return its size; raises ChainBroken, StreamBroken or DatabaseError."""
        if self._tail is None:
            self._tail = self._tail_at(self._cursor())
        lines = self._tail.take(self._batch_max)
        if lines:
            self._store(lines)
            self._complaint = ""
            self._wake(self._desk.name)
        return len(lines)

    def _cursor(self) -> JournalCursor:
        return JournalCursor.objects.get_or_create(desk=self._desk)[0]

    def _tail_at(self, cursor: JournalCursor) -> JournalTail:
        directory = settings.CMC_PATHS.journal(self._desk.name)
        return JournalTail(directory, seq=cursor.seq, hash_hex=cursor.hash, file=cursor.file, offset=cursor.offset)

    def _store(self, lines: Sequence[Line]) -> None:
        with transaction.atomic():
            cursor = JournalCursor.objects.select_for_update().get(desk=self._desk)
            if cursor.seq >= lines[-1].record.seq:
                return  # the projector of another worker of the desk was faster
            fold = Fold(self._desk, cursor)
            stream = f"desk:{self._desk.name}"
            receipts.copy_batch(stream, [journal_record(line, fold.names) for line in lines])
            for line in lines:
                fold.apply(line.record)
            fold.finish()
            last = lines[-1]
            cursor.seq, cursor.hash = last.record.seq, last.record.hash
            cursor.file, cursor.offset, cursor.problem = last.file, last.next_offset, ""
            cursor.recorded_at_ns, cursor.copied_at_ns = last.record.at, time.time_ns()
            cursor.save()

    def _stand_still(self, problem: str) -> None:
        if problem == self._complaint:
            return
        self._complain(problem)
        try:
            JournalCursor.objects.filter(desk=self._desk).update(problem=problem[:300])
            alerts.raise_alert(
                rule="journal_copy_stopped", severity="P1", text_key="alert.journal_copy_stopped",
                values={"desk": self._desk.name, "problem": problem}, at_ns=time.time_ns(),
                cause=alerts.Cause(desk=self._desk.name),
            )  # fmt: skip
        except DatabaseError as error:
            self._complain(f"{problem}; and the database is away: {error}")

    def _complain(self, problem: str) -> None:
        if problem != self._complaint:
            log.error("journal of desk %s: %s", self._desk.name, problem)
        self._complaint = problem
