"""Does a well-formed message obey FIX 4.4? Pure. The answer is the first fault, in the terms of Reject(3).

Two strictnesses. STRICT knows every tag, its place and its values: for the side that defines the dialect.
LENIENT checks what makes a message readable at all, because a broker's extra tag must never cost us a fill.
Admin messages are checked strictly in both, except that unknown tags pass in LENIENT.
"""

import re
from dataclasses import dataclass
from enum import Enum, IntEnum

from trading.venues.fix import fix44
from trading.venues.fix.codec import NOT_A_TAG, SOH, Message
from trading.venues.fix.timestamps import parse_utc

_INTEGER = re.compile(rb"-?\d{1,18}")
_DECIMAL = re.compile(rb"-?(\d+(\.\d*)?|\.\d+)")
_DATE = re.compile(rb"\d{4}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])")
_USER_DEFINED_FROM = 5000


class RejectReason(IntEnum):
    """SessionRejectReason(373)."""

    INVALID_TAG_NUMBER = 0
    REQUIRED_TAG_MISSING = 1
    TAG_NOT_DEFINED_FOR_TYPE = 2
    UNDEFINED_TAG = 3
    TAG_WITHOUT_VALUE = 4
    VALUE_OUT_OF_RANGE = 5
    INCORRECT_DATA_FORMAT = 6
    COMP_ID_PROBLEM = 9
    SENDING_TIME_ACCURACY = 10
    INVALID_MSG_TYPE = 11
    TAG_REPEATED = 13
    TAG_OUT_OF_ORDER = 14
    GROUP_COUNT_INCORRECT = 16
    OTHER = 99

    @property
    def text(self) -> str:
        """The reason in words, for Text(58)."""
        return self.name.replace("_", " ").lower()


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a message is refused: reason, and the tag (as the sender wrote it) that is at fault."""

    reason: RejectReason
    tag: bytes | None = None


class Strictness(Enum):
    """How much of the dictionary a session enforces on application messages."""

    STRICT = "strict"
    LENIENT = "lenient"


def find_fault(message: Message, strictness: Strictness) -> Fault | None:
    """Return the first fault of a message, or None."""
    msg_type = message.msg_type
    if msg_type not in fix44.MSG_TYPES:
        return Fault(RejectReason.INVALID_MSG_TYPE)
    is_strict = strictness is Strictness.STRICT
    fault = _fault_of_fields(message, is_strict, is_strict or msg_type in fix44.ADMIN_TYPES)
    if fault is not None:
        return fault
    required: tuple[int, ...] = fix44.HEADER_REQUIRED
    if is_strict or msg_type in fix44.ADMIN_TYPES:
        required += fix44.REQUIRED.get(msg_type, ())
    for tag in required:
        if tag not in message:
            return Fault(RejectReason.REQUIRED_TAG_MISSING, b"%d" % tag)
    return _fault_of_groups(message, msg_type) if is_strict else None


def _fault_of_fields(message: Message, knows_tags: bool, knows_values: bool) -> Fault | None:
    body_tags = fix44.BODY.get(message.msg_type)
    repeatable = _repeatable(message)
    seen: set[int] = set()
    in_header = True
    for position, (tag, value) in enumerate(message.fields):
        if tag == NOT_A_TAG:
            return Fault(RejectReason.INVALID_TAG_NUMBER, _tag_text(message, position))
        if not value:
            return Fault(RejectReason.TAG_WITHOUT_VALUE, b"%d" % tag)
        if knows_tags and tag < _USER_DEFINED_FROM and tag not in fix44.DEFINED:
            return Fault(RejectReason.INVALID_TAG_NUMBER, b"%d" % tag)
        if knows_values and tag in seen and tag not in repeatable:
            return Fault(RejectReason.TAG_REPEATED, b"%d" % tag)
        seen.add(tag)
        if tag in fix44.HEADER:
            if not in_header and knows_values:
                return Fault(RejectReason.TAG_OUT_OF_ORDER, b"%d" % tag)
        elif tag not in fix44.TRAILER:
            in_header = False
            if knows_tags and body_tags and tag not in body_tags and tag < _USER_DEFINED_FROM:
                return Fault(RejectReason.TAG_NOT_DEFINED_FOR_TYPE, b"%d" % tag)
        fault = _fault_of_value(tag, value) if knows_values else None
        if fault is not None:
            return fault
    return None


def _fault_of_value(tag: int, value: bytes) -> Fault | None:
    is_written_well = (
        (tag not in fix44.INTEGERS or _INTEGER.fullmatch(value))
        and (tag not in fix44.DECIMALS or _DECIMAL.fullmatch(value))
        and (tag not in fix44.BOOLEANS or value in (b"Y", b"N"))
        and (tag not in fix44.TIMESTAMPS or parse_utc(value) is not None)
        and (tag not in fix44.DATES or _DATE.fullmatch(value))
    )
    if not is_written_well:
        return Fault(RejectReason.INCORRECT_DATA_FORMAT, b"%d" % tag)
    allowed = fix44.ENUMS.get(tag)
    if allowed is not None and value not in allowed:
        return Fault(RejectReason.VALUE_OUT_OF_RANGE, b"%d" % tag)
    return None


def _group_of(count_tag: int, msg_type: bytes) -> tuple[int, frozenset[int]] | None:
    return fix44.MD_ENTRIES.get(msg_type) if count_tag == 268 else fix44.GROUPS.get(count_tag)


def _repeatable(message: Message) -> frozenset[int]:
    counts = [tag for tag in message.tags if tag in fix44.GROUPS or tag == 268]
    groups = [group for tag in counts if (group := _group_of(tag, message.msg_type))]
    return frozenset().union(*(members for _, members in groups)) if groups else frozenset()


def _fault_of_groups(message: Message, msg_type: bytes) -> Fault | None:
    fields = message.fields
    for at, (tag, value) in enumerate(fields):
        group = _group_of(tag, msg_type)
        if group is None or not value.isdigit():
            continue
        first_tag, members = group
        entries = 0
        for member, _ in fields[at + 1 :]:
            if member not in members and member < _USER_DEFINED_FROM:
                break
            entries += member == first_tag
        if entries != int(value):
            return Fault(RejectReason.GROUP_COUNT_INCORRECT, b"%d" % tag)
    return None


def _tag_text(message: Message, position: int) -> bytes:
    body = message.raw[message.raw.index(b"35=") :]
    return body.split(SOH)[position].partition(b"=")[0][:20]
