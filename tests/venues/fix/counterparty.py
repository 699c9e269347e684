"""A counterparty that speaks raw FIX to one session of ours, well or badly, and reads what comes back."""

from collections.abc import Callable
from typing import Any

from trading.venues.fix.codec import Decoder, Message, Value, encode, encode_fields
from trading.venues.fix.outputs import Output, Role, Send, SessionConfig
from trading.venues.fix.session import Session
from trading.venues.fix.store import MemoryStore, MessageStore
from trading.venues.fix.timestamps import NANOS_PER_SECOND, format_utc

NOW = 1_790_000_000 * NANOS_PER_SECOND
SECOND = NANOS_PER_SECOND

SCENARIOS: dict[str, str] = {}
"""Published scenario to the name of the test that plays it."""


def scenario(number: str) -> Callable[[Any], Any]:
    """Mark a test as the one that plays a published scenario; README.md lists them."""

    def mark(test: Any) -> Any:
        assert number not in SCENARIOS, f"scenario {number} is played twice"
        SCENARIOS[number] = test.__name__
        return test

    return mark


def messages(outputs: list[Output]) -> list[Message]:
    """Return the messages among outputs."""
    decoded = [Decoder().feed(output.data)[0] for output in outputs if isinstance(output, Send)]
    return [message for message in decoded if isinstance(message, Message)]


def order_fields(client_order_id: str = "ID") -> list[tuple[int, Value]]:
    """Return the body of a plain order."""
    return [
        (11, client_order_id),
        (21, "3"),
        (55, "CA"),
        (54, "1"),
        (60, format_utc(NOW)),
        (38, 5),
        (40, "2"),
        (44, "9100"),
    ]


def report_fields(exec_id: str = "E1", client_order_id: str = "ID") -> list[tuple[int, Value]]:
    """Return the body of a fill."""
    return [
        (37, "V1"),
        (17, exec_id),
        (150, "F"),
        (39, "2"),
        (55, "CA"),
        (54, "1"),
        (151, 0),
        (14, 5),
        (6, "9100"),
        (11, client_order_id),
        (32, 5),
        (31, "9100"),
    ]


class Counterparty:
    """The other end of one session. `session` is ours; the test sets times and numbers of the other end."""

    def __init__(self, role: Role = Role.ACCEPTOR, store: MessageStore | None = None, **config: Any) -> None:
        self.session = Session(SessionConfig(role, "DESK", "BROKER", **config), store or MemoryStore())
        self.now = NOW
        self.seq_num = 1
        self.outputs: list[Output] = []

    def connect(self) -> "Counterparty":
        """Open a connection."""
        self.outputs = self.session.start(self.now)
        return self

    def bytes_of(self, msg_type: str, *fields: tuple[int, Value], seq: int | None = None, **header: Any) -> bytes:
        """Return a message. `header` sets sender, target, sent_at, begin, flags (header fields after 52)."""
        if seq is None:
            seq, self.seq_num = self.seq_num, self.seq_num + 1
        sent_at = header.get("sent_at", self.now)
        head = [
            (35, msg_type),
            (49, header.get("sender", "BROKER")),
            (56, header.get("target", "DESK")),
            (34, seq),
            (52, sent_at if isinstance(sent_at, bytes) else format_utc(sent_at)),
            *header.get("flags", ()),
        ]
        body = encode_fields((tag, value) for tag, value in head if value is not None) + encode_fields(fields)
        return encode(header.get("begin", b"FIX.4.4"), body)

    def say(self, msg_type: str, *fields: tuple[int, Value], seq: int | None = None, **header: Any) -> list[Message]:
        """Send a message; return the messages that come back."""
        return self.send(self.bytes_of(msg_type, *fields, seq=seq, **header))

    def repeat(self, msg_type: str, seq: int, *fields: tuple[int, Value], first_sent_at: int = 0) -> list[Message]:
        """Send a message as a possible duplicate."""
        flags = [(43, "Y"), (122, format_utc(first_sent_at or self.now))]
        return self.say(msg_type, *fields, seq=seq, flags=flags)

    def send(self, data: bytes) -> list[Message]:
        """Send bytes; return the messages that come back."""
        self.outputs = self.session.receive(data, self.now)
        return messages(self.outputs)

    def wait(self, seconds: int) -> list[Message]:
        """Let time pass, firing every timer when it is due; return what was sent meanwhile."""
        until = self.now + seconds * SECOND
        self.outputs = []
        while (due := self.session.deadline()) is not None and due <= until:
            self.now = max(self.now, due)
            fired = self.session.timer(self.now)
            assert fired or self.session.deadline() != due, "a timer that does nothing must move on"
            self.outputs += fired
        self.now = until
        return messages(self.outputs)

    def log_on(self, *fields: tuple[int, Value], heartbeat_s: int = 30, seq: int | None = None) -> list[Message]:
        """Exchange Logons, with the role our session has."""
        self.connect()
        return self.say("A", (98, 0), (108, heartbeat_s), *fields, seq=seq)

    def said(self, kind: type) -> list[Any]:
        """Return the outputs of one kind from the last exchange."""
        return [output for output in self.outputs if isinstance(output, kind)]

    def is_hung_up(self) -> bool:
        """Whether the session wants the connection closed."""
        return self.session.state.value == "disconnected"


def types(replies: list[Message]) -> str:
    """Return the MsgTypes of messages, as one word."""
    return "".join(message.text(35) for message in replies)
