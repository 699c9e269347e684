"""The venue's own record of what passed its wire, and the proof that each order was durable before it came.

One line per application message (orders, cancels, queries and their answers; books and heartbeats are left out):
`at_ns, dir, raw, id`, and for an inbound order also `journal_seq` and `journal_synced_offset_ok`: at the moment of
arrival the desk's journal is read up to the offset that its owner has declared durable, and the order's intent must
be in there. `null` means that no journal of this desk is known.
"""

import json
import re
from pathlib import Path

from trading.core.units import Nanos

SEARCH_BYTES = 1 << 20  # an intent lies at the very end of the durable part; this bounds the look-up
_SEQ = re.compile(rb'"seq":(\d+)')


class Tap:
    """Appends to var/venues/<venue>/tap.jsonl; `journal_dirs` maps a desk to its journal folder."""

    def __init__(self, path: Path, journal_dirs: dict[str, str]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._journal_dirs = {desk: Path(folder) for desk, folder in journal_dirs.items()}
        self.run = _runs_in(path) + 1
        self._file = path.open("a", buffering=1, encoding="utf-8")

    def started(self, at: Nanos) -> None:
        self._write({"at_ns": at, "dir": "start", "run": self.run})

    def inbound(self, at: Nanos, raw: str, order_id: str = "", desk: str = "", is_order: bool = False) -> None:
        """Record what came in; for an order, whether its intent was durable by now."""
        line: dict[str, object] = {"at_ns": at, "dir": "in", "raw": raw, "id": order_id}
        if is_order:
            line["desk"] = desk
            line["journal_seq"], line["journal_synced_offset_ok"] = self._durable_intent(desk, order_id)
        self._write(line)

    def outbound(self, at: Nanos, raw: str, order_id: str = "") -> None:
        self._write({"at_ns": at, "dir": "out", "raw": raw, "id": order_id})

    def close(self) -> None:
        self._file.close()

    def _write(self, line: dict[str, object]) -> None:
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")

    def _durable_intent(self, desk: str, order_id: str) -> tuple[int | None, bool | None]:
        folder = self._journal_dirs.get(desk)
        if folder is None or not folder.is_dir():
            return None, None
        needle = b'"client_order_id":"' + order_id.encode() + b'"'
        # The journal rolls with the trading day: the intent is in the newest file or, just then, the one before.
        for journal in sorted(folder.glob("*.journal"), reverse=True)[:2]:
            for record in reversed(_durable_tail(journal).splitlines()):
                if needle in record and b"OrdersDecided" in record:
                    found = _SEQ.search(record)
                    return (int(found[1]) if found else None), True
        return None, False


def _durable_tail(journal: Path) -> bytes:
    try:
        synced = int(journal.with_name(journal.name + ".synced").read_text())
    except (OSError, ValueError):
        return b""
    with journal.open("rb") as file:
        file.seek(max(0, synced - SEARCH_BYTES))
        return file.read(synced - file.tell())


def _runs_in(path: Path) -> int:
    if not path.exists():
        return 0
    with path.open("rb") as file:
        return sum(1 for line in file if b'"dir": "start"' in line)
