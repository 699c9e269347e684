"""The kill that works without the engine: a file beside the desk, read at every start and watched while running.

`[{"scope","command_id","actor","level","reason"}, ...]`, scope "all" or "program:<name>". The journal stays the truth:
an entry whose command id the journal knows changes nothing any more.
"""

import json
import os
from pathlib import Path

import msgspec

from trading.engine.commands import KillDesk


class BadKillFile(ValueError):
    """The file cannot be read; a desk with an unreadable kill file counts as killed."""


def read(path: Path) -> list[KillDesk]:
    """Return the kills in the file, none if there is no file. Raises BadKillFile."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return []
    try:
        return msgspec.json.decode(raw, type=list[KillDesk])
    except msgspec.DecodeError as error:
        raise BadKillFile(f"{path}: {error}") from None


def add(path: Path, kill: KillDesk) -> None:
    """Add a kill, durably. An unreadable file is replaced: it already meant a kill."""
    try:
        kills = read(path)
    except BadKillFile:
        kills = []
    if all(known.command_id != kill.command_id for known in kills):
        _write(path, [*kills, kill])


def lift(path: Path, scope: str) -> None:
    """Remove the kills of a scope; "all" removes every one."""
    try:
        kept = [] if scope == "all" else [kill for kill in read(path) if kill.scope != scope]
    except BadKillFile:
        return
    if kept:
        _write(path, kept)
    else:
        path.unlink(missing_ok=True)


def _write(path: Path, kills: list[KillDesk]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with draft.open("w") as file:
        file.write(json.dumps(msgspec.to_builtins(kills), indent=1) + "\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
