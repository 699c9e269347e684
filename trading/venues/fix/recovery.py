"""Message recovery, both directions. Pure.

Inbound: which messages are missing, what waits behind them, when to ask again.
Outbound: what to answer to a ResendRequest. **An order is never sent twice**: a message of ORDER_TYPES is
gap-filled and reported, because the market has moved and the venue alone knows whether it has the first one.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from trading.venues.fix.codec import Decoder, Message
from trading.venues.fix.fix44 import ADMIN_TYPES

ORDER_TYPES = frozenset({b"D", b"E", b"F", b"G", b"q", b"s", b"t", b"u", b"AB", b"AC", b"S", b"i", b"Z"})
"""Messages that create, change or cancel what works at a venue. Never re-sent."""

QUEUE_MAX = 5_000
RESEND_ATTEMPTS_MAX = 3


@dataclass(slots=True)
class InboundGap:
    """Messages that came too early, and the request for those before them."""

    queue: dict[int, Message] = field(default_factory=dict)
    high: int = 0
    requested_from: int | None = None
    due_at: int = 0
    attempts: int = 0

    @property
    def is_open(self) -> bool:
        """Whether something is missing."""
        return self.requested_from is not None

    def keep(self, seq_num: int, message: Message) -> None:
        """Keep an early message for its turn. Beyond QUEUE_MAX it is dropped: the open request covers it."""
        self.high = max(self.high, seq_num)
        if len(self.queue) < QUEUE_MAX:
            self.queue.setdefault(seq_num, message)

    def needs_request(self, expected: int, message: Message) -> bool:
        """Return whether to ask now: nothing is asked yet, or the answer itself has a hole."""
        if self.requested_from is None:
            return True
        return message.is_yes(43) and expected > self.requested_from

    def asked(self, expected: int, due_at: int) -> None:
        """Note a request; the same one repeated counts as a further attempt."""
        self.attempts = self.attempts + 1 if self.requested_from == expected else 1
        self.requested_from, self.due_at = expected, due_at

    def clear(self) -> None:
        """Start afresh."""
        self.queue.clear()
        self.high, self.requested_from, self.attempts = 0, None, 0


@dataclass(frozen=True, slots=True)
class Again:
    """Send this message again, as a possible duplicate."""

    seq_num: int
    message: Message


@dataclass(frozen=True, slots=True)
class Fill:
    """Declare the numbers from `first` up to, not including, `next_seq_num` empty."""

    first: int
    next_seq_num: int


@dataclass(frozen=True, slots=True)
class Stale:
    """This order was asked for and is not sent again."""

    seq_num: int
    message: Message


def is_sent_again(msg_type: bytes) -> bool:
    """Return whether a message may be sent twice: Reject(3) and every application message but orders."""
    return msg_type == b"3" or not (msg_type in ADMIN_TYPES or msg_type in ORDER_TYPES)


def plan_answer(stored: Iterable[tuple[int, bytes]], first: int, last: int) -> Iterator[Again | Fill | Stale]:
    """Yield the answer to a ResendRequest for `first` to `last`, covering every number once, in order.

    `stored` are our own past messages in that range, in order; what is missing there is filled.
    """
    fill_from = first
    for seq_num, raw in stored:
        message = parse_stored(raw)
        if message is None:
            continue
        if message.msg_type in ORDER_TYPES:
            yield Stale(seq_num, message)
        elif is_sent_again(message.msg_type):
            if fill_from < seq_num:
                yield Fill(fill_from, seq_num)
            yield Again(seq_num, message)
            fill_from = seq_num + 1
    if fill_from <= last:
        yield Fill(fill_from, last + 1)


def parse_stored(raw: bytes) -> Message | None:
    """Return a stored message, or None if its bytes are not one."""
    items = Decoder().feed(raw)
    return items[0] if items and isinstance(items[0], Message) else None
