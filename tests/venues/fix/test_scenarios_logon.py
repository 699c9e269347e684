"""Published session scenarios 1 and 13: how a session begins and ends. The acceptor is the one under test."""

import pytest

from tests.venues.fix.counterparty import NOW, SECOND, Counterparty, messages, order_fields, scenario, types
from trading.venues.fix.codec import Message
from trading.venues.fix.lobby import Admitted, Lobby, Refused
from trading.venues.fix.outputs import Disconnect, GapDetected, Garbled, LoggedOn, LoggedOut, Role
from trading.venues.fix.session import AlreadyConnected, NotLoggedOn


def fields(message: Message, *tags: int) -> list[str]:
    return [message.text(tag) for tag in tags]


@scenario("1a valid Logon, expected number")
def test_answers_a_valid_logon_with_a_logon() -> None:
    peer = Counterparty()

    [reply] = peer.log_on()

    assert fields(reply, 35, 34, 49, 56, 98, 108) == ["A", "1", "DESK", "BROKER", "0", "30"]
    assert peer.said(LoggedOn) == [LoggedOn(30, is_reset=False)]


@scenario("1a valid Logon, number too high")
def test_answers_a_logon_with_a_high_number_and_asks_for_what_is_missing() -> None:
    peer = Counterparty()

    logon, request = peer.log_on(seq=5)

    assert logon.text(35) == "A"
    assert fields(request, 35, 34, 7, 16) == ["2", "2", "1", "0"]
    assert peer.said(GapDetected) == [GapDetected(1, 5)]
    assert types(peer.say("5", seq=6)) == "5"


@scenario("1b second connection with the same identity")
def test_a_second_connection_of_a_session_is_refused_without_an_answer() -> None:
    peer = Counterparty()
    peer.log_on()

    verdict = Lobby([peer.session], NOW).receive(peer.bytes_of("A", (98, 0), (108, 30), seq=1), NOW)

    assert verdict == Refused("the session is already connected")
    assert peer.session.is_logged_on


@scenario("already logged on: the first connection is unharmed")
def test_the_first_connection_goes_on_after_a_second_was_refused() -> None:
    peer = Counterparty()
    peer.log_on()

    with pytest.raises(AlreadyConnected):
        peer.session.start(NOW)

    assert types(peer.say("5")) == "5"


@scenario("1c unknown SenderCompID in Logon")
def test_a_logon_from_a_stranger_gets_no_answer_but_a_closed_connection() -> None:
    peer = Counterparty().connect()

    assert peer.say("A", (98, 0), (108, 30), sender="STRANGER") == []
    assert peer.is_hung_up()


@scenario("1c unknown TargetCompID in Logon")
def test_a_logon_for_somebody_else_gets_no_answer_but_a_closed_connection() -> None:
    peer = Counterparty().connect()

    assert peer.say("A", (98, 0), (108, 30), target="SOMEBODY") == []
    assert peer.is_hung_up()


@scenario("1d Logon with a SendingTime out of range")
def test_a_logon_with_a_wrong_clock_is_rejected_and_the_connection_closed() -> None:
    peer = Counterparty().connect()

    reject, logout = peer.say("A", (98, 0), (108, 30), sent_at=b"20010101-00:00:00")

    assert fields(reject, 35, 45, 373) == ["3", "1", "10"]
    assert logout.text(35) == "5"
    assert peer.is_hung_up()


@scenario("1d Logon with a wrong BodyLength")
def test_a_garbled_logon_closes_the_connection() -> None:
    peer = Counterparty().connect()
    logon = peer.bytes_of("A", (98, 0), (108, 30))

    assert peer.send(logon.replace(b"9=6", b"9=4", 1)) == []
    assert peer.said(Garbled) and peer.is_hung_up()


@scenario("1d Logon with a wrong BeginString")
def test_a_logon_of_another_version_closes_the_connection() -> None:
    peer = Counterparty().connect()

    assert peer.say("A", (98, 0), (108, 30), begin=b"FIX.3.9") == []
    assert peer.is_hung_up()


@scenario("1e first message is not a Logon")
def test_any_other_first_message_closes_the_connection() -> None:
    peer = Counterparty().connect()

    assert peer.say("0") == []
    assert peer.said(Disconnect) and peer.is_hung_up()


@scenario("13b unsolicited Logout")
def test_a_logout_is_answered_and_the_other_side_closes() -> None:
    peer = Counterparty()
    peer.log_on()

    assert types(peer.say("5", (58, "end of day"))) == "5"
    assert peer.said(LoggedOut) == [LoggedOut("end of day")]

    peer.wait(10)
    assert peer.is_hung_up()


def test_our_own_logout_ends_when_it_is_answered() -> None:
    peer = Counterparty()
    peer.log_on()

    [logout] = messages(peer.session.logout("end of day", peer.now))
    assert fields(logout, 35, 58) == ["5", "end of day"]
    assert peer.say("5") == []
    assert peer.is_hung_up() and len(peer.said(LoggedOut)) == 1


