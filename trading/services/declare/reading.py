"""Reads one table of a file as its shape, and says of every key that is wrong where it stands and what is wanted."""

import datetime
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Literal, get_args, get_origin

import msgspec

from trading.services.declare.shapes import KINDS, Shape
from trading.services.declare.source import Entry, Problem


def shape_of(entry: Entry) -> tuple[Shape | None, list[Problem]]:
    """Return `entry` as its shape, or every problem that keeps it from being one."""
    shape, problems = _convert(entry, KINDS[entry.kind], entry.data, ())
    return shape, problems


def _convert(entry: Entry, shape: type[Any], data: dict[str, Any], at: tuple) -> tuple[Any, list[Problem]]:
    fields = {field.name: field for field in msgspec.structs.fields(shape)}
    problems = [
        entry.problem(f"{entry.kind} has an unknown key {key!r}", f"use one of {', '.join(fields)}", *at, key)
        for key in data
        if key not in fields
    ]
    values: dict[str, Any] = {}
    for name, field in fields.items():
        if name not in data:
            if field.required:
                problems.append(entry.problem(f"{_title(entry)} has no {name}", f"add {name} = …", *at))
            continue
        value, wrong = _value(entry, field.type, data[name], (*at, name))
        values[name] = value
        problems += wrong
    return (None, problems) if problems else (shape(**values), [])


def _value(entry: Entry, type_: Any, value: Any, at: tuple) -> tuple[Any, list[Problem]]:
    nested = _nested(type_)
    if nested is not None:
        return _nested_values(entry, get_origin(type_), nested, value, at)
    if isinstance(value, int) and not isinstance(value, bool) and Decimal in (type_, *get_args(type_)):
        value = Decimal(value)
    try:
        return msgspec.convert(value, type_), []
    except msgspec.ValidationError as error:
        name = ".".join(str(part) for part in at)
        reason = f"{_title(entry)}: {name} = {_shown(value)} is not usable: {error}"
        return None, [entry.problem(reason, f"give {_wanted(type_)}", *at)]


def _nested_values(entry: Entry, origin: Any, shape: type, value: Any, at: tuple) -> tuple[Any, list[Problem]]:
    wanted = list if origin is list else dict
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else []
    items = list(items)
    if not isinstance(value, wanted) or not all(isinstance(item, dict) for _, item in items):
        reason = f"{_title(entry)}: {at[-1]} is not a {'list of tables' if wanted is list else 'table of tables'}"
        return None, [entry.problem(reason, f"write it as [[{entry.kind}.{at[-1]}]]", *at)]
    problems: list[Problem] = []
    made: dict[Any, Any] = {}
    for key, item in items:
        made[key], wrong = _convert(entry, shape, item, (*at, key))
        problems += wrong
    return (list(made.values()) if wanted is list else made), problems


def _nested(type_: Any) -> type | None:
    """Return the struct inside list[Struct] or dict[str, Struct], if the type is one of them."""
    args = get_args(type_)
    last = args[-1] if args and get_origin(type_) in (list, dict) else None
    return last if isinstance(last, type) and issubclass(last, msgspec.Struct) else None


def _title(entry: Entry) -> str:
    for key in ("name", "code", "username", "kind"):
        if isinstance(entry.data.get(key), str):
            return f"{entry.kind} {entry.data[key]}"
    return entry.kind


def _shown(value: Any) -> str:
    return str(value) if isinstance(value, Decimal) else repr(value)


def _wanted(type_: Any) -> str:
    if get_origin(type_) is Literal:
        return "one of " + ", ".join(repr(choice) for choice in get_args(type_))
    names = {
        str: "a text",
        int: "a whole number",
        bool: "true or false",
        Decimal: "an exact decimal",
        datetime.date: "a date such as 2026-01-31",
        list[str]: "a list of texts",
        list[datetime.date]: "a list of dates such as [2027-02-15]",
        list[list[str]]: 'a list of phases such as [["09:00", "10:15"]] or [["17:00", "16:00", "sun-thu"]]',
        list[tuple[str, str]]: 'a list of windows such as [["09:00", "10:15"]]',
    }
    for known, name in names.items():
        if known == type_ or known in get_args(type_):
            return name
    return str(type_)


def flat(shape: Shape) -> Iterator[tuple[str, str]]:
    """Yield every field of a shape as (path, text), nested ones included."""
    yield from _flat("", msgspec.to_builtins(shape))


def _flat(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _flat(f"{path}.{key}" if path else str(key), item)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for n, item in enumerate(value):
            yield from _flat(f"{path}[{n}]", item)
    else:
        yield path, "" if value is None else str(value)
