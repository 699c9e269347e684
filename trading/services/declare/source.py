"""Declarations as they stand in their files: TOML with a line number for every table and key.

`tomllib` keeps no positions, so a small scanner of headers and keys runs beside it. Fractions are read as exact
decimals.
"""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

Place = tuple[str | int, ...]

_HEADER = re.compile(r"^\s*(\[\[|\[)\s*([^\[\]]+?)\s*\]{1,2}\s*(#.*)?$")
_KEY = re.compile(r"""^\s*([A-Za-z0-9_-]+|"[^"]*"|'[^']*')((?:\s*\.\s*[A-Za-z0-9_-]+)*)\s*=(.*)$""")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"|\'[^\']*\'')
_SYNTAX = re.compile(r"^(.*) \(at (?:line (\d+), column \d+|end of document)\)$")


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a declaration: where it stands, what it is and what to do about it."""

    file: str
    line: int
    reason: str
    remedy: str
    key: str = ""  # the outermost key that it is about

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reason}; {self.remedy}"


@dataclass(frozen=True)
class Entry:
    """One table of a file, e.g. one [[instrument]], with the line of each of its keys."""

    kind: str
    file: str
    place: Place
    data: dict[str, Any]
    lines: dict[Place, int]

    def problem(self, reason: str, remedy: str, *keys: str | int) -> Problem:
        """Return a problem of this entry at the innermost of `keys` that has a line of its own."""
        place = (*self.place, *keys)
        while place not in self.lines and len(place) > len(self.place):
            place = place[:-1]
        return Problem(self.file, self.lines.get(place, 1), reason, remedy, str(keys[0]) if keys else "")


def read(path: Path, kinds: tuple[str, ...]) -> tuple[list[Entry], list[Problem]]:
    """Return the tables of `path` and what could not be read as one of `kinds`."""
    name = path.name
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        return [], [Problem(name, 1, f"cannot be read: {error.strerror}", "check the path")]
    except UnicodeDecodeError:
        return [], [Problem(name, 1, "is not UTF-8 text", "save it as UTF-8")]
    try:
        document = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        return [], [_syntax_problem(name, text, str(error))]
    return _entries(name, document, line_index(text), kinds)


def _syntax_problem(name: str, text: str, message: str) -> Problem:
    match = _SYNTAX.match(message)
    if match is None:
        return Problem(name, 1, f"is not TOML: {message}", "correct this line")
    line = int(match.group(2)) if match.group(2) else text.count("\n") + 1
    return Problem(name, line, f"is not TOML: {match.group(1)}", "correct this line")


def _entries(
    name: str, document: dict[str, Any], lines: dict[Place, int], kinds: tuple[str, ...]
) -> tuple[list[Entry], list[Problem]]:
    entries: list[Entry] = []
    problems: list[Problem] = []
    for kind, value in document.items():
        line = lines.get((kind, 0), lines.get((kind,), 1))
        if kind not in kinds:
            problems.append(Problem(name, line, f"unknown table {kind!r}", f"use one of {', '.join(kinds)}"))
        elif not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            problems.append(Problem(name, line, f"{kind} is not a list of tables", f"write it as [[{kind}]]"))
        else:
            entries += [Entry(kind, name, (kind, n), item, lines) for n, item in enumerate(value)]
    return entries, problems


def line_index(text: str) -> dict[Place, int]:
    """Return the line of every table header and key; keys inside a multi-line value belong to that value's line."""
    lines: dict[Place, int] = {}
    counts: dict[Place, int] = {}
    table: Place = ()
    for number, line in _logical_lines(text):
        header = _HEADER.match(line)
        if header:
            parts = [part.strip().strip("\"'") for part in header.group(2).split(".")]
            table = _table_place(parts, header.group(1) == "[[", counts)
            lines.setdefault(table, number)
            continue
        key = _KEY.match(line)
        if key:
            names = [
                key.group(1).strip("\"'"),
                *(part.strip() for part in key.group(2).split(".") if part.strip()),
            ]
            lines.setdefault((*table, *names), number)
    return lines


def _table_place(parts: list[str], is_list: bool, counts: dict[Place, int]) -> Place:
    place: Place = ()
    for part in parts[:-1]:
        place = (*place, part)
        if place in counts:
            place = (*place, counts[place])
    place = (*place, parts[-1])
    if is_list:
        counts[place] = counts.get(place, -1) + 1
        return (*place, counts[place])
    return place


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines on which a header or key may begin, skipping the inside of multi-line arrays and strings."""
    depth = 0
    quote = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if quote:
            if quote in line:
                quote = ""
            continue
        if depth == 0:
            yield number, line
            if _HEADER.match(line):
                continue
        bare = _STRING.sub("", line)
        for mark in ('"""', "'''"):
            if line.count(mark) == 1:
                quote = mark
        bare = bare.split("#", 1)[0]
        depth = max(0, depth + bare.count("[") + bare.count("{") - bare.count("]") - bare.count("}"))
