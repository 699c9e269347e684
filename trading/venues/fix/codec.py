"""FIX tag=value bytes, both ways. Pure: bytes in, messages out; no clock, no socket, no session rules.

Rules of this file
1. A message is what lies between `8=FIX` and a `10=` that stands exactly where BodyLength(9) says, with a
   right CheckSum(10). Anything else is *garbled*: it is reported once and skipped up to the next `8=FIX`.
2. The same bytes give the same results however they were cut into reads.
3. Everything has a bound: a message that claims more than MESSAGE_BYTES_MAX is garbled at once.
4. Whether a well-formed message makes *sense* is judged elsewhere (`dictionary.py`, `session.py`).

Source: FIX 4.4 with errata 20030618, volume 1 (tag=value syntax) and volume 2 (garbled messages).
"""

import re
from collections.abc import Callable, Iterable, KeysView, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import repeat
from typing import Any
from zlib import adler32

SOH = b"\x01"
MESSAGE_BYTES_MAX = 1 << 18
NOT_A_TAG = 0
"""Tag number given to a field whose tag text is not a positive integer in plain digits."""

Field = tuple[int, bytes]
Value = bytes | str | int | Decimal | bool

_HEADER = re.compile(rb"8=(FIX[^\x01]{1,8})\x019=(\d{1,6})\x0135=")
_HEADER_BYTES_MAX = 26
_SAMPLE_HEADER = b"8=FIX.4.4\x019=5\x0135="
_TRAILER = re.compile(rb"10=(\d{3})\x01")
_TRAILER_BYTES = 7
_ADLER_SAFE_BYTES = 256
# A length field announces the bytes of the data field that follows it, which may hold any byte, SOH included.
_DATA_TAG_OF_LENGTH = {
    90: 91, 93: 89, 95: 96, 212: 213, 348: 349, 350: 351, 352: 353, 354: 355, 356: 357, 358: 359, 360: 361,
    362: 363, 364: 365, 445: 446, 618: 619, 621: 622,
}  # fmt: skip
_LENGTH_TAGS = frozenset(_DATA_TAG_OF_LENGTH)


class _TagNumbers(dict[bytes, int]):
    """Tag text to number; a plain dict hit for usual tags, strict parsing for the rest."""

    def __missing__(self, text: bytes) -> int:
        return int(text) if text.isdigit() and text[0] != 48 and len(text) <= 9 else NOT_A_TAG


_TAG_NUMBER = _TagNumbers((b"%d" % tag, tag) for tag in range(1, 1000))


@dataclass(frozen=True, slots=True)
class GarbledBytes:
    """Bytes that are no message; `raw` is the shortest run that proves it."""

    reason: str
    raw: bytes


class Message:
    """One well-formed message: its fields in order, from MsgType(35) to the last before CheckSum(10)."""

    __slots__ = ("_first", "begin_string", "fields", "raw")

    def __init__(self, begin_string: bytes, fields: list[Field], raw: bytes) -> None:
        self.begin_string = begin_string
        self.fields = fields
        self.raw = raw
        self._first = dict(reversed(fields))

    def __repr__(self) -> str:
        return f"Message({self.msg_type!r}, {len(self.fields)} fields)"

    @property
    def msg_type(self) -> bytes:
        """MsgType(35)."""
        return self.fields[0][1]

    @property
    def tags(self) -> KeysView[int]:
        """The distinct tags."""
        return self._first.keys()

    def get(self, tag: int) -> bytes | None:
        """Return the first value of a tag, or None."""
        return self._first.get(tag)

    def __contains__(self, tag: int) -> bool:
        return tag in self._first

    def text(self, tag: int, default: str = "") -> str:
        """Return a value as text; bytes outside UTF-8 are kept as escapes, never lost."""
        value = self._first.get(tag)
        return default if value is None else value.decode("utf-8", "backslashreplace")

    def integer(self, tag: int) -> int | None:
        """Return an integer value, or None if the tag is absent or not an integer in plain digits."""
        value = self._first.get(tag, b"")
        return int(value) if value.removeprefix(b"-").isdigit() else None

    def is_yes(self, tag: int) -> bool:
        """Return whether a Boolean tag says Y."""
        return self._first.get(tag) == b"Y"

    def groups(self, count_tag: int, first_tag: int) -> list["Group"]:
        """Return the entries of a repeating group, each from `first_tag` up to the next `first_tag`.

        The last entry runs to the end of the message, so ask it only for tags of the group.
        """
        tags = [tag for tag, _ in self.fields]
        if count_tag not in self._first:
            return []
        starts = [i for i in range(tags.index(count_tag) + 1, len(tags)) if tags[i] == first_tag]
        ends = [*starts[1:], len(tags)]
        return [Group(self.fields[start:end]) for start, end in zip(starts, ends, strict=False)]


