"""One FIX 4.4 session, either role, without I/O: bytes and `now` go in, typed outputs come out.

Rules of this file
1. Nothing here reads a clock, opens a socket or waits. `now` is UTC nanoseconds, never decreasing. After
   each call the host performs the outputs in order and arms its timer with `deadline()`; when it is due it
   calls `timer(now)`.
2. A sequence number is used up by every well-formed message in its turn, and by nothing else: garbled bytes
   and messages out of turn use up none.
3. A message of ours is in the store before its `Send` is handed out.
4. A message we received is recorded as handled at the *next* `receive` or `timer`: if the process dies in
   between, it is asked for again and delivered as a possible duplicate, never lost.
5. An order is never sent twice (`recovery.py`).
6. Whoever breaks the protocol gets the answer the standard names, and the session survives it where it can.

Deliberately absent: encryption (98 is 0), 789 NextExpectedMsgSeqNum, FIXT.1.1.
Source: FIX 4.4 volume 2 with errata 20030618; FIX session layer test cases 1.0 (2020).
"""

from collections.abc import Iterable, Sequence

from trading.venues.fix.codec import Decoder, GarbledBytes, Template, Value
from trading.venues.fix.fix44 import ADMIN_TYPES
from trading.venues.fix.inbound import Inbound
from trading.venues.fix.outputs import LoggedOut, Output, Role, Send, State
from trading.venues.fix.recovery import RESEND_ATTEMPTS_MAX
from trading.venues.fix.timestamps import format_utc


class NotLoggedOn(Exception):
    """An application message was given to a session that is not logged on. Nothing was sent or numbered."""


class AlreadyConnected(Exception):
    """The session has a connection; a second one must be closed without an answer."""


