"""How a message's body is written down as a class: one line for each field, with its tag and its kind.

Reading refuses what does not fit with MalformedMessage, naming the tag; nothing is guessed or rounded.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import MISSING, Field, dataclass, field, fields
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar, Self

from trading.venues.fix.codec import Message, Value
from trading.venues.fix.timestamps import format_utc, parse_utc

_NUMBER = re.compile(rb"-?(\d+(\.\d*)?|\.\d+)")
_WHOLE = re.compile(rb"-?\d+(\.0*)?")


class MalformedMessage(ValueError):
    """A message misses a field, or a field does not hold what its kind says."""

    def __init__(self, msg_type: bytes, tag: int, problem: str) -> None:
        self.tag = tag
        super().__init__(f"{msg_type.decode()} message: tag {tag} {problem}")


@dataclass(frozen=True, slots=True)
class Kind:
    """How a value is written to the wire and read back; `read` returns None for what it cannot accept."""

    name: str
    write: Callable[[Any], Value]
    read: Callable[[bytes], Any]


def _read_lots(value: bytes) -> int | None:
    return int(value.partition(b".")[0]) if _WHOLE.fullmatch(value) else None


def _read_decimal(value: bytes) -> Decimal | None:
    return Decimal(value.decode()) if _NUMBER.fullmatch(value) else None


def _read_integer(value: bytes) -> int | None:
    return int(value) if value.removeprefix(b"-").isdigit() else None


TEXT = Kind("text", lambda value: value, lambda value: value.decode("utf-8", "backslashreplace"))
LOTS = Kind("a whole number of lots", lambda value: value, _read_lots)
PRICE = Kind("a decimal number", lambda value: value, _read_decimal)
INTEGER = Kind("an integer", lambda value: value, _read_integer)
TIME = Kind("a UTC time", format_utc, parse_utc)
FLAG = Kind("Y or N", lambda value: value, {b"Y": True, b"N": False}.get)


def code(codes: type[StrEnum]) -> Kind:
    """Return the kind of a field that holds one of these codes."""
    by_wire = {member.value.encode(): member for member in codes}
    return Kind(f"one of {', '.join(codes)}", lambda value: value.value, by_wire.get)


def at(tag: int, kind: Kind = TEXT, **options: Any) -> Any:
    """Declare a field under a tag. With `default=None` it may be absent."""
    return field(metadata={"tag": tag, "kind": kind}, **options)


def group(count_tag: int, entry: "type[Body]", **options: Any) -> Any:
    """Declare a repeating group: a tuple of bodies. The entry's first field must be the group's first tag."""
    return field(metadata={"tag": count_tag, "entry": entry}, **options)


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """Base of all bodies: writes itself as fields, reads itself from a message or a group entry."""

    MSG_TYPE: ClassVar[bytes] = b""

    def fields(self, extra: Iterable[tuple[int, Value]] = ()) -> list[tuple[int, Value]]:
        """Return the body as fields in order, followed by a broker's extra ones."""
        written: list[tuple[int, Value]] = []
        for name, tag, kind, entry, _ in _columns(type(self)):
            value = getattr(self, name)
            if entry is not None:
                written.append((tag, len(value)))
                for member in value:
                    written.extend(member.fields())
            elif value is not None:
                written.append((tag, kind.write(value)))
        written.extend(extra)
        return written

    @classmethod
    def parse(cls, message: Message) -> Self:
        """Read a body. Raises MalformedMessage."""
        values: dict[str, Any] = {}
        for name, tag, kind, entry, is_required in _columns(cls):
            if entry is not None:
                values[name] = tuple(map(entry.parse, message.groups(tag, _columns(entry)[0][1])))
                continue
            raw = message.get(tag)
            if raw is not None:
                value = values[name] = kind.read(raw)
                if value is None:
                    raise MalformedMessage(cls.MSG_TYPE, tag, f"must be {kind.name}")
            elif is_required:
                raise MalformedMessage(cls.MSG_TYPE, tag, "is missing")
        return cls(**values)


_Column = tuple[str, int, Any, Any, bool]


_COLUMNS: dict[type[Body], tuple[_Column, ...]] = {}


def _columns(body: type[Body]) -> tuple[_Column, ...]:
    columns = _COLUMNS.get(body)
    if columns is None:
        columns = tuple(_column(item) for item in fields(body) if "tag" in item.metadata)
        _COLUMNS[body] = columns
    return columns


def _column(item: "Field[Any]") -> _Column:
    is_required = item.default is MISSING and item.default_factory is MISSING
    return item.name, item.metadata["tag"], item.metadata.get("kind"), item.metadata.get("entry"), is_required
