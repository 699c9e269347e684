"""Applies declarations: TOML files that say what desks, markets, pairs, programs, limits and people there are.

All files are read as one declaration. It is applied whole or not at all, twice is the same as once, and whatever is
wrong with it is reported together, each with file, line, reason and remedy.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import transaction

from trading.services.declare import (
    input_rules,
    market_rules,
    pair_rules,
    program_rules,
    ratio_rules,
    stored,
    thresholds,
)
from trading.services.declare.reading import flat, shape_of
from trading.services.declare.receipts import leave_receipt
from trading.services.declare.save import save
from trading.services.declare.shapes import KINDS, Shape, ThresholdShape, key_of, stated_key
from trading.services.declare.source import Entry, Problem, read
from trading.services.declare.world import Declared, World

__all__ = ["Change", "DeclarationRefused", "Problem", "declare"]

RULES: dict[str, Callable[[Any, Entry, World], Iterator[Problem]]] = {
    "venue": market_rules.venue_problems,
    "desk": market_rules.desk_problems,
    "connection": market_rules.connection_problems,
    "input": input_rules.input_problems,
    "instrument": market_rules.instrument_problems,
    "pair": pair_rules.pair_problems,
    "program": program_rules.program_problems,
    "threshold": program_rules.threshold_problems,
    "user": program_rules.user_problems,
}


class DeclarationRefused(Exception):
    """Nothing was applied; `problems` lists everything that is wrong."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


@dataclass(frozen=True)
class Change:
    """What became of one declared thing: created, changed, unchanged or kept, and each field's old and new value.

    A threshold that stands differently is kept: only risk officers change it, in the console.
    """

    kind: str
    key: str
    outcome: str
    fields: tuple[tuple[str, str, str], ...] = ()

    def __str__(self) -> str:
        details = "; ".join(f"{name} {old or '(none)'} -> {new or '(none)'}" for name, old, new in self.fields)
        return f"{self.outcome:<9} {self.kind} {self.key}{': ' + details if details else ''}"


def declare(paths: Iterable[Path], *, actor: str) -> list[Change]:
    """Apply the files together and return what changed; raises DeclarationRefused and then changes nothing."""
    declared, unreadable, problems = _read_all(paths)
    with transaction.atomic():
        before = stored.everything()
        world = World({kind: dict(before[kind]) for kind in KINDS})
        world.unreadable = {(entry.kind, stated_key(entry)) for entry in unreadable}
        world.add(declared)
        declared = ratio_rules.with_lots(declared, world, problems)
        problems += _doubles(declared)
        for item in declared:
            if item.entry.kind in RULES:
                problems += RULES[item.entry.kind](item.shape, item.entry, world)
        if problems:
            raise DeclarationRefused(sorted(problems, key=lambda problem: (problem.file, problem.line)))
        changes = [_change(item, before) for item in declared]
        _save_all(declared, changes, actor)
        leave_receipt(changes, actor=actor)
    return changes


def _read_all(paths: Iterable[Path]) -> tuple[list[Declared], list[Entry], list[Problem]]:
    declared: list[Declared] = []
    unreadable: list[Entry] = []
    problems: list[Problem] = []
    for path in paths:
        entries, wrong = read(path, tuple(KINDS))
        problems += wrong
        for entry in entries:
            shape, wrong = shape_of(entry)
            problems += wrong
            if shape is None:
                unreadable.append(entry)
            else:
                declared.append(Declared(shape, entry))
    return declared, unreadable, problems


def _doubles(declared: list[Declared]) -> Iterator[Problem]:
    seen: dict[tuple[str, str], Entry] = {}
    for item in declared:
        kind, key = item.entry.kind, key_of(item.shape)
        if (kind, key) in seen:
            first = seen[kind, key]
            place = f"{first.file}:{first.lines.get(first.place, 1)}"
            yield item.entry.problem(f"{kind} {key} was declared before, at {place}", "keep one of them")
        seen.setdefault((kind, key), item.entry)


def _change(item: Declared, before: dict[str, dict[str, Shape]]) -> Change:
    kind, key = item.entry.kind, key_of(item.shape)
    old = before[kind].get(key)
    if old is None:
        return Change(kind, key, "created")
    was, now = dict(flat(old)), dict(flat(item.shape))
    fields = tuple(
        (name, was.get(name, ""), now.get(name, ""))
        for name in sorted({*was, *now})
        if was.get(name, "") != now.get(name, "")
    )
    if fields and kind == "threshold":
        # A file applied again must not undo what a risk officer decided in between.
        return Change(kind, key, "kept", tuple((name, new, f"stands at {old}") for name, old, new in fields))
    return Change(kind, key, "changed" if fields else "unchanged", fields)


def _save_all(declared: list[Declared], changes: list[Change], actor: str) -> None:
    touched = [item for item, change in zip(declared, changes, strict=True) if change.outcome in ("created", "changed")]
    for kind in KINDS:
        for item in touched:
            if item.entry.kind == kind:
                save(item.shape)
    limits = [item.shape for item in touched if isinstance(item.shape, ThresholdShape)]
    if limits:
        thresholds.save(limits, actor=actor)