class Group(Message):
    """One entry of a repeating group; reads like a message of its own."""

    __slots__ = ()

    def __init__(self, fields: list[Field]) -> None:
        super().__init__(b"", fields, b"")


def checksum(data: bytes) -> int:
    """Return the sum of the bytes modulo 256.

    The low half of Adler-32 is 1 + sum modulo 65521; over at most 256 bytes it cannot wrap, which makes it a
    byte sum in C, several times faster than `sum`.
    """
    if len(data) <= _ADLER_SAFE_BYTES:
        return (adler32(data) - 1) & 0xFF
    total = 0
    for start in range(0, len(data), _ADLER_SAFE_BYTES):
        total += (adler32(data[start : start + _ADLER_SAFE_BYTES]) & 0xFFFF) - 1
    return total & 0xFF


_partition = bytes.partition
_EQUALS = repeat(b"=")


def _fields_of(body: bytes) -> list[Field]:
    numbers = _TAG_NUMBER
    return [(numbers[text], value) for text, _, value in map(_partition, body.split(SOH), _EQUALS)]


def _message(begin_string: bytes, body: bytes, raw: bytes) -> Message:
    message = Message(begin_string, _fields_of(body), raw)
    if _LENGTH_TAGS.isdisjoint(message.tags):
        return message
    return Message(begin_string, _fields_with_data(body), raw)


def _fields_with_data(body: bytes) -> list[Field]:
    """Walk field by field, taking data fields by their announced length. Slower; rare."""
    fields: list[Field] = []
    at = 0
    while at <= len(body):
        end = body.find(SOH, at)
        end = len(body) if end < 0 else end
        text, _, value = body[at:end].partition(b"=")
        tag = _TAG_NUMBER[text]
        if fields and _DATA_TAG_OF_LENGTH.get(fields[-1][0]) == tag and fields[-1][1].isdigit():
            start = at + len(text) + 1
            stop = start + int(fields[-1][1][:7])
            if stop <= len(body) and body[stop : stop + 1] in (SOH, b""):
                end, value = stop, body[start:stop]
        fields.append((tag, value))
        at = end + 1
    return fields


class Decoder:
    """Cuts a byte stream into messages. Keeps what is incomplete until the rest arrives."""

    def __init__(self) -> None:
        self._kept = bytearray()
        self._is_skipping = False

    def feed(self, data: bytes) -> list[Message | GarbledBytes]:
        """Take the next bytes; return what became complete, in order. Never raises on content."""
        if self._kept:
            self._kept += data
            data = bytes(self._kept)
        found: list[Message | GarbledBytes] = []
        at = 0
        while at < len(data):
            if self._is_skipping:
                at = self._next_start(data, at)
                if self._is_skipping:
                    break
            item, end = self._take(data, at)
            if item is None:
                break
            found.append(item)
            self._is_skipping = isinstance(item, GarbledBytes)
            at = end
        self._kept = bytearray(data[at:])
        return found

    def _next_start(self, data: bytes, at: int) -> int:
        start = data.find(b"8=FIX", at)
        if start >= 0:
            self._is_skipping = False
            return start
        return max(at, len(data) - 4)

    def _take(self, data: bytes, at: int) -> tuple[Message | GarbledBytes | None, int]:
        """Return the item that starts at `at` and where the search goes on; None if more bytes are needed."""
        header = _HEADER.match(data, at)
        if header is None:
            return _judge_start(data, at)
        length = int(header[2])
        body_start = header.end() - 3
        trailer_start = body_start + length
        if length < 5 or length > MESSAGE_BYTES_MAX:
            return GarbledBytes("BodyLength(9) out of bounds", data[at:body_start]), at + 1
        if len(data) < trailer_start + _TRAILER_BYTES:
            return None, at
        end = trailer_start + _TRAILER_BYTES
        trailer = _TRAILER.fullmatch(data, trailer_start, end)
        if trailer is None or data[trailer_start - 1] != 1:
            return GarbledBytes("BodyLength(9) does not lead to CheckSum(10)", data[at:end]), at + 1
        if int(trailer[1]) != checksum(data[at:trailer_start]):
            return GarbledBytes("CheckSum(10) does not match", data[at:end]), at + 1
        return _message(header[1], data[body_start : trailer_start - 1], data[at:end]), end