def test_our_own_logout_ends_after_ten_seconds_without_an_answer() -> None:
    peer = Counterparty()
    peer.log_on()
    peer.session.logout("end of day", peer.now)

    peer.wait(9)
    assert not peer.is_hung_up()
    peer.wait(1)
    assert peer.is_hung_up()


def test_the_owner_cannot_send_what_belongs_to_the_session() -> None:
    peer = Counterparty()
    with pytest.raises(NotLoggedOn, match="cannot send D"):
        peer.session.send_app(b"D", order_fields(), NOW)
    peer.log_on()

    with pytest.raises(ValueError, match="belongs to the session"):
        peer.session.send_app(b"4", [(36, 1)], NOW)
    with pytest.raises(TypeError):
        peer.session.send_app(b"D", [(44, 1.5)], NOW)  # type: ignore[list-item]

    assert peer.session.next_out == 2


def test_a_silent_connection_is_closed_when_no_logon_comes() -> None:
    peer = Counterparty().connect()

    peer.wait(10)

    assert peer.is_hung_up()


def test_the_initiator_logs_on_first_with_its_credentials() -> None:
    peer = Counterparty(Role.INITIATOR, username="desk", password="pass", logon_fields=((789, 1),))

    [logon] = messages(peer.connect().outputs)

    assert fields(logon, 35, 34, 98, 108, 553, 554, 789) == ["A", "1", "0", "30", "desk", "pass", "1"]
    peer.say("A", (98, 0), (108, 30))
    assert peer.session.is_logged_on


def test_the_initiator_reports_why_its_logon_was_refused() -> None:
    peer = Counterparty(Role.INITIATOR).connect()

    peer.say("5", (58, "password expired"))

    assert "password expired" in peer.said(Disconnect)[0].reason
    assert peer.session.next_in == 2


def test_a_logon_with_a_wrong_password_is_logged_out() -> None:
    peer = Counterparty(username="desk", password="right").connect()

    [logout] = peer.say("A", (98, 0), (108, 30), (553, "desk"), (554, "wrong"))

    assert logout.text(35) == "5" and "right" not in logout.text(58) and peer.is_hung_up()


def test_a_password_never_shows_in_the_configuration() -> None:
    peer = Counterparty(username="desk", password="secret-word")

    assert "secret-word" not in repr(peer.session.config)


def test_a_logon_with_a_low_number_is_logged_out_and_closed() -> None:
    peer = Counterparty()
    peer.session._store.set_next_in(7)

    [logout] = peer.log_on(seq=3)

    assert logout.text(58) == "MsgSeqNum too low, expecting 7 but received 3" and peer.is_hung_up()


def test_a_logon_that_asks_for_a_reset_starts_both_numberings_at_one() -> None:
    peer = Counterparty()
    peer.session._store.set_next_in(7)
    peer.session._store.set_next_out(9)

    [reply] = peer.log_on((141, "Y"))

    assert fields(reply, 34, 141) == ["1", "Y"]
    assert (peer.session.next_in, peer.session.next_out) == (2, 2)
    assert peer.said(LoggedOn) == [LoggedOn(30, is_reset=True)]


def test_a_logon_with_encryption_or_a_negative_heartbeat_is_refused() -> None:
    for wrong in (((98, 1), (108, 30)), ((98, 0), (108, -1))):
        peer = Counterparty().connect()
        reject, _ = peer.say("A", *wrong)
        assert reject.text(373) == "5" and peer.is_hung_up()


def test_the_lobby_hands_a_connection_to_its_session_in_one_piece_or_many() -> None:
    for size in (1, 7, 1000):
        peer = Counterparty()
        other = Counterparty()
        lobby = Lobby([peer.session], NOW)
        data = peer.bytes_of("A", (98, 0), (108, 30)) + other.bytes_of("1", (112, "HELLO"), seq=2)
        verdict = None
        outputs = []
        for start in range(0, len(data), size):
            piece = data[start : start + size]
            if isinstance(verdict, Admitted):
                outputs += peer.session.receive(piece, NOW)
            else:
                verdict = lobby.receive(piece, NOW)
                outputs += verdict.outputs if isinstance(verdict, Admitted) else []
        assert types(messages(outputs)) == "A0"


def test_the_lobby_turns_away_strangers_and_noise() -> None:
    peer = Counterparty()
    stranger = peer.bytes_of("A", (98, 0), (108, 30), sender="STRANGER")

    assert isinstance(Lobby([peer.session], NOW).receive(stranger, NOW), Refused)
    assert isinstance(Lobby([peer.session], NOW).receive(b"GET / HTTP/1.1\r\n", NOW), Refused)
    assert isinstance(Lobby([peer.session], NOW).receive(peer.bytes_of("0"), NOW), Refused)
    assert Lobby([peer.session], NOW).timer(NOW + 9 * SECOND) is None
    assert isinstance(Lobby([peer.session], NOW).timer(NOW + 10 * SECOND), Refused)
