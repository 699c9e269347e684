"""Published session scenarios 4, 6, 8, 10, 11, 20 and session reset: time, gaps, numbers that jump."""

from tests.venues.fix.counterparty import (
    NOW,
    SECOND,
    Counterparty,
    messages,
    order_fields,
    report_fields,
    scenario,
    types,
)  # fmt: skip
from trading.venues.fix.codec import Message
from trading.venues.fix.outputs import (
    ClockSample,
    Deliver,
    Disconnect,
    GapClosed,
    LoggedOn,
    MessagesSkipped,
    Role,
    StaleOrderNotResent,
)  # fmt: skip
from trading.venues.fix.recovery import RESEND_ATTEMPTS_MAX
from trading.venues.fix.timestamps import format_utc


def logged_on(**config: object) -> Counterparty:
    peer = Counterparty(**config)  # type: ignore[arg-type]
    peer.log_on()
    return peer


def sent(peer: Counterparty, msg_type: bytes, fields: object) -> Message:
    [message] = messages(peer.session.send_app(msg_type, fields, peer.now))  # type: ignore[arg-type]
    return message


def shape(replies: list[Message]) -> list[str]:
    """Return each reply as type:number, a gap fill as 4:first-next."""
    return [f"{m.text(35)}:{m.text(34)}" + (f"-{m.text(36)}" if m.text(35) == "4" else "") for m in replies]


@scenario("4a no data sent during the heartbeat interval")
def test_a_quiet_session_sends_heartbeats() -> None:
    peer = Counterparty()
    peer.log_on(heartbeat_s=3)

    for number in ("2", "3"):
        [heartbeat] = peer.wait(3)
        assert (heartbeat.text(35), heartbeat.text(34), 112 in heartbeat) == ("0", number, False)
        peer.say("0")
    assert types(peer.say("5")) == "5"


@scenario("4b TestRequest received")
def test_a_test_request_is_answered_with_its_own_id() -> None:
    peer = logged_on()

    [heartbeat] = peer.say("1", (112, "HELLO"))

    assert (heartbeat.text(35), heartbeat.text(112)) == ("0", "HELLO")


@scenario("6 silence: TestRequest, then the end")
def test_a_silent_counterparty_is_asked_and_then_given_up_within_two_heartbeats() -> None:
    peer = Counterparty()
    peer.log_on(heartbeat_s=10)

    assert types(peer.wait(11)) == "0"
    [test_request] = peer.wait(1)
    assert test_request.text(35) == "1"
    peer.say("0", (112, test_request.text(112)))
    assert peer.said(ClockSample)

    assert types(peer.wait(19)).count("1") == 1
    assert not peer.is_hung_up()
    peer.wait(1)
    assert peer.is_hung_up() and peer.now == NOW + 32 * SECOND


@scenario("8 resend of admin messages only")
def test_admin_messages_are_gap_filled() -> None:
    peer = logged_on()
    for _ in range(3):
        peer.say("1", (112, "HELLO"))

    assert shape(peer.say("2", (7, 2), (16, 4))) == ["4:2-5"]
    assert shape(peer.say("2", (7, 1), (16, 0))) == ["4:1-5"]
    [heartbeat] = peer.say("1", (112, "HELLO"))
    assert heartbeat.text(34) == "5"


@scenario("8 resend of application messages only")
def test_reports_are_sent_again_as_possible_duplicates() -> None:
    peer = logged_on()
    first = [sent(peer, b"8", report_fields(f"E{number}")) for number in range(3)]
    peer.wait(5)

    again = peer.say("2", (7, 2), (16, 0))

    assert shape(again) == ["8:2", "8:3", "8:4"]
    for old, new in zip(first, again, strict=True):
        assert (new.text(43), new.get(122), new.get(17)) == ("Y", old.get(52), old.get(17))
        assert new.get(52) == format_utc(peer.now)


@scenario("8 resend of admin and application messages")
def test_a_mixed_range_is_answered_in_order_and_covers_every_number() -> None:
    peer = logged_on()
    for step in "111RR11R":
        sent(peer, b"8", report_fields()) if step == "R" else peer.say("1", (112, "HELLO"))

    assert shape(peer.say("2", (7, 2), (16, 4))) == ["4:2-5"]
    assert shape(peer.say("2", (7, 2), (16, 6))) == ["4:2-5", "8:5", "8:6"]
    assert shape(peer.say("2", (7, 2), (16, 8))) == ["4:2-5", "8:5", "8:6", "4:7-9"]
    assert shape(peer.say("2", (7, 2), (16, 0))) == ["4:2-5", "8:5", "8:6", "4:7-9", "8:9"]
    [heartbeat] = peer.say("1", (112, "HELLO"))
    assert heartbeat.text(34) == "10"


