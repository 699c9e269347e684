"""One child order: what we know of it, and how each piece of evidence changes that.

Rules, kept in the table below and nowhere else:
1. The state says what the venue may still do. Fills never depend on it: a fill counts once, whenever it comes.
2. Silence is not an answer: it leads to UNKNOWN and to a query, never to an end and never to a second order.
3. PRESUMED_DEAD is a presumption: the order stays in exposure, is asked about now and then, and any sign of life
   revives it.
4. An order is SETTLED only when its unique fills add up to the venue's cumulative lots.
5. Contradicting evidence (a fill after a reject, more fills than announced) makes the order UNKNOWN again.
6. A trade that the venue took back never counts, one that it corrected counts as corrected, in whatever order the
   news comes. What the venue announced before is void then: the fills count, and the order is asked about.
"""

from collections.abc import Callable
from enum import Enum

from trading.core.events import (
    FillBusted,
    FillCorrected,
    OrderAccepted,
    OrderClosed,
    OrderFilled,
    OrderIntent,
    OrderStatus,
    Purpose,
    RejectClass,
    TimeInForce,
)
from trading.core.terms import ReplyTimes
from trading.core.units import Lots, Nanos, Ticks

QUERY_BACKOFF_MAX = 6  # the interval between queries doubles this often at most


class OrderState(Enum):
    SENT = "sent"
    WORKING = "working"
    CANCELLING = "cancelling"
    UNKNOWN = "unknown"
    PRESUMED_DEAD = "presumed_dead"
    CLOSED = "closed"  # the venue will do nothing more; announced fills are still missing
    SETTLED = "settled"
    REJECTED = "rejected"
    NOT_SENT = "not_sent"

    __hash__ = object.__hash__  # by identity, in C


class Evidence(Enum):
    ACCEPTED = "accepted"  # also a status answer "working"
    REJECTED = "rejected"
    FILLED = "filled"
    CLOSED = "closed"  # also a status answer "closed"
    CANCEL_ASKED = "cancel_asked"
    CANCEL_REJECTED = "cancel_rejected"
    SILENT = "silent"  # no reply in time, or the line went down
    MISSING = "missing"  # not found, by a query sent after the presumption was allowed
    NOT_SENT = "not_sent"
    AMENDED = "amended"  # a trade was taken back or corrected: the venue's earlier word no longer stands

    __hash__ = object.__hash__  # by identity, in C


S = OrderState
_LIVE = (S.SENT, S.WORKING, S.CANCELLING, S.UNKNOWN)
_ENDED = (S.SETTLED, S.REJECTED, S.NOT_SENT)


def _row(**after: tuple[OrderState, ...]) -> dict[OrderState, OrderState]:
    """Return state -> state from `NEXT=(states that go there)`; states not named stay as they are."""
    moves = {state: OrderState[name] for name, states in after.items() for state in states}
    return {state: moves.get(state, state) for state in S}


TRANSITIONS: dict[Evidence, dict[OrderState, OrderState]] = {
    Evidence.ACCEPTED: _row(WORKING=(S.SENT, S.UNKNOWN, S.PRESUMED_DEAD, S.REJECTED, S.NOT_SENT)),
    Evidence.REJECTED: _row(REJECTED=(*_LIVE, S.PRESUMED_DEAD)),
    Evidence.FILLED: _row(WORKING=(S.SENT, S.UNKNOWN, S.PRESUMED_DEAD), UNKNOWN=_ENDED),
    Evidence.CLOSED: _row(CLOSED=(*_LIVE, S.PRESUMED_DEAD, *_ENDED)),
    Evidence.CANCEL_ASKED: _row(CANCELLING=(S.SENT, S.WORKING, S.UNKNOWN)),
    Evidence.CANCEL_REJECTED: _row(UNKNOWN=(S.SENT, S.WORKING, S.CANCELLING)),
    Evidence.SILENT: _row(UNKNOWN=(S.SENT, S.WORKING, S.CANCELLING)),
    Evidence.MISSING: _row(PRESUMED_DEAD=_LIVE),
    Evidence.NOT_SENT: _row(NOT_SENT=(S.SENT, S.UNKNOWN, S.CANCELLING)),
    Evidence.AMENDED: _row(UNKNOWN=(S.CLOSED, S.PRESUMED_DEAD, *_ENDED)),
}

TradeKey = tuple[str, str]  # trading day, fill id

