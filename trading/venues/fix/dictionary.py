"""Does a well-formed message obey FIX 4.4? Pure. The answer is the first fault, in the terms of Reject(3).

Two strictnesses. STRICT knows every tag, its place and its values: for the side that defines the dialect.
LENIENT checks what makes a message readable at all, because a broker's extra tag must never cost us a fill.
Admin messages are checked strictly in both, except that unknown tags pass in LENIENT.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, IntEnum
from functools import cache

from trading.venues.fix import fix44
from trading.venues.fix.codec import NOT_A_TAG, SOH, Message
from trading.venues.fix.timestamps import parse_utc

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


_Rule = Callable[[bytes], RejectReason | None]


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
    fields = message.fields
    if not knows_values and NOT_A_TAG not in message and all(value for _, value in fields):
        return None
    rules = _rules(message.msg_type)
    repeatable: frozenset[int] | None = None
    seen: set[int] = set()
    in_header = True
    for position, (tag, value) in enumerate(fields):
        if tag == NOT_A_TAG:
            return Fault(RejectReason.INVALID_TAG_NUMBER, _tag_text(message, position))
        if not value:
            return Fault(RejectReason.TAG_WITHOUT_VALUE, b"%d" % tag)
        if not knows_values:
            continue
        if tag in seen:
            repeatable = _repeatable(message) if repeatable is None else repeatable
            if tag not in repeatable:
                return Fault(RejectReason.TAG_REPEATED, b"%d" % tag)
        seen.add(tag)
        if tag in fix44.HEADER:
            if not in_header:
                return Fault(RejectReason.TAG_OUT_OF_ORDER, b"%d" % tag)
        else:
            in_header = False
        rule = rules.get(tag)
        reason = rule(value) if rule is not None else _reason_for_stranger(tag, message, knows_tags)
        if reason is not None:
            return Fault(reason, b"%d" % tag)
    return None


def _reason_for_stranger(tag: int, message: Message, knows_tags: bool) -> RejectReason | None:
    """A tag without a rule: unknown to FIX, of another message type, or of a type we have no table for."""
    if not knows_tags or tag >= _USER_DEFINED_FROM or tag in fix44.TRAILER:
        return None
    if tag not in fix44.DEFINED:
        return RejectReason.INVALID_TAG_NUMBER
    return RejectReason.TAG_NOT_DEFINED_FOR_TYPE if message.msg_type in fix44.BODY else None


def _accepts_anything(_: bytes) -> RejectReason | None:
    return None


def _format_rule(is_well_written: Callable[[bytes], object]) -> _Rule:
    def rule(value: bytes) -> RejectReason | None:
        return None if is_well_written(value) else RejectReason.INCORRECT_DATA_FORMAT

    return rule


def _enum_rule(allowed: frozenset[bytes]) -> _Rule:
    def rule(value: bytes) -> RejectReason | None:
        return None if value in allowed else RejectReason.VALUE_OUT_OF_RANGE

    return rule


_RULE_OF_TAG: dict[int, _Rule] = {
    **dict.fromkeys(fix44.INTEGERS, _format_rule(re.compile(rb"-?\d{1,18}").fullmatch)),
    **dict.fromkeys(fix44.DECIMALS, _format_rule(re.compile(rb"-?(\d+(\.\d*)?|\.\d+)").fullmatch)),
    **dict.fromkeys(fix44.DATES, _format_rule(re.compile(rb"\d{4}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])").fullmatch)),
    **dict.fromkeys(fix44.TIMESTAMPS, _format_rule(lambda value: parse_utc(value) is not None)),
    **dict.fromkeys(fix44.BOOLEANS, _format_rule(frozenset({b"Y", b"N"}).__contains__)),
    **{tag: _enum_rule(allowed) for tag, allowed in fix44.ENUMS.items()},
}


@cache
def _rules(msg_type: bytes) -> dict[int, _Rule]:
    """Return the rule of every tag that a message of this type may hold. Called with known types only."""
    tags = fix44.HEADER | fix44.BODY.get(msg_type, frozenset())
    return {tag: _RULE_OF_TAG.get(tag, _accepts_anything) for tag in tags}


_COUNT_TAGS = frozenset({*fix44.GROUPS, 268})


def _group_of(count_tag: int, msg_type: bytes) -> tuple[int, frozenset[int]] | None:
    return fix44.MD_ENTRIES.get(msg_type) if count_tag == 268 else fix44.GROUPS.get(count_tag)


def _repeatable(message: Message) -> frozenset[int]:
    counts = [tag for tag in message.tags if tag in _COUNT_TAGS]
    groups = [group for tag in counts if (group := _group_of(tag, message.msg_type))]
    return frozenset().union(*(members for _, members in groups)) if groups else frozenset()


def _fault_of_groups(message: Message, msg_type: bytes) -> Fault | None:
    fields = message.fields
    if _COUNT_TAGS.isdisjoint(message.tags):
        return None
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