@scenario("10 gap fill, expected number")
def test_a_gap_fill_in_turn_moves_the_expected_number() -> None:
    peer = logged_on()

    assert peer.say("4", (36, 20), (123, "Y"), seq=2) == []

    assert types(peer.say("1", (112, "HELLO"), seq=20)) == "0"


@scenario("10 gap fill, number too high")
def test_a_gap_fill_too_early_asks_for_what_is_missing() -> None:
    peer = logged_on()

    [request] = peer.say("4", (36, 20), (123, "Y"), seq=10)
    assert (request.text(35), request.text(7)) == ("2", "2")
    assert peer.say("1", (112, "HELLO"), seq=20) == []
    assert types(peer.say("5", seq=2)) == "5"


@scenario("10 gap fill, number too low")
def test_a_gap_fill_too_late_is_ignored_as_a_duplicate_and_fatal_otherwise() -> None:
    peer = logged_on()

    assert peer.repeat("4", 1, (36, 20), (123, "Y")) == []
    assert types(peer.say("1", (112, "HELLO"), seq=2)) == "0"
    [logout] = peer.say("4", (36, 20), (123, "Y"), seq=1)
    assert logout.text(58) == "MsgSeqNum too low, expecting 3 but received 1" and peer.is_hung_up()


@scenario("11a SequenceReset to a greater number")
def test_a_reset_upward_is_obeyed_and_what_it_skips_is_reported() -> None:
    peer = logged_on()

    assert peer.say("4", (36, 25), seq=0) == []
    assert peer.said(MessagesSkipped) == [MessagesSkipped(2, 24)]
    assert types(peer.say("1", (112, "HELLO"), seq=25)) == "0"
    assert peer.say("4", (36, 50), (123, "N"), seq=0) == []
    assert types(peer.say("1", (112, "HELLO"), seq=50)) == "0"


@scenario("11b SequenceReset to the expected number")
def test_a_reset_to_the_expected_number_changes_nothing() -> None:
    peer = logged_on()

    assert peer.say("4", (36, 2), seq=0) == []
    assert types(peer.say("1", (112, "HELLO"), seq=2)) == "0"


@scenario("11c SequenceReset to a lower number")
def test_a_reset_downward_is_rejected_and_uses_up_no_number() -> None:
    peer = logged_on()

    for expected, flag in ((2, []), (3, [(123, "N")])):
        [reject] = peer.say("4", (36, 1), *flag, seq=0)
        assert (reject.text(35), reject.text(372), reject.text(373)) == ("3", "4", "5")
        assert types(peer.say("1", (112, "HELLO"), seq=expected)) == "0"


@scenario("20 simultaneous ResendRequests")
def test_a_resend_request_is_answered_even_while_we_wait_for_our_own() -> None:
    peer = logged_on()
    sent(peer, b"8", report_fields("E1"))
    sent(peer, b"8", report_fields("E2"))
    peer.say("0", seq=2)
    peer.say("0", seq=3)

    [request] = peer.say("0", seq=7)
    assert request.text(7) == "4"
    assert shape(peer.say("2", (7, 2), (16, 3), seq=8)) == ["8:2", "8:3"]
    for seq in (4, 5, 6):
        assert peer.repeat("0", seq) == []

    assert peer.said(GapClosed) == [GapClosed(9)]
    assert types(peer.say("5", seq=9)) == "5"


@scenario("session reset while logged on")
def test_a_logon_with_reset_in_mid_session_is_answered_with_a_reset() -> None:
    peer = logged_on()
    for _ in range(8):
        peer.say("0")
    peer.say("1", (112, "1"))

    [logon] = peer.say("A", (98, 0), (108, 30), (141, "Y"), seq=1)

    assert (logon.text(35), logon.text(34), logon.text(141)) == ("A", "1", "Y")
    assert peer.said(LoggedOn) == [LoggedOn(30, is_reset=True)]
    [heartbeat] = peer.say("1", (112, "2"), seq=2)
    assert heartbeat.text(34) == "2"


def test_a_resend_request_beyond_what_was_sent_is_rejected() -> None:
    peer = logged_on()

    [reject] = peer.say("2", (7, 9), (16, 0))

    assert (reject.text(35), reject.text(371), reject.text(373)) == ("3", "7", "5")


