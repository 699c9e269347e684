"""Bytes to fields and back: exactly, in any pieces, and never confused by noise."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trading.venues.fix.codec import (
    MESSAGE_BYTES_MAX,
    SOH,
    Decoder,
    GarbledBytes,
    Message,
    Template,
    checksum,
    encode,
    encode_fields,
)
from trading.venues.fix.timestamps import civil_from_days, days_from_civil, format_utc, parse_utc

texts = st.binary(min_size=1, max_size=20).filter(lambda value: SOH not in value)
LENGTH_TAGS = {90, 93, 95, 212, 348, 350, 352, 354, 356, 358, 360, 362, 364, 445, 618, 621}
bodies = st.lists(st.tuples(st.integers(1, 99_999).filter(lambda tag: tag not in LENGTH_TAGS), texts), max_size=12)


def whole(*fields: tuple[int, bytes | str | int | Decimal]) -> bytes:
    return encode(b"FIX.4.4", encode_fields(fields))


def one(data: bytes) -> Message:
    [message] = Decoder().feed(data)
    assert isinstance(message, Message)
    return message


@given(bodies)
def test_what_was_written_is_read(fields: list[tuple[int, bytes]]) -> None:
    assert one(whole((35, b"D"), *fields)).fields == [(35, b"D"), *fields]


@given(st.binary(max_size=3000))
def test_the_checksum_is_the_sum_of_the_bytes(data: bytes) -> None:
    assert checksum(data) == sum(data) % 256


def test_the_checksum_holds_at_its_widest() -> None:
    for size in (255, 256, 257, 512, 100_000):
        assert checksum(b"\xff" * size) == size * 255 % 256


pieces = st.lists(
    st.one_of(
        bodies.map(lambda fields: whole((35, b"0"), *fields)),
        st.binary(max_size=30),
        st.sampled_from([b"8=FIX", b"8=FIX.4.4\x019=12\x01", b"10=000\x01", b"8=", b"\x01"]),
    ),
    max_size=8,
)


@given(pieces, st.lists(st.integers(1, 50), max_size=40))
@settings(max_examples=500, deadline=None)
def test_the_same_bytes_give_the_same_results_in_any_pieces(parts: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(parts)
    at_once = Decoder().feed(stream)
    decoder, in_pieces = Decoder(), []
    for size in [*cuts, len(stream)]:
        in_pieces += decoder.feed(stream[:size])
        stream = stream[size:]

    def shown(items: list[Message | GarbledBytes]) -> list[object]:
        return [item.raw if isinstance(item, Message) else item for item in items]

    assert shown(in_pieces) == shown(at_once)


@given(st.binary(max_size=200), bodies)
def test_a_whole_message_is_found_behind_any_noise(noise: bytes, fields: list[tuple[int, bytes]]) -> None:
    # Noise that itself claims to start a message may swallow as much as it claims: kept from that here.
    noise = noise.replace(b"8=FIX", b"8-FIX")
    message = whole((35, b"D"), *fields)

    found = Decoder().feed(noise + b"#" + message)

    assert isinstance(found[-1], Message) and found[-1].raw == message


def test_a_message_that_claims_too_much_is_garbled_at_once() -> None:
    claim = b"8=FIX.4.4\x019=%d\x0135=0\x01" % (MESSAGE_BYTES_MAX + 1)

    [garbled, message] = Decoder().feed(claim + whole((35, "0")))

    assert isinstance(garbled, GarbledBytes) and isinstance(message, Message)


def test_a_data_field_may_hold_the_separator_and_an_equals_sign() -> None:
    data = b"a\x01b=c\x0110=000\x01"
    body = b"35=A\x0195=%d\x0196=%b\x0198=0\x01" % (len(data), data)

    message = one(encode(b"FIX.4.4", body))

    assert (message.get(96), message.get(98)) == (data, b"0")


def test_a_data_length_that_lies_falls_back_to_the_separator() -> None:
    for length in (b"1", b"99", b"x"):
        message = one(encode(b"FIX.4.4", b"35=A\x0195=%b\x0196=abc\x0198=0\x01" % length))
        assert (message.get(96), message.get(98)) == (b"abc", b"0")


def test_only_plain_positive_numbers_are_tags() -> None:
    message = one(encode(b"FIX.4.4", b"35=0\x01-1=a\x01+5=b\x01 7=c\x01007=d\x011_0=e\x01x\x0112=f\x01"))

    assert [tag for tag, _ in message.fields] == [35, 0, 0, 0, 0, 0, 0, 12]


def test_a_repeating_group_is_read_in_order() -> None:
    message = one(whole((35, "W"), (268, 2), (269, 0), (270, "1"), (269, 1), (270, "2")))

    assert [(entry.text(269), entry.text(270)) for entry in message.groups(268, 269)] == [
        ("0", "1"),
        ("1", "2"),
    ]
    assert message.groups(555, 600) == []


@pytest.mark.parametrize("wrong", [0.5, None, object()])
def test_a_float_or_a_stranger_is_refused(wrong: object) -> None:
    with pytest.raises(TypeError):
        encode_fields([(44, wrong)])  # type: ignore[list-item]


@pytest.mark.parametrize("wrong", ["", b"", "a\x01b", Decimal("NaN"), Decimal("Infinity")])
def test_an_empty_or_splitting_value_is_refused(wrong: str | bytes | Decimal) -> None:
    with pytest.raises(ValueError):
        encode_fields([(58, wrong)])


def test_decimals_are_written_out_in_full() -> None:
    assert encode_fields([(44, Decimal("1E+3")), (44, Decimal("0.00050")), (44, Decimal("1E-7"))]) == (
        b"44=1000\x0144=0.00050\x0144=0.0000001\x01"
    )


def test_a_template_gives_the_same_message_as_writing_it_out() -> None:
    template = Template(b"FIX.4.4", b"D", [(49, "100%"), (56, "B")], [(55, "50%d"), (40, "2")], [11, 38])

    rendered = template.render(17, b"20260101-00:00:00.000", [b"C1", b"5"])

    written: list[tuple[int, bytes | str | int | Decimal]] = [
        (35, "D"),
        (49, "100%"),
        (56, "B"),
        (34, 17),
        (52, b"20260101-00:00:00.000"),
        (55, "50%d"),
        (40, "2"),
    ]
    assert rendered == whole(*written, (11, "C1"), (38, 5))


@given(st.integers(0, 4_102_444_800 * 10**9), st.sampled_from([3, 6, 9]))
def test_times_are_read_as_written_to_their_resolution(at_ns: int, digits: int) -> None:
    step = 10 ** (9 - digits)

    assert parse_utc(format_utc(at_ns, digits)) == at_ns // step * step


@given(st.integers(-800_000, 800_000))
def test_calendar_days_come_back(days: int) -> None:
    assert days_from_civil(*civil_from_days(days)) == days


def test_known_times() -> None:
    assert parse_utc(b"20260309-06:00:00") == 1_773_036_000 * 10**9
    assert parse_utc(b"20240229-23:59:60.5") == parse_utc(b"20240301-00:00:00.5")
    assert format_utc(1_773_036_000 * 10**9 + 7, 0) == b"20260309-06:00:00"


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"20260231-00:00:00",
        b"20261301-00:00:00",
        b"20260101-24:00:00",
        b"20260101-00:60:00",
        b"20260101-00:00:61",
        b"20260101 00:00:00",
        b"20260101-00:00:00.",
        b"20230229-00:00:00",
        b"00000000-00:00:00",
    ],
)
def test_what_is_no_time_is_not_read_as_one(text: bytes) -> None:
    assert parse_utc(text) is None


def test_a_checksum_that_is_not_a_field_of_its_own_is_garbled() -> None:
    body = b"35=0\x0158=x"
    head = b"8=FIX.4.4\x019=%d\x01%b" % (len(body), body)

    [garbled] = Decoder().feed(b"%b10=%03d\x01" % (head, checksum(head)))

    assert isinstance(garbled, GarbledBytes) and "CheckSum(10)" in garbled.reason
