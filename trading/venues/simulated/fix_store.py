"""The acceptor's session store: numbers and reports outlive the process, market data only uses numbers up."""

from trading.venues.fix.store import FileStore

MARKET_DATA = (b"\x0135=W\x01", b"\x0135=X\x01")
HEAD_BYTES = 40


class VenueStore(FileStore):
    """Keeps no books: a book that is asked for again is old, so its number is gap-filled."""

    def append_out(self, seq_num: int, raw: bytes) -> None:
        """Record a message about to be sent."""
        head = raw[:HEAD_BYTES]
        if any(kind in head for kind in MARKET_DATA):
            self.set_next_out(seq_num + 1)
        else:
            super().append_out(seq_num, raw)
