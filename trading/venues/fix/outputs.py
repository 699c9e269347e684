"""What a session is told once (its configuration) and what it hands back (its outputs). Frozen values."""

from dataclasses import dataclass, field
from enum import Enum

from trading.venues.fix.codec import GarbledBytes, Message, Value
from trading.venues.fix.dictionary import RejectReason, Strictness
from trading.venues.fix.timestamps import NANOS_PER_SECOND


class Role(Enum):
    """Which side of the connection this session is."""

    INITIATOR = "initiator"
    ACCEPTOR = "acceptor"


class State(Enum):
    """Where a session stands."""

    DISCONNECTED = "disconnected"
    AWAITING_LOGON = "awaiting logon"
    LOGON_SENT = "logon sent"
    LOGGED_ON = "logged on"
    LOGOUT_SENT = "logout sent"
    LOGGED_OUT = "logged out"


@dataclass(frozen=True, slots=True)
class SessionConfig:
    """A broker's or a client's profile for one session.

    `logon_fields` and `header_fields` are sent as they are (for example 95/96 or 50, 57, 142). An acceptor
    refuses a Logon whose 553/554 differ from its own username and password, if it has them. `app_types` are
    the application MsgTypes the owner handles; others get a BusinessMessageReject. None means all.
    `sending_time_digits` is 3, 6 or 9: decimals of a second in SendingTime(52), as agreed with the
    counterparty.
    """

    role: Role
    sender_comp_id: str
    target_comp_id: str
    begin_string: str = "FIX.4.4"
    heartbeat_s: int = 30
    is_reset_on_logon: bool = False
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    logon_fields: tuple[tuple[int, Value], ...] = field(default=(), repr=False)
    header_fields: tuple[tuple[int, Value], ...] = ()
    app_types: frozenset[bytes] | None = None
    strictness: Strictness = Strictness.STRICT
    sending_time_digits: int = 3
    sending_time_tolerance_ns: int = 120 * NANOS_PER_SECOND
    logon_timeout_ns: int = 10 * NANOS_PER_SECOND
    logout_timeout_ns: int = 10 * NANOS_PER_SECOND
    resend_timeout_ns: int = 30 * NANOS_PER_SECOND

    def __post_init__(self) -> None:
        if not self.sender_comp_id or not self.target_comp_id:
            raise ValueError("a FIX session needs a SenderCompID and a TargetCompID")
        if self.heartbeat_s < 0:
            raise ValueError(f"HeartBtInt is in seconds and not negative, got {self.heartbeat_s}")
        if self.sending_time_digits not in (3, 6, 9):
            raise ValueError(f"sending_time_digits is 3, 6 or 9, got {self.sending_time_digits}")


@dataclass(frozen=True, slots=True)
class Send:
    """Write these bytes; the store has their number. Never shown: a Logon may hold a password."""

    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Deliver:
    """An application message, in sequence. A possible duplicate may have been delivered before."""

    message: Message
    is_poss_dup: bool
    is_poss_resend: bool


@dataclass(frozen=True, slots=True)
class LoggedOn:
    """The session is up. After a reset, messages of before can no longer be asked for: reconcile."""

    heartbeat_s: int
    is_reset: bool


@dataclass(frozen=True, slots=True)
class LoggedOut:
    """The session is over; orders that were out are now at risk."""

    reason: str


@dataclass(frozen=True, slots=True)
class Disconnect:
    """Close the connection once everything before this is written."""

    reason: str


@dataclass(frozen=True, slots=True)
class GapDetected:
    """Messages `expected` to `received` - 1 are missing and were asked for. Fills may be among them."""

    expected: int
    received: int


@dataclass(frozen=True, slots=True)
class GapClosed:
    """Everything that was missing has been re-sent or declared empty."""

    next_in: int


@dataclass(frozen=True, slots=True)
class MessagesSkipped:
    """The counterparty reset its numbers over messages we have not seen. They will not come: reconcile."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Garbled:
    """Bytes that were no message were ignored; no sequence number was used up."""

    reason: str
    raw: bytes

    @classmethod
    def of(cls, item: GarbledBytes) -> "Garbled":
        """Take over the decoder's finding."""
        return cls(item.reason, item.raw)


@dataclass(frozen=True, slots=True)
class StaleOrderNotResent:
    """The counterparty asked again for an order message of ours; it was not sent again, and never will be.

    Whether the venue has the order is unknown: query it, never assume.
    """

    msg_type: str
    client_order_id: str
    seq_num: int


@dataclass(frozen=True, slots=True)
class RejectSent:
    """We refused a message that breaks the protocol. It is kept here, whole, so that nothing is lost."""

    message: Message
    reason: RejectReason
    tag: str
    text: str


@dataclass(frozen=True, slots=True)
class RejectReceived:
    """The counterparty refused a message of ours: it has *not* been processed there.

    `client_order_id` is that message's ClOrdID(11), or empty when it had none or is no longer stored.
    """

    ref_seq_num: int
    ref_msg_type: str
    client_order_id: str
    reason: int | None
    text: str


@dataclass(frozen=True, slots=True)
class ClockSample:
    """One TestRequest round trip: venue_clock - (sent_at + received_at) / 2 estimates the offset within half
    of it.

    All three are UTC nanoseconds; `venue_time_at` is the Heartbeat's SendingTime, truncated to its own
    resolution.
    """

    sent_at: int
    received_at: int
    venue_time_at: int


Output = (
    Send
    | Deliver
    | LoggedOn
    | LoggedOut
    | Disconnect
    | GapDetected
    | GapClosed
    | MessagesSkipped
    | Garbled
    | StaleOrderNotResent
    | RejectSent
    | RejectReceived
    | ClockSample
)
