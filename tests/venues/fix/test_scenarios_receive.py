"""Published session scenarios 2, 3 and 7: what happens to each message that comes in."""

from typing import Any

from tests.venues.fix.counterparty import NOW, SECOND, Counterparty, messages, order_fields, scenario, types
from trading.venues.fix.codec import encode
from trading.venues.fix.outputs import (
    Deliver,
    GapClosed,
    GapDetected,
    Garbled,
    LoggedOut,
    RejectReceived,
    RejectSent,
)


def logged_on() -> Counterparty:
    peer = Counterparty()
    peer.log_on()
    return peer


@scenario("2a number as expected")
def test_a_message_in_turn_is_accepted() -> None:
    peer = logged_on()

    assert peer.say("0") == []
    assert peer.say("D", *order_fields()) == []

    assert [item.message.text(11) for item in peer.said(Deliver)] == ["ID"]
    assert peer.session.next_in == 4


@scenario("2b number too high")
def test_a_number_too_high_asks_for_the_missing_ones_once() -> None:
    peer = logged_on()
    for _ in range(3):
        peer.say("0")

    [request] = peer.say("0", seq=10)
    assert (request.text(35), request.text(7), request.text(16)) == ("2", "5", "0")
    assert peer.said(GapDetected) == [GapDetected(5, 10)]
    assert peer.say("0", seq=11) == []

    for seq in range(5, 10):
        assert peer.say("0", seq=seq) == []
    assert peer.said(GapClosed) == [GapClosed(12)]
    assert types(peer.say("5", seq=12)) == "5"


@scenario("2c number too low")
def test_a_number_too_low_logs_out_and_closes() -> None:
    peer = logged_on()
    peer.say("0")

    [logout] = peer.say("0", seq=2)

    assert logout.text(58) == "MsgSeqNum too low, expecting 3 but received 2"
    assert peer.is_hung_up() and peer.said(LoggedOut)


@scenario("2d garbled message")
def test_a_garbled_message_uses_up_no_number() -> None:
    peer = logged_on()

    assert peer.send(b"8=FIX.4.4\x019=52\x0135=0\x0134=2garbled9=TW\x0152=x\x0156=DESK\x0110=000\x01") == []
    assert peer.say("0") == []
    garbled = peer.bytes_of("D", *order_fields(), seq=3).replace(b"49=BROKER", b"49BROKER=", 1)
    assert peer.send(garbled.replace(b"55=CA", b"55=CB")) == [] and peer.said(Garbled)

    [request] = peer.say("0", seq=4)
    assert (request.text(35), request.text(7)) == ("2", "3")
    peer.say("D", *order_fields(), seq=3)
    assert len(peer.said(Deliver)) == 1
    assert types(peer.say("5", seq=5)) == "5"


@scenario("2e possible duplicate already received")
def test_a_duplicate_already_received_is_ignored() -> None:
    peer = logged_on()
    peer.say("D", *order_fields())

    assert peer.repeat("D", 2, *order_fields()) == []

    assert peer.said(Deliver) == [] and peer.session.next_in == 3


@scenario("2e possible duplicate not yet received")
def test_a_duplicate_not_yet_received_is_delivered_as_one() -> None:
    peer = logged_on()

    assert peer.repeat("D", 2, *order_fields()) == []

    assert [item.is_poss_dup for item in peer.said(Deliver)] == [True]


@scenario("2f OrigSendingTime after SendingTime")
def test_a_duplicate_first_sent_after_it_was_sent_again_is_rejected_and_logged_out() -> None:
    peer = logged_on()
    peer.say("D", *order_fields())

    reject, logout = peer.repeat("D", 2, *order_fields(), first_sent_at=NOW + 10 * SECOND)

    assert (reject.text(35), reject.text(45), reject.text(373)) == ("3", "2", "10")
    assert logout.text(35) == "5"
    peer.say("5", seq=3)
    assert peer.is_hung_up()


@scenario("2g possible duplicate without OrigSendingTime")
def test_a_duplicate_that_hides_when_it_was_first_sent_is_rejected() -> None:
    peer = logged_on()
    peer.say("D", *order_fields())

    [reject] = peer.say("D", *order_fields(), seq=2, flags=[(43, "Y")])

    assert (reject.text(35), reject.text(371), reject.text(373)) == ("3", "122", "1")
    assert types(peer.say("1", (112, "HELLO"), seq=3)) == "0"


@scenario("2i unexpected BeginString")
def test_another_version_logs_out_and_closes() -> None:
    peer = logged_on()

    [logout] = peer.say("1", (112, "id"), begin=b"FIX.4.1")

    assert logout.text(35) == "5" and "BeginString" in logout.text(58)
    assert peer.is_hung_up()


@scenario("2k CompID does not match")
def test_wrong_comp_ids_are_rejected_and_logged_out() -> None:
    wrong: list[dict[str, Any]] = [{"sender": "X"}, {"target": "X"}, {"sender": "X", "target": "X"}]
    for header in wrong:
        peer = logged_on()

        reject, logout = peer.say("D", *order_fields(), **header)

        assert (reject.text(35), reject.text(45), reject.text(373)) == ("3", "2", "9")
        assert logout.text(35) == "5" and not peer.said(Deliver)
        assert peer.session.next_in == 3
        assert peer.say("5", seq=3) == [] and peer.is_hung_up()


