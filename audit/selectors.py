"""Reads projects and receipts: what a person may see, found by project, time, instrument, kind and text."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from django.db.models import Q, QuerySet

from audit.access import Role, User, roles_of
from audit.errors import DomainError
from audit.models import Project, Receipt
from audit.receipts import nanos

PAGE_MAX = 200
COUNT_MAX = 10_000

# Roles that see every project; a trader or project manager sees those they belong to.
_SEE_ALL = frozenset({Role.RISK, Role.AUDITOR, Role.OPS})


class BadCursor(DomainError):
    code = "bad_cursor"
    status = 400


class Search(msgspec.Struct, frozen=True):
    """What to look for; an empty field does not restrict. `instrument` may end in * for any that start so."""

    project: str = ""
    instrument: str = ""
    kind: str = ""
    execution: str = ""
    actor: str = ""
    text: str = ""
    since: datetime | None = None
    until: datetime | None = None  # exclusive


class Page(msgspec.Struct, frozen=True):
    """Receipts, newest first. `count` stops at COUNT_MAX; `next_cursor` is empty on the last page."""

    items: Sequence[Receipt]
    count: int
    next_cursor: str


def projects(user: User) -> QuerySet[Project]:
    """Return the projects a person may see."""
    if roles_of(user) & _SEE_ALL:
        return Project.objects.all()
    own = [row.id for row in Project.objects.all() if _is_own(row, user.get_username())]
    return Project.objects.filter(id__in=own)


def search(user: User, what: Search, *, cursor: str = "", limit: int = PAGE_MAX) -> Page:
    """Return one page of the receipts that match and that the person may see; raises BadCursor."""
    rows = _matching(what)
    if not roles_of(user) & _SEE_ALL:
        rows = rows.filter(project__in=projects(user).values("code"))
    count = rows.order_by()[:COUNT_MAX].count()
    rows = _after(rows, cursor).order_by("-at_ns", "-id")
    items = list(rows[: min(limit, PAGE_MAX) + 1])
    if len(items) <= min(limit, PAGE_MAX):
        return Page(items, count, "")
    items.pop()
    return Page(items, count, f"{items[-1].at_ns}-{items[-1].id}")


def of_project(project: str, since: datetime | None, until: datetime | None) -> QuerySet[Receipt]:
    """Return a project's receipts in the order of their time, then of their streams."""
    rows = _matching(Search(project=project, since=since, until=until))
    return rows.order_by("at_ns", "stream", "seq")


def _matching(what: Search) -> QuerySet[Receipt]:
    rows = Receipt.objects.all()
    for name in ("project", "kind", "execution", "actor"):
        if value := getattr(what, name):
            rows = rows.filter(**{name: value})
    if what.instrument:
        code = what.instrument.removesuffix("*")
        rows = rows.filter(instruments__contains=f"|{code}" if what.instrument.endswith("*") else f"|{code}|")
    if what.text:
        rows = rows.filter(Q(body__icontains=what.text) | Q(kind__icontains=what.text))
    if what.since:
        rows = rows.filter(at_ns__gte=nanos(what.since))
    if what.until:
        rows = rows.filter(at_ns__lt=nanos(what.until))
    return rows


def _after(rows: QuerySet[Receipt], cursor: str) -> QuerySet[Receipt]:
    if not cursor:
        return rows
    at_ns, _, row_id = cursor.partition("-")
    if not (at_ns.isdigit() and row_id.isdigit() and len(cursor) < 60):
        raise BadCursor("The cursor is not one that a search returned; search again without it.")
    return rows.filter(Q(at_ns__lt=int(at_ns)) | Q(at_ns=int(at_ns), id__lt=int(row_id)))


def _is_own(project: Project, username: str) -> bool:
    return username == project.owner or username in project.members
