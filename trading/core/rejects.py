"""What a venue's reject asks of us, and what it forbids for the rest of a case.

    PRICE, OTHER  fix_and_retry  priced anew from the book, inside the collar, once; the second reject blocks the side
    OFFSET        offset         the offset is planned anew, once; the second reject blocks the side
    THROTTLE      throttle       waits `RETRY_AFTER`, twice as long each time; blocks nothing, the budget still counts
    MARGIN        margin         opens nothing more at that venue in this case: there, only ways that reduce are left
    LIMIT_LOCKED  limit_locked   no immediate order on that side until a newer quote shows something to trade with
    CLOSED        closed         no order at all until a quote `SHUT_FOR` later says that the market trades
    PERMISSION    fatal          blocks the side for the case
    DUPLICATE     ask            the venue has the order: its state is asked for, nothing is concluded

The classes follow domain.md §6 item 13; adapters map their venue's codes to them. All of it is folded from the journal,
so a restart forgets no reject.
"""

from enum import Enum

from trading.core.events import Offset, OrderIntent, QuoteSeen, RejectClass
from trading.core.units import MILLI, SECOND, Nanos, Side

RETRY_AFTER = 50 * MILLI  # after a throttle, a local refusal or a broken line, before the next repair order
SHUT_FOR = SECOND  # after a venue said it is closed, before a quote is believed again; doubles with each reject
DOUBLINGS_MAX = 6
REJECTS_PER_SIDE_MAX = 2  # rejects of one instrument and side before a repair goes another way


class RejectAction(Enum):
    FIX_AND_RETRY = "fix_and_retry"
    THROTTLE = "throttle"
    OFFSET = "offset"
    MARGIN = "margin"
    LIMIT_LOCKED = "limit_locked"
    CLOSED = "closed"
    FATAL = "fatal"
    ASK = "ask"


ACTIONS: dict[RejectClass, RejectAction] = {
    RejectClass.PRICE: RejectAction.FIX_AND_RETRY,
    RejectClass.OTHER: RejectAction.FIX_AND_RETRY,
    RejectClass.OFFSET: RejectAction.OFFSET,
    RejectClass.THROTTLE: RejectAction.THROTTLE,
    RejectClass.MARGIN: RejectAction.MARGIN,
    RejectClass.LIMIT_LOCKED: RejectAction.LIMIT_LOCKED,
    RejectClass.CLOSED: RejectAction.CLOSED,
    RejectClass.PERMISSION: RejectAction.FATAL,
    RejectClass.DUPLICATE: RejectAction.ASK,
}
COUNTED = frozenset((RejectAction.FIX_AND_RETRY, RejectAction.OFFSET, RejectAction.LIMIT_LOCKED))


class Refusals:
    """What venues have refused in one case. Changed only by the fold in `state`."""

    __slots__ = ("_counts", "_locked_at", "_shut_until", "_shuts", "_throttles", "blocked", "no_margin")

    def __init__(self) -> None:
        self.blocked: set[tuple[str, Side]] = set()  # instrument and side
        self.no_margin: set[str] = set()  # venues
        self._counts: dict[tuple[str, Side], int] = {}
        self._locked_at: dict[tuple[str, Side], Nanos] = {}
        self._shut_until: dict[str, Nanos] = {}  # by instrument
        self._shuts: dict[str, int] = {}
        self._throttles = 0

    def note(self, intent: OrderIntent, reject_class: RejectClass, now: Nanos) -> Nanos:
        """Note a reject; return when the next repair order may leave, 0 for at once."""
        action, side = ACTIONS[reject_class], (intent.instrument, intent.side)
        if action is RejectAction.THROTTLE:
            self._throttles += 1
            return now + (RETRY_AFTER << min(self._throttles - 1, DOUBLINGS_MAX))
        if action in COUNTED:
            self._counts[side] = self._counts.get(side, 0) + 1
        is_closing = intent.offset is not Offset.OPEN
        if (
            action is RejectAction.FATAL
            or self._counts.get(side, 0) >= REJECTS_PER_SIDE_MAX
            or (action is RejectAction.MARGIN and is_closing)  # closing needs none: something else is wrong
        ):
            self.blocked.add(side)
        elif action is RejectAction.MARGIN:
            self.no_margin.add(intent.venue)
        elif action is RejectAction.LIMIT_LOCKED:
            self._locked_at[side] = now
        elif action is RejectAction.CLOSED:
            shuts = self._shuts[intent.instrument] = self._shuts.get(intent.instrument, 0) + 1
            self._shut_until[intent.instrument] = now + (SHUT_FOR << min(shuts - 1, DOUBLINGS_MAX))
        return 0

    def is_shut(self, quote: QuoteSeen) -> bool:
        """Whether the venue said this market is closed and nothing newer says that it trades."""
        return quote.received_at < self._shut_until.get(quote.instrument, 0)

    def is_locked(self, quote: QuoteSeen, side: Side) -> bool:
        """Whether the venue said this side is limit-locked and no newer quote shows something to trade with."""
        return quote.received_at <= self._locked_at.get((quote.instrument, side), -1)

    def obstacle(self, instrument: str, venue: str, side: Side, *, opens: bool) -> str:
        """Return why an order may not be sent again in this case, or an empty string."""
        if (instrument, side) in self.blocked:
            return "the venue rejected this side before"
        if opens and venue in self.no_margin:
            return f"no margin at {venue} for more"
        return ""

    def facts(self) -> dict[str, object]:
        """Return what was noted as plain values, for the snapshot."""
        return {
            "blocked": sorted(f"{code} {side.value}" for code, side in self.blocked),
            "no_margin": sorted(self.no_margin), "shut_until": dict(self._shut_until), "throttles": self._throttles,
            "locked_at": {f"{code} {side.value}": at for (code, side), at in self._locked_at.items()},
        }  # fmt: skip
