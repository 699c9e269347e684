"""A new revision of a program's terms, held to the same rules as a declared one."""

from datetime import datetime
from typing import Any

import msgspec
from django.contrib.auth.models import AbstractUser
from django.db import transaction

from audit import receipts
from audit.errors import DomainError
from trading.models import HedgeProgram, ProgramRevision
from trading.services.commands import check_own_project
from trading.services.declare import stored
from trading.services.declare.program_rules import program_problems
from trading.services.declare.reading import flat, shape_of
from trading.services.declare.save import stored_terms
from trading.services.declare.shapes import KINDS, ProgramShape
from trading.services.declare.source import Entry, Problem
from trading.services.declare.world import Declared, World

FIXED = ("name", "number", "desk", "pair")


class BaseMoved(DomainError):
    """Somebody changed the terms since the edit began; nothing was overwritten."""

    code = "base_moved"


class BadTerms(DomainError):
    """The terms cannot stand; `fields` says what is wrong with which."""

    code = "bad_terms"
    status = 400


class NothingChanged(DomainError):
    code = "nothing_changed"
    status = 400


def revise_terms(
    *, name: str, base_revision: int, changes: dict[str, Any], reason: str, actor: AbstractUser, at: datetime
) -> HedgeProgram:
    """Make the next revision of a program and return it; the armed revision stays as it is.

    Raises HedgeProgram.DoesNotExist, NotOwnProject, BaseMoved, BadTerms or NothingChanged.
    """
    with transaction.atomic():
        program = HedgeProgram.objects.select_for_update().select_related("pair", "desk").get(name=name)
        check_own_project(program.pair.project, actor)
        if program.revision != base_revision:
            raise BaseMoved(
                f"{name} is at revision {program.revision} now; look at what changed and edit again.",
                fields={"base_revision": str(program.revision)},
            )
        old, new = _checked(name, changes)
        was = dict(flat(old))
        changed = {
            key: {"from": was.get(key, ""), "to": value} for key, value in flat(new) if was.get(key, "") != value
        }
        if not changed:
            raise NothingChanged(f"These are the terms of revision {base_revision} already.")
        _store(program, new, reason, actor)
        receipts.issue(
            kind="terms_changed",
            actor=actor.get_username(),
            at=at,
            subject=receipts.Subject(project=program.pair.project, pair=program.pair.code, program=name),
            body={"revision": program.revision, "reason": reason, "changed": changed},
        )
    return program


def _checked(name: str, changes: dict[str, Any]) -> tuple[ProgramShape, ProgramShape]:
    before = stored.everything()
    old = before["program"][name]
    assert isinstance(old, ProgramShape)
    unknown = [key for key in changes if key in FIXED or key not in ProgramShape.__struct_fields__]
    if unknown:
        raise BadTerms(f"{', '.join(unknown)} cannot be changed here.", fields=dict.fromkeys(unknown, "not a term"))
    entry = Entry("program", name, (), {**msgspec.to_builtins(old), **changes}, {})
    new, problems = shape_of(entry)
    if new is not None:
        world = World({kind: dict(before[kind]) for kind in KINDS})
        world.add([Declared(new, entry)])
        problems += program_problems(new, entry, world)
    if problems:
        raise BadTerms(
            "; ".join(f"{problem.reason} ({problem.remedy})" for problem in problems),
            fields={problem.key or "terms": _advice(problem) for problem in problems},
        )
    return old, new  # type: ignore[return-value]


def _advice(problem: Problem) -> str:
    return f"{problem.reason}; {problem.remedy}"


def _store(program: HedgeProgram, shape: ProgramShape, reason: str, actor: AbstractUser) -> None:
    program.revision += 1
    program.save(update_fields=["revision"])
    ProgramRevision.objects.create(
        program=program, revision=program.revision, created_by=actor, reason=reason, **stored_terms(shape)
    )
