"""The demo configuration: what an installation does not have yet is applied, what it has is never touched.

Its recorded markets are applied where RECORDED_TICKS names a folder that holds their recordings.
"""

import sys
import tomllib
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.core.management import CommandError, call_command

FOLDER = Path(__file__).resolve().parents[1] / "demo"
DESK = "demo"


def due_files() -> list[Path]:
    """Return the files to apply: all of them to an installation without a desk, new recorded markets to the demo's."""
    desks = set(apps.get_model("trading", "Desk").objects.values_list("name", flat=True))
    if desks and DESK not in desks:
        return []
    base = [] if desks else sorted(FOLDER.glob("*.toml"))
    return [*base, *(path for path, missing in _recorded_markets() if not missing and not _is_declared(path))]


def is_due() -> bool:
    """Say whether there is anything to apply; what people changed since the first start stays."""
    return bool(due_files())


def apply() -> None:
    """Apply the files and give people without a password one of this installation's own.

    A recorded market that is refused is left out, with the reason; the demo goes on without it.
    """
    due = due_files()
    base = [str(path) for path in due if path.parent == FOLDER]
    if base:
        call_command("apply", *base, generate_logins=settings.CMC_PATHS.demo_logins)
    for path in due[len(base) :]:
        try:
            call_command("apply", str(path))
        except CommandError as refused:
            sys.stderr.write(f"The recorded demo market {path.stem} is left out: {refused}\n")


def left_out() -> list[str]:
    """Return one line for each recorded market whose recording is not there; nothing where none was asked for."""
    if not settings.RECORDED_TICKS:
        return []
    if not Path(settings.RECORDED_TICKS).is_dir():
        return [
            f"RECORDED_TICKS names {settings.RECORDED_TICKS}, which is no folder; the demo goes without recordings."
        ]
    return [
        f"The recorded demo market {path.stem} is left out: {missing[0]} is not in {settings.RECORDED_TICKS}."
        for path, missing in _recorded_markets()
        if missing
    ]


def _recorded_markets() -> list[tuple[Path, list[str]]]:
    """Return each recorded market with the recordings that it lacks."""
    folder = Path(settings.RECORDED_TICKS) if settings.RECORDED_TICKS else None
    found = []
    for path in sorted(FOLDER.glob("recorded/*.toml")):
        names = [made["path"] for made in _tables(path, "input") if made["kind"] == "recorded"]
        missing = [name for name in names if folder is None or not (folder / name).is_file()]
        found.append((path, missing))
    return found


def _is_declared(path: Path) -> bool:
    names = [program["name"] for program in _tables(path, "program")]
    return bool(apps.get_model("trading", "HedgeProgram").objects.filter(name__in=names).exists())


def _tables(path: Path, kind: str) -> list[dict[str, str]]:
    return tomllib.loads(path.read_text(encoding="utf-8")).get(kind, [])
