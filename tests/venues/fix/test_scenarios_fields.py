"""Published session scenarios 14, 15, 19, 21 and the routing ones: is a message well made?"""

import pytest

from tests.venues.fix.counterparty import NOW, Counterparty, order_fields, report_fields, scenario, types
from trading.venues.fix.codec import Message, Value, encode
from trading.venues.fix.dictionary import Strictness
from trading.venues.fix.outputs import Deliver, Role
from trading.venues.fix.timestamps import format_utc

Fields = list[tuple[int, Value]]


def logged_on(**config: object) -> Counterparty:
    peer = Counterparty(**config)  # type: ignore[arg-type]
    peer.log_on()
    return peer


def replaced(fields: Fields, tag: int, value: Value) -> Fields:
    return [(known, value if known == tag else old) for known, old in fields]


def verdict(replies: list[Message]) -> tuple[str, str, str, str]:
    """Return what one Reject says: the message it is about, its type, the tag and the reason."""
    [reject] = replies
    assert reject.text(35) == "3"
    return reject.text(45), reject.text(372), reject.text(371), reject.text(373)


def raw(body: str) -> bytes:
    """Return a message of our counterparty from its text, with | for the separator."""
    time = format_utc(NOW).decode()
    return encode(b"FIX.4.4", body.replace("TIME", time).replace("|", "\x01").encode() + b"\x01")


@scenario("14a tag not defined")
@pytest.mark.parametrize("tag", ["999", "0", "-1"])
def test_a_tag_that_fix_does_not_define_is_rejected(tag: str) -> None:
    peer = logged_on()

    replies = peer.send(raw(f"35=0|49=BROKER|56=DESK|34=2|52=TIME|{tag}=HI"))

    assert verdict(replies) == ("2", "0", tag, "0")
    assert types(peer.say("5", seq=3)) == "5"


@scenario("14b required tag missing")
def test_a_missing_required_tag_is_rejected() -> None:
    peer = logged_on()

    assert verdict(peer.send(raw("35=0|49=BROKER|34=2|52=TIME"))) == ("2", "0", "56", "1")
    without_symbol = [field for field in order_fields() if field[0] != 55]
    assert verdict(peer.say("D", *without_symbol, seq=3)) == ("3", "D", "55", "1")
    assert types(peer.say("5", seq=4)) == "5"


@scenario("14c tag not defined for this message type")
def test_a_tag_of_another_message_type_is_rejected() -> None:
    peer = logged_on()

    assert verdict(peer.say("0", (55, "CA"))) == ("2", "0", "55", "2")


@scenario("14d tag without a value")
def test_a_tag_without_a_value_is_rejected() -> None:
    peer = logged_on()

    assert verdict(peer.send(raw("35=0|49=BROKER|34=2|52=TIME|56="))) == ("2", "0", "56", "4")
    assert types(peer.say("5", seq=3)) == "5"


@scenario("14e value not in the list")
def test_a_value_outside_its_list_is_rejected() -> None:
    peer = logged_on()

    assert verdict(peer.say("D", *replaced(order_fields(), 21, "4"))) == ("2", "D", "21", "5")
    assert verdict(peer.say("D", *order_fields(), (167, "BOO"))) == ("3", "D", "167", "5")
    assert peer.say("D", *order_fields(), (167, "FUT")) == [] and peer.said(Deliver)


@scenario("14f value in a wrong format")
def test_a_value_in_a_wrong_format_is_rejected() -> None:
    peer = logged_on()

    assert verdict(peer.say("D", *replaced(order_fields(), 38, "+200.00"))) == ("2", "D", "38", "6")
    assert verdict(peer.say("D", *replaced(order_fields(), 60, "20260231-00:00:00"))) == ("3", "D", "60", "6")


@scenario("14g header, body and trailer out of order")
def test_a_header_field_in_the_body_is_rejected() -> None:
    peer = logged_on()
    body = "11=ID|21=3|40=1|54=1|55=CA|60=TIME"

    all_first = raw(f"35=D|{body}|34=2|49=BROKER|52=TIME|56=DESK")
    assert verdict(peer.send(all_first)) == ("2", "D", "34", "14")
    one_first = raw(f"35=D|55=CA|34=3|49=BROKER|52=TIME|56=DESK|{body}")
    assert verdict(peer.send(one_first)) == ("3", "D", "34", "14")


@scenario("14h tag repeated")
def test_a_tag_repeated_outside_a_group_is_rejected() -> None:
    peer = logged_on()

    assert verdict(peer.say("D", *order_fields(), (40, "2"))) == ("2", "D", "40", "13")


@scenario("14i group count not equal")
def test_a_group_that_does_not_hold_what_it_counts_is_rejected() -> None:
    peer = logged_on()
    sessions: Fields = [(336, "PRE-OPEN"), (336, "AFTER-HOURS")]

    assert verdict(peer.say("D", *order_fields(), (386, 3), *sessions)) == ("2", "D", "386", "16")
    assert peer.say("D", *order_fields(), (386, 2), *sessions) == []