@scenario("2m BodyLength not correct")
def test_a_wrong_body_length_loses_only_its_own_message() -> None:
    for length_off_by in (-60, 10):
        peer = logged_on()
        whole = peer.bytes_of("D", *order_fields("A"), seq=2)
        length = int(whole.split(b"\x01")[1][2:])
        broken = whole.replace(b"9=%d" % length, b"9=%d" % (length + length_off_by), 1)

        replies = peer.send(broken + peer.bytes_of("D", *order_fields("B"), seq=3))

        assert [(reply.text(35), reply.text(7)) for reply in replies] == [("2", "2")]
        assert peer.say("D", *order_fields("A"), seq=2) == []
        assert [item.message.text(11) for item in peer.said(Deliver)] == ["A", "B"]


@scenario("2o SendingTime out of range")
def test_a_clock_more_than_two_minutes_off_is_rejected_and_logged_out() -> None:
    for off_by in (-121, 121):
        peer = logged_on()

        reject, logout = peer.say("0", sent_at=NOW + off_by * SECOND)

        assert (reject.text(35), reject.text(372), reject.text(373)) == ("3", "0", "10")
        assert logout.text(35) == "5"
    assert logged_on().say("0", sent_at=NOW + 119 * SECOND) == []


@scenario("2q MsgType not valid")
def test_an_unknown_message_type_is_rejected() -> None:
    peer = logged_on()

    [reject] = peer.say("*")

    assert (reject.text(35), reject.text(372), reject.text(373)) == ("3", "*", "11")
    assert types(peer.say("5")) == "5"


@scenario("2r MsgType not supported")
def test_a_valid_type_that_we_do_not_handle_gets_a_business_reject() -> None:
    peer = Counterparty(app_types=frozenset({b"D"}))
    peer.log_on()

    [reject] = peer.say("R", (131, "Q1"))

    assert (reject.text(35), reject.text(45), reject.text(372), reject.text(380)) == ("j", "2", "R", "3")
    assert peer.said(Deliver) == [] and peer.session.next_in == 3


@scenario("2t first three fields out of order")
def test_wrong_first_three_fields_are_garbled() -> None:
    peer = logged_on()

    peer.send(b"35=0\x018=FIX.4.4\x019=29\x0134=2\x0149=BROKER\x0156=DESK\x0110=121\x01")
    assert peer.said(Garbled)
    assert types(peer.say("1", (112, "HELLO"))) == "0"
    peer.send(b"8=FIX.4.4\x0134=3\x019=40\x0135=0\x0149=BROKER\x0156=DESK\x0110=121\x01")
    assert peer.said(Garbled)
    assert types(peer.say("1", (112, "HELLO"))) == "0"


@scenario("3b invalid CheckSum")
def test_a_wrong_checksum_is_garbled_and_repaired_by_a_resend() -> None:
    peer = logged_on()
    whole = peer.bytes_of("D", *order_fields(), seq=2)

    assert peer.send(whole[:-4] + b"%03d\x01" % ((int(whole[-4:-1]) + 1) % 256)) == []
    assert peer.said(Garbled)

    [request] = peer.say("0", seq=3)
    assert request.text(7) == "2"


@scenario("3c garbled message")
def test_nothing_in_a_garbled_message_is_believed() -> None:
    peer = logged_on()
    logout = peer.bytes_of("5", seq=2)

    assert peer.send(logout.replace(b"35=5", b"35=1", 1)) == []

    assert peer.session.is_logged_on and peer.session.next_in == 2


@scenario("7 Reject received")
def test_a_reject_uses_up_its_number_and_names_our_order() -> None:
    peer = logged_on()
    peer.session.send_app(b"D", order_fields("MINE"), peer.now)

    assert peer.say("3", (45, 2), (372, "D"), (373, 5), (58, "no")) == []

    assert peer.said(RejectReceived) == [RejectReceived(2, "D", "MINE", 5, "no")]
    assert peer.session.next_in == 3


def test_a_message_without_a_number_logs_out_and_closes() -> None:
    peer = logged_on()
    whole = peer.bytes_of("0", seq=2)
    body = whole[whole.index(b"35=") : -7].replace(b"34=2\x01", b"")

    [logout] = peer.send(encode(b"FIX.4.4", body))
    assert "MsgSeqNum(34)" in logout.text(58) and peer.is_hung_up()


def test_a_refused_message_is_handed_over_whole() -> None:
    peer = logged_on()

    peer.say("D", *order_fields(), (9, "x"), seq=2)

    [rejected] = peer.said(RejectSent)
    assert rejected.message.text(11) == "ID"


def test_nothing_is_read_after_the_end() -> None:
    peer = logged_on()
    peer.say("0", seq=1)

    assert peer.is_hung_up()
    assert peer.say("D", *order_fields(), seq=2) == [] and peer.outputs == []
    assert messages(peer.session.timer(peer.now + 3600 * SECOND)) == []
    assert peer.session.deadline() is None
