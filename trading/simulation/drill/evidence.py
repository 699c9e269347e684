"""What a drill holds against the engine: the venues' own records beside the desk's journal, never the engine's word.

The tap says which orders reached a wire and whether their intents were durable then; the venues' records say what was
traded; the journal must know all of it, in an unbroken chain, and name every naked leg in an alert.
"""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from trading.core.events import OrderFilled
from trading.engine.journal_files import ChainBroken, History
from trading.engine.records import AlertRaised, Record, Recovered
from trading.simulation.copper import CA, CU, CU_CA
from trading.simulation.drill.stage import LISTED, Stage
from trading.venues.simulated.record import Executed


class Findings(msgspec.Struct):
    """What is wrong, in words; an empty list is what a drill wants to see."""

    duplicate_sends: list[str] = []
    lost_receipts: list[str] = []
    naked_unalerted: list[str] = []

    @property
    def count(self) -> int:
        return len(self.duplicate_sends) + len(self.lost_receipts) + len(self.naked_unalerted)


def look(stage: Stage, acknowledged: set[str], status: dict[str, Any]) -> tuple[Findings, list[Record]]:
    """Compare records and journal; `acknowledged` are commands whose answer was yes, `status` the desk's word."""
    found = Findings()
    try:
        records = list(History.of(Path(stage.config.journal_dir)))
    except ChainBroken as broken:
        found.lost_receipts.append(f"chain: {broken}")
        return found, []
    wire = Counter(line["id"] for line in _orders_on_the_wire(stage))
    found.duplicate_sends = [f"order {name} left {times} times" for name, times in wire.items() if times > 1]
    found.lost_receipts += [
        f"order {line['id']} left before its intent was durable"
        for line in _orders_on_the_wire(stage)
        if line["journal_synced_offset_ok"] is not True
    ]
    fills = {(event.client_order_id, event.fill_id) for event in _events(records) if isinstance(event, OrderFilled)}
    trades = list(_trades(stage))
    found.lost_receipts += [
        f"fill {trade.fill_id} of {trade.client_order_id} is not in the journal"
        for trade in trades
        if (trade.client_order_id, trade.fill_id) not in fills
    ]
    known = {getattr(event, "command_id", "") for event in _events(records)}
    found.lost_receipts += [f"command {name} was acknowledged and is not recorded" for name in acknowledged - known]
    found.naked_unalerted = _naked_without_alert(trades, records, status)
    return found, records


def reconciled_at(records: list[Record], epoch: int) -> int | None:
    """Return when the engine of this epoch was reconciled, or None."""
    return next(
        (
            record.at
            for record in records
            if record.epoch == epoch and isinstance(record.event, Recovered) and record.event.state == "RECONCILED"
        ),
        None,
    )


def _events(records: list[Record]) -> Iterator[Any]:
    return (record.event for record in records)


def _orders_on_the_wire(stage: Stage) -> list[dict[str, Any]]:
    lines = [
        json.loads(line)
        for name in LISTED
        for line in (stage.folder / "venues" / name / "tap.jsonl").read_text().splitlines()
    ]
    return [line for line in lines if "journal_synced_offset_ok" in line]


def _trades(stage: Stage) -> Iterator[Any]:
    for name in LISTED:
        path = stage.folder / "venues" / name / "record.jsonl"
        for line in path.read_bytes().splitlines():
            if b'"Executed"' in line:
                yield msgspec.json.decode(line, type=Executed).fill


def _naked_without_alert(trades: list[Any], records: list[Record], status: dict[str, Any]) -> list[str]:
    """A rest that is no whole unit in the venues' own figures needs an alert on an execution that is still open."""
    net = Counter({CU.symbol: 0, CA.symbol: 0})
    for trade in trades:
        net[trade.symbol] += trade.side.sign * trade.lots
    domestic, foreign = CU_CA.legs
    rest = net[CU.symbol] * foreign.ratio_lots + net[CA.symbol] * domestic.ratio_lots
    if not rest:
        return []
    alerted = {record.execution for record in records if isinstance(record.event, AlertRaised)}
    cases = [case["id"] for program in status["programs"] for case in program["open"]]
    if cases and all(case in alerted for case in cases):
        return []
    return [f"the venues hold {dict(net)}, open cases {cases}, and no alert names them"]
