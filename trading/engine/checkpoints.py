"""Snapshots of a desk's whole state beside its journal, so that a start folds a tail and not a history.

A snapshot is the fold of all records up to one number. It counts only when a `Checkpoint` record in the chain behind it
names its digest; otherwise the one before it is tried, and then the whole journal. The chain is checked from the
snapshot on; `manage.py verify_trail` checks it from the beginning. A snapshot of another build is not read: what state
looks like is that build's own matter. Whatever is folded from a snapshot and its tail is what all records fold to; the
fault schedules assert it.

The state is pickled, and read back only after its digest was found in the chain and only into the classes named here.
"""

import hashlib
import io
import logging
import os
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from trading.core import events as e
from trading.engine.desk import Desk
from trading.engine.journal import Journal
from trading.engine.journal_files import Head, History
from trading.engine.records import Checkpoint, Record

SUFFIX = ".snapshot"
KEPT = 2
SAFE_MODULES = ("trading.", "risk.")
SAFE_CLASSES = frozenset((
    "fractions.Fraction", "decimal.Decimal", "collections.deque", "collections.defaultdict", "collections.Counter",
    "collections.OrderedDict", "builtins.set", "builtins.frozenset", "builtins.int", "builtins.list", "builtins.dict",
    "builtins.tuple", "builtins.str",
))  # fmt: skip
NOT_STATE = frozenset(("instruments",))  # of a program: what the configuration says
BOOKS_NOT_STATE = frozenset(("_instruments", "_rules"))

log = logging.getLogger(__name__)


class Place(msgspec.Struct, frozen=True):
    """First line of a snapshot: after which record it was taken, and where the next one begins."""

    seq: int
    link: str
    epoch: int
    file: str
    offset: int
    build: str


class Start(NamedTuple):
    """From where a start folds: the state up to `head`, or nothing, and the records behind it."""

    state: bytes
    history: History
    records: list[Record]


def freeze(desk: Desk) -> bytes:
    """Return everything that the journal determines about the desk."""
    programs = {
        name: (program.terms, {key: value for key, value in vars(program.state).items() if key not in NOT_STATE})
        for name, program in desk.programs.items()
    }
    books = {key: value for key, value in vars(desk.positions.books).items() if key not in BOOKS_NOT_STATE}
    whole = {
        "programs": programs, "books": books, "changed_at": desk.positions.changed_at, "answers": desk.answers,
        "foreign": desk.foreign, "foreign_fills": desk.foreign_fills, "kill_all": desk.kill_all, "limits": desk.limits,
        "measured": desk.reply_clock.facts,
    }  # fmt: skip
    return pickle.dumps(whole, protocol=5)


def thaw(desk: Desk, state: bytes) -> None:
    """Put a frozen state into a desk that has folded nothing yet."""
    whole = _Unpickler(io.BytesIO(state)).load()
    for name, (terms, attributes) in whole["programs"].items():
        program = desk.programs.get(name) or desk.roster.add(terms)
        program.handle(e.TermsChanged(terms), 0)
        vars(program.state).update(attributes)
        desk.owner.update(dict.fromkeys(program.state.orders, program))
    vars(desk.positions.books).update(whole["books"])
    desk.positions.changed_at = whole["changed_at"]
    desk.answers, desk.limits, desk.kill_all = whole["answers"], whole["limits"], whole["kill_all"]
    desk.reply_clock.facts = whole["measured"]
    desk.foreign, desk.foreign_fills = whole["foreign"], whole["foreign_fills"]
    standing = (*desk.reply_clock.facts.values(), *filter(None, [desk.kill_all]))
    for name in desk.programs.keys() - whole["programs"].keys():
        for fact in standing:  # the program came after the snapshot, and what concerns every program concerns it too
            desk.programs[name].handle(fact, 0)
    desk.roster.index()


def save(desk: Desk, journal: Journal, build: str, now: int) -> None:
    """Write a snapshot of the desk as of the last record, and vouch for it in the next."""
    state = freeze(desk)
    place = Place(journal.seq, journal.head.link.hex(), journal.epoch, journal.file, journal.size, build)
    content = msgspec.json.encode(place) + b"\n" + state
    path = journal.directory / f"{journal.seq:012d}{SUFFIX}"
    draft = path.with_suffix(".draft")
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    journal.append("", Checkpoint({}, journal.seq, hashlib.sha256(content).hexdigest()), now)
    for old in _snapshots(journal.directory)[KEPT:]:
        old.unlink()


def start_from(directory: Path, build: str) -> Start:
    """Return the newest vouched snapshot and the records behind it, else all records. Raises ChainBroken."""
    for path in _snapshots(directory):
        if (found := _vouched(path, build)) is not None:
            return found
    history = History.of(directory)
    return Start(b"", history, list(history))


def _vouched(path: Path, build: str) -> Start | None:
    content = path.read_bytes()
    header, _, state = content.partition(b"\n")
    try:
        place = msgspec.json.decode(header, type=Place)
    except msgspec.DecodeError:
        return None
    if place.build != build or not (path.parent / place.file).exists():
        return None
    head = Head(place.seq, bytes.fromhex(place.link), place.epoch, place.file)
    files = [file for file in sorted(path.parent.glob("*.journal")) if file.name >= place.file]
    history = History(files, head, place.offset)
    records = list(history)
    digest = hashlib.sha256(content).hexdigest()
    if any(isinstance(record.event, Checkpoint) and record.event.snapshot == digest for record in records):
        return Start(state, history, records)
    log.warning("%s: no record vouches for this snapshot; it is left aside", path.name)
    return None


def _snapshots(directory: Path) -> list[Path]:
    """Return the snapshots, the newest first."""
    return sorted(directory.glob("*" + SUFFIX), reverse=True)


class _Unpickler(pickle.Unpickler):
    """Builds the product's own classes and plain containers, and nothing that could run anything else."""

    def find_class(self, module: str, name: str) -> Any:
        if module.startswith(SAFE_MODULES) or f"{module}.{name}" in SAFE_CLASSES:
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"a snapshot may not hold {module}.{name}")


def orders_of(desk: Desk) -> Iterator[tuple[str, str, e.OrderIntent]]:
    """Yield (program, execution, intent) of every order the desk ever decided."""
    for name, program in desk.programs.items():
        for order in program.state.orders.values():
            yield name, order.execution, order.intent
