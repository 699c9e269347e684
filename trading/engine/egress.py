"""The last look before bytes leave: what goes to a venue is held against what the journal says was decided.

It knows nothing of the desk that hands the orders over: a defect there, or a stale part of the program, must not be
able to send what nobody decided, or the same thing twice (Knight Capital 2012: SEC release 34-70694).
"""

from collections.abc import Sequence

from trading.core.events import OrderIntent
from trading.engine.journal import Ledger


class Egress:
    """Counts sends by intent. Intents of earlier starts are on record too, and never leave again."""

    def __init__(self, journal: Ledger) -> None:
        self._journal = journal
        self._first_seq = journal.seq
        self._sent: set[str] = set()

    def objection(self, orders: Sequence[OrderIntent]) -> str:
        """Return why these orders must not leave, or an empty string after counting them as sent."""
        durable_seq = self._journal.durable_seq
        for order in orders:
            name = order.client_order_id
            decided = self._journal.intents.get(name)
            if decided is None:
                return f"order {name} was never decided"
            seq, intent = decided
            if name in self._sent or seq <= self._first_seq:
                return f"order {name} was sent before"
            if seq > durable_seq:
                return f"order {name} would leave before its record is durable"
            if intent is not order and intent != order:
                return f"order {name} differs from what was decided"
            self._sent.add(name)
        return ""