LIVE_STATES = frozenset(_LIVE)
RESERVED_STATES = frozenset((*_LIVE, S.PRESUMED_DEAD))
SETTLED_STATES = frozenset((*_ENDED, S.PRESUMED_DEAD))


class Order:
    """The one mutable record of a child order; ids are never forgotten, so late evidence always finds it."""

    __slots__ = (
        "amended_at",
        "asked_at",
        "busted",
        "corrections",
        "cumulative_lots",
        "execution",
        "filled_lots",
        "fills",
        "heard_at",
        "intent",
        "is_resting",
        "queries",
        "reject_class",
        "sent_at",
        "state",
        "told",
        "trading_day",
        "turnover",
        "venue_order_id",
    )  # fmt: skip

    def __init__(self, intent: OrderIntent, execution: str, sent_at: Nanos) -> None:
        self.intent = intent
        self.execution = execution
        self.state = S.SENT
        self.sent_at = sent_at
        self.heard_at = sent_at  # the last time the venue said anything about it
        self.asked_at: Nanos = 0  # the last query or cancel
        self.queries = 0  # since the venue last said something
        self.fills: dict[TradeKey, tuple[Lots, Ticks]] = {}  # as they were reported first
        self.corrections: dict[TradeKey, tuple[Lots, Ticks]] = {}
        self.busted: set[TradeKey] = set()
        self.amended_at: Nanos | None = None  # when the last trade was taken back or corrected
        self.told: set[type] = set()  # kinds of reports on record besides fills
        self.filled_lots: Lots = 0
        self.cumulative_lots: Lots = 0  # what the venue says was filled
        self.turnover = 0  # sum of lots x ticks over unique fills
        self.trading_day = ""
        self.venue_order_id = ""
        self.reject_class: RejectClass | None = None
        self.is_resting = False  # the venue said "working" for an order that should not rest

    @property
    def done_lots(self) -> Lots:
        """Lots known to be traded, by fills or by the venue's word, whichever is more."""
        return max(self.filled_lots, self.cumulative_lots)

    @property
    def reserved_lots(self) -> Lots:
        """Lots that may still turn out to be traded; they stay in exposure until evidence comes."""
        if self.state not in RESERVED_STATES:
            return 0
        return max(0, self.intent.lots - self.done_lots)

    @property
    def is_live(self) -> bool:
        return self.state in LIVE_STATES

    @property
    def is_settled(self) -> bool:
        return self.state in SETTLED_STATES

    @property
    def is_quote(self) -> bool:
        """Whether this is an entry that rests in the book until it trades or is called back."""
        return self.intent.purpose is Purpose.ENTRY and self.intent.time_in_force is TimeInForce.DAY

    @property
    def is_queued(self) -> bool:
        """Whether this is a repair that rests in the book on purpose, by the venue's word."""
        rests = self.intent.time_in_force is TimeInForce.DAY and self.intent.purpose is not Purpose.ENTRY
        return rests and self.state is S.WORKING

    def apply(self, evidence: Evidence, now: Nanos) -> None:
        """Move by the table; fills and cumulative lots must already be booked."""
        if evidence is Evidence.CLOSED and self.state in _ENDED and self.cumulative_lots <= self.filled_lots:
            return
        self.state = TRANSITIONS[evidence][self.state]
        if evidence not in (Evidence.SILENT, Evidence.CANCEL_ASKED):
            self.heard_at = now
            self.queries = 0
        if self.filled_lots >= self.intent.lots and self.is_live:  # nothing is left that could still trade
            self.announce(self.filled_lots)
            self.state = S.CLOSED
        if self.state is S.CLOSED and self.filled_lots >= self.cumulative_lots:
            # More fills than announced contradict the announcement: others may be missing too, so ask.
            self.state = S.SETTLED if self.filled_lots == self.cumulative_lots else S.UNKNOWN
        if self.state is not S.WORKING:
            self.is_resting = False

    def book(self, fill: OrderFilled) -> bool:
        """Count the fill, unless it was taken back; return False when it was counted before."""
        key = (fill.trading_day, fill.fill_id)
        if key in self.fills:
            return False
        before = self._counted(key)
        self.fills[key] = (fill.lots, fill.price_ticks)
        self._recount(key, before)
        self.trading_day = fill.trading_day or self.trading_day
        return True

    def bust(self, event: FillBusted, now: Nanos) -> bool:
        """Count the trade no more, now and when its fill comes later; return False when that was known."""
        return self._amend(event, now, lambda key: self.busted.add(key))

    def correct(self, event: FillCorrected, now: Nanos) -> bool:
        """Count the trade by its new figures, even before its fill comes; return False when that was known."""
        figures = (event.lots, event.price_ticks)
        return self._amend(event, now, lambda key: self.corrections.update({key: figures}))

    def _amend(self, event: FillBusted | FillCorrected, now: Nanos, change: Callable[[TradeKey], None]) -> bool:
        if self.is_amended(event):
            return False
        key = self._key(event)
        before = self._counted(key)
        change(key)
        self._recount(key, before)
        self.cumulative_lots = self.filled_lots  # the venue's earlier word is void
        self.amended_at = now
        return True

    def is_amended(self, event: FillBusted | FillCorrected) -> bool:
        """Return whether the record already holds this amendment; a trade taken back can no longer be corrected."""
        keys = _same(self._key(event))
        if isinstance(event, FillBusted) or not self.busted.isdisjoint(keys):
            return not self.busted.isdisjoint(keys)
        return any(self.corrections.get(key) == (event.lots, event.price_ticks) for key in keys)

    def _key(self, event: FillBusted | FillCorrected) -> TradeKey:
        """Return the trade's key; where the amendment names no trading day its fill's tells."""
        if event.trading_day:
            return event.trading_day, event.fill_id
        return next((key for key in self.fills if key[1] == event.fill_id), ("", event.fill_id))

    def _counted(self, key: TradeKey) -> tuple[Lots, Ticks]:
        """Return the lots and the price of a trade that count."""
        for known in _same(key):
            if known in self.busted:
                return 0, 0
            if known in self.corrections:
                return self.corrections[known]
        return self.fills.get(key, (0, 0))

    def _recount(self, key: TradeKey, before: tuple[Lots, Ticks]) -> None:
        lots, ticks = self._counted(key)
        self.filled_lots += lots - before[0]
        self.turnover += lots * ticks - before[0] * before[1]

    def is_repeated(
        self, event: OrderAccepted | OrderFilled | OrderClosed | OrderStatus | FillBusted | FillCorrected
    ) -> bool:
        """Return whether a settled order's record already holds this: venues list the whole day at every start."""
        if isinstance(event, FillBusted | FillCorrected):
            return self.is_amended(event)
        if self.state is not S.SETTLED:
            return False
        if isinstance(event, OrderFilled):
            return (event.trading_day, event.fill_id) in self.fills
        if isinstance(event, OrderStatus) and event.state != "closed":
            return False
        if isinstance(event, OrderClosed | OrderStatus) and event.cumulative_lots != self.filled_lots:
            return False
        return type(event) in self.told

    def announce(self, cumulative_lots: Lots, asked_at: Nanos | None = None) -> None:
        """Note the venue's cumulative lots. It only ever rises, but an answer asked for after a bust replaces it."""
        if self.amended_at is not None and asked_at is not None and asked_at > self.amended_at:
            self.cumulative_lots = cumulative_lots
        self.cumulative_lots = max(self.cumulative_lots, cumulative_lots)

    def query_due_at(self, times: ReplyTimes) -> Nanos | None:
        """Return when silence about this order must become a question, or None while nothing is owed."""
        if self.state is S.PRESUMED_DEAD:
            return max(self.heard_at, self.asked_at) + (times.presumed_dead << min(self.queries, QUERY_BACKOFF_MAX))
        if self.is_settled or (self.state is S.WORKING and self.intent.time_in_force is TimeInForce.DAY):
            return None
        if self.queries:
            return self.asked_at + (times.query_interval << min(self.queries - 1, QUERY_BACKOFF_MAX))
        if self.state is S.UNKNOWN:
            return self.heard_at
        return max(self.heard_at, self.asked_at) + times.reply_due

    def facts(self) -> dict[str, object]:
        """Return the order as plain values, for the snapshot."""
        return {
            "id": self.intent.client_order_id, "state": self.state.value, "filled_lots": self.filled_lots,
            "cumulative_lots": self.cumulative_lots, "reserved_lots": self.reserved_lots, "turnover": self.turnover,
            "sent_at": self.sent_at, "heard_at": self.heard_at, "asked_at": self.asked_at, "queries": self.queries,
        }  # fmt: skip


def _same(key: TradeKey) -> tuple[TradeKey, TradeKey]:
    """Return the keys under which an amendment may stand: one without a day may have come before its fill."""
    return key, ("", key[1])