def test_orders_are_never_sent_again_but_reported() -> None:
    peer = Counterparty(Role.INITIATOR)
    peer.log_on()
    sent(peer, b"D", order_fields("C1"))
    sent(peer, b"H", [(11, "C1"), (55, "CA"), (54, "1")])
    sent(peer, b"F", [(11, "C2"), (41, "C1"), (55, "CA"), (54, "1"), (60, format_utc(NOW))])

    replies = peer.say("2", (7, 1), (16, 0))

    assert shape(replies) == ["4:1-3", "H:3", "4:4-5"]
    assert peer.said(StaleOrderNotResent) == [
        StaleOrderNotResent("D", "C1", 2),
        StaleOrderNotResent("F", "C2", 4),
    ]


def test_an_order_waiting_behind_a_gap_is_dropped_when_its_sender_fills_over_it() -> None:
    # Its sender has told its owner that the order was not sent again; executing it now would make that a lie.
    peer = logged_on()
    peer.say("D", *order_fields("LATE"), seq=4)

    peer.say("4", (36, 5), (123, "Y"), seq=2, flags=[(43, "Y")])

    assert peer.said(Deliver) == [] and peer.session.next_in == 5


def test_a_gap_that_is_not_filled_is_asked_for_again_and_then_ends_the_session() -> None:
    peer = Counterparty()
    peer.log_on(heartbeat_s=0)
    peer.say("0", seq=5)

    for _ in range(RESEND_ATTEMPTS_MAX - 1):
        [request] = peer.wait(30)
        assert (request.text(35), request.text(7)) == ("2", "2")
    peer.wait(30)
    assert "2 was not re-sent" in peer.said(Disconnect)[0].reason


def test_a_hole_in_the_resent_messages_is_asked_for_at_once() -> None:
    peer = logged_on()
    peer.say("0", seq=6)

    peer.repeat("0", 2)
    [request] = peer.repeat("0", 4)
    assert (request.text(35), request.text(7)) == ("2", "3")


def test_numbers_that_a_gap_fill_takes_backward_are_rejected() -> None:
    peer = logged_on()

    [reject] = peer.say("4", (36, 2), (123, "Y"), seq=2)

    assert (reject.text(35), reject.text(371), reject.text(373)) == ("3", "36", "5")
    assert peer.session.next_in == 3


def test_a_long_pause_of_ours_asks_before_it_gives_up() -> None:
    peer = Counterparty()
    peer.log_on(heartbeat_s=10)
    peer.now += 300 * SECOND

    assert types(messages(peer.session.timer(peer.now))) == "1"
    assert not peer.is_hung_up()


def test_a_heartbeat_interval_of_zero_means_no_heartbeats() -> None:
    peer = Counterparty()
    peer.log_on(heartbeat_s=0)

    assert peer.session.deadline() is None and peer.wait(3600) == []


def test_a_round_trip_samples_the_counterpartys_clock() -> None:
    peer = logged_on()
    [request] = messages(peer.session.request_clock_sample(peer.now))
    peer.now += 3_000_000

    peer.say("0", (112, request.text(112)), sent_at=NOW - 37_000_000)

    assert peer.said(ClockSample) == [ClockSample(NOW, NOW + 3_000_000, NOW - 37_000_000)]


def test_the_initiators_own_reset_is_sent_and_accepted() -> None:
    peer = Counterparty(Role.INITIATOR, is_reset_on_logon=True)
    peer.session._store.set_next_out(40)
    peer.session._store.set_next_in(50)

    [logon] = messages(peer.connect().outputs)
    assert (logon.text(34), logon.text(141)) == ("1", "Y")
    peer.say("A", (98, 0), (108, 30), (141, "Y"), seq=1)

    assert peer.said(LoggedOn) == [LoggedOn(30, is_reset=True)]
    assert (peer.session.next_in, peer.session.next_out) == (2, 2)


def test_a_reset_the_counterparty_makes_on_its_own_is_taken_over() -> None:
    peer = Counterparty(Role.INITIATOR)
    peer.session._store.set_next_out(40)
    peer.session._store.set_next_in(50)

    peer.log_on((141, "Y"), seq=1)

    assert peer.said(LoggedOn) == [LoggedOn(30, is_reset=True)]
    assert (peer.session.next_in, peer.session.next_out) == (2, 2)


def test_a_number_beyond_reason_ends_the_session_or_is_rejected() -> None:
    peer = logged_on()
    [reject] = peer.say("4", (36, 10**12), seq=0)
    assert (reject.text(371), reject.text(373)) == ("36", "5")

    [logout] = peer.say("0", seq=10**12)

    assert "MsgSeqNum(34)" in logout.text(58) and peer.is_hung_up()


def test_a_heartbeat_sent_again_is_no_clock_sample() -> None:
    peer = logged_on()
    [request] = messages(peer.session.request_clock_sample(peer.now))

    peer.repeat("0", 2, (112, request.text(112)))

    assert peer.said(ClockSample) == [] and peer.session.next_in == 3