@scenario("15 header and body fields in another order")
def test_fields_may_come_in_any_order_within_header_and_body() -> None:
    peer = logged_on()

    assert peer.say("D", *order_fields()) == []
    shuffled = raw("35=D|49=BROKER|34=3|56=DESK|52=TIME|40=1|55=CA|60=TIME|54=1|21=3|11=id")
    assert peer.send(shuffled) == []

    assert [item.message.text(11) for item in peer.said(Deliver)] == ["id"]


@scenario("19a PossResend already sent")
def test_a_possible_resend_is_delivered_as_one_for_the_application_to_compare() -> None:
    peer = logged_on()
    peer.say("D", *order_fields("ID"))

    assert peer.say("D", *order_fields("ID"), flags=[(97, "Y")]) == []

    assert [(item.message.text(11), item.is_poss_resend) for item in peer.said(Deliver)] == [("ID", True)]


@scenario("19b PossResend not yet sent")
def test_a_possible_resend_of_something_new_is_delivered_too() -> None:
    peer = logged_on()

    assert peer.say("D", *order_fields("NEW"), flags=[(97, "Y")]) == []

    assert [item.message.text(11) for item in peer.said(Deliver)] == ["NEW"]


@scenario("21 group count of zero")
def test_a_group_that_counts_zero_is_no_fault() -> None:
    peer = logged_on()

    assert peer.say("d", (320, "R1"), (322, "S1"), (323, 6), (55, "CA"), (454, 0)) == []

    assert peer.said(Deliver)


@scenario("routing tags reversed in a Reject")
def test_a_reject_travels_back_the_way_the_message_came() -> None:
    wrong = replaced(order_fields(), 40, "w")
    back = {115: 128, 116: 129, 144: 145, 128: 115, 129: 116, 145: 144}
    for route in ([115], [128], [115, 116], [128, 129], [115, 116, 144], [128, 129, 145]):
        peer = logged_on()

        [reject] = peer.say("D", *wrong, flags=[(tag, f"R{tag}") for tag in route])

        assert (reject.text(371), reject.text(373)) == ("40", "5")
        assert {tag: reject.text(tag) for tag in back if tag in reject} == {back[tag]: f"R{tag}" for tag in route}


@scenario("empty routing tags")
def test_an_empty_routing_tag_is_rejected_and_not_reversed() -> None:
    for given, empty, expected in (
        ("", 115, {}),
        ("115=R|", 116, {128: "R"}),
        ("128=R|129=S|", 145, {115: "R", 116: "S"}),
    ):
        peer = logged_on()

        [reject] = peer.send(raw(f"35=D|49=BROKER|56=DESK|34=2|52=TIME|{given}{empty}=|11=ID|55=CA"))

        assert (reject.text(371), reject.text(373)) == (str(empty), "4")
        assert {tag: reject.text(tag) for tag in (115, 116, 128, 129, 144, 145) if tag in reject} == expected


@scenario("resent message rejected, later ones in turn")
def test_a_bad_resent_message_is_rejected_and_those_behind_it_are_served_in_order() -> None:
    peer = logged_on()

    [request] = peer.say("1", (112, "HELLO1"), seq=3)
    assert request.text(7) == "2"
    replies = peer.repeat("D", 2, *order_fields(), (126, "20040415"))
    assert verdict(replies[:1]) == ("2", "D", "126", "6")
    assert [reply.text(112) for reply in replies[1:]] == ["HELLO1"]
    assert [reply.text(112) for reply in peer.say("1", (112, "HELLO2"), seq=4)] == ["HELLO2"]
    assert types(peer.say("5", seq=11)) == "5"


def test_business_rejects_travel_back_too() -> None:
    peer = logged_on(app_types=frozenset({b"D"}))

    [reject] = peer.say("R", (131, "Q"), flags=[(115, "CLIENT")])

    assert (reject.text(35), reject.text(128)) == ("j", "CLIENT")


def test_a_brokers_own_tags_pass() -> None:
    peer = logged_on()

    assert peer.say("D", *order_fields(), (9702, "1"), (20001, "x")) == [] and peer.said(Deliver)


def test_a_lenient_session_never_refuses_a_fill_for_a_tag_it_does_not_know() -> None:
    strange: Fields = [*report_fields(), (20, "0"), (999, "x"), (1180, "3"), (150, "Z"), (21, "9")]
    peer = Counterparty(Role.INITIATOR, strictness=Strictness.LENIENT)
    peer.log_on()

    assert peer.say("8", *strange) == []

    assert [item.message.text(17) for item in peer.said(Deliver)] == ["E1"]


def test_a_lenient_session_still_refuses_what_cannot_be_read() -> None:
    peer = logged_on(strictness=Strictness.LENIENT)

    assert verdict(peer.send(raw("35=8|49=BROKER|56=DESK|34=2|52=TIME|37=V|nonsense"))) == (
        "2",
        "8",
        "nonsense",
        "0",
    )
    assert verdict(peer.send(raw("35=8|49=BROKER|56=DESK|34=3|52=TIME|37="))) == ("3", "8", "37", "4")
