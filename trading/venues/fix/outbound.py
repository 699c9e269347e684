"""What a session sends, and the numbers it sends it under. Pure apart from the store it is given."""

from collections.abc import Iterable

from trading.venues.fix.codec import Decoder, Message, Value, encode, encode_fields
from trading.venues.fix.dictionary import Fault, RejectReason
from trading.venues.fix.outputs import Disconnect, LoggedOut, Output, RejectSent, Send, SessionConfig, State
from trading.venues.fix.recovery import InboundGap
from trading.venues.fix.store import MessageStore
from trading.venues.fix.timestamps import NANOS_PER_SECOND, format_utc

_OPEN_TEST_REQUESTS_MAX = 16
_UNSUPPORTED = "unsupported message type"
# A refusal travels back along the route the refused message came by.
_REVERSED_ROUTE = ((115, 128), (116, 129), (144, 145), (128, 115), (129, 116), (145, 144))
_HEADER_OF_RESENT = frozenset({35, 34, 43, 49, 52, 56, 97, 122})


class Outbound:
    """The sending half of a session and the state both halves share."""

    def __init__(self, config: SessionConfig, store: MessageStore) -> None:
        self.config = config
        self.state = State.DISCONNECTED
        self._store = store
        self._decoder = Decoder()
        self._outputs: list[Output] = []
        self._begin = config.begin_string.encode()
        self._header = encode_fields(((49, config.sender_comp_id), (56, config.target_comp_id)))
        self._extra_header = encode_fields(config.header_fields)
        self._sender_ids = (config.target_comp_id.encode(), b"", None)
        self._target_ids = (config.sender_comp_id.encode(), b"", None)
        self._next_in = store.next_in
        self._handled: list[tuple[int, bytes]] = []
        self._gap = InboundGap()
        self._test_requests: dict[bytes, int] = {}
        self._heartbeat_ns = config.heartbeat_s * NANOS_PER_SECOND
        self._sent_at = self._received_at = self._closing_at = 0
        self._alive_check_sent_at: int | None = None
        self._has_asked_reset = False

    def _drain(self) -> list[Output]:
        outputs, self._outputs = self._outputs, []
        return outputs

    def _time_text(self, now: int) -> bytes:
        return format_utc(now, self.config.sending_time_digits)

    def _send(self, msg_type: bytes, fields: Iterable[tuple[int, Value]], now: int, route: bytes = b"") -> None:
        # Encoding may refuse a value; nothing is numbered before it has succeeded.
        body_fields = encode_fields(fields)
        seq_num = self._store.next_out
        body = b"35=%b\x01%b34=%d\x0152=%b\x01%b%b%b" % (
            msg_type, self._header, seq_num, self._time_text(now), self._extra_header, route, body_fields,
        )  # fmt: skip
        raw = encode(self._begin, body)
        # A Logon is never asked for again and may hold a password: only its number is kept.
        self._store.append_out(seq_num, b"" if msg_type == b"A" else raw)
        self._sent_at = now
        self._outputs.append(Send(raw))

    def _send_again(self, seq_num: int, message: Message, now: int) -> None:
        """Send a stored message under its old number, marked as a possible duplicate. Not stored twice."""
        head = b"35=%b\x0134=%d\x0143=Y\x01%b52=%b\x01122=%b\x01" % (
            message.msg_type, seq_num, self._header, self._time_text(now), message.get(52) or
        self._time_text(now), )  # fmt: skip
        rest = b"".join(b"%d=%b\x01" % field for field in message.fields if field[0] not in _HEADER_OF_RESENT)
        self._sent_at = now
        self._outputs.append(Send(encode(self._begin, head + rest)))

    def _send_gap_fill(self, seq_num: int, next_seq_num: int, now: int) -> None:
        time_text = self._time_text(now)
        body = b"35=4\x0134=%d\x0143=Y\x01%b52=%b\x01122=%b\x01%b123=Y\x0136=%d\x01" % (
            seq_num, self._header, time_text, time_text, self._extra_header, next_seq_num,
        )  # fmt: skip
        self._sent_at = now
        self._outputs.append(Send(encode(self._begin, body)))

    def _send_logon(self, now: int, is_reset: bool) -> None:
        fields: list[tuple[int, Value]] = [(98, 0), (108, self._heartbeat_ns // NANOS_PER_SECOND)]
        if is_reset:
            fields.append((141, True))
        if self.state is State.LOGON_SENT:
            if self.config.username is not None:
                fields.append((553, self.config.username))
            if self.config.password is not None:
                fields.append((554, self.config.password))
            fields.extend(self.config.logon_fields)
        self._send(b"A", fields, now)

    def _send_test_request(self, now: int) -> None:
        request_id = b"%d" % now
        self._test_requests[request_id] = now
        if len(self._test_requests) > _OPEN_TEST_REQUESTS_MAX:
            del self._test_requests[next(iter(self._test_requests))]
        self._send(b"1", [(112, request_id)], now)

    def _send_resend_request(self, now: int) -> None:
        self._gap.asked(self._next_in, now + self.config.resend_timeout_ns)
        self._send(b"2", [(7, self._next_in), (16, 0)], now)

    def _send_logout(self, text: str, now: int) -> None:
        """Start the end: from here on the counterparty's Logout, or the timeout, closes the connection."""
        self._send(b"5", [(58, text)] if text else [], now)
        self.state = State.LOGOUT_SENT
        self._closing_at = now + self.config.logout_timeout_ns

    def _send_reject(self, message: Message, fault: Fault, now: int) -> None:
        """Refuse a message with Reject(3); it is handed to the owner as well, so that nothing is lost."""
        fields: list[tuple[int, Value]] = [(45, message.integer(34) or 0)]
        if fault.tag:
            fields.append((371, fault.tag))
        if message.msg_type:
            fields.append((372, message.msg_type))
        fields += [(373, int(fault.reason)), (58, fault.reason.text)]
        self._send(b"3", fields, now, _reversed_route(message))
        tag = (fault.tag or b"").decode("ascii", "backslashreplace")
        self._outputs.append(RejectSent(message, fault.reason, tag, fault.reason.text))

    def _send_unsupported(self, message: Message, now: int) -> None:
        fields: list[tuple[int, Value]] = [
            (45, message.integer(34) or 0), (372, message.msg_type), (380, 3), (58, _UNSUPPORTED),
        ]  # fmt: skip
        self._send(b"j", fields, now, _reversed_route(message))
        self._outputs.append(RejectSent(message, RejectReason.INVALID_MSG_TYPE, "35", _UNSUPPORTED))

    def _logout_and_disconnect(self, text: str, now: int) -> None:
        """End at once: for a counterparty whose numbers or version cannot be trusted."""
        self._send(b"5", [(58, text)], now)
        self._disconnect(text)

    def _disconnect(self, reason: str) -> None:
        if self.state in (State.LOGGED_ON, State.LOGOUT_SENT):
            self._outputs.append(LoggedOut(reason))
        self.state = State.DISCONNECTED
        self._outputs.append(Disconnect(reason))

    def _reset_numbers(self) -> None:
        self._handled.clear()
        self._gap.clear()
        self._store.reset()
        self._next_in = 1


def _reversed_route(message: Message) -> bytes:
    return b"".join(b"%d=%b\x01" % (back, value) for there, back in _REVERSED_ROUTE if (value := message.get(there)))
