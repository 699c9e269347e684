"""Books as FIX market data: W for a whole book, X for its changes. Pure.

RptSeq(83) counts the changes of each instrument, one for every entry of an X; a W names the last count it contains.
A publication that the exchange lost (its own number jumps) leaves a hole in RptSeq, as a lost packet would.
"""

from trading.core.events import Level
from trading.core.terms import Instrument
from trading.venues.fix.codec import Value
from trading.venues.fix.timestamps import format_utc
from trading.venues.simulated.face import price_text
from trading.venues.simulated.messages import Depth

Fields = list[tuple[int, Value]]
BID, OFFER = "0", "1"
NEW, CHANGE, DELETE = "0", "1", "2"
HALTED, READY_TO_TRADE, NOT_AVAILABLE = 2, 17, 18  # SecurityTradingStatus(326)


class PublishedBook:
    """What subscribers of one instrument have been told, and under which count."""

    def __init__(self, instrument: Instrument) -> None:
        self._instrument = instrument
        self._depth: Depth | None = None
        self._count = 0
        self._phase = "open"

    @property
    def is_known(self) -> bool:
        return self._depth is not None

    def snapshot(self, request_id: str) -> Fields:
        """Return the body of W for what has been published so far."""
        assert self._depth is not None
        stamp = _stamp(self._depth)
        entries: Fields = []
        for kind, levels in ((BID, self._depth.bids), (OFFER, self._depth.asks)):
            for level in levels:
                entries += [(269, kind), (270, self._price(level)), (271, level.lots), *stamp]
        total = len(self._depth.bids) + len(self._depth.asks)
        head: Fields = [(262, request_id), (55, self._instrument.symbol), (83, self._count)]
        if not total:
            # MarketDataSnapshot needs an entry; an empty book says so with EmptyBook (269=J).
            return [*head, (268, 1), (269, "J"), *stamp]
        return [*head, (268, total), *entries]

    def update(self, depth: Depth) -> Fields | None:
        """Take the next book; return the body of X with what changed, or None."""
        previous, self._depth = self._depth, depth
        if previous is None:
            return None
        self._count += max(0, depth.seq - previous.seq - 1)
        changes = [
            *self._changes(BID, previous.bids, depth.bids),
            *self._changes(OFFER, previous.asks, depth.asks),
        ]
        if not changes:
            return None
        fields: Fields = [(268, len(changes))]
        stamp = _stamp(depth)
        for action, kind, level in changes:
            self._count += 1
            fields += [(279, action), (269, kind), (55, depth.symbol), (270, self._price(level))]
            if action != DELETE:
                fields.append((271, level.lots))
            fields += [*stamp, (83, self._count)]
        return fields

    def phase_change(self, depth: Depth) -> Fields | None:
        """Return the body of SecurityStatus if the phase is another one than last told."""
        if depth.phase == self._phase:
            return None
        self._phase = depth.phase
        status = {"open": READY_TO_TRADE, "break": HALTED}.get(depth.phase, NOT_AVAILABLE)
        return [(55, depth.symbol), (326, status), (60, format_utc(depth.exchange_ns, 6))]

    def _changes(self, kind: str, before: tuple[Level, ...], after: tuple[Level, ...]) -> list[tuple[str, str, Level]]:
        old = {level.price_ticks: level for level in before}
        new = {level.price_ticks: level for level in after}
        gone = [(DELETE, kind, level) for price, level in old.items() if price not in new]
        changed = [
            (CHANGE if price in old else NEW, kind, level) for price, level in new.items() if old.get(price) != level
        ]
        return gone + changed

    def _price(self, level: Level) -> str:
        return price_text(level.price_ticks, self._instrument)


def _stamp(depth: Depth) -> Fields:
    day, time = format_utc(depth.exchange_ns, 6).split(b"-")
    return [(272, day), (273, time)]