def _judge_start(data: bytes, at: int) -> tuple[GarbledBytes | None, int]:
    """Tell an incomplete header from a wrong one, by the shortest run of bytes that no header begins with."""
    window = data[at : at + _HEADER_BYTES_MAX]
    for size in range(1, len(window) + 1):
        start = window[:size]
        if not any(_HEADER.match(start + _SAMPLE_HEADER[k:]) for k in range(len(_SAMPLE_HEADER))):
            return GarbledBytes("a message must start with 8=, 9=, 35= in this order", start), at + 1
    return None, at


def _text_bytes(value: str | bytes) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    if not data or SOH in data:
        raise ValueError("a FIX value must not be empty nor hold the field separator")
    return data


def _decimal_bytes(value: Decimal) -> bytes:
    if not value.is_finite():
        raise ValueError(f"a FIX value must be a finite number, got {value}")
    return format(value, "f").encode()


_ENCODERS: dict[type, Callable[[Any], bytes]] = {
    bool: lambda value: b"Y" if value else b"N",
    int: lambda value: b"%d" % value,
    Decimal: _decimal_bytes,
    bytes: _text_bytes,
    str: _text_bytes,
}


def encode_value(value: Value) -> bytes:
    """Return a value's bytes. Raises TypeError for a float, ValueError for an empty value or one with SOH."""
    encoder = _ENCODERS.get(type(value))
    if encoder is None:
        kinds = [kind for kind in _ENCODERS if isinstance(value, kind)]
        if not kinds:
            raise TypeError(f"a FIX value is bytes, str, int, bool or Decimal, not {type(value).__name__}")
        encoder = _ENCODERS[kinds[0]]
    return encoder(value)


def encode_fields(fields: Iterable[tuple[int, Value]]) -> bytes:
    """Return fields as `tag=value<SOH>` bytes, in the given order."""
    return b"".join([b"%d=%b\x01" % (tag, encode_value(value)) for tag, value in fields])


def encode(begin_string: bytes, body: bytes) -> bytes:
    """Return a whole message around `body`, which starts with `35=` and ends with SOH."""
    message = b"8=%b\x019=%d\x01%b" % (begin_string, len(body), body)
    return b"%b10=%03d\x01" % (message, checksum(message))


def _literal(data: bytes) -> bytes:
    return data.replace(b"%", b"%%")


class Template:
    """A message of one type whose constant fields are encoded once.

    `header` and `static_fields` never change; `variable_tags` are the body tags whose values come with each
    use.
    """

    __slots__ = ("_begin", "_pattern", "msg_type", "variable_tags")

    def __init__(
        self,
        begin_string: bytes,
        msg_type: bytes,
        header: Iterable[tuple[int, Value]],
        static_fields: Iterable[tuple[int, Value]],
        variable_tags: Sequence[int],
    ) -> None:
        self.msg_type = msg_type
        self.variable_tags = tuple(variable_tags)
        self._begin = b"8=%b\x019=" % begin_string
        constant = b"\x0135=%b\x01%b34=" % (msg_type, encode_fields(header))
        static = encode_fields(static_fields)
        variable = b"".join(b"%d=%%b\x01" % tag for tag in self.variable_tags)
        self._pattern = b"%b%%d\x0152=%%b\x01%b%b" % (_literal(constant), _literal(static), variable)

    def render(self, seq_num: int, sending_time: bytes, values: Sequence[bytes]) -> bytes:
        """Return the message. `values` are trusted bytes, one for each variable tag, without SOH."""
        body = self._pattern % (seq_num, sending_time, *values)
        message = b"%b%d%b" % (self._begin, len(body) - 1, body)
        return b"%b10=%03d\x01" % (message, checksum(message))
