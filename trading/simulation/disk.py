"""The disk of a schedule: what was appended, how much would survive a crash, and who may still write.

Every engine process writes through a `Writer` of its own. A newer engine raises the epoch; what an older one appends
from then on stands on a disk of its own, which nobody reads.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from trading.core.events import OrderIntent, OrdersDecided
from trading.core.units import Nanos
from trading.engine.records import Record


class Disk:
    """The journal that all engines of a schedule share, one after the other."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.epoch = 0
        self.durable_seq = 0
        self.is_full = False
        self.on_append: Callable[[Record], None] = lambda record: None

    @property
    def seq(self) -> int:
        return len(self.records)

    def open(self) -> "Writer":
        """Let a new engine write; it is the only one from here on."""
        self.epoch = max((record.epoch for record in self.records), default=self.epoch) + 1
        return Writer(self, self.epoch)

    def cut(self, kept_seq: int) -> None:
        """A crash: what stands after `kept_seq` was never written."""
        del self.records[kept_seq:]
        self.durable_seq = kept_seq


class Writer:
    """What an engine appends through; `append` and `seq` are what a desk needs of its journal."""

    def __init__(self, disk: Disk, epoch: int) -> None:
        self.disk = disk
        self.epoch = epoch
        self._elsewhere: list[Record] = []  # by an engine that was replaced
        self._last_seq = disk.seq
        self.intents = dict(_intents(disk.records))

    @property
    def is_replaced(self) -> bool:
        return self.epoch != self.disk.epoch

    @property
    def seq(self) -> int:
        return self._last_seq

    @property
    def durable_seq(self) -> int:
        return self.disk.durable_seq

    def append(self, program: str, event: Any, now: Nanos, execution: str = "") -> int:
        self._last_seq += 1
        record = Record(self._last_seq, now, self.epoch, program, execution, event, "")
        if isinstance(event, OrdersDecided):
            self.intents.update(_intents((record,)))
        if self.is_replaced:
            self._elsewhere.append(record)
        else:
            self.disk.records.append(record)
            self.disk.on_append(record)
        return self._last_seq


def _intents(records: Iterable[Record]) -> Iterator[tuple[str, tuple[int, OrderIntent]]]:
    """Yield what the last look before the wire needs of each decided order."""
    for record in records:
        if isinstance(record.event, OrdersDecided):
            for order in record.event.orders:
                yield order.client_order_id, (record.seq, order)
