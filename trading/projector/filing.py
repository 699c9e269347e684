"""Where a journal record is filed among the receipts: kind, actor and what it is about. Its bytes stay its own."""

import re

from audit import receipts
from trading.core import events as e
from trading.engine.records import Record
from trading.projector.names import Names
from trading.projector.tail import Line

_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")


def journal_record(line: Line, names: Names) -> receipts.JournalRecord:
    """Return the receipt of one record, verbatim."""
    record = line.record
    return receipts.JournalRecord(
        seq=record.seq,
        at_ns=record.at,
        kind=kind_of(record),
        body=line.body,
        hash=record.hash,
        actor=getattr(record.event, "actor", "") or getattr(record.event, "approved_by", ""),
        subject=_subject(record, names),
    )


def kind_of(record: Record) -> str:
    """Return the receipt kind of a record: the event's name in snake case, e.g. orders_decided."""
    return _CAPITAL.sub("_", type(record.event).__name__).lower()


def _subject(record: Record, names: Names) -> receipts.Subject:
    pair = names.pair_of(record.program)
    if pair is None:
        return receipts.Subject(program=record.program, execution=record.execution)
    return receipts.Subject(
        project=pair.project,
        pair=pair.code,
        program=record.program,
        execution=record.execution,
        instruments=_instruments(record, names),
    )


def _instruments(record: Record, names: Names) -> tuple[str, ...]:
    if isinstance(record.event, e.OrdersDecided):
        return tuple(dict.fromkeys(order.instrument for order in record.event.orders))
    return names.instruments_of(record.program)
