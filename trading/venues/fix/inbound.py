"""What a session does with each message it receives. Pure apart from the store it is given.

The order of questions is the order of this file: is it for us and of our version; is it the first message of
a connection; is its number the one expected; is it well made; and only then, what does it say.
"""

from trading.venues.fix.codec import GarbledBytes, Message
from trading.venues.fix.dictionary import Fault, RejectReason, Strictness, find_fault
from trading.venues.fix.fix44 import ADMIN_TYPES
from trading.venues.fix.outbound import Outbound
from trading.venues.fix.outputs import (
    ClockSample,
    Deliver,
    GapClosed,
    GapDetected,
    Garbled,
    LoggedOn,
    LoggedOut,
    MessagesSkipped,
    RejectReceived,
    Role,
    StaleOrderNotResent,
    State,
)  # fmt: skip
from trading.venues.fix.recovery import Again, Fill, parse_stored, plan_answer
from trading.venues.fix.timestamps import NANOS_PER_SECOND, parse_utc

SEQ_NUM_MAX = 999_999_999


class Inbound(Outbound):
    """The receiving half of a session."""

    def _on_garbled(self, item: GarbledBytes) -> None:
        self._outputs.append(Garbled.of(item))
        if self.state is State.AWAITING_LOGON:
            self._disconnect("the first bytes were not a Logon")

    def _on_message(self, message: Message, now: int) -> None:
        is_first = self.state in (State.AWAITING_LOGON, State.LOGON_SENT)
        seq_num = message.integer(34)
        if message.begin_string != self._begin:
            text = f"BeginString(8) must be {self.config.begin_string}"
            self._disconnect(text) if is_first else self._logout_and_disconnect(text, now)
        elif is_first:
            self._on_first(message, now)
        elif seq_num is None or not 0 <= seq_num <= SEQ_NUM_MAX:
            self._logout_and_disconnect("MsgSeqNum(34) is missing or out of range", now)
        elif (fault := self._fault_of_header(message, now)) is not None:
            self._refuse_and_logout(message, fault, now)
        else:
            self._on_numbered(seq_num, message, now)

    # --- the first message of a connection ------------------------------------------------------------------

    def _on_first(self, message: Message, now: int) -> None:
        if self._fault_of_comp_ids(message) or not 0 < (message.integer(34) or 0) <= SEQ_NUM_MAX:
            self._disconnect("the Logon is not for this session")
        elif message.msg_type == b"5" and self.config.role is Role.INITIATOR:
            if message.integer(34) == self._next_in:
                self._use_up(message)
            self._disconnect(f"the counterparty refused the Logon: {message.text(58, 'no reason given')}")
        elif message.msg_type != b"A":
            self._disconnect("the first message was not a Logon")
        elif (fault := self._fault_of_logon(message, now)) is not None:
            self._refuse_and_logout(message, fault, now)
            self._disconnect(f"the Logon was refused: {fault.reason.text}")
        elif not self._is_known_user(message):
            self._logout_and_disconnect("username or password is wrong", now)
        else:
            self._log_on(message, now)

    def _fault_of_logon(self, message: Message, now: int) -> Fault | None:
        fault = find_fault(message, self.config.strictness) or self._fault_of_header(message, now)
        if fault is not None:
            return fault
        if message.get(98) != b"0":
            return Fault(RejectReason.VALUE_OUT_OF_RANGE, b"98")
        if not 0 <= (message.integer(108) or 0) <= 86_400:
            return Fault(RejectReason.VALUE_OUT_OF_RANGE, b"108")
        if message.is_yes(141) and message.integer(34) != 1:
            return Fault(RejectReason.VALUE_OUT_OF_RANGE, b"34")
        return None

    def _is_known_user(self, message: Message) -> bool:
        if self.config.role is Role.INITIATOR or self.config.username is None:
            return True
        given = (message.get(553) or b"", message.get(554) or b"")
        return given == (self.config.username.encode(), (self.config.password or "").encode())

    def _log_on(self, message: Message, now: int) -> None:
        is_reset = message.is_yes(141)
        if is_reset and not self._has_asked_reset:
            self._reset_numbers()
            if self.config.role is Role.INITIATOR:
                # The counterparty reset on its own: our Logon is the first message of the new numbering.
                self._store.set_next_out(2)
        seq_num = message.integer(34) or 0
        if seq_num < self._next_in:
            self._logout_and_disconnect(self._too_low_text(seq_num), now)
            return
        self._heartbeat_ns = (message.integer(108) or 0) * NANOS_PER_SECOND
        if self.config.role is Role.ACCEPTOR:
            self._send_logon(now, is_reset)
        self.state = State.LOGGED_ON
        self._outputs.append(LoggedOn(self._heartbeat_ns // NANOS_PER_SECOND, is_reset))
        self._has_asked_reset = False
        if seq_num == self._next_in:
            self._use_up(message)
        else:
            self._on_too_high(seq_num, message, now)

    # --- numbers --------------------------------------------------------------------------------------------

    def _fault_of_comp_ids(self, message: Message) -> Fault | None:
        # A missing or empty one is the dictionary's to judge.
        are_ours = message.get(49) in self._sender_ids and message.get(56) in self._target_ids
        return None if are_ours else Fault(RejectReason.COMP_ID_PROBLEM)

    def _fault_of_header(self, message: Message, now: int) -> Fault | None:
        """Faults that end the session: a wrong counterparty, or a clock that is off."""
        sent_at = parse_utc(message.get(52) or b"")
        if sent_at is not None and abs(now - sent_at) > self.config.sending_time_tolerance_ns:
            return Fault(RejectReason.SENDING_TIME_ACCURACY)
        return self._fault_of_comp_ids(message)

    def _on_numbered(self, seq_num: int, message: Message, now: int) -> None:
        msg_type = message.msg_type
        if msg_type == b"4" and not message.is_yes(123):
            self._on_sequence_reset(message, now)
        elif msg_type == b"A" and message.is_yes(141) and seq_num == 1:
            self._on_reset_logon(message, now)
        elif seq_num > self._next_in:
            self._on_too_high(seq_num, message, now)
        elif seq_num < self._next_in:
            self._on_too_low(seq_num, message, now)
        else:
            self._accept(message, now)
            self._take_queued(now)

    def _on_too_high(self, seq_num: int, message: Message, now: int) -> None:
        if message.msg_type == b"5":
            self._on_logout(message, now)
            return
        if message.msg_type == b"2" and seq_num not in self._gap.queue:
            # Both sides may miss messages at once: answer first, or each waits for the other.
            self._on_resend_request(message, now)
        is_new = not self._gap.is_open
        needs_request = self._gap.needs_request(self._next_in, message)
        self._gap.keep(seq_num, message)
        if is_new:
            self._outputs.append(GapDetected(self._next_in, seq_num))
        if needs_request:
            self._send_resend_request(now)

    def _on_too_low(self, seq_num: int, message: Message, now: int) -> None:
        if not message.is_yes(43):
            self._logout_and_disconnect(self._too_low_text(seq_num), now)
        elif (fault := _fault_of_duplicate(message)) is not None:
            self._send_reject(message, fault, now)
            if fault.reason is RejectReason.SENDING_TIME_ACCURACY:
                self._send_logout(fault.reason.text, now)

    def _too_low_text(self, seq_num: int) -> str:
        return f"MsgSeqNum too low, expecting {self._next_in} but received {seq_num}"

    def _take_queued(self, now: int) -> None:
        while self.state in (State.LOGGED_ON, State.LOGOUT_SENT):
            message = self._gap.queue.pop(self._next_in, None)
            if message is None:
                break
            self._accept(message, now, is_queued=True)
        if self._gap.is_open and self._next_in > self._gap.high:
            self._gap.clear()
            self._outputs.append(GapClosed(self._next_in))

    def _use_up(self, message: Message) -> None:
        self._handled.append((self._next_in, b"" if message.msg_type == b"A" else message.raw))
        self._next_in += 1

    def _jump_to(self, seq_num: int) -> None:
        self._record_handled()
        self._store.set_next_in(seq_num)
        self._next_in = seq_num

    def _record_handled(self) -> None:
        if self._handled:
            self._store.append_in(self._handled)
            self._handled = []

    # --- a message in its turn ------------------------------------------------------------------------------

    def _refuse_and_logout(self, message: Message, fault: Fault, now: int) -> None:
        if message.integer(34) == self._next_in:
            self._use_up(message)
        self._send_reject(message, fault, now)
        self._send_logout(fault.reason.text, now)

    def _accept(self, message: Message, now: int, is_queued: bool = False) -> None:
        fault = find_fault(message, self.config.strictness)
        if fault is None and message.is_yes(43):
            fault = _fault_of_duplicate(message)
        msg_type = message.msg_type
        if fault is not None:
            self._use_up(message)
            self._send_reject(message, fault, now)
        elif msg_type == b"4":
            self._on_gap_fill(message, now)
        else:
            self._use_up(message)
            if msg_type in ADMIN_TYPES:
                self._on_admin(message, now, is_queued)
            elif self.config.app_types is None or msg_type in self.config.app_types:
                self._outputs.append(Deliver(message, message.is_yes(43), message.is_yes(97)))
            else:
                self._send_unsupported(message, now)

    def _on_admin(self, message: Message, now: int, is_queued: bool) -> None:
        match message.msg_type:
            case b"0":
                self._on_heartbeat(message, now)
            case b"1":
                self._send(b"0", [(112, message.get(112) or b"")], now)
            case b"2":
                if not is_queued:
                    self._on_resend_request(message, now)
            case b"3":
                self._on_reject(message)
            case b"5":
                self._on_logout(message, now)
            case b"A":
                self._send_reject(message, Fault(RejectReason.OTHER), now)

    def _on_heartbeat(self, message: Message, now: int) -> None:
        sent_at = self._test_requests.pop(message.get(112) or b"", None)
        venue_time_at = parse_utc(message.get(52) or b"")
        if sent_at is not None and venue_time_at is not None and not message.is_yes(43):
            self._outputs.append(ClockSample(sent_at, now, venue_time_at))

    def _on_resend_request(self, message: Message, now: int) -> None:
        sent = self._store.next_out - 1
        first, last = message.integer(7), message.integer(16)
        if first is None or last is None:
            return
        last = sent if last == 0 or last > sent else last
        if not 1 <= first <= last:
            self._send_reject(message, Fault(RejectReason.VALUE_OUT_OF_RANGE, b"7"), now)
            return
        for step in plan_answer(self._store.outbound(first, last), first, last):
            match step:
                case Again(seq_num, stored):
                    self._send_again(seq_num, stored, now)
                case Fill(seq_num, next_seq_num):
                    self._send_gap_fill(seq_num, next_seq_num, now)
                case _:
                    order = step.message
                    self._outputs.append(StaleOrderNotResent(order.msg_type.decode(), order.text(11), step.seq_num))

    def _on_reject(self, message: Message) -> None:
        refused = message.integer(45) or 0
        stored = next((parse_stored(raw) for _, raw in self._store.outbound(refused, refused)), None)
        self._outputs.append(
            RejectReceived(
                ref_seq_num=refused,
                ref_msg_type=message.text(372) or (stored.text(35) if stored else ""),
                client_order_id=stored.text(11) if stored else "",
                reason=message.integer(373),
                text=message.text(58),
            )
        )

    def _on_logout(self, message: Message, now: int) -> None:
        reason = message.text(58, "the counterparty logged out")
        if self.state is State.LOGOUT_SENT:
            self._disconnect(reason)
            return
        self._send_logout("", now)
        self._outputs.append(LoggedOut(reason))
        # The side that asked to end closes the connection; ours closes it only if that does not happen.
        self.state = State.LOGGED_OUT

    # --- jumps of the numbers -------------------------------------------------------------------------------

    def _on_gap_fill(self, message: Message, now: int) -> None:
        next_seq_num = message.integer(36) or 0
        if not self._next_in < next_seq_num <= SEQ_NUM_MAX:
            self._use_up(message)
            self._send_reject(message, Fault(RejectReason.VALUE_OUT_OF_RANGE, b"36"), now)
        else:
            self._jump_to(next_seq_num)

    def _on_sequence_reset(self, message: Message, now: int) -> None:
        fault = find_fault(message, Strictness.LENIENT)
        next_seq_num = message.integer(36) or 0
        if fault is None and not self._next_in <= next_seq_num <= SEQ_NUM_MAX:
            fault = Fault(RejectReason.VALUE_OUT_OF_RANGE, b"36")
        if fault is not None:
            self._send_reject(message, fault, now)
            return
        if next_seq_num > self._next_in:
            self._outputs.append(MessagesSkipped(self._next_in, next_seq_num - 1))
            self._jump_to(next_seq_num)
        self._take_queued(now)

    def _on_reset_logon(self, message: Message, now: int) -> None:
        fault = self._fault_of_logon(message, now)
        if fault is not None:
            self._refuse_and_logout(message, fault, now)
            return
        self._reset_numbers()
        self._heartbeat_ns = (message.integer(108) or 0) * NANOS_PER_SECOND
        self._send_logon(now, is_reset=True)
        self._use_up(message)
        self._outputs.append(LoggedOn(self._heartbeat_ns // NANOS_PER_SECOND, is_reset=True))


def _fault_of_duplicate(message: Message) -> Fault | None:
    """A possible duplicate must say when it was first sent, and that cannot be after it was sent again."""
    first_sent = message.get(122)
    if first_sent is None:
        return None if message.msg_type == b"4" else Fault(RejectReason.REQUIRED_TAG_MISSING, b"122")
    first_sent_at, sent_at = parse_utc(first_sent), parse_utc(message.get(52) or b"")
    if first_sent_at is None:
        return Fault(RejectReason.INCORRECT_DATA_FORMAT, b"122")
    if sent_at is not None and first_sent_at > sent_at:
        return Fault(RejectReason.SENDING_TIME_ACCURACY)
    return None