class Session(Inbound):
    """A FIX session. See the rules above; `README.md` shows the host's loop."""

    @property
    def next_out(self) -> int:
        """MsgSeqNum of the next message we send."""
        return self._store.next_out

    @property
    def next_in(self) -> int:
        """MsgSeqNum we expect next."""
        return self._next_in

    @property
    def is_logged_on(self) -> bool:
        """Whether application messages can be sent."""
        return self.state is State.LOGGED_ON

    @property
    def has_gap(self) -> bool:
        """Whether messages are missing; fills may still be among them."""
        return self._gap.is_open

    # --- what the host calls --------------------------------------------------------------------------------

    def start(self, now: int) -> list[Output]:
        """Begin on a fresh connection: the initiator sends its Logon, the acceptor waits for one.

        Raises AlreadyConnected if the session has a connection.
        """
        if self.state is not State.DISCONNECTED:
            raise AlreadyConnected(f"session with {self.config.target_comp_id} has a connection")
        self._record_handled()
        self._decoder = Decoder()
        self._gap.clear()
        self._test_requests.clear()
        self._alive_check_sent_at = None
        self._next_in = self._store.next_in
        self._received_at = now
        self._closing_at = now + self.config.logon_timeout_ns
        if self.config.role is Role.ACCEPTOR:
            self.state = State.AWAITING_LOGON
        else:
            self._has_asked_reset = self.config.is_reset_on_logon
            if self._has_asked_reset:
                self._reset_numbers()
            self.state = State.LOGON_SENT
            self._send_logon(now, self._has_asked_reset)
        return self._drain()

    def receive(self, data: bytes, now: int) -> list[Output]:
        """Take bytes from the connection. Never raises on their content."""
        self._record_handled()
        for item in self._decoder.feed(data):
            if self.state in (State.DISCONNECTED, State.LOGGED_OUT):
                break
            if isinstance(item, GarbledBytes):
                self._on_garbled(item)
            else:
                self._received_at = now
                self._alive_check_sent_at = None
                self._on_message(item, now)
        return self._drain()

    def send_app(self, msg_type: bytes, fields: Iterable[tuple[int, Value]], now: int) -> list[Output]:
        """Send an application message with these body fields. Raises NotLoggedOn, ValueError, TypeError."""
        self._require_logged_on(msg_type)
        if msg_type in ADMIN_TYPES:
            raise ValueError(f"message type {msg_type.decode()} belongs to the session, not to its owner")
        self._send(msg_type, fields, now)
        return self._drain()

    def template(
        self, msg_type: bytes, static_fields: Iterable[tuple[int, Value]], variable_tags: Sequence[int]
    ) -> Template:
        """Pre-encode a message of this session for `send_template`."""
        header = (
            (49, self.config.sender_comp_id),
            (56, self.config.target_comp_id),
            *self.config.header_fields,
        )
        return Template(self._begin, msg_type, header, static_fields, variable_tags)

    def send_template(self, template: Template, values: Sequence[bytes], now: int) -> list[Output]:
        """Send a pre-encoded application message: the fast way for an order. Raises NotLoggedOn."""
        self._require_logged_on(template.msg_type)
        seq_num = self._store.next_out
        raw = template.render(seq_num, format_utc(now, self.config.sending_time_digits), values)
        self._store.append_out(seq_num, raw)
        self._sent_at = now
        return [Send(raw)]

    def request_clock_sample(self, now: int) -> list[Output]:
        """Send a TestRequest; its Heartbeat comes back as a ClockSample. Nothing is sent unless logged on."""
        if self.is_logged_on:
            self._send_test_request(now)
        return self._drain()

    def logout(self, reason: str, now: int) -> list[Output]:
        """Ask for the end; it comes with the counterparty's Logout or with the logout timeout."""
        if self.state is State.LOGGED_ON:
            self._send_logout(reason, now)
        elif self.state in (State.AWAITING_LOGON, State.LOGON_SENT):
            self._disconnect(reason)
        return self._drain()

    def connection_lost(self, now: int) -> list[Output]:
        """Take note that the connection is gone, whoever closed it."""
        if self.state in (State.LOGGED_ON, State.LOGOUT_SENT):
            self._outputs.append(LoggedOut("connection lost"))
        self.state = State.DISCONNECTED
        return self._drain()

    def deadline(self) -> int | None:
        """Return when `timer` must be called, or None if nothing is pending."""
        if self.state is State.DISCONNECTED:
            return None
        if self.state is not State.LOGGED_ON:
            return self._closing_at
        due = [self._sent_at + self._heartbeat_ns, self._silence_due_at()] if self._heartbeat_ns else []
        if self._gap.is_open:
            due.append(self._gap.due_at)
        return min(due, default=None)

    def timer(self, now: int) -> list[Output]:
        """Do what is due at `now`; harmless when nothing is."""
        self._record_handled()
        if self.state is State.LOGGED_ON:
            self._check_silence(now)
            self._check_gap(now)
            if self.is_logged_on and self._heartbeat_ns and now >= self._sent_at + self._heartbeat_ns:
                self._send(b"0", (), now)
        elif self.state is not State.DISCONNECTED and now >= self._closing_at:
            self._disconnect(f"no answer while {self.state.value}")
        return self._drain()

    # --- what is due ----------------------------------------------------------------------------------------

    def _require_logged_on(self, msg_type: bytes) -> None:
        if self.state is not State.LOGGED_ON:
            raise NotLoggedOn(f"cannot send {msg_type.decode()}: the session is {self.state.value}")

    def _silence_due_at(self) -> int:
        """Return when silence must be questioned (1.2 heartbeats), or once questioned is fatal (2 in all)."""
        if self._alive_check_sent_at is None:
            return self._received_at + self._heartbeat_ns * 6 // 5
        return self._alive_check_sent_at + self._heartbeat_ns * 4 // 5

    def _check_silence(self, now: int) -> None:
        if not self._heartbeat_ns or now < self._silence_due_at():
            return
        if self._alive_check_sent_at is None:
            self._alive_check_sent_at = now
            self._send_test_request(now)
        else:
            self._disconnect("no answer to a TestRequest: the connection is dead")

    def _check_gap(self, now: int) -> None:
        if not self._gap.is_open or not self.is_logged_on or now < self._gap.due_at:
            return
        if self._gap.attempts >= RESEND_ATTEMPTS_MAX:
            self._logout_and_disconnect(f"message {self._next_in} was not re-sent when asked", now)
        else:
            self._send_resend_request(now)
