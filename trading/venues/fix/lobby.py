"""A new connection at an acceptor, before it is known whose it is. Pure.

A stranger gets no answer, only a closed connection: not a word about which sessions exist.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from trading.venues.fix.codec import Decoder, Message
from trading.venues.fix.outputs import Output, State
from trading.venues.fix.session import Session

BYTES_MAX = 8_192


@dataclass(frozen=True, slots=True)
class Admitted:
    """The connection belongs to this session, which has taken everything received so far."""

    session: Session
    outputs: list[Output]


@dataclass(frozen=True, slots=True)
class Refused:
    """Close the connection without an answer."""

    reason: str


class Lobby:
    """Holds one connection until its first message says which session it wants."""

    def __init__(self, sessions: Iterable[Session], now: int, timeout_ns: int = 10_000_000_000) -> None:
        self._sessions = {(s.config.target_comp_id, s.config.sender_comp_id): s for s in sessions}
        self._decoder = Decoder()
        self._received = b""
        self.deadline = now + timeout_ns

    def receive(self, data: bytes, now: int) -> Admitted | Refused | None:
        """Take bytes; return the verdict, or None while the first message is incomplete."""
        self._received += data
        items = self._decoder.feed(data)
        if not items:
            return Refused("too many bytes without a message") if len(self._received) > BYTES_MAX else None
        first = items[0]
        if not isinstance(first, Message) or first.msg_type != b"A":
            return Refused("the first message was not a Logon")
        session = self._sessions.get((first.text(49), first.text(56)))
        if session is None:
            return Refused("no session has these CompIDs")
        if session.state is not State.DISCONNECTED:
            return Refused("the session is already connected")
        return Admitted(session, [*session.start(now), *session.receive(self._received, now)])

    def timer(self, now: int) -> Refused | None:
        """Return the refusal of a connection that stayed silent for too long."""
        return Refused("no Logon in time") if now >= self.deadline else None
